"""Starts attempts as the supervisor does, each in a child that dies on the way.

`python -m tests.app.attempt_starter WHO USER DATASET`, with DATA_DIR in the environment. WHO is "launcher", whose process is
killed just before the n-th change that it asks of the system, once for every n until one lives to the end; or "keeper": then
the launcher lives, and the keeper that it started dies so. Prints how many were started.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping

from sqlalchemy import Engine, event

from app.jobs.launchers.local import LocalLauncher
from app.platform import Platform
from app.records import User
from app.settings import Settings
from tests.dying import die_at
from trainer.contract import ProcessIdentity, RunFolder

KEEPER_SECONDS = 60.0
KEEPER_WAS_KILLED = 100
REQUEST = {"epochs": 2, "batch_size": 16, "lr": 0.01}


def main() -> None:
    who, *names = sys.argv[1:]
    for fatal in range(1, 100):
        if (child := os.fork()) == 0:
            code = 1
            try:
                code = asyncio.run(start_one(who, fatal, *names))
            finally:
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code == 0:
            print(fatal)
            return
        if code != (-signal.SIGKILL if who == "launcher" else KEEPER_WAS_KILLED):
            sys.exit(f"the start that was to die at step {fatal} ended otherwise: {code}")


async def start_one(who: str, fatal: int, user_id: str, dataset: str) -> int:
    """0 when everybody lived, `KEEPER_WAS_KILLED`, or how a keeper ended otherwise."""
    platform = Platform(Settings.load())
    user = await platform.database.read(lambda session: session.get_one(User, user_id))
    await platform.jobs.submit(user, REQUEST, dataset)
    keepers: list[subprocess.Popen[bytes]] = []

    def start_dying_keeper(_launcher: LocalLauncher, folder: RunFolder, environment: Mapping[str, str]) -> ProcessIdentity | None:
        command = [sys.executable, "-m", "tests.app.dying_keeper", str(folder.path), str(fatal)]
        with folder.log.open("ab") as log:
            keepers.append(
                subprocess.Popen(command, cwd=folder.path, env=environment, stdout=log, stderr=log, start_new_session=True)
            )
        return ProcessIdentity.of(keepers[-1].pid)

    if who == "keeper":
        LocalLauncher._start_cold = start_dying_keeper  # type: ignore[method-assign, assignment]
    else:
        death = die_at(fatal)
        event.listen(Engine, "commit", lambda _connection: death.step())
    await platform.supervisor._fill_places(on_gpus=False)  # what a free place leads to
    code = max((abs(keeper.wait(KEEPER_SECONDS)) for keeper in keepers), default=0)
    return KEEPER_WAS_KILLED if code == signal.SIGKILL else code


if __name__ == "__main__":
    main()

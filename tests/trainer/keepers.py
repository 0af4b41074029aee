"""Real keepers of small scripts that stand for workers."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from trainer.contract import ExitRecord, Limits, ProcessIdentity, RunFolder

DEADLINE_SECONDS = 60.0
# Runs a keeper whose worker is `python -c SCRIPT`, in the run folder.
KEEP = """
import os, sys
from pathlib import Path
from trainer.contract import RunFolder
from trainer.keeper import Keeper

folder, grace_seconds, script, vmstat = sys.argv[1:]

def start_script(run_folder):
    log = (os.POSIX_SPAWN_OPEN, 1, str(run_folder.log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    return os.posix_spawn(
        sys.executable, [sys.executable, "-c", script], os.environ, file_actions=[log, (os.POSIX_SPAWN_DUP2, 1, 2)], setpgroup=0
    )

os.chdir(folder)
Keeper(RunFolder(Path(folder)), float(grace_seconds), start_script, Path(vmstat)).run()
"""
# What the scripts share: `note` puts the pid of whoever calls it on record, `wait` lets it live until it is ended.
PRELUDE = """
import os, signal, sys, time
def note():
    with open("pids", "a") as file:
        file.write(f"{os.getpid()}\\n")
def wait():
    while True:
        time.sleep(60)
"""


def keep_command(folder: Path, script: str, grace_seconds: float = 5.0, vmstat: Path = Path("/proc/vmstat")) -> list[str]:
    return [sys.executable, "-c", KEEP, str(folder), str(grace_seconds), PRELUDE + script, str(vmstat)]


class Keepers:
    """Starts keepers and ends, after the test, what a defect left of them."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._started: list[subprocess.Popen[bytes]] = []

    def start(
        self,
        script: str,
        grace_seconds: float = 5.0,
        limits: Limits | None = None,
        name: str = "run",
        vmstat: Path = Path("/proc/vmstat"),
    ) -> tuple[subprocess.Popen[bytes], RunFolder]:
        folder = RunFolder(self._root / name)
        folder.path.mkdir()
        folder.write_spec({"kind": "script", "limits": (limits or Limits()).as_dict()})
        command = keep_command(folder.path, script, grace_seconds, vmstat)
        self._started.append(subprocess.Popen(command, start_new_session=True))
        return self._started[-1], folder

    def keep(self, script: str, grace_seconds: float = 5.0, limits: Limits | None = None, name: str = "run") -> ExitRecord:
        """Start a keeper and wait for the end that it records."""
        return end_of(*self.start(script, grace_seconds, limits, name))

    def clean_up(self) -> None:
        for keeper in self._started:
            if keeper.poll() is None:
                for pid in find_all_below(keeper.pid):
                    if identity := ProcessIdentity.of(pid):
                        identity.send_signal(9)
                keeper.kill()
                keeper.wait()


def find_all_below(pid: int) -> list[int]:
    return [process.pid for process in psutil.Process(pid).children(recursive=True)]


def end_of(keeper: subprocess.Popen[bytes], folder: RunFolder) -> ExitRecord:
    assert keeper.wait(DEADLINE_SECONDS) == 0
    record = folder.read_exit()
    assert record is not None
    return record


def noted_pids(folder: RunFolder, count: int) -> list[int]:
    """The pids on record, as soon as there are `count`."""
    path = folder.path / "pids"
    wait_until(lambda: path.exists() and path.read_text().count("\n") >= count)
    return [int(line) for line in path.read_text().split()]


def wait_until(is_reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not is_reached():
        assert time.monotonic() < deadline, "the condition was not reached"
        time.sleep(0.01)


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True

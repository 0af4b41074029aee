"""The keeper of one attempt: starts the worker, outlives the web process, and writes the true exit.

`python -m trainer.keeper <run folder>`, in a session of its own. SIGTERM, or the file `stop` in the folder, asks for a
stop: SIGTERM to the worker's process group, SIGKILL to whatever is left of it after the grace period.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

from trainer.contract.process import ProcessIdentity
from trainer.contract.run_folder import ExitRecord, RunFolder, write_json_atomically

GRACE_SECONDS = 10.0
POLL_SECONDS = 0.05
LAST_LINES = 12
LAST_LINES_BYTES = 8192


class Keeper:
    """Watches one worker from start to exit."""

    def __init__(self, folder: RunFolder, grace_seconds: float) -> None:
        self._folder = folder
        self._grace_seconds = grace_seconds
        self._stop_requested = False
        self._killed_after_grace = False

    def run(self) -> None:
        """Run the worker to its end and write exit.json; nothing is started when a stop was asked for already."""
        signal.signal(signal.SIGTERM, self._on_stop_signal)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._folder.write_identity("keeper", ProcessIdentity.of_this_process())
        if self._is_stop_requested():
            self._write_exit(None, "SIGTERM")
            return
        worker = self._start_worker()
        self._wait(worker)
        code = worker.returncode
        if code < 0:
            self._write_exit(None, signal.Signals(-code).name)
        else:
            self._write_exit(code, None)

    def _on_stop_signal(self, _signal_number: int, _frame: FrameType | None) -> None:
        self._stop_requested = True

    def _is_stop_requested(self) -> bool:
        self._stop_requested = self._stop_requested or self._folder.stop.exists()
        return self._stop_requested

    def _start_worker(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "trainer", "work", str(self._folder.path)]
        with self._folder.log.open("ab") as log:
            worker = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, process_group=0, close_fds=True
            )
        identity = ProcessIdentity.of(worker.pid)
        if identity:
            self._folder.write_identity("worker", identity)
        return worker

    def _wait(self, worker: subprocess.Popen[bytes]) -> None:
        """Wait until the worker has ended, then end what it left of its group, and only then reap it.

        As long as the dead worker is not reaped its process group id cannot be given to a stranger.
        """
        deadline: float | None = None
        while os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
            if deadline is None and self._is_stop_requested():
                _kill_group(worker.pid, signal.SIGTERM)
                deadline = time.monotonic() + self._grace_seconds
            elif deadline is not None and time.monotonic() >= deadline:
                self._killed_after_grace = True
                _kill_group(worker.pid, signal.SIGKILL)
            time.sleep(POLL_SECONDS)
        _kill_group(worker.pid, signal.SIGKILL)
        worker.wait()

    def _write_exit(self, code: int | None, signal_name: str | None) -> None:
        record = ExitRecord(
            code=code,
            signal=signal_name,
            stop_requested=self._stop_requested,
            killed_after_grace=self._killed_after_grace,
            ended_at=time.time(),
            last_lines=read_last_lines(self._folder.log),
        )
        write_json_atomically(self._folder.exit, record.as_dict())


def read_last_lines(path: Path) -> tuple[str, ...]:
    """The last lines of a log, however large it is; none when it does not exist."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - LAST_LINES_BYTES))
            text = file.read().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return ()
    return tuple(line for line in text.splitlines() if line.strip())[-LAST_LINES:]


def _kill_group(group: int, signal_number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # the group is empty: nothing is left to signal
        os.killpg(group, signal_number)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m trainer.keeper", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--grace-seconds", type=float, default=GRACE_SECONDS)
    arguments = parser.parse_args()
    Keeper(RunFolder(arguments.folder), arguments.grace_seconds).run()


if __name__ == "__main__":
    main()

"""The keeper of one attempt: starts the worker, outlives the web process, and writes the true exit.

`python -m trainer.keeper <run folder>`, in a session of its own. SIGTERM, or the file `stop` in the folder, asks for a
stop; so does a limit of the order that is reached. When it ends, nothing that the worker started is left.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from trainer.contract.events import DISK_FULL
from trainer.contract.orders import read_limits
from trainer.contract.process import ProcessIdentity
from trainer.contract.run_folder import ExitRecord, RunFolder, WorkerExit
from trainer.keeping.descendants import adopt_orphans, end_descendants, find_descendants, reap_orphans, signal_group
from trainer.keeping.exit_file import ExitFile, read_last_lines
from trainer.keeping.gauges import MemoryGauge
from trainer.keeping.ladder import StopLadder
from trainer.keeping.limits import Breach, LimitWatch, round_up
from trainer.keeping.memory_cap import MemoryCap, cap_memory, count_system_oom_kills, find_group_parent
from trainer.keeping.usage_log import UsageLog
from trainer.keeping.wakeup import Wakeup

GRACE_SECONDS = 10.0
LOOK_SECONDS = 0.25
FIRST_LOOK_SECONDS = 0.02
DISK_GRACE_SECONDS = 2.0  # at most: who fills the disk or the log goes on doing so while it is asked
VMSTAT = Path("/proc/vmstat")
StartWorker = Callable[[RunFolder], int]  # returns the pid of a child of the caller that leads a process group of its own


class Keeper:
    """Watches one worker from start to exit."""

    def __init__(self, folder: RunFolder, grace_seconds: float, start_worker: StartWorker, vmstat: Path = VMSTAT) -> None:
        self._folder = folder
        self._start_worker = start_worker
        self._grace_seconds = grace_seconds
        self._vmstat = vmstat
        self._exit_file = ExitFile(folder)
        self._ladder = StopLadder()
        self._stop_requested = False
        self._breach: Breach | None = None
        self._peak_memory_mb = 0.0
        self._is_system_out_of_memory = False

    def run(self) -> None:
        """Run the worker to its end and write exit.json; nothing is started when a stop was asked for already.

        Nothing at all is done in a folder that another keeper has claimed: an attempt starts once.
        """
        signal.signal(signal.SIGTERM, self._on_stop_signal)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            if not self._claim_folder():
                return
            if self._is_stop_requested():
                self._write_exit(None, "SIGTERM")
                return
            adopt_orphans()
            code = self._keep(self._start())
        except OSError as error:
            end_descendants()
            if error.errno not in DISK_FULL:
                raise
            code = WorkerExit.DISK_FULL
        if code < 0:
            self._write_exit(None, signal.Signals(-code).name)
        else:
            self._write_exit(code, None)

    def _claim_folder(self) -> bool:
        """The place of the exit record comes first: without it not even a full disk could be told."""
        me = ProcessIdentity.of_this_process()
        try:
            self._exit_file.reserve()
            if self._folder.claim_identity("keeper", me):
                return True
        except OSError:
            if self._folder.read_identity("keeper") in {None, me}:
                raise
        self._exit_file.discard()
        return False

    def _start(self) -> int:
        worker = self._start_worker(self._folder)
        if identity := ProcessIdentity.of(worker):
            self._folder.write_identity("worker", identity)
        return worker

    def _on_stop_signal(self, _signal_number: int, _frame: FrameType | None) -> None:
        self._stop_requested = True

    def _is_stop_requested(self) -> bool:
        self._stop_requested = self._stop_requested or self._folder.stop.exists()
        return self._stop_requested

    def _keep(self, worker: int) -> int:
        """Wait until the worker has ended, end what it left behind, and only then reap it.

        As long as the dead worker is not reaped neither its pid nor its process group can be given to a stranger.
        Returns its exit code, or minus the number of the signal that ended it.
        """
        limits = read_limits(self._folder.spec)
        oom_kills = count_system_oom_kills(self._vmstat)
        cap = cap_memory(worker, limits.memory_mb, find_group_parent()) if limits.memory_mb else MemoryCap()
        started = time.monotonic()
        self._watch(worker, LimitWatch(limits, self._folder, started), started)
        end_descendants(worker)
        code = os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1])
        if self._breach is None and self._has_met_cap(code, cap):
            self._breach = Breach("memory", limits.memory_mb, round_up(self._peak_memory_mb))
        is_killed_by_another = code == -signal.SIGKILL and not self._ladder.has_killed and self._breach is None
        self._is_system_out_of_memory = is_killed_by_another and count_system_oom_kills(self._vmstat) > oom_kills
        if cap.group is not None:
            cap.group.remove()
        return code

    def _has_met_cap(self, code: int, cap: MemoryCap) -> bool:
        """Whether the kernel held the worker to its memory limit before a look could find it reached."""
        if cap.group is not None:
            return code == -signal.SIGKILL and not self._ladder.has_killed and cap.group.count_oom_kills() > 0
        return code == WorkerExit.OUT_OF_MEMORY and cap.refuses_allocations

    def _watch(self, worker: int, limits: LimitWatch, started: float) -> None:
        memory, usage = MemoryGauge(), UsageLog(self._folder.usage, started)
        look_at = started
        with Wakeup(worker, self._folder.path) as wakeup:
            while os.waitid(os.P_PID, worker, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
                now = time.monotonic()
                if self._is_stop_requested():
                    self._ladder.ask(now, self._grace_seconds)
                if now >= look_at:
                    # A failed look is made up for by the next one; a keeper that died of it would take the worker along.
                    with contextlib.suppress(OSError):
                        self._look(worker, memory, limits, usage, now)
                    look_at = now + min(LOOK_SECONDS, max(FIRST_LOOK_SECONDS, (now - started) / 4))
                while due := self._ladder.next_signal(now):
                    signal_group(worker, due)
                wakeup.wait(min(look_at - now, self._ladder.seconds_until_next(now)))

    def _look(self, worker: int, memory: MemoryGauge, limits: LimitWatch, usage: UsageLog, now: float) -> None:
        """Measure, and begin the stop that a limit demands: a person's stop that came first keeps its own deadlines."""
        reap_orphans(worker)
        pids = find_descendants(os.getpid())
        occupied = memory.read(pids, now, limits.memory_mb)
        self._peak_memory_mb = max(self._peak_memory_mb, occupied.memory_mb)
        usage.sample(pids, occupied, now)
        breach = limits.check(occupied.memory_mb, now)
        if breach is None:
            return
        if not self._ladder.has_begun:
            self._breach = breach
        if breach.limit == "memory":
            self._ladder.kill(now)  # saving takes memory, too, and the others on this machine need theirs now
        else:
            is_time = breach.limit == "time"
            self._ladder.ask(now, self._grace_seconds if is_time else min(DISK_GRACE_SECONDS, self._grace_seconds))

    def _write_exit(self, code: int | None, signal_name: str | None) -> None:
        breach = self._breach
        self._exit_file.write(
            ExitRecord(
                code=code,
                signal=signal_name,
                stop_requested=self._stop_requested,
                killed_after_grace=self._ladder.has_insisted,
                ended_at=time.time(),
                last_lines=read_last_lines(self._folder.log),
                limit=breach.limit if breach else None,
                limit_value=breach.value if breach else None,
                limit_used=breach.used if breach else None,
                peak_memory_mb=round_up(self._peak_memory_mb),
                is_system_out_of_memory=self._is_system_out_of_memory,
            )
        )


def spawn_worker(folder: RunFolder) -> int:
    """Start the worker as a fresh interpreter, in the environment of this process."""
    command = [sys.executable, "-m", "trainer", "work", str(folder.path)]
    log = (os.POSIX_SPAWN_OPEN, 1, str(folder.log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    files = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0), log, (os.POSIX_SPAWN_DUP2, 1, 2)]
    return os.posix_spawn(
        sys.executable, command, os.environ, file_actions=files, setpgroup=0, setsigdef=[signal.SIGPIPE, signal.SIGXFSZ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m trainer.keeper", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--grace-seconds", type=float, default=GRACE_SECONDS)
    arguments = parser.parse_args()
    Keeper(RunFolder(arguments.folder), arguments.grace_seconds, spawn_worker).run()


if __name__ == "__main__":
    main()

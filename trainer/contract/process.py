"""Who a process is: pid, start time and boot id together, so that a recycled pid is never mistaken for ours."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

_LINUX = sys.platform.startswith("linux")
POLL_SECONDS = 0.005
_START_TIME_FIELD = 19  # of /proc/<pid>/stat, counted after the command name: see proc(5), field 22


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """A process of one boot of one machine; equal identities are the same process."""

    pid: int
    started: str
    boot_id: str

    @classmethod
    def of(cls, pid: int) -> ProcessIdentity | None:
        """The identity of a live process; None when there is none (a zombie counts as gone)."""
        started = _start_time(pid)
        return cls(pid, started, _boot_id()) if started else None

    @classmethod
    def of_this_process(cls) -> ProcessIdentity:
        identity = cls.of(os.getpid())
        assert identity is not None, "a running process can read its own start time"
        return identity

    def is_alive(self) -> bool:
        return self == ProcessIdentity.of(self.pid)

    def wait_until_gone(self, timeout_seconds: float) -> bool:
        """Wait for this process to end; False when it is still there after the timeout. Blocking."""
        deadline = time.monotonic() + timeout_seconds
        while self.is_alive():
            if time.monotonic() >= deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True

    def send_signal(self, signal_number: int) -> bool:
        """Signal exactly this process, through a pidfd where the system has them; False when it is gone."""
        if not _LINUX:
            return self._kill_by_pid(signal_number)
        try:
            descriptor = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return False
        try:
            # The pidfd pins whoever holds the pid now; only then does comparing the start time prove it is ours.
            if not self.is_alive():
                return False
            signal.pidfd_send_signal(descriptor, signal_number)
        except ProcessLookupError:
            return False
        finally:
            os.close(descriptor)
        return True

    def _kill_by_pid(self, signal_number: int) -> bool:
        if not self.is_alive():
            return False
        try:
            os.kill(self.pid, signal_number)
        except ProcessLookupError:
            return False
        return True

    def as_dict(self) -> dict[str, str | int]:
        return asdict(self)


def _start_time(pid: int) -> str | None:
    if not _LINUX:
        found = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return found.stdout.strip() or None
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    after_name = stat.rpartition(")")[2].split()
    return None if after_name[0] in "ZX" else after_name[_START_TIME_FIELD]


@lru_cache(maxsize=1)
def _boot_id() -> str:
    if _LINUX:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    found = subprocess.run(["sysctl", "-n", "kern.boottime"], capture_output=True, text=True, check=False)
    return found.stdout.strip()

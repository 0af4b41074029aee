"""What a worker and its descendants use: memory, processor time and threads, read from /proc; and the disk of a folder.

Zeros where there is no /proc. Memory is what processes filled themselves, not the files they mapped; of a page that
several hold each has its share.
"""

from __future__ import annotations

import contextlib
import os
import resource
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

KB_PER_MB = 1024
BYTES_PER_BLOCK = 512  # of st_blocks, whatever the file system's own: stat(2)
FIRST_EXACT_SECONDS = 1.0
LONGEST_EXACT_SECONDS = 60.0
_USER_TIME_FIELD, _TIMES = 11, 4  # of /proc/<pid>/stat, counted after the command name: utime, stime, cutime, cstime


@dataclass(frozen=True, slots=True)
class Occupied:
    """Memory in megabytes (2**20 bytes), and threads."""

    memory_mb: float
    threads: int


class MemoryGauge:
    """Memory of a set of processes, cheap enough to read four times a second.

    The kernel counts the pages of a process at once (RssAnon + RssShmem + VmSwap), but a page that a fork shares with
    the zygote, or with its own children, is counted in each. The proportional set size divides it fairly, but takes the
    kernel milliseconds per gigabyte. So the difference of the two is measured now and then: when the processes have
    changed, after 1, 2, 4 ... at most 60 seconds, and whenever the limit seems to be reached.
    """

    def __init__(self) -> None:
        self._surplus_kb = 0
        self._pids: frozenset[int] = frozenset()
        self._exact_at = 0.0
        self._exact_after = FIRST_EXACT_SECONDS

    def read(self, pids: Iterable[int], now: float, limit_mb: float = 0) -> Occupied:
        """`now` is monotonic, in seconds; a figure above `limit_mb` is always an exact one."""
        found = frozenset(pids)
        each = {pid: _read_status(pid) for pid in found}
        most_kb, threads = sum(kb for kb, _ in each.values()), sum(count for _, count in each.values())
        if found != self._pids or now >= self._exact_at or 0 < limit_mb * KB_PER_MB < most_kb - self._surplus_kb:
            self._surplus_kb = sum(max(0, kb - _read_share_kb(pid, kb)) for pid, (kb, _) in each.items())
            self._exact_after = FIRST_EXACT_SECONDS if found != self._pids else min(LONGEST_EXACT_SECONDS, 2 * self._exact_after)
            self._pids, self._exact_at = found, now + self._exact_after
        return Occupied(max(0, most_kb - self._surplus_kb) / KB_PER_MB, threads)


def read_cpu_seconds(pids: Iterable[int]) -> float:
    """Processor time of these processes, of their ended children, and of what this process has reaped."""
    reaped = resource.getrusage(resource.RUSAGE_CHILDREN)
    ticks = sum(sum(map(int, _read_stat(pid)[_USER_TIME_FIELD : _USER_TIME_FIELD + _TIMES])) for pid in pids)
    return ticks / os.sysconf("SC_CLK_TCK") + reaped.ru_utime + reaped.ru_stime


def read_data_bytes(pid: int) -> int:
    """What RLIMIT_DATA is held against: the private writable memory a process has mapped, used or not."""
    return _read_kb(_read_file(f"/proc/{pid}/status"), b"VmData:") * 1024


def measure_disk_mb(folder: Path) -> float:
    """Disk space of everything in a folder, in megabytes (2**20 bytes); what vanishes meanwhile counts nothing."""
    blocks, waiting = 0, [str(folder)]
    while waiting:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                with contextlib.suppress(FileNotFoundError):
                    blocks += entry.stat(follow_symlinks=False).st_blocks
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
    return blocks * BYTES_PER_BLOCK / (1 << 20)


def _read_status(pid: int) -> tuple[int, int]:
    status = _read_file(f"/proc/{pid}/status")
    occupied = sum(_read_kb(status, name) for name in (b"RssAnon:", b"RssShmem:", b"VmSwap:"))
    return occupied, _read_kb(status, b"Threads:")


def _read_share_kb(pid: int, otherwise_kb: int) -> int:
    """The proportional share; kernels before 5.9 do not tell it by kind."""
    share = _read_file(f"/proc/{pid}/smaps_rollup")
    if b"Pss_Anon:" not in share:
        return otherwise_kb
    return sum(_read_kb(share, name) for name in (b"Pss_Anon:", b"Pss_Shmem:", b"SwapPss:"))


def _read_stat(pid: int) -> list[bytes]:
    return _read_file(f"/proc/{pid}/stat").rpartition(b")")[2].split()


def _read_kb(text: bytes, name: bytes) -> int:
    """The number after a name; 0 when the line is missing, as it is for a zombie."""
    start = text.find(b"\n" + name)
    return int(text[start + len(name) + 1 :].split(None, 1)[0]) if start >= 0 else 0


def _read_file(path: str) -> bytes:
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - read for every process, four times a second
            return file.read()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return b""

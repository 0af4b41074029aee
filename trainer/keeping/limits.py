"""Which limit of its order a worker has reached, if any: memory, time, disk or log, with the figure.

Sizes are megabytes of 2**20 bytes, times are seconds. A limit of 0 is none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from trainer.contract.orders import Limits
from trainer.contract.run_folder import RunFolder
from trainer.keeping.gauges import measure_disk_mb

DISK_SECONDS = 1.0
BYTES_PER_MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Breach:
    """A limit that was reached: `value` is the limit, `used` what was measured against it, in the same unit."""

    limit: str
    value: float
    used: float


class LimitWatch:
    """Looks whether a limit is reached; `now` is monotonic, in seconds."""

    def __init__(self, limits: Limits, folder: RunFolder, started: float) -> None:
        self._limits = limits
        self._folder = folder
        self._started = started
        self._disk_due = started

    @property
    def memory_mb(self) -> int:
        return self._limits.memory_mb

    def seconds_left(self, now: float) -> float:
        """Until the time is up; infinite without a limit."""
        return self._started + self._limits.wall_seconds - now if self._limits.wall_seconds else float("inf")

    def check(self, memory_mb: float, now: float) -> Breach | None:
        """The most urgent limit that is reached."""
        if 0 < self._limits.memory_mb < memory_mb:
            return Breach("memory", self._limits.memory_mb, round_up(memory_mb))
        if self.seconds_left(now) <= 0:
            return Breach("time", self._limits.wall_seconds, round_up(now - self._started))
        return self._check_log() or self._check_disk(now)

    def _check_log(self) -> Breach | None:
        if not self._limits.log_mb:
            return None
        used_mb = (_size_of(self._folder.log) + _size_of(self._folder.events)) / BYTES_PER_MB
        return Breach("log", self._limits.log_mb, round_up(used_mb)) if used_mb > self._limits.log_mb else None

    def _check_disk(self, now: float) -> Breach | None:
        if not self._limits.disk_mb or now < self._disk_due:
            return None
        self._disk_due = now + DISK_SECONDS
        used_mb = measure_disk_mb(self._folder.path)
        return Breach("disk", self._limits.disk_mb, round_up(used_mb)) if used_mb > self._limits.disk_mb else None


def round_up(used: float) -> float:
    """One digit after the point, rounded up: what passed a limit is never reported as having just reached it."""
    return math.ceil(used * 10) / 10


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0

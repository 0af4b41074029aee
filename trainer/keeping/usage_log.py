"""usage.jsonl: what a run used of the machine, one line per sample, ever more rarely the longer it runs.

{"at", "cpu_percent" (100 is one core), "memory_mb", "threads", "disk_mb"}, and with a GPU {"gpu_percent", "gpu_memory_mb"};
a sample that a full disk refuses is dropped.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from trainer.keeping.gauges import Occupied, measure_disk_mb, read_cpu_seconds
from trainer.keeping.gpu_gauge import GpuGauge

FIRST_SECONDS = 0.25
SHORTEST_SECONDS = 1.0
# The interval is a 600th of the run's age: 600 lines in the first 10 minutes, 3600 in a day, 4800 in a week.
SAMPLES_PER_AGE = 600


def sample_interval(age_seconds: float) -> float:
    """Seconds until the next sample of a run of that age; n(t) = 600 (1 + ln(t / 600 s)) lines after t.

    A run's first seconds are all that a short one has: there the interval grows with the age, from a quarter of a second.
    """
    return max(min(SHORTEST_SECONDS, max(FIRST_SECONDS, age_seconds / 4)), age_seconds / SAMPLES_PER_AGE)


class UsageLog:
    """Takes and writes the samples of one run; `now` is monotonic, in seconds."""

    def __init__(self, path: Path, started: float) -> None:
        self._path = path
        self._started = started
        self._due = started + FIRST_SECONDS
        self._sampled_at = started
        self._cpu_seconds = 0.0
        self._gpu = GpuGauge(os.environ.get("CUDA_VISIBLE_DEVICES", ""))

    def sample(self, pids: list[int], occupied: Occupied, now: float) -> None:
        """Write a sample when one is due."""
        if now < self._due:
            return
        cpu_seconds = read_cpu_seconds(pids)
        percent = 100 * max(0.0, cpu_seconds - self._cpu_seconds) / (now - self._sampled_at)
        self._append(
            {
                "at": round(time.time(), 3),
                "cpu_percent": round(percent, 1),
                "memory_mb": round(occupied.memory_mb, 1),
                "threads": occupied.threads,
                "disk_mb": round(measure_disk_mb(self._path.parent), 2),
                **self._gpu.read(),
            }
        )
        self._cpu_seconds, self._sampled_at = cpu_seconds, now
        self._due = now + sample_interval(now - self._started)

    def _append(self, sample: dict[str, float]) -> None:
        line = json.dumps(sample).encode() + b"\n"
        try:
            file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError:
            return
        try:
            end = os.fstat(file).st_size
            if not _is_written(file, line):
                os.ftruncate(file, end)
        finally:
            os.close(file)


def _is_written(file: int, line: bytes) -> bool:
    try:
        return os.write(file, line) == len(line)
    except OSError:
        return False

"""The machine under load: sampled every two seconds, the last hour kept in memory, read by pages and programs.

Leaves figures alone; that nothing can be said of GPUs (no driver) is an empty list, never an error.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

import psutil
import pynvml  # by nvidia-ml-py, the driver's own bindings

from app.errors import PlatformError
from app.jobs.devices import Gpu

SAMPLE_SECONDS = 2.0
FIRST_SECONDS = 0.5
KEPT_SAMPLES = 1800
MEGABYTE = 1_000_000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class GpuSample:
    """One GPU at one moment; percent of its processors' time, megabytes of its memory."""

    name: str
    use_percent: float
    memory_used_mb: float
    memory_total_mb: float


@dataclass(frozen=True, slots=True)
class MachineSample:
    """The machine at one moment: Unix time, percent of all processors, megabytes, jobs, and rows per second of all of them."""

    at: float
    cpu_percent: float
    memory_used_mb: float
    memory_total_mb: float
    disk_free_mb: float
    disk_total_mb: float
    running: int
    waiting: int
    rows_per_second: float
    gpus: tuple[GpuSample, ...]


class Machine:
    """Samples itself while it runs."""

    def __init__(
        self,
        data_dir: Path,
        gpus: Gpus,
        count_jobs: Callable[[], Awaitable[tuple[int, int]]],
        measure_speed: Callable[[], float],
    ) -> None:
        """`count_jobs` tells how many jobs are at work and how many wait, `measure_speed` their rows per second in all."""
        self._data_dir = data_dir
        self._gpus = gpus
        self._count_jobs = count_jobs
        self._measure_speed = measure_speed
        self._samples: deque[MachineSample] = deque(maxlen=KEPT_SAMPLES)

    def samples(self, after: float = 0.0) -> Sequence[MachineSample]:
        """What was sampled after this Unix time, the newest last."""
        newest_first = takewhile(lambda sample: sample.at > after, reversed(self._samples))
        return list(newest_first)[::-1]

    async def run(self) -> None:
        """Sample until cancelled."""
        loop = asyncio.get_running_loop()
        # One thread for all samples: psutil counts the processors' time since it was last asked by the same one.
        with ThreadPoolExecutor(1, thread_name_prefix="machine") as thread:
            await loop.run_in_executor(thread, psutil.cpu_percent)  # begins to count; the first answer stands for nothing
            await asyncio.sleep(FIRST_SECONDS)
            await self._sample_again_and_again(lambda *jobs: loop.run_in_executor(thread, self._sample, *jobs))

    async def _sample_again_and_again(self, sample: Callable[[int, int], Awaitable[MachineSample]]) -> None:
        while True:
            try:
                self._samples.append(await sample(*await self._count_jobs()))
            except (OSError, PlatformError) as error:  # a full disk, perhaps: the next sample will tell
                _log.warning("The machine could not be sampled: %s", error)
            await asyncio.sleep(SAMPLE_SECONDS)

    def _sample(self, running: int, waiting: int) -> MachineSample:
        memory, disk = psutil.virtual_memory(), psutil.disk_usage(str(self._data_dir))
        return MachineSample(
            at=round(time.time(), 2),
            cpu_percent=psutil.cpu_percent(),
            memory_used_mb=(memory.total - memory.available) / MEGABYTE,
            memory_total_mb=memory.total / MEGABYTE,
            disk_free_mb=disk.free / MEGABYTE,
            disk_total_mb=disk.total / MEGABYTE,
            running=running,
            waiting=waiting,
            rows_per_second=round(self._measure_speed(), 1),
            gpus=self._gpus.sample(),
        )


class Gpus:
    """The GPUs that NVIDIA's driver knows; none without a driver."""

    def __init__(self) -> None:
        self._handles: list[Any] = []
        try:
            pynvml.nvmlInit()
            self._handles = [pynvml.nvmlDeviceGetHandleByIndex(number) for number in range(pynvml.nvmlDeviceGetCount())]
        except pynvml.NVMLError as error:
            _log.info("No GPU is used: %s", error)

    def list(self) -> tuple[Gpu, ...]:
        return tuple(
            Gpu(pynvml.nvmlDeviceGetUUID(handle), pynvml.nvmlDeviceGetName(handle), _memory_of(handle).total // MEGABYTE)
            for handle in self._handles
        )

    def sample(self) -> tuple[GpuSample, ...]:
        """How busy each GPU is now; none while the driver does not answer."""
        try:
            return tuple(map(_sample_gpu, self._handles))
        except pynvml.NVMLError as error:
            _log.warning("The GPUs could not be sampled: %s", error)
            return ()


def _sample_gpu(handle: Any) -> GpuSample:  # noqa: ANN401 - the driver's own
    memory = _memory_of(handle)
    use = float(pynvml.nvmlDeviceGetUtilizationRates(handle).gpu)
    return GpuSample(pynvml.nvmlDeviceGetName(handle), use, memory.used / MEGABYTE, memory.total / MEGABYTE)


def _memory_of(handle: Any) -> Any:  # noqa: ANN401 - the driver's own
    return pynvml.nvmlDeviceGetMemoryInfo(handle)

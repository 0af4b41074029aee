"""What a worker is told: a claimed job enters, its order, limits and environment leave."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import psutil

from app.datasets.folders import DatasetFolders
from app.jobs.devices import Places
from app.jobs.queue import run_folder_name
from app.records import Begin, Job
from app.settings import Settings
from trainer.contract import Limits, RunFolder, TrainingSpec, TrainOrder, read_order

MEGABYTE = 1_000_000
CONTAINER_MEMORY = Path("/sys/fs/cgroup/memory.max")
MEMORY_SHARE = 0.8  # of the machine's memory, for all jobs together; the rest is for the pages, the files and the system


class WorkOrders:
    """Writes the orders of one server's jobs."""

    def __init__(self, settings: Settings, datasets: DatasetFolders, places: Places) -> None:
        self._settings = settings
        self._data_dir = settings.data_dir.resolve()  # once: it asks the disk about every part of the path
        self._datasets = datasets
        self._places = places

    def order_for(self, job: Job) -> TrainOrder:
        return TrainOrder(
            table=str((self._datasets.reading(job.dataset_id, job.dataset_reading) / "table.parquet").resolve()),
            training=TrainingSpec.parse(job.spec),
            threads=self.threads(),
            attempt=job.attempt,
            first_event=job.last_event + 1,
            resume_from=self._earlier_checkpoints(job) if job.begins_with == Begin.CHECKPOINT else (),
            keep_checkpoints=self._settings.checkpoints_kept,
        )

    def limits(self) -> Limits:
        settings = self._settings
        return Limits(
            memory_mb=settings.job_memory_mb or int(machine_memory_mb() * MEMORY_SHARE / self._places.total),
            wall_seconds=settings.job_minutes * 60,
            disk_mb=settings.job_disk_mb,
            log_mb=settings.job_log_mb,
        )

    def threads(self) -> int:
        """CPU threads of one job: an equal share for every place, so that equal runs stay equal whatever else runs."""
        return self._settings.threads_per_job or max(1, (os.cpu_count() or 1) // self._places.total)

    def folder_of(self, job: Job, attempt: int | None = None) -> RunFolder:
        return RunFolder(self._data_dir / run_folder_name(job.id, attempt or job.attempt))

    def has_checkpoint(self, job: Job) -> bool:
        """Whether there is something to go on from. Blocking."""
        return any(next(folder.checkpoint.glob("*.pt"), None) is not None for folder in self._lineage(job, job.attempt))

    def model_of(self, job: Job) -> Path | None:
        """The model of the latest attempt that left one. Blocking."""
        models = (self.folder_of(job, number).model for number in range(job.attempt, 0, -1))
        return next((model for model in models if model.is_file()), None)

    def _earlier_checkpoints(self, job: Job) -> tuple[str, ...]:
        return tuple(str(folder.checkpoint) for folder in self._lineage(job, job.attempt - 1))

    def _lineage(self, job: Job, newest: int) -> list[RunFolder]:
        """The attempts that went on from one another, newest first, back to the one that began with the first step."""
        folders = []
        for number in range(newest, 0, -1):
            folders.append(folder := self.folder_of(job, number))
            if _began_afresh(folder):
                break
        return folders


def machine_memory_mb() -> float:
    """What this machine, or the container that we are in, has in all."""
    total = psutil.virtual_memory().total
    with contextlib.suppress(OSError, ValueError):  # "max", or no such group
        total = min(total, int(CONTAINER_MEMORY.read_text(encoding="ascii")))
    return total / MEGABYTE


def _began_afresh(folder: RunFolder) -> bool:
    try:
        order = read_order(folder.spec)
    except FileNotFoundError:  # it never came to be started
        return False
    return isinstance(order, TrainOrder) and not order.resume_from

"""The supervisor: one task that starts queued jobs, reads what their workers say, and records how they end.

It holds nothing that the run folders and the database do not: after a restart it adopts what is still at work and
records the true end of what is not.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import time
from dataclasses import dataclass, field

from app.datasets import Datasets
from app.jobs.feed import Feed
from app.jobs.launchers.local import LocalLauncher, is_keeper_alive
from app.jobs.outcome import failure_of, final_status
from app.jobs.queue import JobQueue, run_folder_name
from app.jobs.snapshot import apply_events
from app.records import Job, JobStatus, now
from app.settings import Settings
from trainer.contract import EventLog, ExitRecord, RunFolder, TrainingSpec, TrainOrder, read_events

TICK_SECONDS = 0.03
IDLE_SECONDS = 1.0
SAVE_SECONDS = 1.0
READ_BYTES = 1 << 20
STOP_SLACK_SECONDS = 2.0
DEATH_SECONDS = 5.0
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Run:
    """One live attempt, and how far its log has been read."""

    job: Job
    folder: RunFolder
    log: EventLog = field(default_factory=lambda: EventLog([], 0, 0))
    stop_deadline: float | None = None
    saved_at: float = 0.0
    is_dirty: bool = False


@dataclass(frozen=True, slots=True)
class Observation:
    """What one look at a run folder showed."""

    log: EventLog
    exit: ExitRecord | None
    has_vanished: bool


class Supervisor:
    """Runs jobs; `wake` it when there may be something to do."""

    def __init__(self, settings: Settings, queue: JobQueue, feed: Feed, datasets: Datasets, launcher: LocalLauncher) -> None:
        self._settings = settings
        self._queue = queue
        self._feed = feed
        self._datasets = datasets
        self._launcher = launcher
        self._runs: dict[str, Run] = {}
        self._wake = asyncio.Event()

    def wake(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        """Supervise until cancelled; workers go on without us."""
        await self._adopt()
        while True:
            self._wake.clear()
            try:
                await self._start_waiting()
                await self._watch()
            except Exception:  # noqa: BLE001 - reported below, with its traceback
                # One broken job or a full disk must not end the supervision of all the others.
                _log.exception("The supervisor met an unexpected problem and goes on")
                await asyncio.sleep(IDLE_SECONDS)  # a full disk stays full: once a second says it often enough
            self._launcher.reap()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), TICK_SECONDS if self._runs else IDLE_SECONDS)

    async def request_stop(self, job: Job) -> None:
        """Ask a live job's keeper to stop it; works before the keeper exists, for the keeper looks first."""
        await self._queue.request_stop(job)
        folder = self._folder_of(job)
        await asyncio.to_thread(_touch_stop, folder)
        run = self._runs.get(job.id)
        if run:
            run.job.stop_requested = True
            self._feed.publish(run.job)
        self.wake()

    async def _adopt(self) -> None:
        for job in await self._queue.live():
            _log.info("Adopting %s, attempt %s", job.id, job.attempt)
            self._runs[job.id] = Run(job, self._folder_of(job))

    async def _start_waiting(self) -> None:
        while len(self._runs) < self._settings.max_running_jobs:
            job = await self._queue.claim()
            if job is None:
                return
            self._runs[job.id] = run = Run(job, self._folder_of(job))
            self._feed.publish(job)
            try:
                await self._launcher.launch(run.folder, self._order_for(job).as_dict(), self._threads())
            except OSError as error:
                _log.error("Starting %s failed: %s", job.id, error)
                await self._end(run, None)

    def _order_for(self, job: Job) -> TrainOrder:
        table = self._datasets.table_of(job.dataset_id)
        return TrainOrder(str(table.resolve()), TrainingSpec.parse(job.spec), self._threads())

    def _threads(self) -> int:
        return self._settings.threads_per_job or max(1, (os.cpu_count() or 1) // self._settings.max_running_jobs)

    def _folder_of(self, job: Job) -> RunFolder:
        return RunFolder((self._settings.data_dir / run_folder_name(job.id, job.attempt)).resolve())

    async def _watch(self) -> None:
        if not self._runs:
            return
        runs = list(self._runs.values())
        observations = await asyncio.to_thread(lambda: [_observe(run) for run in runs])
        for run, observation in zip(runs, observations, strict=True):
            await self._digest(run, observation)
        due = [run for run in runs if run.is_dirty and time.monotonic() - run.saved_at >= SAVE_SECONDS]
        if due:
            await self._queue.save_snapshot([run.job for run in due])
            for run in due:
                run.saved_at, run.is_dirty = time.monotonic(), False

    async def _digest(self, run: Run, observation: Observation) -> None:
        run.log = EventLog([], observation.log.end, observation.log.last_number)
        if observation.log.events:
            state = apply_events(run.job, observation.log.events)
            if state is not None and state != run.job.status:
                await self._queue.move(run.job, state)
            run.is_dirty = True
            self._feed.publish(run.job, observation.log.events)
        elif observation.exit is not None or observation.has_vanished:
            # Only a look that found nothing new in the log proves that it was read to its end.
            await self._end(run, observation.exit)
            return
        await self._enforce_stop(run)

    async def _enforce_stop(self, run: Run) -> None:
        """The keeper's own deadline is the rule; this one holds when the keeper itself hangs."""
        if not run.job.stop_requested:
            return
        if run.stop_deadline is None:
            run.stop_deadline = time.monotonic() + self._settings.stop_grace_seconds + STOP_SLACK_SECONDS
            await asyncio.to_thread(_touch_stop, run.folder)
        elif time.monotonic() > run.stop_deadline:
            await asyncio.to_thread(_kill_processes, run.folder)

    async def _end(self, run: Run, record: ExitRecord | None) -> None:
        if record is None:
            await asyncio.to_thread(_kill_processes, run.folder)
        # A keeper that hung was ended by us, because a stop was asked for: that is what happened to the job.
        status = JobStatus.STOPPED if record is None and run.job.stop_requested else final_status(record)
        problem = None
        if status == JobStatus.FAILED:
            refusal = await asyncio.to_thread(failure_of, run.folder, record)
            problem = refusal.problems[0].as_dict()
        figures = {
            name: getattr(run.job, name) for name in ("epoch", "step", "total_steps", "loss", "validation_loss", "metrics")
        }
        progress = 100.0 if status == JobStatus.COMPLETED else run.job.progress
        await self._queue.move(run.job, status, finished_at=now(), problem=problem, progress=progress, **figures)
        await self._queue.end_attempt(run.job, record.as_dict() if record else None)
        self._runs.pop(run.job.id, None)
        self._feed.publish(run.job)
        _log.info("%s, attempt %s: %s", run.job.id, run.job.attempt, run.job.status)


def _observe(run: Run) -> Observation:
    # The exit is looked up before the log: what the worker wrote before it ended is then certainly read.
    record = run.folder.read_exit()
    has_vanished = record is None and not is_keeper_alive(run.folder) and run.folder.read_exit() is None
    return Observation(read_events(run.folder.events, run.log.end, run.log.last_number, READ_BYTES), record, has_vanished)


def _touch_stop(folder: RunFolder) -> None:
    folder.path.mkdir(parents=True, exist_ok=True)
    folder.stop.touch()


def _kill_processes(folder: RunFolder) -> None:
    """End what is left of an attempt whose keeper cannot: the worker's whole group, then the keeper.

    Returns once both are gone, so that nothing of an attempt outlives the word that it has ended.
    """
    worker, keeper = folder.read_identity("worker"), folder.read_identity("keeper")
    if worker and worker.is_alive():
        with contextlib.suppress(ProcessLookupError):
            os.killpg(worker.pid, signal.SIGKILL)
    if keeper:
        keeper.send_signal(signal.SIGKILL)
    for process in filter(None, (worker, keeper)):
        if not process.wait_until_gone(DEATH_SECONDS):
            _log.error("Process %s of %s does not die, although it was killed", process.pid, folder.path.name)

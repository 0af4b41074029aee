"""The supervisor: one task that starts queued jobs, reads what their workers say, and records how they end.

It holds nothing that the run folders and the database do not: after a restart it adopts what is still at work and
records the true end of what is not.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from datetime import UTC, datetime

from app.errors import Unavailable
from app.jobs.devices import CPU, Places
from app.jobs.feed import Feed
from app.jobs.forecast import Occupied
from app.jobs.launchers.local import LocalLauncher
from app.jobs.live_run import Observation, Run, kill_processes, observe, touch_stop
from app.jobs.outcome import failure_of, final_status, is_resumable_pause
from app.jobs.queue import FIGURES, JobQueue
from app.jobs.snapshot import apply_events, latest_speed
from app.jobs.work_orders import WorkOrders
from app.records import Begin, Job, JobStatus, now
from app.settings import Settings
from trainer.contract import DISK_FULL, EventLog, ExitRecord, JsonObject, Message, Problem

TICK_SECONDS = 0.03
IDLE_SECONDS = 1.0
SAVE_SECONDS = 1.0
STOP_SLACK_SECONDS = 4.0
_log = logging.getLogger(__name__)


class Supervisor:
    """Runs jobs; `wake` it when there may be something to do."""

    def __init__(
        self, settings: Settings, queue: JobQueue, feed: Feed, orders: WorkOrders, launcher: LocalLauncher, places: Places
    ) -> None:
        self._settings = settings
        self._queue = queue
        self._feed = feed
        self._orders = orders
        self._launcher = launcher
        self._places = places
        self._runs: dict[str, Run] = {}
        self._wake = asyncio.Event()
        self._fill_at = 0.0  # when to look for waiting jobs again, unless something happens before; monotonic seconds

    def wake(self) -> None:
        self._fill_at = 0.0
        self._wake.set()

    def occupied(self) -> list[Occupied]:
        """Every place at work, with how long it will still be taken."""
        return [Occupied(run.job.owner_id, _remaining_seconds(run), run.job.device != CPU) for run in self._runs.values()]

    def rows_per_second(self) -> float:
        """How fast all runs that speak are together."""
        return sum(run.rows_per_second for run in self._runs.values() if not run.job.is_silent)

    async def run(self) -> None:
        """Supervise until cancelled; workers go on without us."""
        await self._adopt()
        while True:
            self._wake.clear()
            try:
                await self._watch()
                await self._start_waiting()
            except Unavailable as refusal:  # no defect: a full disk, or a database that somebody else holds
                _log.warning("What happened could not be recorded yet: %s", refusal)
                await asyncio.sleep(IDLE_SECONDS)  # a full disk stays full: once a second says it often enough
            except Exception:  # noqa: BLE001 - reported below, with its traceback
                # One broken job must not end the supervision of all the others.
                _log.exception("The supervisor met an unexpected problem and goes on")
                await asyncio.sleep(IDLE_SECONDS)
            self._launcher.reap()
            with contextlib.suppress(TimeoutError):
                is_busy = self._runs or not self._launcher.is_warm
                await asyncio.wait_for(self._wake.wait(), TICK_SECONDS if is_busy else IDLE_SECONDS)

    async def request_stop(self, job: Job, is_pause: bool = False) -> None:
        """Ask a live job's keeper to end it, for good or to be resumed; works before the keeper exists, for it looks first."""
        await self._queue.request_stop(job, is_pause)
        await asyncio.to_thread(touch_stop, self._orders.folder_of(job), is_pause)
        run = self._runs.get(job.id)
        if run:
            run.job.sqlmodel_update({"pause_requested" if is_pause else "stop_requested": True})
            self._feed.publish(run.job)
        self.wake()

    async def _adopt(self) -> None:
        """Take up what was at work when we were last seen; what never came to be started is started now."""
        for job in await self._queue.live():
            _log.info("Adopting %s, attempt %s", job.id, job.attempt)
            run = self._runs[job.id] = Run(job, self._orders.folder_of(job))
            was_started = await asyncio.to_thread(lambda folder: folder.read_identity("keeper") or folder.read_exit(), run.folder)
            run.is_launched = was_started is not None

    async def _start_waiting(self) -> None:
        if not self._launcher.is_warm:
            return  # whoever waits has lost nothing, and what is at work is watched meanwhile
        for run in [run for run in self._runs.values() if not run.is_launched]:
            await self._launch(run)
        if time.monotonic() < self._fill_at:
            return
        self._fill_at = time.monotonic() + IDLE_SECONDS
        for on_gpus in (True, False):
            await self._fill_places(on_gpus)

    async def _fill_places(self, on_gpus: bool) -> None:
        places = self._places
        while (device := places.find_free((run.job.device for run in self._runs.values()), on_gpus)) is not None:
            job = await self._queue.claim(device, lambda job: places.is_for_gpu(job) == on_gpus)
            if job is None:
                return
            self._runs[job.id] = run = Run(job, self._orders.folder_of(job), is_launched=False)
            self._feed.publish(job)
            await self._launch(run)

    async def _launch(self, run: Run) -> None:
        """Start the attempt. The keeper claims its folder for itself: asked twice, one worker starts."""
        job, run.is_launched = run.job, True
        try:
            order = await asyncio.to_thread(self._orders.order_for, job)
            environment = self._places.environment_for(job.device)
            await self._launcher.launch(
                run.folder, order.as_dict(), order.threads, environment=environment, limits=self._orders.limits()
            )
        except OSError as error:
            _log.error("Starting %s failed: %s", job.id, error)
            await self._end(run, None, _cannot_start(error))

    async def _watch(self) -> None:
        runs = [run for run in self._runs.values() if run.is_launched]
        if not runs:
            return
        observations = await asyncio.to_thread(lambda: [observe(run) for run in runs])
        for run, observation in zip(runs, observations, strict=True):
            await self._digest(run, observation)
        due = [run for run in runs if run.is_dirty and time.monotonic() - run.saved_at >= SAVE_SECONDS]
        if due:
            await self._queue.save_snapshot([run.job for run in due])
            for run in due:
                run.saved_at, run.is_dirty = time.monotonic(), False

    async def _digest(self, run: Run, observation: Observation) -> None:
        events = observation.log.events
        if events:
            await self._absorb(run, events)
        elif observation.exit is not None or observation.has_vanished:
            # Only a look that found nothing new in the log proves that it was read to its end.
            await self._end(run, observation.exit)
            return
        # Only what was absorbed counts as read: a database that could not be written to is tried again.
        run.log = EventLog([], observation.log.end, observation.log.last_number)
        if not events:
            self._notice_silence(run)
        await self._enforce_stop(run)

    async def _absorb(self, run: Run, events: list[JsonObject]) -> None:
        job = run.job
        state = apply_events(job, events)
        run.rows_per_second = latest_speed(events, run.rows_per_second)
        if state is not None and state != job.status:
            await self._queue.move(job, state)
        job.last_event_at, job.is_silent = now(), False
        run.is_dirty = True
        if run.began is None and job.status == JobStatus.RUNNING:
            run.began = (time.monotonic(), job.progress)
        self._feed.publish(job, events)

    def _notice_silence(self, run: Run) -> None:
        job, limit = run.job, self._settings.silent_minutes * 60
        if job.is_silent or job.last_event_at is None or (datetime.now(UTC) - job.last_event_at).total_seconds() < limit:
            return
        _log.warning("%s has said nothing for %s minutes", job.id, self._settings.silent_minutes)
        job.is_silent = run.is_dirty = True
        self._feed.publish(job)

    async def _enforce_stop(self, run: Run) -> None:
        """The keeper's own deadline is the rule; this one holds when the keeper itself hangs."""
        job = run.job
        if not (job.stop_requested or job.pause_requested):
            return
        if run.stop_deadline is None:
            run.stop_deadline = time.monotonic() + self._settings.stop_grace_seconds + STOP_SLACK_SECONDS
            await asyncio.to_thread(touch_stop, run.folder, job.pause_requested and not job.stop_requested)
        elif time.monotonic() > run.stop_deadline:
            await asyncio.to_thread(kill_processes, run.folder)

    async def _end(self, run: Run, record: ExitRecord | None, problem: Problem | None = None) -> None:
        job = run.job
        if record is None:
            await asyncio.to_thread(kill_processes, run.folder)
        status, problem = await asyncio.to_thread(_judge, run, record, problem)
        figures = {name: getattr(job, name) for name in (*FIGURES, "last_event", "last_event_at")}
        figures["progress"] = 100.0 if status == JobStatus.COMPLETED else job.progress
        ended = {"finished_at": None if status == JobStatus.PAUSED else now(), "is_silent": False}
        await self._queue.move(job, status, problem=problem.as_dict() if problem else None, **ended, **figures)
        await self._queue.end_attempt(job, record.as_dict() if record else None)
        self._runs.pop(job.id, None)
        self._fill_at = 0.0  # its place is free
        self._feed.publish(job)
        _log.info("%s, attempt %s: %s", job.id, job.attempt, job.status)
        await self._resume_interrupted(job)

    async def _resume_interrupted(self, job: Job) -> None:
        """After a restart of the machine a job goes on by itself where the operator wants it so."""
        was_cut_off = job.status == JobStatus.FAILED and (job.problem or {}).get("code") == "machine_restarted"
        if was_cut_off and self._settings.resume_interrupted and await self._queue.restart(job, Begin.CHECKPOINT):
            self._feed.publish(job)
            self.wake()


def _judge(run: Run, record: ExitRecord | None, problem: Problem | None) -> tuple[JobStatus, Problem | None]:
    """The state that an attempt ended in, and why when it is not the one that was asked for. Blocking."""
    job, is_pause = run.job, is_resumable_pause(run.folder)
    if problem is not None:
        return JobStatus.FAILED, problem
    if record is None and (job.stop_requested or job.pause_requested):
        # A keeper that hung was ended by us, because a stop was asked for: that is what happened to the job.
        return JobStatus.PAUSED if is_pause and not job.stop_requested else JobStatus.STOPPED, None
    status = final_status(record, is_pause)
    has_reason = status == JobStatus.FAILED or (status == JobStatus.STOPPED and record is not None and record.limit is not None)
    return status, failure_of(run.folder, record, job.spec).problems[0] if has_reason else None


def _remaining_seconds(run: Run) -> float | None:
    if run.began is None:
        return None
    began_at, began_progress = run.began
    gained = run.job.progress - began_progress
    return (time.monotonic() - began_at) * (100.0 - run.job.progress) / gained if gained > 0 else None


def _cannot_start(error: OSError) -> Problem:
    if error.errno in DISK_FULL:
        return Problem("disk_full", Message("The disk is full, so the run could not be started. Free some space and retry it."))
    text = "The run could not be started: {reason}."
    return Problem("cannot_start", Message(text, {"reason": error.strerror or str(error)}))

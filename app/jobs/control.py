"""What a person may do to jobs: stop, pause, resume, retry, train longer, reorder; administrators give priorities.

Each refuses, in a sentence, what the state of the job does not allow; `possible_actions` says beforehand what it does.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from sqlmodel import Session as DatabaseSession
from sqlmodel import col, select

from app.database import Database
from app.errors import Conflict, NotAllowed, refuse
from app.jobs.devices import Places
from app.jobs.feed import Feed
from app.jobs.forecast import QueuePlace, forecast
from app.jobs.queue import JobQueue
from app.jobs.service import Jobs
from app.jobs.supervisor import Supervisor
from app.jobs.work_orders import WorkOrders
from app.records import Begin, Job, JobStatus, Role, User, now
from app.settings import Settings
from trainer.contract import FIELDS, Message, Scalar, TrainingSpec

FORECAST_SECONDS = 1.0
RECENT_JOBS = 200
HIGHEST_PRIORITY = 100
ENDED_WITHOUT_RESULT = frozenset({JobStatus.FAILED, JobStatus.STOPPED})


class JobControl:
    """One person's hand on their jobs."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        jobs: Jobs,
        queue: JobQueue,
        supervisor: Supervisor,
        feed: Feed,
        orders: WorkOrders,
        places: Places,
    ) -> None:
        self._settings = settings
        self._places = places
        self._database = database
        self._jobs = jobs
        self._queue = queue
        self._supervisor = supervisor
        self._feed = feed
        self._orders = orders
        self._forecast: tuple[float, Mapping[str, QueuePlace]] = (0.0, {})

    async def possible_actions(self, job: Job) -> tuple[str, ...]:
        """Which of stop, pause, resume, retry, extend the state of `job` allows."""
        match job.state:
            case JobStatus.QUEUED:
                return ("stop", "pause")
            case JobStatus.PAUSED:
                return ("resume", "stop")
            case _ if job.state.is_live:
                return () if job.stop_requested else ("stop",) if job.pause_requested else ("stop", "pause")
        has_checkpoint = await asyncio.to_thread(self._orders.has_checkpoint, job)
        if job.state == JobStatus.COMPLETED:
            return ("extend",) if has_checkpoint else ()
        return ("resume", "retry") if has_checkpoint else ("retry",)

    async def stop(self, user: User, job_id: str) -> Job:
        """Stop a job in whatever state it is: a waiting or paused one at once, a live one after its current step.

        Raises:
            NotFound: not this person's. Conflict: it has ended already.
        """
        job = await self._jobs.get(user, job_id)
        at_rest = job.status in {JobStatus.QUEUED, JobStatus.PAUSED}
        if at_rest and await self._queue.move(job, JobStatus.STOPPED, finished_at=now()):
            return self._publish(job)
        job = await self._jobs.get(user, job_id)
        if job.state.is_terminal:
            text = "The run “{job}” has ended already, so there is nothing to stop."
            raise Conflict("job_has_ended", Message(text, {"job": job.id}))
        await self._supervisor.request_stop(job)
        return await self._jobs.get(user, job_id)

    async def pause(self, user: User, job_id: str) -> Job:
        """Pause a job: a waiting one gives up its place, a live one saves where it is after its current step.

        Raises:
            NotFound: not this person's. Conflict: it is not at work and does not wait.
        """
        job = await self._jobs.get(user, job_id)
        if job.status == JobStatus.QUEUED and await self._queue.move(job, JobStatus.PAUSED):
            return self._publish(job)
        job = await self._jobs.get(user, job_id)
        if not job.state.is_live or job.stop_requested:
            text = "The run “{job}” is neither waiting nor training, so it cannot be paused."
            raise Conflict("cannot_pause", Message(text, {"job": job.id}))
        await self._supervisor.request_stop(job, is_pause=True)
        return await self._jobs.get(user, job_id)

    async def resume(self, user: User, job_id: str) -> Job:
        """Queue a paused, stopped or failed job to go on from its newest checkpoint.

        Raises:
            NotFound: not this person's. Conflict: it is not one of these, or has no checkpoint.
        """
        job = await self._jobs.get(user, job_id)
        if "resume" not in await self.possible_actions(job):
            text = "The run “{job}” cannot be resumed: only a paused run, or an ended one with a checkpoint, can."
            raise Conflict("cannot_resume", Message(text, {"job": job.id}))
        return await self._restart(job, Begin.CHECKPOINT)

    async def retry(self, user: User, job_id: str) -> Job:
        """Queue a stopped or failed job to begin again with the first step.

        Raises:
            NotFound: not this person's. Conflict: it has not ended so.
        """
        job = await self._jobs.get(user, job_id)
        if job.status not in ENDED_WITHOUT_RESULT:
            text = "The run “{job}” cannot be retried: only a stopped or failed run can."
            raise Conflict("cannot_retry", Message(text, {"job": job.id}))
        return await self._restart(job, Begin.START)

    async def extend(self, user: User, job_id: str, epochs: object) -> Job:
        """Queue a completed job to go on for `epochs` more epochs on the same curves.

        Raises:
            NotFound: not this person's. Conflict: not completed, or its checkpoint is gone. Refusal: too many epochs.
        """
        job = await self._jobs.get(user, job_id)
        most = int(FIELDS["epochs"].high or 0) - job.epoch
        if isinstance(epochs, bool) or not isinstance(epochs, int) or not 1 <= epochs <= most:
            text = "“{field}” must be a whole number between {low} and {high}, not “{value}”."
            params: dict[str, Scalar] = {"field": "epochs", "low": 1, "high": most, "value": str(epochs)[:80]}
            raise refuse("out_of_bounds", Message(text, params), "epochs")
        if "extend" not in await self.possible_actions(job):
            text = "The run “{job}” cannot be trained longer: only a completed run with its checkpoint can."
            raise Conflict("cannot_extend", Message(text, {"job": job.id}))
        # More than it did, not than it was meant to do: it may have ended early.
        spec = TrainingSpec.parse({**job.spec, "epochs": job.epoch + epochs}).as_dict()
        progress = round(100.0 * job.epoch / spec["epochs"], 2)
        return await self._restart(job, Begin.CHECKPOINT, spec=spec, progress=progress)

    async def move_in_queue(self, user: User, job_id: str, places: int) -> Job:
        """Let a waiting job change places with the one before (-1) or after it (1) among one's own.

        Raises:
            NotFound: not this person's. Conflict: it does not wait, or is the first or last already.
        """
        job = await self._jobs.get(user, job_id)
        if job.status != JobStatus.QUEUED or places not in {-1, 1} or not await self._queue.swap(job, places):
            text = "The run “{job}” cannot change places: it does not wait, or there is nobody to change with."
            raise Conflict("cannot_move", Message(text, {"job": job.id}))
        self._forecast = (0.0, {})
        return await self._refresh(job)

    async def can_move(self, job: Job) -> tuple[bool, bool]:
        """Whether a waiting job has one before it, and one after it, to change places with."""
        if job.status != JobStatus.QUEUED:
            return (False, False)
        waiting, _starts = await self._queue.waiting()
        row = [other.id for other in waiting if other.owner_id == job.owner_id and other.priority == job.priority]
        return (job.id in row[1:], job.id in row[:-1])

    async def set_priority(self, user: User, job_id: str, priority: object) -> Job:
        """Let a job go before (above 0) or after (below 0) all others; for administrators, whoever owns it.

        Raises:
            NotAllowed: not an administrator. NotFound: no such job. Refusal: out of bounds.
        """
        if user.role != Role.ADMIN:
            raise NotAllowed("not_an_administrator", Message("Only administrators may set priorities."))
        if isinstance(priority, bool) or not isinstance(priority, int) or abs(priority) > HIGHEST_PRIORITY:
            text = "“{field}” must be a whole number between {low} and {high}, not “{value}”."
            high = HIGHEST_PRIORITY
            params: dict[str, Scalar] = {"field": "priority", "low": -high, "high": high, "value": str(priority)[:80]}
            raise refuse("out_of_bounds", Message(text, params), "priority")
        job = await self._jobs.get_any(user, job_id)
        await self._queue.set_priority(job.id, priority)
        self._forecast = (0.0, {})
        return await self._refresh(job)

    async def queue_place(self, job: Job) -> QueuePlace | None:
        """Where a waiting job stands and when it will probably start; None for a job that does not wait."""
        if job.status != JobStatus.QUEUED:
            return None
        made_at, places = self._forecast
        if time.monotonic() - made_at > FORECAST_SECONDS or job.id not in places:
            places = await self._make_forecast()
            self._forecast = (time.monotonic(), places)
        return places.get(job.id)

    async def _make_forecast(self) -> Mapping[str, QueuePlace]:
        waiting, latest_starts = await self._queue.waiting()
        speeds = await self._database.read(_seconds_per_epoch)
        durations = {job.id: _expected_seconds(job, speeds) for job in waiting}
        occupied, most = self._supervisor.occupied(), self._settings.running_jobs_per_user
        found: dict[str, QueuePlace] = {}
        for on_gpus in (True, False):
            there = [place for place in occupied if place.is_on_gpu == on_gpus]
            row = [job for job in waiting if self._places.is_for_gpu(job) == on_gpus]
            found |= forecast(there, row, durations, self._places.count(on_gpus=on_gpus), most, latest_starts)
        return found

    async def _restart(self, job: Job, begins_with: Begin, **fields: object) -> Job:
        if not await self._queue.restart(job, begins_with, **fields):
            text = "The run “{job}” has changed meanwhile. Look at it again."
            raise Conflict("job_has_changed", Message(text, {"job": job.id}))
        return self._publish(job)

    async def _refresh(self, job: Job) -> Job:
        stored = await self._database.read(lambda session: session.get(Job, job.id))
        assert stored is not None, "jobs are not deleted"
        known = self._feed.latest(job.id) or stored
        known.sqlmodel_update({"queue_rank": stored.queue_rank, "priority": stored.priority})
        return self._publish(known)

    def _publish(self, job: Job) -> Job:
        self._feed.publish(job)
        self._supervisor.wake()
        return job


def _seconds_per_epoch(session: DatabaseSession) -> dict[str, float]:
    """How long one epoch took lately, per data set, and under "" in general."""
    query = select(Job).where(Job.status == JobStatus.COMPLETED, Job.attempt == 1)
    seconds: dict[str, list[float]] = {}
    for job in session.exec(query.order_by(col(Job.finished_at).desc()).limit(RECENT_JOBS)):
        if job.started_at and job.finished_at and job.epoch:
            speed = (job.finished_at - job.started_at).total_seconds() / job.epoch
            seconds.setdefault(job.dataset_id, []).append(speed)
            seconds.setdefault("", []).append(speed)
    return {dataset: sum(speeds) / len(speeds) for dataset, speeds in seconds.items()}


def _expected_seconds(job: Job, speeds: Mapping[str, float]) -> float | None:
    speed = speeds.get(job.dataset_id, speeds.get(""))
    return None if speed is None else speed * int(job.spec["epochs"]) * (1 - job.progress / 100)

"""What a person may do with jobs: submit, list, look at, follow, read; somebody else's job does not exist for them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlmodel import col, func, select

from app.database import Database
from app.datasets.folders import SAMPLE_PREFIX
from app.datasets.samples import DEFAULT_SAMPLE, Samples
from app.datasets.service import Datasets
from app.errors import NotFound
from app.jobs.devices import Places
from app.jobs.feed import Feed
from app.jobs.logbook import LogPage, read_last_page, read_next_page
from app.jobs.queue import JobQueue
from app.jobs.supervisor import Supervisor
from app.jobs.usage import Usage, read_usage
from app.jobs.work_orders import WorkOrders
from app.records import Attempt, Job, Role, User
from trainer.contract import Message, TrainingSpec, settle

REQUIRED = ("epochs", "batch_size", "lr")  # unless a network is named, whose recipe then says how it is trained


class Jobs:
    """One person's view of the jobs."""

    def __init__(
        self,
        database: Database,
        datasets: Datasets,
        samples: Samples,
        queue: JobQueue,
        supervisor: Supervisor,
        feed: Feed,
        orders: WorkOrders,
        places: Places,
    ) -> None:
        self._database = database
        self._datasets = datasets
        self._samples = samples
        self._queue = queue
        self._supervisor = supervisor
        self._feed = feed
        self._orders = orders
        self._places = places

    async def submit(self, user: User, request: Mapping[str, Any], dataset_reference: str | None = None) -> Job:
        """Queue a job on a data set (its id or path; the built-in sample when None).

        Raises:
            NotFound, Conflict: the data set is not there or not ready. Refusal: settings that cannot be used.
        """
        reference = dataset_reference or DEFAULT_SAMPLE
        if SAMPLE_PREFIX in reference:
            await self._samples.wait()
        dataset = await self._datasets.get_trainable(user, reference)
        profile = await self._datasets.profile(dataset)
        spec = settle(TrainingSpec.parse(request, () if request.get("network") else REQUIRED), profile)
        spec = self._places.settle(spec, len(profile["columns"]))
        job = Job(
            owner_id=user.id,
            dataset_id=dataset.id,
            dataset_name=dataset.name,
            dataset_version=dataset.version,
            dataset_reading=dataset.reading,
            dataset_hash=dataset.content_hash,
            spec=spec.as_dict(),
        )
        await self._queue.add(job)
        self._feed.publish(job)
        self._supervisor.wake()
        return job

    async def get(self, user: User, job_id: str) -> Job:
        """The job as it is now.

        Raises:
            NotFound: there is none with this id, or it is somebody else's.
        """
        job = await self.find(job_id)
        if job is None or job.owner_id != user.id:
            raise _not_found(job_id)
        return job

    async def get_any(self, user: User, job_id: str) -> Job:
        """The job, whoever owns it, for administrators; for others as `get`."""
        if user.role != Role.ADMIN:
            return await self.get(user, job_id)
        job = await self.find(job_id)
        if job is None:
            raise _not_found(job_id)
        return job

    async def find(self, job_id: str) -> Job | None:
        """The job as it is now, whoever asks: for callers that know already that they may."""
        return self._feed.latest(job_id) or await self._database.read(lambda session: session.get(Job, job_id))

    async def list(self, user: User, offset: int = 0, limit: int = 1000) -> Sequence[Job]:
        """The jobs of this person, newest first."""
        query = select(Job).where(Job.owner_id == user.id).order_by(col(Job.created_at).desc(), col(Job.id))
        stored = await self._database.read(lambda session: session.exec(query.offset(offset).limit(limit)).all())
        return [self._feed.latest(job.id) or job for job in stored]

    async def count(self, user: User) -> int:
        query = select(func.count()).select_from(Job).where(Job.owner_id == user.id)
        return await self._database.read(lambda session: session.exec(query).one())

    async def attempts(self, user: User, job_id: str) -> Sequence[Attempt]:
        """The attempts of a job, the first one first."""
        return await self._queue.attempts((await self.get(user, job_id)).id)

    async def usage(self, user: User, job_id: str, before: Usage | None = None) -> Usage:
        """What the processes of the latest attempt used, sample by sample; after what `before` holds, if that is given."""
        job = await self.get(user, job_id)
        return await asyncio.to_thread(read_usage, self._orders.folder_of(job).usage, job.attempt, before)

    async def log_page(
        self,
        user: User,
        job_id: str,
        attempt: int | None = None,
        search: str = "",
        before: int | None = None,
        after: int | None = None,
    ) -> LogPage:
        """A page of an attempt's log (the latest one's when None): the last lines, or those before or after a byte offset."""
        path = await self.log_file(user, job_id, attempt)
        if after is not None:
            return await asyncio.to_thread(read_next_page, path, after, search)
        return await asyncio.to_thread(read_last_page, path, search, before)

    async def log_file(self, user: User, job_id: str, attempt: int | None = None) -> Path:
        """Where the log of an attempt is; the file may not exist yet.

        Raises:
            NotFound: no such job of this person, or no such attempt.
        """
        job = await self.get(user, job_id)
        if attempt is not None and not 1 <= attempt <= job.attempt:
            text = "The run “{job}” has no attempt {attempt}."
            raise NotFound("attempt_not_found", Message(text, {"job": job.id, "attempt": attempt}))
        return self._orders.folder_of(job, attempt).log

    async def model_file(self, user: User, job_id: str) -> Path:
        """The finished model's file.

        Raises:
            NotFound: there is none (yet), or the job is not this person's.
        """
        try:
            job = await self.get(user, job_id)
        except NotFound:
            raise NotFound("model_not_found", Message("Model not found")) from None
        path = await asyncio.to_thread(self._orders.model_of, job) if job.state.is_terminal else None
        if path is None:
            raise NotFound("model_not_found", Message("Model not found"))
        return path


def _not_found(job_id: str) -> NotFound:
    text = "There is no run “{job}”. Look it up in your list of runs."
    return NotFound("job_not_found", Message(text, {"job": job_id[:80]}))

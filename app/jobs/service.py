"""What a person may do with jobs: submit, list, look at, follow, stop; somebody else's job does not exist for them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlmodel import col, func, select

from app.database import Database
from app.datasets import SAMPLE_PREFIX, Datasets
from app.errors import Conflict, NotFound
from app.jobs.feed import Feed, Subscription
from app.jobs.queue import JobQueue, run_folder_name
from app.jobs.supervisor import Supervisor
from app.records import Job, JobStatus, User, now
from app.samples import DEFAULT_SAMPLE, Samples
from app.settings import Settings
from trainer.contract import JsonObject, Message, RunFolder, TrainingSpec, read_events, settle_target

REQUIRED = ("epochs", "batch_size", "lr")


class Jobs:
    """One person's view of the queue."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        datasets: Datasets,
        samples: Samples,
        queue: JobQueue,
        supervisor: Supervisor,
        feed: Feed,
    ) -> None:
        self._settings = settings
        self._database = database
        self._datasets = datasets
        self._samples = samples
        self._queue = queue
        self._supervisor = supervisor
        self._feed = feed

    async def submit(self, user: User, request: Mapping[str, Any], dataset_reference: str | None = None) -> Job:
        """Queue a job on a data set (its id or path; the built-in sample when None).

        Raises:
            NotFound, Conflict: the data set is not there or not ready. Refusal: settings that cannot be used.
        """
        reference = dataset_reference or DEFAULT_SAMPLE
        if SAMPLE_PREFIX in reference:
            await self._samples.wait()
        dataset = await self._datasets.get_ready(user, reference)
        spec = settle_target(TrainingSpec.parse(request, REQUIRED), await self._datasets.profile(dataset))
        job = Job(owner_id=user.id, dataset_id=dataset.id, dataset_name=dataset.name, spec=spec.as_dict())
        await self._queue.add(job)
        self._feed.publish(job)
        self._supervisor.wake()
        return job

    async def get(self, user: User, job_id: str) -> Job:
        """The job as it is now.

        Raises:
            NotFound: there is none with this id, or it is somebody else's.
        """
        job = self._feed.latest(job_id) or await self._database.read(lambda session: session.get(Job, job_id))
        if job is None or job.owner_id != user.id:
            raise NotFound(
                "job_not_found", Message("There is no run “{job}”. Look it up in your list of runs.", {"job": job_id[:80]})
            )
        return job

    async def list(self, user: User, offset: int = 0, limit: int = 1000) -> Sequence[Job]:
        """The jobs of this person, newest first."""
        query = select(Job).where(Job.owner_id == user.id).order_by(col(Job.created_at).desc(), col(Job.id))
        stored = await self._database.read(lambda session: session.exec(query.offset(offset).limit(limit)).all())
        return [self._feed.latest(job.id) or job for job in stored]

    async def count(self, user: User) -> int:
        query = select(func.count()).select_from(Job).where(Job.owner_id == user.id)
        return await self._database.read(lambda session: session.exec(query).one())

    async def stop(self, user: User, job_id: str) -> Job:
        """Stop a job in whatever state it is: a waiting one at once, a live one after its current step.

        Raises:
            NotFound: not this person's. Conflict: it has ended already.
        """
        job = await self.get(user, job_id)
        if job.status == JobStatus.QUEUED and await self._queue.move(job, JobStatus.STOPPED, finished_at=now()):
            self._feed.publish(job)
            return job
        job = await self.get(user, job_id)
        if job.state.is_terminal:
            text = "The run “{job}” has ended already, so there is nothing to stop."
            raise Conflict("job_has_ended", Message(text, {"job": job.id}))
        await self._supervisor.request_stop(job)
        return await self.get(user, job_id)

    async def events(self, user: User, job_id: str) -> Sequence[JsonObject]:
        """Every event of the latest attempt so far, from its log."""
        job = await self.get(user, job_id)
        return (await asyncio.to_thread(read_events, self._folder_of(job).events)).events

    async def follow(self, user: User, job_id: str, after: int = 0) -> Subscription:
        """Subscribe to what comes after event number `after`."""
        await self.get(user, job_id)
        return self._feed.subscribe(job_id, after)

    async def model_file(self, user: User, job_id: str) -> Path:
        """The finished model's file.

        Raises:
            NotFound: there is none (yet), or the job is not this person's.
        """
        try:
            job = await self.get(user, job_id)
        except NotFound:
            raise NotFound("model_not_found", Message("Model not found")) from None
        path = self._folder_of(job).model
        if not job.state.is_terminal or not await asyncio.to_thread(path.is_file):
            raise NotFound("model_not_found", Message("Model not found"))
        return path

    def _folder_of(self, job: Job) -> RunFolder:
        return RunFolder(self._settings.data_dir / run_folder_name(job.id, job.attempt))

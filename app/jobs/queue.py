"""The queue: every change of a job's state in the database, each a compare-and-set on the state and attempt last seen.

Whoever loses such a race has seen an old state and changes nothing: a terminal state is final.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlmodel import Session as DatabaseSession
from sqlmodel import col, select, update

from app.database import Database
from app.datasets import unknown_dataset
from app.jobs.states import sources_of
from app.records import LIVE, Attempt, Dataset, DatasetStatus, Job, JobStatus, now

SNAPSHOT_FIELDS = ("progress", "epoch", "step", "total_steps", "loss", "validation_loss")


class JobQueue:
    """The jobs table as a queue."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, job: Job) -> Job:
        """Queue a job.

        Raises:
            NotFound: its data set was deleted meanwhile.
        """
        await self._database.write(lambda session: _add(session, job))
        return job

    async def claim(self) -> Job | None:
        """Take the next job: STARTING, with a new attempt. None when nothing waits.

        Fair between people: the one with the fewest jobs at work goes first, then the job that waited longest.
        """
        return await self._database.write(_claim)

    async def move(self, job: Job, to: JobStatus, **fields: object) -> bool:
        """Move `job` to another state if it is still in one that allows it, in the same attempt.

        Returns whether it did; `job` is brought up to date only then.
        """
        values = {"status": to, "updated_at": now(), **fields}
        moved = await self._database.write(lambda session: _compare_and_set(session, job, to, values))
        if moved:
            job.sqlmodel_update(values)
        return moved

    async def save_snapshot(self, jobs: Sequence[Job]) -> None:
        """Store where live jobs are now; a job that ended meanwhile keeps its final figures."""
        await self._database.write(lambda session: _save_snapshots(session, jobs))

    async def request_stop(self, job: Job) -> None:
        """Mark a live job as asked to stop."""
        query = update(Job).where(col(Job.id) == job.id, col(Job.status).in_(LIVE)).values(stop_requested=True)
        await self._database.write(lambda session: session.exec(query))
        job.stop_requested = True

    async def end_attempt(self, job: Job, record: dict[str, object] | None) -> None:
        query = (
            update(Attempt)
            .where(col(Attempt.job_id) == job.id, col(Attempt.number) == job.attempt)
            .values(ended_at=now(), exit=record)
        )
        await self._database.write(lambda session: session.exec(query))

    async def live(self) -> Sequence[Job]:
        """Jobs that a worker was at work on when they were last heard of."""
        return await self._database.read(lambda session: session.exec(select(Job).where(col(Job.status).in_(LIVE))).all())


def run_folder_name(job_id: str, attempt: int) -> str:
    """Where an attempt lives, relative to the data folder."""
    return f"runs/{job_id}/attempt-{attempt}"


def _add(session: DatabaseSession, job: Job) -> None:
    dataset = session.get(Dataset, job.dataset_id)
    if dataset is None or dataset.status != DatasetStatus.READY:
        raise unknown_dataset(job.dataset_id)
    session.add(job)


def _claim(session: DatabaseSession) -> Job | None:
    query = select(Job).where(Job.status == JobStatus.QUEUED).order_by(col(Job.queue_rank), col(Job.created_at))
    waiting = session.exec(query).all()
    if not waiting:
        return None
    at_work = Counter(session.exec(select(Job.owner_id).where(col(Job.status).in_(LIVE))).all())
    job = min(waiting, key=lambda candidate: at_work[candidate.owner_id])  # min keeps the order of waiting
    job.status = JobStatus.STARTING
    job.attempt += 1
    job.started_at = job.updated_at = now()
    session.add(job)
    session.add(Attempt(job_id=job.id, number=job.attempt, folder=run_folder_name(job.id, job.attempt)))
    return job


def _compare_and_set(session: DatabaseSession, job: Job, to: JobStatus, values: dict[str, object]) -> bool:
    query = (
        update(Job)
        .where(col(Job.id) == job.id, col(Job.attempt) == job.attempt, col(Job.status).in_(sources_of(to)))
        .values(**values)
    )
    return session.exec(query).rowcount == 1


def _save_snapshots(session: DatabaseSession, jobs: Sequence[Job]) -> None:
    for job in jobs:
        values = {name: getattr(job, name) for name in SNAPSHOT_FIELDS}
        query = update(Job).where(col(Job.id) == job.id, col(Job.attempt) == job.attempt, col(Job.status).in_(LIVE))
        session.exec(query.values(updated_at=now(), **values))

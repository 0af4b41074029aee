"""The queue: every change of a job's state in the database, each a compare-and-set on the state and attempt last seen.

Whoever loses such a race has seen an old state and changes nothing: a terminal state is final for its attempt.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import bindparam, or_
from sqlmodel import Session as DatabaseSession
from sqlmodel import col, func, select, update

from app.database import Database
from app.datasets.catalogue import unknown_dataset
from app.errors import Conflict
from app.jobs.devices import CPU
from app.jobs.fairness import choose_next
from app.jobs.states import RESTARTABLE, sources_of
from app.records import LIVE, Attempt, Begin, Dataset, DatasetStatus, Job, JobStatus, now
from trainer.contract import Message

FIGURES = ("progress", "epoch", "step", "total_steps", "loss", "validation_loss", "metrics", "spec")
SNAPSHOT_FIELDS = (*FIGURES, "last_event", "last_event_at", "is_silent")
FRESH_FIGURES: dict[str, Any] = {
    "progress": 0.0,
    "epoch": 0,
    "step": 0,
    "total_steps": 0,
    "loss": None,
    "validation_loss": None,
    "metrics": None,
}
QUEUED_AGAIN: dict[str, Any] = {
    "status": JobStatus.QUEUED,
    "problem": None,
    "finished_at": None,
    "stop_requested": False,
    "pause_requested": False,
    "is_silent": False,
}


class JobQueue:
    """The jobs table as a queue."""

    def __init__(self, database: Database, running_per_user: int = 0, waiting_per_user: int = 1_000_000) -> None:
        self._database = database
        self._running_per_user = running_per_user
        self._waiting_per_user = waiting_per_user

    async def add(self, job: Job) -> Job:
        """Queue a job.

        Raises:
            NotFound: its data set was deleted meanwhile. Conflict: its owner has too many waiting.
        """
        await self._database.write(lambda session: self._add(session, job))
        return job

    async def claim(self, device: str = CPU, suits: Callable[[Job], bool] = lambda _job: True) -> Job | None:
        """Take the next job that `device` suits: STARTING, with a new attempt there; see `fairness`.

        None when nothing may start.
        """
        return await self._database.write(lambda session: _claim(session, device, suits, self._running_per_user))

    async def move(self, job: Job, to: JobStatus, **fields: object) -> bool:
        """Move `job` to another state if it is still in one that allows it, in the same attempt.

        Returns whether it did; `job` is brought up to date only then.
        """
        values = {"status": to, "updated_at": now(), **fields}
        moved = await self._database.write(lambda session: _compare_and_set(session, job, sources_of(to), values))
        if moved:
            job.sqlmodel_update(values)
        return moved

    async def restart(self, job: Job, begins_with: Begin, **fields: object) -> bool:
        """Queue an ended or paused job for another attempt, if it is still as `job` says; returns whether it did.

        Raises:
            Conflict: its owner has too many waiting.
        """
        fresh = FRESH_FIGURES if begins_with == Begin.START else {}
        again = {**QUEUED_AGAIN, "begins_with": begins_with, "queue_rank": time.time(), "updated_at": now()}
        values = {**fresh, **again, **fields}

        def work(session: DatabaseSession) -> bool:
            self._refuse_too_many(session, job.owner_id)
            return _compare_and_set(session, job, tuple(RESTARTABLE), values)

        restarted = await self._database.write(work)
        if restarted:
            job.sqlmodel_update(values)
        return restarted

    async def swap(self, job: Job, places: int) -> bool:
        """Move a waiting job one place earlier (-1) or later (1) among its owner's; False at the end of the row."""
        return await self._database.write(lambda session: _swap(session, job, places))

    async def set_priority(self, job_id: str, priority: int) -> None:
        query = update(Job).where(col(Job.id) == job_id).values(priority=priority, updated_at=now())
        await self._database.write(lambda session: session.exec(query))

    async def save_snapshot(self, jobs: Sequence[Job]) -> None:
        """Store where live jobs are now; a job that ended meanwhile keeps its final figures."""
        await self._database.write(lambda session: _save_snapshots(session, jobs))

    async def request_stop(self, job: Job, is_pause: bool = False) -> None:
        """Mark a live job as asked to stop, or to pause; a stop overrides a pause, never the other way round."""
        values = {"pause_requested" if is_pause else "stop_requested": True}
        query = update(Job).where(col(Job.id) == job.id, col(Job.status).in_(LIVE)).values(**values)
        await self._database.write(lambda session: session.exec(query))
        job.sqlmodel_update(values)

    async def end_attempt(self, job: Job, record: dict[str, object] | None) -> None:
        query = (
            update(Attempt)
            .where(col(Attempt.job_id) == job.id, col(Attempt.number) == job.attempt)
            .values(ended_at=now(), exit=record)
        )
        await self._database.write(lambda session: session.exec(query))

    async def attempts(self, job_id: str) -> Sequence[Attempt]:
        """The attempts of a job, the first one first."""
        query = select(Attempt).where(Attempt.job_id == job_id).order_by(col(Attempt.number))
        return await self._database.read(lambda session: session.exec(query).all())

    async def live(self) -> Sequence[Job]:
        """Jobs that a worker was at work on when they were last heard of."""
        return await self._database.read(lambda session: session.exec(select(Job).where(col(Job.status).in_(LIVE))).all())

    async def count(self) -> tuple[int, int]:
        """How many jobs are at work, and how many wait, whoever owns them."""
        query = select(Job.status, func.count()).where(col(Job.status).in_([*LIVE, JobStatus.QUEUED])).group_by(Job.status)
        counts = dict(await self._database.read(lambda session: session.exec(query).all()))
        waiting = counts.pop(JobStatus.QUEUED, 0)
        return sum(counts.values()), waiting

    async def waiting(self) -> tuple[Sequence[Job], dict[str, float]]:
        """Jobs that wait, and when their owners last had one started (Unix time)."""

        def work(session: DatabaseSession) -> tuple[Sequence[Job], dict[str, float]]:
            jobs = _waiting(session)
            return jobs, _latest_starts(session, jobs)

        return await self._database.read(work)

    def _add(self, session: DatabaseSession, job: Job) -> None:
        dataset = session.get(Dataset, job.dataset_id)
        if dataset is None or dataset.status != DatasetStatus.READY:
            raise unknown_dataset(job.dataset_id)
        if dataset.reading != job.dataset_reading:
            text = "The data set “{name}” has just been read another way. Look at it, then start the run again."
            raise Conflict("dataset_changed", Message(text, {"name": dataset.name}), "dataset")
        self._refuse_too_many(session, job.owner_id)
        session.add(job)

    def _refuse_too_many(self, session: DatabaseSession, owner_id: str) -> None:
        query = select(func.count()).select_from(Job).where(Job.owner_id == owner_id, Job.status == JobStatus.QUEUED)
        if session.exec(query).one() >= self._waiting_per_user:
            text = "You have {most} runs waiting, the most one person may have. Wait for one to start, or stop one."
            raise Conflict("too_many_waiting", Message(text, {"most": self._waiting_per_user}))


def run_folder_name(job_id: str, attempt: int) -> str:
    """Where an attempt lives, relative to the data folder."""
    return f"runs/{job_id}/attempt-{attempt}"


def _waiting(session: DatabaseSession) -> Sequence[Job]:
    query = select(Job).where(Job.status == JobStatus.QUEUED).order_by(col(Job.queue_rank), col(Job.created_at))
    return session.exec(query).all()


def _latest_starts(session: DatabaseSession, waiting: Sequence[Job]) -> dict[str, float]:
    """When each of those who wait last had a job started, in Unix time."""
    owners = {job.owner_id for job in waiting}
    query = select(Job.owner_id, func.max(Job.started_at)).where(col(Job.owner_id).in_(owners)).group_by(Job.owner_id)
    return {owner: started.timestamp() for owner, started in session.exec(query) if started}


def _claim(session: DatabaseSession, device: str, suits: Callable[[Job], bool], most_per_user: int) -> Job | None:
    waiting = [job for job in _waiting(session) if suits(job)]
    if not waiting:
        return None
    at_work = Counter(session.exec(select(Job.owner_id).where(col(Job.status).in_(LIVE))).all())
    job = choose_next(waiting, at_work, _latest_starts(session, waiting), most_per_user)
    if job is None:
        return None
    job.status = JobStatus.STARTING
    job.attempt += 1
    job.device = device
    job.started_at = job.updated_at = job.last_event_at = now()
    session.add(job)
    folder = run_folder_name(job.id, job.attempt)
    session.add(
        Attempt(job_id=job.id, number=job.attempt, folder=folder, begins_with=job.begins_with, first_event=job.last_event + 1)
    )
    return job


def _compare_and_set(session: DatabaseSession, job: Job, seen: Sequence[JobStatus], values: dict[str, object]) -> bool:
    query = update(Job).where(col(Job.id) == job.id, col(Job.attempt) == job.attempt, col(Job.status).in_(seen)).values(**values)
    return session.exec(query).rowcount == 1


def _swap(session: DatabaseSession, job: Job, places: int) -> bool:
    row = [other for other in _waiting(session) if other.owner_id == job.owner_id]
    row.sort(key=lambda other: (-other.priority, other.queue_rank))
    position = next((index for index, other in enumerate(row) if other.id == job.id), None)
    if position is None or not 0 <= position + places < len(row):
        return False
    mine, other = row[position], row[position + places]
    if mine.priority != other.priority:
        return False
    mine.queue_rank, other.queue_rank = other.queue_rank, mine.queue_rank
    session.add_all([mine, other])
    return True


def _save_snapshots(session: DatabaseSession, jobs: Sequence[Job]) -> None:
    is_live = or_(*(col(Job.status) == status for status in LIVE))  # a list in `in_` fits no statement for many rows
    query = update(Job).where(col(Job.id) == bindparam("job"), col(Job.attempt) == bindparam("of_attempt"), is_live)
    query = query.values({name: bindparam(f"new_{name}") for name in (*SNAPSHOT_FIELDS, "updated_at")})
    rows = [
        {"job": job.id, "of_attempt": job.attempt, "new_updated_at": now()}
        | {f"new_{name}": getattr(job, name) for name in SNAPSHOT_FIELDS}
        for job in jobs
    ]
    session.connection().execute(query, rows)  # one statement for all of them: there may be many, every second

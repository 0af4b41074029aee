"""The queue: claimed once, fairly; a terminal state is final."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlmodel import select

from app.accounts import Accounts
from app.database import Database
from app.errors import NotFound
from app.jobs.queue import JobQueue
from app.jobs.states import MOVES, is_legal
from app.records import TERMINAL, Attempt, Dataset, Job, JobStatus, User, now


@pytest.fixture
async def queue(database: Database) -> JobQueue:
    iris = Dataset(id="sample_iris", name="Iris", filename="iris.csv", type="csv", size=1, sha256="", status="READY")
    await database.write(lambda session: session.add(iris))
    return JobQueue(database)


def job_of(user: User, minutes_ago: int = 0) -> Job:
    created = now() - timedelta(minutes=minutes_ago)
    return Job(owner_id=user.id, dataset_id="sample_iris", dataset_name="Iris", spec={"epochs": 1}, created_at=created)


async def test_a_data_set_deleted_meanwhile_takes_no_job(queue: JobQueue, database: Database, user: User) -> None:
    job = job_of(user)
    job.dataset_id = "data_deleted"
    with pytest.raises(NotFound):
        await queue.add(job)
    assert await queue.claim() is None


def test_ids_look_like_jobs() -> None:
    assert job_of(User(id="u", email="e", name="n", password_hash="h")).id.startswith("job_")


async def test_fifty_concurrent_claims_take_each_job_once(queue: JobQueue, database: Database, user: User) -> None:
    jobs = [await queue.add(job_of(user)) for _ in range(10)]
    claimed = [job for job in await asyncio.gather(*(queue.claim() for _ in range(50))) if job]
    assert sorted(job.id for job in claimed) == sorted(job.id for job in jobs)
    attempts = await database.read(lambda session: session.exec(select(Attempt)).all())
    assert len(attempts) == 10


async def test_the_one_with_fewest_jobs_at_work_goes_first(queue: JobQueue, accounts: Accounts, user: User) -> None:
    other = (await accounts.register("other@example.com", "secret1", "Other")).user
    greedy = [await queue.add(job_of(user, minutes_ago=10 - i)) for i in range(3)]
    modest = await queue.add(job_of(other))
    order = [await queue.claim() for _ in range(4)]
    assert [job.id for job in order if job] == [greedy[0].id, modest.id, greedy[1].id, greedy[2].id]


@pytest.mark.parametrize("terminal", sorted(TERMINAL))
async def test_a_terminal_state_is_final(queue: JobQueue, user: User, terminal: JobStatus) -> None:
    await queue.add(job_of(user))
    job = await queue.claim()
    assert job is not None
    assert await queue.move(job, terminal)
    for status in JobStatus:
        assert not await queue.move(job, status)
    assert job.status == terminal


async def test_a_late_word_of_an_earlier_attempt_changes_nothing(queue: JobQueue, user: User) -> None:
    await queue.add(job_of(user))
    job = await queue.claim()
    assert job is not None
    stale = Job(**job.model_dump())
    stale.attempt = 0
    assert not await queue.move(stale, JobStatus.FAILED)
    assert await queue.move(job, JobStatus.RUNNING)


async def test_a_snapshot_never_overwrites_an_ended_job(queue: JobQueue, database: Database, user: User) -> None:
    await queue.add(job_of(user))
    job = await queue.claim()
    assert job is not None
    late = Job(**job.model_dump())
    late.progress = 10.0
    await queue.move(job, JobStatus.COMPLETED, progress=100.0)
    await queue.save_snapshot([late])
    assert (await database.read(lambda session: session.get_one(Job, job.id))).progress == 100.0


def test_no_move_leaves_a_terminal_state() -> None:
    assert all(not MOVES[status] for status in TERMINAL)
    assert not is_legal(JobStatus.COMPLETED, JobStatus.RUNNING)

"""The queue: claimed once, fairly; a terminal state is final."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlmodel import select

from app.accounts import Accounts
from app.database import Database
from app.errors import Conflict, NotFound
from app.jobs.queue import JobQueue
from app.jobs.states import MOVES, is_legal
from app.records import TERMINAL, Attempt, Begin, Dataset, Job, JobStatus, User, now


@pytest.fixture
async def queue(database: Database) -> JobQueue:
    iris = Dataset(id="sample_iris", name="Iris", filename="iris.csv", type="csv", size=1, sha256="", status="READY")
    await database.write(lambda session: session.add(iris))
    return JobQueue(database)


def job_of(user: User, minutes_ago: int = 0) -> Job:
    created = now() - timedelta(minutes=minutes_ago)
    return Job(
        owner_id=user.id,
        dataset_id="sample_iris",
        dataset_name="Iris",
        spec={"epochs": 1},
        created_at=created,
        queue_rank=created.timestamp(),
    )


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


async def test_with_a_single_place_people_take_turns(queue: JobQueue, accounts: Accounts, user: User) -> None:
    other = (await accounts.register("other@example.com", "secret1", "Other")).user
    greedy = [await queue.add(job_of(user, minutes_ago=10 - i)) for i in range(3)]
    modest = await queue.add(job_of(other))
    order = []
    while (job := await queue.claim()) is not None:
        order.append(job.id)
        await queue.move(job, JobStatus.COMPLETED)
    assert order == [greedy[0].id, modest.id, greedy[1].id, greedy[2].id]


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


async def test_snapshots_of_many_jobs_are_stored_at_once(queue: JobQueue, database: Database, user: User) -> None:
    claimed = []
    for _ in range(3):
        await queue.add(job_of(user))
        claimed.append(await queue.claim())
    jobs = [job for job in claimed if job is not None]
    for number, job in enumerate(jobs):
        job.sqlmodel_update({"progress": 10.0 * number, "loss": None, "metrics": {"test": {"rmse": number}}, "is_silent": True})
    await queue.move(jobs[2], JobStatus.FAILED, progress=77.0)
    await queue.save_snapshot(jobs)
    stored = await database.read(lambda session: [session.get_one(Job, job.id) for job in jobs])
    assert [job.progress for job in stored] == [0.0, 10.0, 77.0]
    assert [(job.loss, job.metrics, job.is_silent) for job in stored[:2]] == [
        (None, {"test": {"rmse": 0}}, True),
        (None, {"test": {"rmse": 1}}, True),
    ]


def test_no_move_leaves_a_terminal_state() -> None:
    assert all(not MOVES[status] for status in TERMINAL)
    assert not is_legal(JobStatus.COMPLETED, JobStatus.RUNNING)


async def test_a_higher_priority_goes_first_whatever_else(queue: JobQueue, accounts: Accounts, user: User) -> None:
    other = (await accounts.register("other@example.com", "secret1", "Other")).user
    first = await queue.add(job_of(user, minutes_ago=5))
    urgent = await queue.add(job_of(user))
    modest = await queue.add(job_of(other))
    await queue.set_priority(urgent.id, 1)
    order = [await queue.claim() for _ in range(3)]
    assert [job.id for job in order if job] == [urgent.id, modest.id, first.id]


async def test_nobody_runs_more_than_their_share(database: Database, queue: JobQueue, accounts: Accounts, user: User) -> None:
    limited = JobQueue(database, running_per_user=1)
    other = (await accounts.register("other@example.com", "secret1", "Other")).user
    mine = [await limited.add(job_of(user, minutes_ago=3 - i)) for i in range(2)]
    theirs = await limited.add(job_of(other))
    claimed = [await limited.claim() for _ in range(3)]
    assert [job.id if job else None for job in claimed] == [mine[0].id, theirs.id, None]
    assert claimed[0] is not None
    await limited.move(claimed[0], JobStatus.COMPLETED)
    freed = await limited.claim()
    assert freed is not None
    assert freed.id == mine[1].id


async def test_nobody_fills_the_queue(database: Database, queue: JobQueue, user: User) -> None:
    limited = JobQueue(database, waiting_per_user=2)
    ended = await limited.add(job_of(user))
    assert await limited.move(ended, JobStatus.STOPPED)
    for _ in range(2):
        await limited.add(job_of(user))
    with pytest.raises(Conflict, match="2 runs waiting"):
        await limited.add(job_of(user))
    with pytest.raises(Conflict, match="2 runs waiting"):
        await limited.restart(ended, Begin.START)


async def test_a_waiting_job_changes_places_with_its_neighbour_and_no_further(queue: JobQueue, user: User) -> None:
    first, second = await queue.add(job_of(user, minutes_ago=2)), await queue.add(job_of(user, minutes_ago=1))
    assert not await queue.swap(first, -1)
    assert await queue.swap(second, -1)
    assert [job.id for job in (await queue.waiting())[0]] == [second.id, first.id]
    assert not await queue.swap(first, 1)


async def test_a_restart_makes_another_attempt_that_goes_on_counting_events(
    queue: JobQueue, database: Database, user: User
) -> None:
    await queue.add(job_of(user))
    job = await queue.claim()
    assert job is not None
    assert not await queue.restart(job, Begin.CHECKPOINT)  # it is at work
    await queue.move(job, JobStatus.FAILED, last_event=41, epoch=3, progress=30.0)
    assert await queue.restart(job, Begin.CHECKPOINT)
    assert (job.status, job.progress) == (JobStatus.QUEUED, 30.0)
    again = await queue.claim()
    assert again is not None
    assert again.attempt == 2
    attempts = await queue.attempts(job.id)
    assert [(attempt.number, attempt.first_event, attempt.begins_with) for attempt in attempts] == [
        (1, 1, "START"),
        (2, 42, "CHECKPOINT"),
    ]


async def test_a_retry_forgets_the_figures_of_what_failed(queue: JobQueue, user: User) -> None:
    await queue.add(job_of(user))
    job = await queue.claim()
    assert job is not None
    await queue.move(job, JobStatus.FAILED, epoch=3, progress=30.0, loss=0.5, problem={"code": "x"})
    assert await queue.restart(job, Begin.START)
    assert (job.epoch, job.progress, job.loss, job.problem) == (0, 0.0, None, None)


async def test_of_two_restarts_one_holds(queue: JobQueue, user: User) -> None:
    await queue.add(job_of(user))
    job = await queue.claim()
    assert job is not None
    await queue.move(job, JobStatus.STOPPED)
    twin = Job(**job.model_dump())
    outcomes = await asyncio.gather(queue.restart(job, Begin.START), queue.restart(twin, Begin.CHECKPOINT))
    assert sorted(outcomes) == [False, True]

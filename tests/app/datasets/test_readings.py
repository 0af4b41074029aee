"""Readings under way: whoever sees one can end it, none is half begun, and what fails leaves what was there before."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from functools import partial

import pytest
from sqlmodel import Session, col, update

from app.datasets.reader import LAST_STAGE
from app.datasets.upload_parts import Announcement, UploadParts
from app.errors import NotFound
from app.platform import Platform
from app.records import Dataset, DatasetStatus, User
from app.settings import Settings
from tests.app.lent_zygote import LentZygote
from tests.journeys.conftest import flowers
from tests.prepared_samples import put_samples
from trainer.contract import ReadingChoices, Refusal, RunFolder

SECONDS = 60.0
SOON_SECONDS = 10.0
AS_CATEGORY = ReadingChoices(kinds={"height": "category"})


@asynccontextmanager
async def running(settings: Settings, zygote: LentZygote | None = None) -> AsyncIterator[Platform]:
    """A platform whose launcher is warm; it has a zygote of its own, or a lent one."""
    put_samples(settings.data_dir)
    platform = Platform(settings)
    if zygote:
        platform._launcher.zygote = zygote
    async with platform.running():
        await wait_until(lambda: is_settled(platform))
        yield platform


@pytest.fixture
async def platform(settings: Settings, lent_zygote: LentZygote) -> AsyncIterator[Platform]:
    async with running(settings, lent_zygote) as platform:
        yield platform


@pytest.fixture
async def sara(platform: Platform) -> User:
    return (await platform.accounts.register("sara@example.com", "a passphrase", "Sara")).user


async def is_settled(platform: Platform) -> bool:
    """Whether nothing is started cold any more: that would be a child of this process."""
    platform._launcher.reap()
    return platform._launcher.is_warm and not platform._launcher._children


async def accept(
    platform: Platform, user: User, content: str, on_begun: Callable[[str], None] = lambda _dataset_id: None
) -> Dataset:
    written = content.encode()
    async with platform.quota.receiving(user, len(written)) as incoming:
        incoming.write([written])
        return await platform.arrivals.accept(user, incoming, "table.csv", keeps_unreadable=True, on_begun=on_begun)


async def wait_until(reached: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(SECONDS):
        while not await reached():  # noqa: ASYNC110 - what is waited for happens in other processes too
            await asyncio.sleep(0.01)


def wide_table() -> str:
    """Quickly read, while its profile takes seconds."""
    chance = random.Random(1)
    rows = (",".join(f"{chance.gauss(0, 1):.6f}" for _ in range(200)) for _ in range(4000))
    return "\n".join([",".join(f"c{number}" for number in range(200)), *rows])


@asynccontextmanager
async def busy_writer(platform: Platform) -> AsyncIterator[threading.Event]:
    """Nothing more is written into the database until the event is set."""
    held, release = threading.Event(), threading.Event()

    def hold(_session: Session) -> None:
        held.set()
        release.wait(SECONDS)

    holding = asyncio.create_task(platform.database.write(hold))
    await asyncio.to_thread(held.wait)
    try:
        yield release
    finally:
        release.set()
        holding.add_done_callback(lambda done: done.exception())


@contextmanager
def worker_held(platform: Platform, record: Dataset) -> Iterator[int]:
    """The worker that profiles a table stands still meanwhile."""
    worker = RunFolder(platform.datasets.folders.reading(record.id, record.reading)).read_identity("worker")
    assert worker is not None
    os.kill(worker.pid, signal.SIGSTOP)
    try:
        yield worker.pid
    finally:
        with suppress(ProcessLookupError):
            os.kill(worker.pid, signal.SIGCONT)


async def is_gone(process_id: int) -> bool:
    """Whether a process has ended and was cleared away by its parent."""
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return True
    return False


async def is_waiting_to_write(platform: Platform, begun: Sequence[str]) -> bool:
    """Whether the reading of a data set, of which the id is told, is known and waits for a busy writer."""
    return any(map(platform._readings.is_busy, begun)) and platform.database._writer._work_queue.qsize() > 0


async def test_a_record_that_is_being_read_by_nobody_is_set_right_by_whoever_stops_it(platform: Platform, sara: User) -> None:
    record = await accept(platform, sara, flowers())
    query = update(Dataset).where(col(Dataset.id) == record.id).values(status=DatasetStatus.READING)
    await wait_until(lambda: is_idle(platform, record))
    await platform.database.write(lambda session: session.exec(query))
    async with asyncio.timeout(SOON_SECONDS):
        stopped = await platform.datasets.stop_reading(sara, record.id)
    assert stopped is not None
    assert (stopped.status, stopped.rows) == ("READY", 300)


async def is_idle(platform: Platform, record: Dataset) -> bool:
    return not platform._readings.is_busy(record.id)


async def test_a_reading_begins_also_when_whoever_asked_for_it_leaves_at_once(platform: Platform, sara: User) -> None:
    record = await accept(platform, sara, flowers())
    await wait_until(lambda: is_idle(platform, record))
    async with busy_writer(platform) as release:
        asking = asyncio.create_task(platform.datasets.read_again(sara, record.id, AS_CATEGORY))
        await wait_until(lambda: is_waiting_to_write(platform, [record.id]))
        asking.cancel()
        await asyncio.wait({asking})
        release.set()

    async def is_read() -> bool:
        return (await platform.datasets.get(sara, record.id)).choices == AS_CATEGORY.as_dict()

    await wait_until(is_read)


async def test_a_file_is_taken_back_before_it_is_on_record(platform: Platform, sara: User) -> None:
    begun: list[str] = []
    async with busy_writer(platform) as release:
        accepting = asyncio.create_task(accept(platform, sara, flowers(), begun.append))
        await wait_until(lambda: is_waiting_to_write(platform, begun))
        taking_back = asyncio.create_task(platform.arrivals.take_back(sara, begun[0]))
        await asyncio.sleep(0)
        release.set()
        async with asyncio.timeout(SOON_SECONDS):
            await taking_back
    with pytest.raises(Refusal, match="was stopped"):
        await accepting
    assert await platform.datasets.list(sara) == []
    assert not platform.datasets.folders.of(begun[0]).exists()


async def is_profiled(platform: Platform, record: Dataset) -> bool:
    profile = await platform.datasets.partial_profile(record)
    return LAST_STAGE in profile["stages"]


async def test_a_refused_reading_leaves_the_profile_of_the_table_growing(platform: Platform, sara: User) -> None:
    record = await accept(platform, sara, wide_table())
    with worker_held(platform, record):
        assert not await is_profiled(platform, record)
        with pytest.raises(Refusal, match="one column"):
            await platform.datasets.read_again(sara, record.id, ReadingChoices(delimiter="|"))
    await wait_until(lambda: is_profiled(platform, record))
    await wait_until(lambda: is_idle(platform, record))
    after = await platform.datasets.get(sara, record.id)
    assert (after.status, after.is_profiled, after.problem, after.reading) == ("READY", True, None, record.reading)


async def test_a_stopped_reading_leaves_the_profile_of_the_table_growing(platform: Platform, sara: User) -> None:
    record = await accept(platform, sara, wide_table())
    with worker_held(platform, record):
        reading = asyncio.create_task(platform.datasets.read_again(sara, record.id, ReadingChoices(decimal=".")))
        await wait_until(partial(has_status, platform, sara, record, DatasetStatus.READING))
        await platform.datasets.stop_reading(sara, record.id)
        with pytest.raises(Refusal, match="was stopped"):
            await reading
    await wait_until(lambda: is_profiled(platform, record))
    await wait_until(lambda: is_idle(platform, record))
    assert (await platform.datasets.get(sara, record.id)).is_profiled


async def test_a_refused_reading_and_the_profile_beside_it_both_go_on_after_a_restart(settings: Settings) -> None:
    with ExitStack() as held:
        async with running(settings) as platform:
            sara = (await platform.accounts.register("sara@example.com", "a passphrase", "Sara")).user
            record = await accept(platform, sara, wide_table())
            held.enter_context(worker_held(platform, record))
            turns = platform._readings._room.turns
            async with turns.taking("one", "omid"), turns.taking("two", "omid"):
                asking = asyncio.create_task(platform.datasets.read_again(sara, record.id, ReadingChoices(delimiter="|")))
                await wait_until(partial(is_waiting_to_be_read, platform, record))
                await platform._readings.leave()
                await asyncio.wait({asking})
        async with running(settings) as platform:
            await wait_until(partial(has_status, platform, sara, record, DatasetStatus.READY))
            assert not await is_profiled(platform, record)
            held.close()
            await wait_until(lambda: is_idle(platform, record))
            after = await platform.datasets.get(sara, record.id)
            assert (after.is_profiled, after.problem, after.reading) == (True, None, record.reading)
            assert await is_profiled(platform, after)


async def is_waiting_to_be_read(platform: Platform, record: Dataset) -> bool:
    return platform.datasets.count_before(record) is not None


async def has_status(platform: Platform, user: User, record: Dataset, status: DatasetStatus) -> bool:
    return (await platform.datasets.get(user, record.id)).status == status


async def test_another_table_ends_the_worker_that_profiled_the_one_before(platform: Platform, sara: User) -> None:
    record = await accept(platform, sara, wide_table())
    with worker_held(platform, record) as worker:
        again = await platform.datasets.read_again(sara, record.id, ReadingChoices(kinds={"c0": "category"}))
        await wait_until(lambda: is_gone(worker))
    assert again.reading == record.reading + 1
    await wait_until(lambda: is_idle(platform, record))
    after = await platform.datasets.get(sara, record.id)
    assert (after.is_profiled, after.reading, after.choices) == (True, again.reading, {"kinds": {"c0": "category"}})
    assert await is_profiled(platform, after)


async def test_tables_are_made_while_others_are_profiled(platform: Platform, sara: User) -> None:
    with ExitStack() as held:
        for _ in range(2):
            held.enter_context(worker_held(platform, await accept(platform, sara, wide_table())))
        async with asyncio.timeout(SECONDS):
            assert (await accept(platform, sara, flowers())).rows == 300


async def test_a_profile_that_fails_unexpectedly_is_no_longer_waited_for(platform: Platform, sara: User) -> None:
    record = await accept(platform, sara, wide_table())
    with worker_held(platform, record) as worker:
        run = RunFolder(platform.datasets.folders.reading(record.id, record.reading))
        run.events.rename(run.path / "away")
        run.events.mkdir()
        await wait_until(lambda: is_idle(platform, record))
        await wait_until(lambda: is_gone(worker))
    after = await platform.datasets.get(sara, record.id)
    assert (after.status, after.is_profiled, (after.problem or {}).get("code")) == ("READY", True, "reader_failed")


async def test_an_upload_whose_reading_breaks_off_is_over_while_the_server_goes_on(platform: Platform, sara: User) -> None:
    content, parts = wide_table().encode(), platform.upload_parts
    upload = await parts.begin(sara, Announcement(len(content), "table.csv"))
    async with parts.appending(sara, upload.plan.id, 0, len(content)) as take:
        take([content])
    finishing = asyncio.create_task(parts.finish(sara, upload.plan.id))
    await wait_until(partial(has_begun_reading, platform, sara))
    (reading,) = [task for task in asyncio.all_tasks() if task.get_name().startswith("reading data set")]
    reading.cancel()
    with pytest.raises(Refusal, match="was stopped"):
        await finishing
    assert platform.quota.reserved_bytes(sara.id) == 0
    assert list(platform.quota.folder.iterdir()) == []


async def test_a_file_in_parts_tells_its_turns_until_it_has_been_read(platform: Platform, sara: User) -> None:
    content, parts, told = flowers().encode(), platform.upload_parts, list[int | None]()
    upload = await parts.begin(sara, Announcement(len(content), "table.csv"))
    async with parts.appending(sara, upload.plan.id, 0, len(content)) as take:
        take([content])

    async def listen() -> None:
        async for before in parts.turns(sara, upload.plan.id):
            told.append(before)

    listening = asyncio.create_task(listen())  # before the file is to be read: the browser's words may overtake each other
    turns = platform._readings._room.turns
    async with turns.taking("one", "omid"), turns.taking("two", "omid"):
        finishing = asyncio.create_task(parts.finish(sara, upload.plan.id))
        await wait_until(lambda: is_told(told, 0))
    record = await finishing
    await asyncio.wait_for(listening, SECONDS)
    assert told[-1] is None
    assert await is_idle(platform, record)
    with pytest.raises(NotFound):
        await anext(parts.turns(User(id="omid", email="omid@example.com", name="Omid", password_hash=""), upload.plan.id))
    after_restart = UploadParts(platform.settings, platform.database, platform.quota, platform.arrivals)
    assert [before async for before in after_restart.turns(sara, upload.plan.id)] == []


async def is_told(told: list[int | None], wanted: int | None) -> bool:
    return wanted in told


async def has_begun_reading(platform: Platform, user: User) -> bool:
    return bool(await platform.datasets.list(user))

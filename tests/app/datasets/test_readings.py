"""Readings under way: whoever sees one can end it, none is half begun, and what fails leaves what was there before."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlmodel import col, update

from app.platform import Platform
from app.records import Dataset, DatasetStatus, User
from app.settings import Settings
from tests.journeys.conftest import flowers
from trainer.contract import ReadingChoices, Refusal

SECONDS = 60.0
SOON_SECONDS = 10.0
AS_CATEGORY = ReadingChoices(kinds={"height": "category"})


@pytest.fixture
async def platform(settings: Settings) -> AsyncIterator[Platform]:
    platform = Platform(settings)
    async with platform.running():
        await wait_until(lambda: is_settled(platform))
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
        return await platform.arrivals.accept(user, incoming, "table.csv", on_begun=on_begun)


async def wait_until(reached: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(SECONDS):
        while not await reached():  # noqa: ASYNC110 - what is waited for happens in other processes too
            await asyncio.sleep(0.01)


@contextmanager
def busy_writer(platform: Platform) -> Iterator[threading.Event]:
    """Nothing more is written into the database until the event is set."""
    release = threading.Event()
    holding = asyncio.create_task(platform.database.write(lambda _session: release.wait(SECONDS)))
    try:
        yield release
    finally:
        release.set()
        holding.add_done_callback(lambda done: done.exception())


async def is_waiting_to_write(platform: Platform) -> bool:
    return platform.database._writer._work_queue.qsize() > 0


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
    with busy_writer(platform) as release:
        asking = asyncio.create_task(platform.datasets.read_again(sara, record.id, AS_CATEGORY))
        await wait_until(lambda: is_waiting_to_write(platform))
        asking.cancel()
        await asyncio.wait({asking})
        release.set()

    async def is_read() -> bool:
        return (await platform.datasets.get(sara, record.id)).choices == AS_CATEGORY.as_dict()

    await wait_until(is_read)


async def test_a_file_is_taken_back_before_it_is_on_record(platform: Platform, sara: User) -> None:
    begun: list[str] = []
    with busy_writer(platform) as release:
        accepting = asyncio.create_task(accept(platform, sara, flowers(), begun.append))
        await wait_until(lambda: is_waiting_to_write(platform))
        taking_back = asyncio.create_task(platform.arrivals.take_back(sara, begun[0]))
        await asyncio.sleep(0)
        release.set()
        async with asyncio.timeout(SOON_SECONDS):
            await taking_back
    with pytest.raises(Refusal, match="was stopped"):
        await accepting
    assert await platform.datasets.list(sara) == []
    assert not platform.datasets.folders.of(begun[0]).exists()

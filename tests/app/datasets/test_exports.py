"""Tables on their way out as CSV: a place for each, room on the disk, and nothing left behind however it ends."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from app.accounts import Accounts
from app.datasets import exports
from app.datasets.exports import Exports
from app.datasets.folders import DatasetFolders
from app.datasets.uploads import free_bytes
from app.errors import Conflict, NotFound, Unavailable
from app.records import Dataset, User
from app.settings import Settings
from tests.stored_tables import write_table

LONG = "SELECT i, repeat('x', 100) || i AS text FROM range(20_000_000) t(i)"

# The first moments fall into the connecting and measuring, the others into the writing.
MOMENTS = 30
BETWEEN_MOMENTS_SECONDS = 0.002
LEAVE_SECONDS = 60.0


def stored(settings: Settings, query: str = "SELECT 1 AS a") -> Dataset:
    record = Dataset(name="table", filename="table.csv", type="csv", size=1, sha256="")
    folder = DatasetFolders(settings.data_dir).of(record.id)
    folder.mkdir(parents=True)
    write_table(folder, query)
    return record


def exporting(settings: Settings) -> Exports:
    return Exports(settings, DatasetFolders(settings.data_dir))


def files(settings: Settings) -> list[Path]:
    return list((settings.data_dir / "exports").glob("*"))


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def test_the_file_is_there_while_it_is_held_and_gone_afterwards(settings: Settings, user: User) -> None:
    query = 'SELECT * FROM (VALUES (1, \'a,"b\'), (2, NULL)) t("=x", "it\'s ""é"", or")'
    async with exporting(settings).as_csv(user, stored(settings, query)) as path:
        text = path.read_text(encoding="utf-8")
        assert text.startswith("\ufeff")
        assert list(csv.reader(text[1:].splitlines())) == [["'=x", 'it\'s "é", or'], ["1", 'a,"b'], ["2", ""]]
        assert files(settings) == [path]
    assert files(settings) == []


async def test_one_person_holds_only_so_many_at_once(settings: Settings, user: User, stack: AsyncExitStack) -> None:
    exports_, record = exporting(settings), stored(settings)
    for _ in range(exports.MOST_OF_ONE_PERSON):
        await stack.enter_async_context(exports_.as_csv(user, record))
    with pytest.raises(Conflict, match="2 tables of yours"):
        await stack.enter_async_context(exports_.as_csv(user, record))
    await stack.aclose()
    async with exports_.as_csv(user, record) as path:
        assert path.exists()


async def test_so_does_everybody_together(
    settings: Settings, accounts: Accounts, stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "MOST_IN_ALL", 1)
    first, second = [(await accounts.register(f"{name}@example.com", "a passphrase", name)).user for name in ("a", "b")]
    exports_, record = exporting(settings), stored(settings)
    await stack.enter_async_context(exports_.as_csv(first, record))
    with pytest.raises(Unavailable, match="as many tables"):
        await stack.enter_async_context(exports_.as_csv(second, record))


async def test_a_disk_without_room_is_not_written_to(settings: Settings, user: User) -> None:
    floor_mb = free_bytes(settings.data_dir) // 1_000_000 - 1  # a table of two megabytes goes below it
    full = settings.model_copy(update={"free_space_mb": floor_mb})
    record = stored(settings, "SELECT random() AS a, random() AS b FROM range(2_000_000)")
    with pytest.raises(Unavailable, match="no room for this table"):
        async with exporting(full).as_csv(user, record):
            pass
    assert files(settings) == []


async def test_writing_ends_when_nobody_waits_for_it(settings: Settings, user: User) -> None:
    exports_ = exporting(settings)
    task = asyncio.create_task(AsyncExitStack().enter_async_context(exports_.as_csv(user, stored(settings, LONG))))
    while not files(settings):
        assert not task.done()
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert files(settings) == []


async def test_writing_ends_at_whatever_moment_it_is_left(settings: Settings, user: User) -> None:
    """A connection in use cannot be closed, and one with a single thread now and then never comes back when told to stop."""
    exports_, record = exporting(settings), stored(settings, "SELECT repeat('x', 1000) AS a FROM range(50_000)")
    left = 0
    async with asyncio.timeout(LEAVE_SECONDS):
        for moment in range(MOMENTS):
            try:
                async with asyncio.timeout(moment * BETWEEN_MOMENTS_SECONDS), exports_.as_csv(user, record):
                    pass
            except TimeoutError:
                left += 1
    assert left > 0
    assert files(settings) == []


async def test_a_table_that_is_gone_is_not_found(settings: Settings, user: User) -> None:
    record = stored(settings)
    DatasetFolders(settings.data_dir).remove(record.id)
    with pytest.raises(NotFound, match="not there any more"):
        async with exporting(settings).as_csv(user, record):
            pass

"""What looking at tables may take: bounded memory, no file elsewhere, and no longer than somebody waits."""

# ruff: noqa: S608 the tables are of the tests' own making

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import duckdb
import pytest

from app.datasets import table_sessions
from app.datasets.table_sessions import TableSession
from app.errors import Unavailable
from tests.app.datasets.test_table_pages import Table


@pytest.fixture
def table(tmp_path: Path) -> Table:
    return Table(tmp_path, "SELECT i + 1 AS id FROM range(5) t(i)")


async def test_a_wide_table_is_read_within_the_memory_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_sessions, "MEMORY_LIMIT", "24MB")
    columns = ", ".join(f"random() AS c{number}" for number in range(40))
    table = Table(tmp_path, f"SELECT {columns} FROM range(130_000) t(i)")
    page = await table.ask(sort="c0", limit=50)
    assert [len(row) for row in page.rows] == [40] * 50


async def test_a_table_that_memory_cannot_hold_is_told_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_sessions, "MEMORY_LIMIT", "2MB")
    table = Table(tmp_path, "SELECT repeat('x', 200_000) || i AS text FROM range(100) t(i)")
    with pytest.raises(Unavailable, match="memory"):
        await table.ask()


async def test_cut_texts_are_read_in_whatever_parts_memory_can_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_sessions, "MEMORY_LIMIT", "48MB")
    rows = "SELECT i, repeat(md5(i::VARCHAR), 100_000) AS text FROM range(24) t(i)"
    table = Table(tmp_path, rows, piece_bytes=8_000_000)
    with pytest.raises(Unavailable, match="memory"):
        await table.ask(limit=24)
    page = await table.ask(limit=24, sort="i", descending=True, longest=5)
    assert [row[0] for row in page.rows] == list(range(23, -1, -1))
    assert {len(str(row[1])) for row in page.rows} == {5}


async def test_a_search_nobody_waits_for_ends(table: Table) -> None:
    started, ended = threading.Event(), threading.Event()

    def search_for_long(session: TableSession) -> None:
        try:
            while True:
                started.set()
                session.fetch("SELECT sum(i * i % 7) FROM range(100_000_000_000) t(i)")
        except duckdb.InterruptException:
            ended.set()
            raise

    task = asyncio.create_task(table.sessions.run(search_for_long))
    await asyncio.to_thread(started.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(ended.wait, 10)
    assert await table.ids(limit=1) == [1]


async def test_queries_reach_no_file_outside_the_data_folder(table: Table) -> None:
    for query in ("SELECT * FROM read_csv('/etc/passwd')", "COPY (SELECT 1) TO '/tmp/x.csv'", "SET threads = 9"):
        with pytest.raises((duckdb.PermissionException, duckdb.InvalidInputException)):
            await table.sessions.run(lambda session, query=query: session.fetch(query))  # type: ignore[misc]

"""The database: schema from migrations alone, pragmas that protect the data, writers that never collide."""

from __future__ import annotations

import asyncio
import multiprocessing
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlmodel import Session as DatabaseSession
from sqlmodel import SQLModel, func, select

from app.database import Database
from app.records import User
from app.settings import Settings

PROCESSES, THREADS, WRITES = 2, 3, 20
START_SECONDS = 60.0


def test_migrations_build_exactly_the_schema_of_the_records(database: Database) -> None:
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), SQLModel.metadata) == []


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    database.upgrade()
    with database.engine.connect() as connection:
        assert connection.execute(text("select count(*) from alembic_version")).scalar_one() == 1


@pytest.mark.parametrize(("pragma", "expected"), [("journal_mode", "wal"), ("foreign_keys", 1), ("busy_timeout", 10_000)])
async def test_every_connection_has_the_protecting_pragmas(database: Database, pragma: str, expected: object) -> None:
    def work(session: DatabaseSession) -> object:
        return session.connection().exec_driver_sql(f"PRAGMA {pragma}").scalar_one()

    assert await database.read(work) == expected
    assert await database.write(work) == expected


async def test_a_failed_write_leaves_nothing(database: Database) -> None:
    def work(session: DatabaseSession) -> None:
        session.add(User(email="a@example.com", name="A", password_hash="x"))
        session.flush()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await database.write(work)
    assert await database.read(lambda session: session.exec(select(func.count()).select_from(User)).one()) == 0


async def test_a_writing_transaction_holds_the_write_lock_from_its_first_statement(
    database: Database, settings: Settings
) -> None:
    began, release = threading.Event(), threading.Event()

    def hold(session: DatabaseSession) -> None:
        session.exec(select(func.count()).select_from(User)).one()
        began.set()
        assert release.wait(10)

    def probe() -> str:
        assert began.wait(10)
        stranger = sqlite3.connect(settings.data_dir / "tamrin.db", timeout=0, isolation_level=None)
        try:
            stranger.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            return str(error)
        finally:
            stranger.close()
            release.set()
        return "not locked"

    holding = asyncio.create_task(database.write(hold))
    assert "locked" in await asyncio.to_thread(probe)
    await holding


async def test_many_writers_lose_no_update(database: Database) -> None:
    await database.write(lambda session: session.add(User(id="u", email="n@example.com", name="0", password_hash="x")))
    await asyncio.gather(*(database.write(count_one_more) for _ in range(50)))
    assert (await database.read(lambda session: session.get_one(User, "u"))).name == "50"


def count_one_more(session: DatabaseSession) -> None:
    """Read first, then write: what another writes in between would be lost."""
    user = session.get_one(User, "u")
    user.name = str(int(user.name) + 1)


async def test_writers_in_several_processes_and_threads_are_never_locked_out_and_lose_no_update(
    database: Database, settings: Settings
) -> None:
    await database.write(lambda session: session.add(User(id="u", email="n@example.com", name="0", password_hash="x")))
    context = multiprocessing.get_context("spawn")
    together, results = context.Barrier(PROCESSES * THREADS), context.SimpleQueue()
    arguments = (settings.resolved_database_url, together, results)
    processes = [context.Process(target=write_in_threads, args=arguments) for _ in range(PROCESSES)]
    for process in processes:
        process.start()
    told = [await asyncio.to_thread(results.get) for _ in range(PROCESSES * THREADS)]
    for process in processes:
        process.join()
    results.close()
    assert told == ["written"] * PROCESSES * THREADS
    counted = await database.read(lambda session: session.get_one(User, "u"))
    assert counted.name == str(PROCESSES * THREADS * WRITES)


def write_in_threads(url: str, together: Barrier, results: SimpleQueue[str]) -> None:
    """In a process of its own: every thread has connections of its own, and tells how its writing went."""
    with ThreadPoolExecutor(THREADS) as threads:
        for _ in range(THREADS):
            threads.submit(write_often, url, together, results)


def write_often(url: str, together: Barrier, results: SimpleQueue[str]) -> None:
    async def write() -> None:
        for _ in range(WRITES):
            await database.write(count_one_more)

    try:
        database = Database(url)
        together.wait(START_SECONDS)
        asyncio.run(write())
        database.close()
        results.put("written")
    except Exception as error:  # noqa: BLE001 - the test shows it
        results.put(repr(error))


async def test_a_slow_query_does_not_block_the_event_loop(database: Database) -> None:
    release = threading.Event()

    def wait_for_the_loop(_session: DatabaseSession) -> bool:
        return release.wait(10)

    pending = asyncio.create_task(database.read(wait_for_the_loop))
    await asyncio.sleep(0)
    release.set()  # only a free event loop gets here while the query waits
    assert await pending

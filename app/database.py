"""The database: short transactions as plain functions, run in threads so that no query blocks the event loop.

`read` and `write` take a function of a session. Writes go one at a time and, on SQLite, begin IMMEDIATE: a
transaction that will write never fails half-way for want of the lock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlmodel import Session as DatabaseSession

from app.errors import DISK_IS_FULL, Unavailable
from trainer.contract import Message

Result = TypeVar("Result")
BUSY_TIMEOUT_MS = 10_000
READERS = 4
MIGRATIONS = Path(__file__).with_name("migrations")


class Database:
    """One engine, one writing thread, a few reading threads."""

    def __init__(self, url: str) -> None:
        self.engine = _create_engine(url)
        self._writing_engine = self.engine.execution_options(begin_immediate=True)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="database-writer")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="database-reader")
        self._is_closed = False

    async def read(self, work: Callable[[DatabaseSession], Result]) -> Result:
        """Run `work` in a reading transaction."""
        return await self._run_in(self._readers, self.engine, work)

    async def write(self, work: Callable[[DatabaseSession], Result]) -> Result:
        """Run `work` in a writing transaction: committed when it returns, undone when it raises."""
        return await self._run_in(self._writer, self._writing_engine, work)

    def upgrade(self) -> None:
        """Bring the schema up to date; blocking, for use before serving."""
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        with self._writing_engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def close(self) -> None:
        """Pages and streams that are still open are refused from now on."""
        self._is_closed = True
        self._writer.shutdown()
        self._readers.shutdown()
        self.engine.dispose()

    async def _run_in(self, executor: ThreadPoolExecutor, engine: Engine, work: Callable[[DatabaseSession], Result]) -> Result:
        if self._is_closed:
            raise Unavailable("server_stopping", Message("The server is being stopped. Try again in a moment."))
        return await asyncio.get_running_loop().run_in_executor(executor, self._run, engine, work)

    @staticmethod
    def _run(engine: Engine, work: Callable[[DatabaseSession], Result]) -> Result:
        try:
            with DatabaseSession(engine, expire_on_commit=False) as session, session.begin():
                return work(session)
        except OperationalError as error:
            raise _in_words(error) from error


def _in_words(error: OperationalError) -> Exception:
    """A full disk and a lock that outlasts all patience are no defects: the reader may try again."""
    reason = str(error.orig)
    if "full" in reason or "disk I/O" in reason:
        return Unavailable("disk_full", DISK_IS_FULL)
    if "locked" in reason:
        return Unavailable("database_busy", Message("The server's database is busy, so nothing was changed. Try again."))
    return error


def _create_engine(url: str) -> Engine:
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own connection
    # The driver must not open transactions by itself: it would begin them deferred (see _begin_sqlite).
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("begin_immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

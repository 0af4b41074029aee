"""One DuckDB for all who look at tables: fenced in to the data folder, and bounded in memory; what uses it runs in threads.

A caller that is cancelled ends its query at once, so that searches nobody waits for any more do not pile up.
"""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import duckdb

from app.errors import DISK_IS_FULL, Unavailable
from trainer.contract import Message

MEMORY_LIMIT = "256MB"
SPILL_LIMIT = "4GB"
SPILL_FOLDER = "spill"  # for sorting what memory cannot hold; what a killed server left there is removed
THREADS = 2
CONCURRENT_SESSIONS = 3
STOP_AGAIN_SECONDS = 0.05
Result = TypeVar("Result")


class TableSessions:
    """Lends connections for reading tables below the data folder."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir.resolve()
        self._turns = asyncio.Semaphore(CONCURRENT_SESSIONS)
        self._opening = threading.Lock()
        self._database: duckdb.DuckDBPyConnection | None = None

    async def run(self, work: Callable[[TableSession], Result]) -> Result:
        """What `work` gives, done in a thread; when the caller is cancelled, its query is.

        Raises:
            Unavailable: memory or disk space does not suffice.
        """
        async with self._turns:
            session = TableSession()
            try:
                return await asyncio.to_thread(self._run, session, work)
            except asyncio.CancelledError:
                _stop(session)
                raise

    def _run(self, session: TableSession, work: Callable[[TableSession], Result]) -> Result:
        with self._open().cursor() as cursor, session.using(cursor):
            try:
                return work(session)
            except duckdb.OutOfMemoryException as error:
                text = (
                    "The server's memory does not suffice to show this. Show fewer columns or rows, or filter instead of sorting."
                )
                raise Unavailable("not_enough_memory", Message(text)) from error
            except duckdb.IOException as error:
                if os.strerror(errno.ENOSPC) in str(error):
                    raise Unavailable("disk_full", DISK_IS_FULL) from error
                raise

    def _open(self) -> duckdb.DuckDBPyConnection:
        """Opened once, for opening takes longer than reading a page."""
        with self._opening:
            if self._database is None:
                self._database = _open_fenced(self._data_dir)
            return self._database


class TableSession:
    """A connection in use by one caller."""

    def __init__(self) -> None:
        self._cursor: duckdb.DuckDBPyConnection | None = None
        self._is_stopped = False
        self._change = threading.Lock()

    @contextmanager
    def using(self, cursor: duckdb.DuckDBPyConnection) -> Iterator[None]:
        """Whatever is asked meanwhile is asked through `cursor`."""
        with self._change:
            self._cursor = cursor
        try:
            yield
        finally:
            with self._change:
                self._cursor = None

    def fetch(self, sql: str, params: Sequence[object] = ()) -> list[tuple[object, ...]]:
        """All rows. Blocking."""
        return self._execute(sql, params).fetchall()

    def describe(self, sql: str, params: Sequence[object] = ()) -> dict[str, str]:
        """DuckDB's type of each column, by its name. Blocking."""
        return {str(name): str(sql_type) for name, sql_type, *_ in self._execute(sql, params).description or ()}

    def stop(self) -> bool:
        """End the query that runs, and refuse those that would follow; from any thread. False: none can run any more."""
        self._is_stopped = True
        with self._change:
            if self._cursor is not None:
                self._cursor.interrupt()
            return self._cursor is not None

    def _execute(self, sql: str, params: Sequence[object]) -> duckdb.DuckDBPyConnection:
        assert self._cursor is not None, "it has begun"
        if self._is_stopped:
            raise duckdb.InterruptException("nobody waits for this any more")
        return self._cursor.execute(sql, list(params))


def _stop(session: TableSession) -> None:
    """DuckDB forgets the wish to stop that comes while it only plans a query: repeat it until it is heard."""
    if session.stop():
        asyncio.get_running_loop().call_later(STOP_AGAIN_SECONDS, _stop, session)


def escape_path(path: Path) -> str:
    """A path for DuckDB, which takes * ? [ for patterns unless they stand in brackets."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path))


def _open_fenced(data_dir: Path) -> duckdb.DuckDBPyConnection:
    spill = data_dir / SPILL_FOLDER
    shutil.rmtree(spill, ignore_errors=True)
    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": THREADS,
        "memory_limit": MEMORY_LIMIT,
        "temp_directory": str(spill),
        "max_temp_directory_size": SPILL_LIMIT,
        "enable_external_file_cache": False,
        "allocator_background_threads": True,  # gives memory back to the system after use
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    connection = duckdb.connect(config=config)
    connection.execute("SET allowed_directories = ?", [[str(data_dir), escape_path(data_dir)]])  # as opened, and as asked for
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection

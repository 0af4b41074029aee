"""A data set's table enters, a CSV file to take away leaves: with a mark that tells spreadsheets its encoding.

Texts that a spreadsheet would take for a formula get an apostrophe before them (OWASP, CSV injection). Refused: more
exports at once than there are places for, and what would fill the disk.
"""

from __future__ import annotations

import asyncio
import codecs
import csv
import errno
import io
import os
import secrets
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

import duckdb

from app.datasets.catalogue import table_gone
from app.datasets.folders import DatasetFolders
from app.datasets.table_sessions import escape_path
from app.datasets.uploads import free_bytes
from app.errors import DISK_IS_FULL, Conflict, PlatformError, Unavailable
from app.records import Dataset, User
from app.settings import Settings
from trainer.contract import Message

MEMORY_LIMIT = "512MB"
THREADS = 2  # with one, DuckDB now and then never comes back from a COPY that is told to stop
FORMULA_STARTS = "=+-@\t\r"
CSV_TYPE = "text/csv; charset=utf-8"
PARQUET_TYPE = "application/vnd.apache.parquet"
# An export takes a place until its file has been sent and removed; only some of them are being written meanwhile.
MOST_OF_ONE_PERSON = 2
MOST_IN_ALL = 8
WRITTEN_AT_ONCE = 2
LOOK_SECONDS = 0.02  # between looks at the disk while a file grows

Result = TypeVar("Result")


class Exports:
    """Every CSV file that is being written or sent."""

    def __init__(self, settings: Settings, folders: DatasetFolders) -> None:
        self._data_dir = settings.data_dir
        self._folder = settings.data_dir / "exports"
        self._floor_bytes = settings.free_space_bytes
        self._folders = folders
        self._under_way: Counter[str] = Counter()  # by person
        self._turns = asyncio.Semaphore(WRITTEN_AT_ONCE)

    async def sweep(self) -> None:
        """Remove what a server that was killed left behind."""
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    @asynccontextmanager
    async def as_csv(self, user: User, record: Dataset) -> AsyncIterator[Path]:
        """The table as a CSV file, which is there until the context is left; leaving it early ends the writing.

        Raises:
            Conflict: this person has too many under way. Unavailable: everybody together has, or disk or memory are short.
            NotFound: the table is gone.
        """
        with self._taking_a_place(user.id):
            path = self._folder / f"{secrets.token_hex(16)}.csv"
            try:
                async with self._turns:
                    await self._write(self._folders.table(record), path)
                yield path
            finally:
                await asyncio.to_thread(path.unlink, missing_ok=True)

    async def check(self, user: User) -> None:
        """Whether there is a place for another one of this person's, and any room on the disk.

        Raises:
            Conflict, Unavailable: there is not.
        """
        self._check_place(user.id)
        await self._check_room(0)

    def _check_place(self, user_id: str) -> None:
        if self._under_way[user_id] >= MOST_OF_ONE_PERSON:
            text = "{count} tables of yours are being written or downloaded as CSV already. Wait until one of them has arrived."
            raise Conflict("too_many_exports", Message(text, {"count": MOST_OF_ONE_PERSON}))
        if self._under_way.total() >= MOST_IN_ALL:
            text = "The server writes as many tables as CSV as it can at once. Try again in a minute, or download it as Parquet."
            raise Unavailable("too_many_exports", Message(text))

    @contextmanager
    def _taking_a_place(self, user_id: str) -> Iterator[None]:
        self._check_place(user_id)
        self._under_way[user_id] += 1
        try:
            yield
        finally:
            self._under_way[user_id] -= 1
            self._under_way += Counter()  # forgets whoever has none

    async def _write(self, table: Path, path: Path) -> None:
        """Write the file, and look now and then whether the disk still takes it."""
        await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
        connection = await asyncio.to_thread(duckdb.connect, config={"threads": THREADS, "memory_limit": MEMORY_LIMIT})
        try:
            with _telling_why(table):
                await self._check_room(await self._watch(connection, partial(_least_bytes, connection, table)))
                await self._watch(connection, partial(write_csv, connection, table, path))
        finally:
            await asyncio.to_thread(connection.close)

    async def _watch(self, connection: duckdb.DuckDBPyConnection, work: Callable[[], Result]) -> Result:
        """What the connection's work brings; when it must not be finished, the connection is free again all the same."""
        working = asyncio.ensure_future(asyncio.to_thread(work))
        try:
            while not working.done():
                await asyncio.wait({working}, timeout=LOOK_SECONDS)
                await self._check_room(0)
        except BaseException:
            while not working.done():  # DuckDB forgets the wish to stop that comes while it only plans
                connection.interrupt()
                await asyncio.wait({working}, timeout=LOOK_SECONDS)
            working.exception()
            raise
        return working.result()

    async def _check_room(self, more_bytes: int) -> None:
        if self._floor_bytes and await asyncio.to_thread(free_bytes, self._data_dir) - more_bytes < self._floor_bytes:
            raise _no_room()


def write_csv(connection: duckdb.DuckDBPyConnection, table: Path, path: Path) -> None:
    """Write the table into `path`. Blocking."""
    source = connection.read_parquet(escape_path(table))
    columns = [
        _defused(name) if str(kind) == "VARCHAR" else _quoted(name)
        for name, kind in zip(source.columns, source.types, strict=True)
    ]
    rows = source.project(", ".join(f"{column} AS c{position}" for position, column in enumerate(columns)))
    # DuckDB puts the first line before the rows as it is: the file is written once, mark and names included.
    first_line = codecs.BOM_UTF8.decode() + _as_line([_defused_name(name) for name in source.columns])
    how = f"FORMAT csv, HEADER false, PREFIX {_literal(first_line)}, SUFFIX {_literal(chr(10))}"
    connection.execute(f"COPY ({rows.sql_query()}) TO {_literal(str(path))} ({how})")


@contextmanager
def _telling_why(table: Path) -> Iterator[None]:
    """DuckDB's errors as sentences."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        text = "The server's memory does not suffice to write this table as CSV. Download it as Parquet."
        raise Unavailable("not_enough_memory", Message(text)) from error
    except duckdb.IOException as error:
        if os.strerror(errno.ENOSPC) in str(error):
            raise Unavailable("disk_full", DISK_IS_FULL) from error
        if table.exists():
            raise
        raise table_gone() from None


def _least_bytes(connection: duckdb.DuckDBPyConnection, table: Path) -> int:
    """What the cells take when they are not compressed. As text they may take more, never much less. Blocking."""
    row = connection.execute("SELECT sum(total_uncompressed_size) FROM parquet_metadata(?)", [escape_path(table)]).fetchone()
    return int(row[0] or 0) if row else 0


def _no_room() -> PlatformError:
    text = "The server's disk has no room for this table as CSV. Download it as Parquet, or tell the server's operator."
    return Unavailable("disk_nearly_full", Message(text))


def _as_line(texts: list[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(texts)
    return line.getvalue()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _defused_name(name: str) -> str:
    return f"'{name}" if name.startswith(tuple(FORMULA_STARTS)) else name


def _defused(name: str) -> str:
    """SQL for a text, with an apostrophe before what a spreadsheet would compute."""
    starts = " OR ".join(f"starts_with({_quoted(name)}, chr({ord(sign)}))" for sign in FORMULA_STARTS)
    return f"CASE WHEN {starts} THEN chr(39) || {_quoted(name)} ELSE {_quoted(name)} END"

"""A UTF-8 CSV text enters, a DuckDB relation `cells` leaves: every cell as text, columns c0, c1, ...

Rows that do not fit the table are set aside by DuckDB with place and reason. Refused: too many columns,
and nothing else here. Names from the file never become SQL here.
"""

# ruff: noqa: S608 what a file says becomes SQL only through quote_name and quote_text

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from trainer.contract.messages import Message
from trainer.contract.reading import ReadingChoices
from trainer.reading.dialect import Beginning, Dialect, find_dialect
from trainer.reading.duckdb_session import quote_path, quote_text
from trainer.reading.encoding import count_lines
from trainer.reading.json_rows import MAX_COLUMNS, too_many_columns
from trainer.reading.rejected_rows import SHOWN_CHARACTERS, SHOWN_REJECTS, RejectedRow

SAMPLE_BYTES = 1 << 20
MAX_HEADER_BYTES = 16 << 20
MAX_ROW_BYTES = 16 << 20
ROWS_PER_BUFFER = 2  # of the longest; with DuckDB's sixteen there are too few buffers for its threads to share
MENDED_BYTES = 32 << 20
WIDE_COLUMNS = 200
CELLS, QUICK, SAMPLED = "cells", "quick_cells", "sampled"
MENDED = ".mended"


@dataclass(frozen=True, slots=True)
class CsvCells:
    """The text behind the relation `cells`, what was found at its beginning, and the words that stand for no value."""

    path: Path
    beginning: Beginning
    missing: tuple[str, ...]
    unseen: tuple[str, ...] = ()  # of these, such as do not occur at the beginning
    most_row_bytes: int = MAX_ROW_BYTES
    reading: str = "first"  # tells the rows that one way of reading sets aside from those of another

    @property
    def width(self) -> int:
        return self.beginning.width

    @property
    def dialect(self) -> Dialect:
        return self.beginning.dialect

    def define(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Create the relation `cells`: a view, or a table where a query over so many columns would take too long."""
        kind = "TABLE" if self.width > WIDE_COLUMNS else "VIEW"
        connection.execute(f"CREATE OR REPLACE {kind} {CELLS} AS {self._select(self.path, self.reading)}")

    def define_quick(self, connection: duckdb.DuckDBPyConnection) -> str:
        """Create a relation in which the words that are `unseen` are still text, and return its name.

        DuckDB compares every cell with every word that it is told: with all of them, reading takes twice as long.
        """
        if self.width > WIDE_COLUMNS:
            return CELLS
        words = [word for word in self.missing if word not in self.unseen]
        connection.execute(f"CREATE OR REPLACE VIEW {QUICK} AS {self._select(self.path, self.reading, words)}")
        return QUICK

    def define_sample(self, connection: duckdb.DuckDBPyConnection, workspace: Path) -> str:
        """Create a relation of the rows in the first megabyte, and return its name."""
        beginning = workspace / ".sample"
        with self.path.open("rb") as file:
            data = file.read(SAMPLE_BYTES)
            while (
                len(data) < MAX_HEADER_BYTES
                and data.count(b"\n") <= self.beginning.first_data_row
                and (more := file.read(SAMPLE_BYTES))
            ):
                data += more
            is_whole = not file.read(1)
        beginning.write_bytes(data if is_whole else data[: data.rfind(b"\n") + 1] or data)
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {SAMPLED} AS {self._select(beginning, SAMPLED)}")
        beginning.unlink()
        return SAMPLED

    def mend(self, connection: duckdb.DuckDBPyConnection, workspace: Path) -> CsvCells:
        """Give all lines one kind of end: mixed ends are against DuckDB's strict rules, and its loose ones lose text."""
        mended = dataclasses.replace(self, path=workspace / MENDED, reading="mended")
        mend_line_ends(self.path, mended.path, self.dialect.quote)
        mended.define(connection)
        return mended

    def without_quotes(self, connection: duckdb.DuckDBPyConnection) -> CsvCells | None:
        """The same text read as if quotes were letters, if they are: then more rows fit, and few cells stand in quotes.

        Programs put all texts in quotes, or those that need it; where people quoted somebody, quotes are part of the text.
        """
        rejected = self.count_rejected(connection)
        if not rejected or not self.dialect.quote:
            return None
        dialect = dataclasses.replace(self.dialect, quote="", escape="")
        other = dataclasses.replace(self, beginning=dataclasses.replace(self.beginning, dialect=dialect), reading="unquoted")
        other.define(connection)
        mark = quote_text(self.dialect.quote)
        quoted = ", ".join(
            f"count_if(len(c{index}) > 1 AND starts_with(c{index}, {mark}) AND ends_with(c{index}, {mark})) > count(c{index}) / 2"
            for index in range(self.width)
        )
        are_quoted = connection.execute(f"SELECT {quoted} FROM {CELLS}").fetchone()
        assert are_quoted is not None, "an aggregate always gives a row"
        if not any(are_quoted) and other.count_rejected(connection) < rejected:
            return other
        self.define(connection)
        return None

    def has_quote_trouble(self, connection: duckdb.DuckDBPyConnection) -> bool:
        """Whether rows were set aside for their quotes."""
        return bool(self._query_rejected(connection, "SELECT kind FROM {rows} WHERE kind = 'UNQUOTED VALUE' LIMIT 1"))

    def count_rejected(self, connection: duckdb.DuckDBPyConnection) -> int:
        """How many rows were set aside while `cells` was read; blank lines and comments do not count."""
        counted = self._query_rejected(connection, "SELECT count(*) FROM {rows}")
        return int(counted[0][0]) if counted else 0

    def find_rejected(self, connection: duckdb.DuckDBPyConnection) -> list[RejectedRow]:
        """The first rows that were set aside."""
        found = self._query_rejected(connection, f"SELECT * FROM {{rows}} ORDER BY place LIMIT {SHOWN_REJECTS}")
        return [
            RejectedRow(count_lines(self.path, place), _reason(kind, detail), str(text or "").rstrip("\r\n")[:SHOWN_CHARACTERS])
            for place, kind, detail, text in found
        ]

    def _query_rejected(self, connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
        table = f"rejected_{self.reading}"
        if not connection.execute("FROM duckdb_tables() WHERE table_name = ?", [table]).fetchall():
            return []
        ignored = f" AND NOT starts_with(csv_line, {quote_text(self.dialect.comment)})" if self.dialect.comment else ""
        rows = (
            "(SELECT line_byte_position AS place, first(error_type::VARCHAR ORDER BY column_idx) AS kind,"
            " first(error_message ORDER BY column_idx) AS detail, first(csv_line) AS text"
            f" FROM {table} WHERE trim(csv_line, ' \t\r\n') <> ''{ignored} GROUP BY line_byte_position)"
        )
        return connection.execute(query.format(rows=rows)).fetchall()

    def _select(self, path: Path, reading: str, missing: Sequence[str] | None = None) -> str:
        missing = self.missing if missing is None else missing
        dialect = self.dialect
        sign = quote_text(dialect.comment)
        rows = f" WHERE c0 IS NULL OR NOT starts_with(c0, {sign})" if dialect.comment else ""
        types = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(self.width))
        marks = (dialect.delimiter, dialect.quote or dialect.delimiter)
        special = [word for word in missing if any(mark in word for mark in marks)]  # which DuckDB does not take here
        words = ", ".join(quote_text(word) for word in ("", *missing) if word not in special)
        cells = ", ".join(f"{_without(f'c{index}', special)} AS c{index}" for index in range(self.width)) if special else "*"
        return (
            f"SELECT {cells} FROM read_csv({quote_path(path)}, auto_detect = false, columns = {{{types}}}, header = false,"
            f" skip = {self.beginning.first_data_row}, delim = {quote_text(dialect.delimiter)},"
            f" quote = {quote_text(dialect.quote)}, escape = {quote_text(dialect.escape)}, comment = '', nullstr = [{words}],"
            f" max_line_size = {self.most_row_bytes}, buffer_size = {ROWS_PER_BUFFER * self.most_row_bytes},"
            f" store_rejects = true, rejects_table = 'rejected_{reading}', rejects_scan = 'scans_{reading}',"
            f" rejects_limit = 0, strict_mode = true){rows}"
        )


def _without(cell: str, words: Sequence[str]) -> str:
    """SQL for a cell, NULL where it is one of these words."""
    return f"nullif({_without(cell, words[1:])}, {quote_text(words[0])})" if words else cell


def open_csv(path: Path, choices: ReadingChoices, missing: Sequence[str], most_row_bytes: int = MAX_ROW_BYTES) -> CsvCells:
    """Find out how the text is written; `define` it to read it.

    Raises:
        Refusal: `too_many_columns`.
    """
    sample, is_whole = _read_sample(path)
    beginning = find_dialect(sample, choices, is_whole)
    if beginning.width > MAX_COLUMNS:
        raise too_many_columns(beginning.width)
    unseen = tuple(word for word in missing if word not in sample) if choices.missing is None else ()
    return CsvCells(path, beginning, tuple(missing), unseen, most_row_bytes)


def _read_sample(path: Path) -> tuple[str, bool]:
    """The first megabyte, or more where the first line is longer; and whether that is all."""
    size = path.stat().st_size
    with path.open("rb") as file:
        data = file.read(SAMPLE_BYTES)
        while len(data) < min(size, MAX_HEADER_BYTES) and data.count(b"\n") + data.count(b"\r") < 2:  # noqa: PLR2004 - a header and a row
            data += file.read(SAMPLE_BYTES)
    return data.decode("utf-8-sig", errors="replace"), len(data) == size


def mend_line_ends(path: Path, output: Path, quote: str) -> None:
    """Write the text with one kind of line end outside quotes."""
    pattern = rb"\r\n?"
    if quote:
        mark = re.escape(quote.encode())
        pattern = mark + rb"[^" + mark + rb"]*" + mark + rb"|" + pattern
    ends = re.compile(pattern)
    with path.open("rb") as source, output.open("wb") as target:
        left = b""
        while chunk := source.read(MENDED_BYTES):
            block = left + chunk
            cut = block.rfind(b"\n") + 1 if len(chunk) == MENDED_BYTES else len(block)
            left = block[cut:]
            target.write(ends.sub(lambda match: b"\n" if match[0].startswith(b"\r") else match[0], block[:cut]))
        target.write(left)


def _reason(kind: str, detail: str) -> Message:
    counts = [int(word) for word in detail.split() if word.isdigit()]
    if kind in {"MISSING COLUMNS", "TOO MANY COLUMNS"} and len(counts) == len(("expected", "found")):
        return Message("The table has {expected} columns, this row has {found}.", {"expected": counts[0], "found": counts[1]})
    if kind == "UNQUOTED VALUE":
        return Message("A quoted value is not closed, or text follows its closing quote.")
    if kind == "LINE SIZE OVER MAXIMUM":
        return Message("The row is longer than {most} bytes.", {"most": MAX_ROW_BYTES})
    if kind == "INVALID ENCODING":
        return Message("The row holds bytes that are no UTF-8 text.")
    return Message("The row cannot be read.")

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
from trainer.reading.set_aside import SetAside, comments, find_set_aside, repeated_names
from trainer.reading.table_end import find_below, list_end

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
    unseen: tuple[str, ...] = ()  # of these, such as do not occur in the first rows
    most_row_bytes: int = MAX_ROW_BYTES
    set_aside: tuple[SetAside, ...] = ()  # rows that DuckDB reads and that are none of the table's
    broken_count: int = 0  # lines that were left blank, because a quote too many would have hidden those that follow
    broken: tuple[RejectedRow, ...] = ()  # the first of them
    has_every_row: bool = False  # nothing is set aside but what cannot be read, and what somebody chose
    lines_before: int = 0  # lines of the original before the first of this text
    reading: str = "first"  # tells the rows that one way of reading sets aside from those of another

    @property
    def width(self) -> int:
        return self.beginning.width

    @property
    def is_mended(self) -> bool:
        return self.path.name == MENDED

    @property
    def dialect(self) -> Dialect:
        return self.beginning.dialect

    def named(self, names: Sequence[str]) -> CsvCells:
        """The same where the text's own row of names only holds their places."""
        return dataclasses.replace(self, beginning=dataclasses.replace(self.beginning, names=list(names)))

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

    def without_repeated_names(self, connection: duckdb.DuckDBPyConnection, relation: str) -> CsvCells | None:
        """The same text without the rows that say the names again, if `relation` holds one."""
        names = self.beginning.names
        if self.has_every_row or len(names) < len(("one", "two")) or not any(name.strip() for name in names):
            return None
        repeated = repeated_names(names)
        found = connection.execute(f"SELECT 1 FROM {relation} WHERE {repeated.condition} LIMIT 1").fetchone()
        if found is None:
            return None
        other = dataclasses.replace(self, set_aside=(*self.set_aside, repeated), reading="unrepeated")
        other.define(connection)
        return other

    def mend(self, workspace: Path) -> CsvCells:
        """Give all lines one kind of end: mixed ends are against DuckDB's strict rules, and its loose ones lose text."""
        mended = dataclasses.replace(self, path=workspace / MENDED, reading="mended")
        mend_line_ends(self.path, mended.path, self.dialect.quote)
        return mended

    def has_quote_trouble(self, connection: duckdb.DuckDBPyConnection) -> bool:
        """Whether rows were set aside for their quotes."""
        return bool(self._query_rejected(connection, "SELECT kind FROM {rows} WHERE kind = 'UNQUOTED VALUE' LIMIT 1"))

    def hides_lines(self, connection: duckdb.DuckDBPyConnection) -> bool:
        """Whether a row that was set aside goes on over several lines."""
        return bool(
            self._query_rejected(connection, "SELECT 1 FROM {rows} WHERE contains(rtrim(text, chr(10)), chr(10)) LIMIT 1")
        )

    def count_rejected(self, connection: duckdb.DuckDBPyConnection) -> int:
        """How many rows could not be read of `cells`; blank lines and comments do not count."""
        counted = self._query_rejected(connection, "SELECT count(*) FROM {rows}")
        return self.broken_count + (int(counted[0][0]) if counted else 0)

    def find_rejected(self, connection: duckdb.DuckDBPyConnection) -> tuple[int, list[RejectedRow]]:
        """How many rows are none of the table's, however that shows, and the first of them."""
        found = self._query_rejected(connection, f"SELECT * FROM {{rows}} ORDER BY place LIMIT {SHOWN_REJECTS}")
        lines = count_lines(self.path, [place for place, *_ in found])
        rows = [
            RejectedRow(line, _reason(kind, detail), str(text or "").rstrip("\r\n")[:SHOWN_CHARACTERS])
            for line, (_, kind, detail, text) in zip(lines, found, strict=True)
        ]
        rows += self.broken
        aside = self._count_set_aside(connection)
        rows += self._list_set_aside(aside)
        rows.sort(key=lambda row: row.line)
        shown = [dataclasses.replace(row, line=row.line + self.lines_before) for row in rows[:SHOWN_REJECTS]]
        return self.count_rejected(connection) + aside, shown

    def _list_set_aside(self, count: int) -> list[RejectedRow]:
        told = [kind for kind in self.set_aside if kind.is_told]
        if all(kind.is_last for kind in told) and len(rows := list_end(self.path, self.dialect, told)) == count:
            return rows
        return find_set_aside(self.path, self.dialect, self.beginning.first_data_row, self.width, told, count)

    def _count_set_aside(self, connection: duckdb.DuckDBPyConnection) -> int:
        told = [kind.condition for kind in self.set_aside if kind.is_told]
        if not told:
            return 0
        every_row = self._select(self.path, "every", is_whole=True)
        counted = connection.execute(f"SELECT count(*) FROM ({every_row}) WHERE {' OR '.join(told)}").fetchone()
        return int(counted[0]) if counted else 0

    def _query_rejected(self, connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
        table = f"rejected_{self.reading}"
        ignored = f" AND NOT starts_with(csv_line, {quote_text(self.dialect.comment)})" if self.dialect.comment else ""
        rows = (
            "(SELECT line_byte_position AS place, first(error_type::VARCHAR ORDER BY column_idx) AS kind,"
            " first(error_message ORDER BY column_idx) AS detail, first(csv_line) AS text"
            f" FROM {table} WHERE trim(csv_line, ' \t\r\n\x1a') <> ''{ignored} GROUP BY line_byte_position)"
        )
        try:
            return connection.execute(query.format(rows=rows)).fetchall()
        except duckdb.CatalogException:  # this way of reading was never begun
            return []

    def _select(self, path: Path, reading: str, missing: Sequence[str] | None = None, *, is_whole: bool = False) -> str:
        """SQL for the rows of a text; all of them, also those that are set aside, where it `is_whole`."""
        missing = self.missing if missing is None else missing
        dialect = self.dialect
        rows = f" WHERE NOT ({' OR '.join(kind.condition for kind in self.set_aside)})" if self.set_aside and not is_whole else ""
        types = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(self.width))
        marks = {dialect.delimiter, dialect.quote, dialect.escape} - {""}
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
    seen = {cell for row in beginning.rows for cell in row}
    unseen = tuple(word for word in missing if word not in seen) if choices.missing is None else ()
    has_every_row = bool(choices.keep_all_rows)
    aside = _find_aside(path, beginning, missing, is_comment_chosen=choices.comment is not None, has_every_row=has_every_row)
    return CsvCells(path, beginning, tuple(missing), unseen, most_row_bytes, aside, has_every_row=has_every_row)


def _find_aside(
    path: Path, beginning: Beginning, missing: Sequence[str], *, is_comment_chosen: bool, has_every_row: bool
) -> tuple[SetAside, ...]:
    sign = beginning.dialect.comment
    found = [comments(sign, not is_comment_chosen)] if sign else []
    return (*found, *([] if has_every_row else find_below(path, beginning, missing)))


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

"""A CSV text with rows that quotes keep from being read enters; another way to read it, with fewer such rows, leaves.

It may be the line ends that are mixed, a few lines with a quote too many, or quotes that are letters.
"""

# ruff: noqa: S608 what a file says becomes SQL only through quote_text

from __future__ import annotations

import csv
import dataclasses
from collections import deque
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

import duckdb

from trainer.contract.messages import Message
from trainer.reading.csv_cells import CELLS, MAX_ROW_BYTES, CsvCells
from trainer.reading.dialect import Dialect
from trainer.reading.duckdb_session import quote_text
from trainer.reading.rejected_rows import SHOWN_CHARACTERS, SHOWN_REJECTS, RejectedRow
from trainer.reading.separators import parse_rows

UNBROKEN = ".unbroken"
MOST_LINES = 200  # that one quoted value may span, where quotes are in doubt
UNCLOSED = Message("A quoted value is not closed, or text follows its closing quote.")


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a way of reading makes of the text."""

    cells: CsvCells
    rows: int
    rejected: int
    quoted_columns: int  # in which most cells stand in quotes
    needing_quotes: int  # rows with a separator or a line break in a cell
    hides_lines: bool  # a row that was set aside goes on over several lines, of which the others may be rows

    def is_better_than(self, other: _Outcome) -> bool:
        if other.hides_lines and not self.hides_lines and self.rejected < self.rows:
            return True
        return self.rows - self.rejected > other.rows - other.rejected


def find_better(
    cells: CsvCells, connection: duckdb.DuckDBPyConnection, workspace: Path, *, may_be_letters: bool
) -> CsvCells | None:
    """The way of reading that loses the fewest rows, defined as `cells`; None when it is the one that there is."""
    best = _read(cells, cells.dialect.quote, connection) if cells.dialect.quote else None
    if best is None:
        return None
    for change in (_with_even_ends, _without_broken_lines):
        other = _read(change(best.cells, workspace), cells.dialect.quote, connection)
        best = other if other is not None and other.is_better_than(best) else best
    may_be_letters = may_be_letters and best.needing_quotes < best.rejected
    other = _read(_with_quotes_as_letters(cells), cells.dialect.quote, connection) if may_be_letters else None
    if other is not None and other.is_better_than(best) and not other.quoted_columns:
        best = other
    best.cells.define(connection)
    return None if best.cells is cells else best.cells


def _read(cells: CsvCells | None, mark: str, connection: duckdb.DuckDBPyConnection) -> _Outcome | None:
    """None for what cannot be read at all."""
    if cells is None:
        return None
    sign = quote_text(mark)
    in_quotes = "len({0}) > 1 AND starts_with({0}, {1}) AND ends_with({0}, {1})"
    columns = [f"c{index}" for index in range(cells.width)]
    quoted = " + ".join(f"(count_if({in_quotes.format(cell, sign)}) > count({cell}) / 2)::INT" for cell in columns)
    delimiter = quote_text(cells.dialect.delimiter)
    needing = " OR ".join(f"contains({cell}, {delimiter}) OR contains({cell}, chr(10))" for cell in columns)
    try:
        cells.define(connection)
        # All that there is must be fetched: only then DuckDB tells which rows it set aside.
        counted = f"count(*), coalesce({quoted}, 0), coalesce(count_if({needing}), 0)"
        ((rows, quoted_columns, needing_quotes),) = connection.execute(f"SELECT {counted} FROM {CELLS}").fetchall()
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error:
        return None
    rejected, hides_lines = cells.count_rejected(connection), cells.hides_lines(connection)
    return _Outcome(cells, rows, rejected, quoted_columns, needing_quotes, hides_lines)


def _with_even_ends(cells: CsvCells, workspace: Path) -> CsvCells | None:
    return None if cells.is_mended else cells.mend(workspace)


def _without_broken_lines(cells: CsvCells, workspace: Path) -> CsvCells:
    """Lines with a quote too many are set aside alone: DuckDB would read on until the next quote, wherever that is."""
    path = workspace / UNBROKEN
    count, broken = _blank_broken_lines(cells, path)
    return dataclasses.replace(cells, path=path, reading="unbroken", broken_count=count, broken=tuple(broken))


def _with_quotes_as_letters(cells: CsvCells) -> CsvCells:
    """Programs put all texts in quotes, or those that need it; where people quoted somebody, quotes are part of the text."""
    dialect = dataclasses.replace(cells.dialect, quote="", escape="")
    return dataclasses.replace(cells, beginning=dataclasses.replace(cells.beginning, dialect=dialect), reading="unquoted")


class _Lines:
    """The lines of a text, of which some can be looked at before they are taken; those too long for a row in pieces."""

    def __init__(self, source: TextIO) -> None:
        self._source = source
        self._ahead: deque[str] = deque()

    def take(self) -> str:
        """The next line; "" at the end."""
        return self._ahead.popleft() if self._ahead else self._source.readline(MAX_ROW_BYTES)

    def look(self, count: int) -> list[str]:
        """The next lines, as many as there are."""
        while len(self._ahead) < count and (line := self._source.readline(MAX_ROW_BYTES)):
            self._ahead.append(line)
        return list(islice(self._ahead, count))


def _blank_broken_lines(cells: CsvCells, output: Path) -> tuple[int, list[RejectedRow]]:
    """Write the text with a blank line for every line that is broken, so that all others keep their numbers."""
    count, number = 0, 0
    broken: list[RejectedRow] = []
    with (
        cells.path.open(encoding="utf-8", errors="surrogateescape", newline="") as source,
        output.open("w", encoding="utf-8", errors="surrogateescape", newline="") as target,
    ):
        lines = _Lines(source)
        while line := lines.take():
            number += 1
            is_below = number > cells.beginning.first_data_row
            spanned = _spanned(line, lines.look(MOST_LINES), cells) if is_below and _is_open(line, cells.dialect) else 0
            if spanned is None:
                count += 1
                if len(broken) < SHOWN_REJECTS:
                    broken.append(RejectedRow(number, UNCLOSED, line.strip()[:SHOWN_CHARACTERS]))
                line = line[len(line.rstrip("\r\n")) :]
            target.write(line)
            target.writelines(lines.take() for _ in range(spanned or 0))
            number += spanned or 0
    return count, broken


def _is_open(line: str, dialect: Dialect) -> bool:
    """Whether a quoted value goes on in the next line."""
    return bool(_count_quotes(line, dialect) % 2)


def _spanned(line: str, following: list[str], cells: CsvCells) -> int | None:
    """How many of the `following` lines belong to the row that begins in `line`; None when it is no row of the table."""
    dialect = cells.dialect
    end = next((position for position, other in enumerate(following, start=1) if _is_open(other, dialect)), 0)
    if not end:
        return None
    try:
        rows = list(parse_rows([line, *following[:end]], dialect.delimiter, dialect.quote, dialect.escape, strict=True))
    except csv.Error:
        return None
    return end if len(rows) == 1 and len(rows[0][1]) == cells.width else None


def _count_quotes(line: str, dialect: Dialect) -> int:
    if dialect.escape != dialect.quote:
        line = line.replace(dialect.escape * 2, "").replace(dialect.escape + dialect.quote, "")
    return line.count(dialect.quote)

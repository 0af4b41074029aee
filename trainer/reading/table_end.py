"""The end of a CSV text enters, what stands there and is no row of the table leaves: totals, and notes such as the source."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from trainer.contract.messages import Message
from trainer.reading.dialect import Beginning, Dialect
from trainer.reading.duckdb_session import quote_text
from trainer.reading.encoding import count_lines
from trainer.reading.header import are_mostly_numbers
from trainer.reading.rejected_rows import SHOWN_CHARACTERS, RejectedRow
from trainer.reading.separators import parse_rows
from trainer.reading.set_aside import COMPARED_NAMES, EDGES, SetAside

TAIL_BYTES = 1 << 16
MOST_NOTES = 20
LONGER_THAN_VALUES = 1.5  # times
LEAST_ROWS = 3
LEAST_WIDTH = 3  # in a narrower table, a row with one value is a row with one value
TOTALS = frozenset({"total", "totals", "grand total", "sum", "average", "mean", "جمع", "جمع کل", "مجموع", "مجموع کل", "میانگین"})
NOTES = ("*", "source:", "note:", "منبع:", "مأخذ:", "توضیح:", "توضیحات:", "یادداشت:")  # what notes begin with
BELOW = Message("The row stands below the table and does not fit it.")


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of the end that is a row by itself, and where it begins."""

    place: int
    cells: list[str]


def find_below(path: Path, beginning: Beginning, missing: Collection[str]) -> list[SetAside]:
    """Rows at the end that are none of the table's."""
    rows = list(_read_end(path, beginning.dialect))
    above = [[cell.strip(EDGES) for cell in row] for row in beginning.rows]
    while above and _count_filled(above[-1]) <= 1:
        above.pop()
    notes: list[list[str]] = []
    while rows and (not any(rows[-1].cells) or _is_note(rows[-1].cells, beginning.width, above)):
        cells = rows.pop().cells
        if any(cells) and cells not in notes:
            notes.append(cells)
    if len(notes) > MOST_NOTES:  # so many are rows with little in them
        return []
    found = [_aside(cells, BELOW, missing) for cells in notes]
    total = _find_total(rows[-1].cells, beginning, missing) if rows else None
    return [*found, total] if total else found


def list_end(path: Path, dialect: Dialect, kinds: Sequence[SetAside]) -> list[RejectedRow]:
    """Rows of these kinds that stand at the end, without a look at those before it."""
    rows = [(row, next((kind for kind in kinds if kind.holds(row.cells)), None)) for row in _read_end(path, dialect)]
    told = [(row, kind) for row, kind in rows if kind is not None]
    lines = count_lines(path, [row.place for row, _ in told])
    return [
        RejectedRow(line, kind.reason, dialect.delimiter.join(row.cells)[:SHOWN_CHARACTERS])
        for line, (row, kind) in zip(lines, told, strict=True)
    ]


def _read_end(path: Path, dialect: Dialect) -> Iterator[_Row]:
    with path.open("rb") as file:
        place = file.seek(max(0, path.stat().st_size - TAIL_BYTES))
        lines = file.read().splitlines(keepends=True)
    if place:  # it begins somewhere in a line
        place += len(lines.pop(0))
    for line in lines:
        try:
            parsed = list(parse_rows([line.decode("utf-8", "replace")], dialect.delimiter, dialect.quote, dialect.escape))
        except csv.Error:
            parsed = []
        yield _Row(place, [cell.strip(EDGES) for _, cells in parsed for cell in cells])
        place += len(line)


def _is_note(cells: Sequence[str], width: int, above: Sequence[Sequence[str]]) -> bool:
    """Whether a row has a text in one cell alone, where every row of the table has more, and other values there."""
    if len(cells) != width or width < LEAST_WIDTH or _count_filled(cells) != 1:
        return False
    position, text = next((position, cell) for position, cell in enumerate(cells) if cell)
    if len(above) < LEAST_ROWS or any(_count_filled(row) == 1 for row in above) or not any(map(str.isalpha, text)):
        return False
    values = [row[position] for row in above if position < len(row) and row[position]]
    is_longer = not values or len(text) > LONGER_THAN_VALUES * max(map(len, values))
    return is_longer or are_mostly_numbers(values) or text.casefold().startswith(NOTES)


def _count_filled(cells: Sequence[str]) -> int:
    return sum(map(bool, cells))


def _find_total(cells: list[str], beginning: Beginning, missing: Collection[str]) -> SetAside | None:
    """The last row, where its first word says that it adds up the others."""
    if len(cells) != beginning.width or len(beginning.rows) < LEAST_ROWS:
        return None
    position = next((position for position, cell in enumerate(cells) if cell), 0)
    word = cells[position]
    is_total = " ".join(word.casefold().rstrip(":").split()) in TOTALS
    has_figures = any(letter.isdigit() for cell in cells for letter in cell)
    above = [other[position].strip() for other in beginning.rows if position < len(other)]
    if not is_total or not has_figures or above.count(word) > 1:
        return None
    reason = Message("The row seems to add up the others: it begins with “{word}”.", {"word": word})
    return _aside(cells, reason, missing)


def _aside(cells: list[str], reason: Message, missing: Collection[str]) -> SetAside:
    """Of a wide row the filled cells tell, and some of the others. What is a word for missing may be text, or none any more."""
    compared = [at for at, cell in enumerate(cells) if cell or at < COMPARED_NAMES]
    present = {at: f"coalesce(trim(c{at}, {quote_text(EDGES)}), '')" for at in compared}
    same = (
        f"{present[at]} IN ('', {quote_text(cells[at])})" if cells[at] in missing else f"{present[at]} = {quote_text(cells[at])}"
        for at in compared
    )

    def holds(row: Sequence[str]) -> bool:
        return len(row) == len(cells) and all(row[at].strip(EDGES) == cells[at] for at in compared)

    return SetAside(f"({' AND '.join(same)})", holds, reason, is_last=True)

"""Rows enter that have as many cells as the table and yet are none of its rows; where each stands, and why, leaves.

They are comments whose sign nobody chose, the names once more, where files were put one below the other, what stands
above the table, and what stands below it (table_end.py).
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from trainer.contract.messages import Message
from trainer.reading.dialect import Beginning, Dialect
from trainer.reading.duckdb_session import quote_text
from trainer.reading.rejected_rows import SHOWN_CHARACTERS, SHOWN_REJECTS, RejectedRow
from trainer.reading.separators import parse_rows

LEAST_CELLS, LEAST_SHARE = 2, 0.5  # of what a row of the table has: with fewer, a line above it is a title
SHOWN_TITLES, SHOWN_TITLE = 3, 60
ABOVE = Message("The row stands above the table and does not fit it.")
BELOW_NAMES = Message("The row stands below the names and holds no values.")
EDGES = " \t\r\n\x0b\x0c\u00a0"  # spaces, for DuckDB and for Python alike
SEAM = EDGES + '\ufeff"'  # where files were put one below the other, a mark may stand before the names
COMPARED_NAMES = 50  # of a wide table: two rows that agree in so many are alike


@dataclass(frozen=True, slots=True)
class SetAside:
    """A kind of such rows: SQL for whether a row of `cells` is one, the same of a row as Python reads it, and the reason."""

    condition: str
    holds: Callable[[Sequence[str]], bool]
    reason: Message
    is_told: bool = True
    is_last: bool = False  # no rows but the last were looked at


def comments(sign: str, is_told: bool) -> SetAside:
    """Rows whose first cell begins with a sign; where somebody chose it, there is nothing to tell."""
    return SetAside(
        f"(c0 IS NOT NULL AND starts_with(c0, {quote_text(sign)}))",
        lambda row: row[0].startswith(sign),
        Message("The row begins with “{sign}”, as comments do.", {"sign": sign}),
        is_told,
    )


def repeated_names(names: Sequence[str]) -> SetAside:
    """Rows that say the names of the columns again."""
    compared = [name.strip(SEAM) for name in names[:COMPARED_NAMES]]
    cells = (f"coalesce(trim(c{index}, {quote_text(SEAM)}), '')" for index in range(len(compared)))
    same = " AND ".join(f"{cell} = {quote_text(name)}" for cell, name in zip(cells, compared, strict=True))
    return SetAside(
        f"({same})",
        lambda row: [cell.strip(SEAM) for cell in row[:COMPARED_NAMES]] == compared,
        Message("The row repeats the names of the columns."),
    )


def find_set_aside(
    path: Path, dialect: Dialect, first_row: int, width: int, kinds: Sequence[SetAside], count: int
) -> list[RejectedRow]:
    """The first of `count` such rows below the row of names; only as much of the text is read as holds them."""
    found: list[RejectedRow] = []
    if not count:
        return found
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as lines, suppress(csv.Error):
        # A value longer than Python's reader takes hides the rest: what is listed are the first rows, never all of them.
        for position, (line, row) in enumerate(parse_rows(lines, dialect.delimiter, dialect.quote, dialect.escape)):
            if position < first_row or len(row) != width:
                continue
            reason = next((kind.reason for kind in kinds if kind.holds(row)), None)
            if reason is not None:
                found.append(RejectedRow(line, reason, dialect.delimiter.join(row)[:SHOWN_CHARACTERS]))
                if len(found) == min(count, SHOWN_REJECTS):
                    break
    return found


def find_about(beginning: Beginning, lines_before: int) -> tuple[list[RejectedRow], list[Message]]:
    """What stands above the table and right below its names: rows that look like some of a table, and notes on the rest."""
    least = max(LEAST_CELLS, LEAST_SHARE * beginning.width)
    titles = [_filled(cells) for _, cells in beginning.above if len(_filled(cells)) < least]
    odd = [(line, cells, ABOVE) for line, cells in beginning.above if len(_filled(cells)) >= least]
    odd += [(line, cells, BELOW_NAMES) for line, cells in beginning.about if _filled(cells)]
    rows = [
        RejectedRow(line + lines_before, reason, beginning.dialect.delimiter.join(cells)[:SHOWN_CHARACTERS])
        for line, cells, reason in odd
    ]
    notes = []
    if titles:
        shown = " / ".join(" ".join(title)[:SHOWN_TITLE] for title in titles[:SHOWN_TITLES])
        more = " …" if len(titles) > SHOWN_TITLES else ""
        notes.append(Message("What stands above the table was left out: “{text}”.", {"text": shown + more}))
    if beginning.surplus:
        surplus = ", ".join(beginning.surplus)[:SHOWN_TITLE]
        notes.append(Message("There are more names than columns; left out: “{text}”.", {"text": surplus}))
    return rows, notes


def _filled(cells: Sequence[str]) -> list[str]:
    return [cell.strip() for cell in cells if cell.strip()]

"""Rows enter that have as many cells as the table and yet are none of its rows; where each stands, and why, leaves.

They are comments whose sign nobody chose, the names once more, where files were put one below the other, and what stands
above the table.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from trainer.contract.messages import Message
from trainer.reading.dialect import Beginning, Dialect, parse_rows
from trainer.reading.duckdb_session import quote_text
from trainer.reading.rejected_rows import SHOWN_CHARACTERS, SHOWN_REJECTS, RejectedRow

LEAST_CELLS, LEAST_SHARE = 2, 0.5  # of what a row of the table has: with fewer, a line above it is a title
SHOWN_TITLES, SHOWN_TITLE = 3, 60
COMPARED_NAMES = 50  # of a wide table: two rows that agree in so many are alike


@dataclass(frozen=True, slots=True)
class SetAside:
    """A kind of such rows: SQL for whether a row of `cells` is one, the same of a row as Python reads it, and the reason."""

    condition: str
    holds: Callable[[Sequence[str]], bool]
    reason: Message
    is_told: bool = True


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
    compared = [name.strip() for name in names[:COMPARED_NAMES]]
    same = " AND ".join(f"coalesce(trim(c{index}), '') = {quote_text(name)}" for index, name in enumerate(compared))
    return SetAside(
        f"({same})",
        lambda row: [cell.strip() for cell in row[:COMPARED_NAMES]] == compared,
        Message("The row repeats the names of the columns."),
    )


def find_set_aside(path: Path, dialect: Dialect, first_row: int, width: int, kinds: Sequence[SetAside]) -> list[RejectedRow]:
    """The first of these rows below the row of names; only as much of the text is read as holds them."""
    found: list[RejectedRow] = []
    told = [kind for kind in kinds if kind.is_told]
    if not told:
        return found
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        for position, (line, row) in enumerate(parse_rows(lines, dialect.delimiter, dialect.quote, dialect.escape)):
            if position < first_row or len(row) != width:
                continue
            reason = next((kind.reason for kind in told if kind.holds(row)), None)
            if reason is not None:
                found.append(RejectedRow(line, reason, dialect.delimiter.join(row)[:SHOWN_CHARACTERS]))
                if len(found) == SHOWN_REJECTS:
                    break
    return found


def sort_above(beginning: Beginning, lines_before: int) -> tuple[list[RejectedRow], list[Message]]:
    """What stands above the table: rows that look like rows of one, and a note on the titles."""
    rows, titles = [], []
    least = max(LEAST_CELLS, LEAST_SHARE * beginning.width)
    reason = Message("The row stands above the table and does not fit it.")
    for line, cells in beginning.above:
        filled = [cell.strip() for cell in cells if cell.strip()]
        if len(filled) >= least:
            text = beginning.dialect.delimiter.join(cells)[:SHOWN_CHARACTERS]
            rows.append(RejectedRow(line + lines_before, reason, text))
        else:
            titles.append(" ".join(filled)[:SHOWN_TITLE])
    shown = " / ".join(titles[:SHOWN_TITLES]) + (" …" if len(titles) > SHOWN_TITLES else "")
    return rows, [Message("What stands above the table was left out: “{text}”.", {"text": shown})] if titles else []

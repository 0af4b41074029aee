"""A table's columns of text enter; where all but a few values are numbers or dates, a sentence that says so leaves.

One cell such as "n/k" makes a column of numbers text: whoever knows can choose its kind, and the few count as missing.
"""

# ruff: noqa: S608 what a file says becomes SQL only through quote_name and quote_path

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from trainer.contract.messages import Message, Scalar
from trainer.reading.cell_text import CellRules
from trainer.reading.column_formats import ColumnFormat
from trainer.reading.format_notes import SHOWN_CHARACTERS
from trainer.reading.written_dates import date_value
from trainer.reading.written_numbers import number_value

MOST_STRAYS = 0.05  # of all values
FIRST_ROWS = 5_000  # tell most columns in which more values are no numbers
LEAST_VALUES = 10


@dataclass(frozen=True, slots=True)
class TextColumn:
    """A column's name in SQL, its format, and how its cells are read."""

    quoted: str
    form: ColumnFormat
    rules: CellRules


def find_strays(connection: duckdb.DuckDBPyConnection, relation: str, columns: Mapping[str, TextColumn]) -> dict[str, Message]:
    """What to tell about those of `columns`, by their names, that are numbers or dates but for a few values."""
    asked = {name: column for name, column in columns.items() if column.form.nearly_numbers or column.form.nearly_dates}
    likely = _count(connection, f"(SELECT * FROM {relation} LIMIT {FIRST_ROWS})", asked)
    return _count(connection, relation, {name: column for name, column in asked.items() if name in likely})


def _count(connection: duckdb.DuckDBPyConnection, relation: str, columns: Mapping[str, TextColumn]) -> dict[str, Message]:
    if not columns:
        return {}
    asked, cells = [], []
    for index, column in enumerate(columns.values()):
        cell = f"c{index}"  # a name of the file may be one that our SQL uses, too
        is_stray = _is_stray(cell, column)
        cells.append(f"{column.quoted} AS {cell}")
        asked.append(f"count({cell}), count_if({is_stray}), min({cell}) FILTER ({is_stray})")
    row = connection.execute(f"SELECT {', '.join(asked)} FROM (SELECT {', '.join(cells)} FROM {relation})").fetchone()
    assert row is not None, "an aggregate always gives a row"
    found = {}
    for (name, column), values, strays, example in zip(columns.items(), row[::3], row[1::3], row[2::3], strict=True):
        if values >= LEAST_VALUES and strays <= MOST_STRAYS * values:
            found[name] = _describe(column.form, strays, str(example))
    return found


def _is_stray(cell: str, column: TextColumn) -> str:
    form = column.form
    if form.nearly_numbers:
        value = number_value(cell, column.rules, form.nearly_numbers, "DOUBLE", "NULL")
    else:
        value = date_value(cell, column.rules, form.nearly_dates, "NULL")
    return f"{cell} IS NOT NULL AND {value} IS NULL"


def _describe(form: ColumnFormat, count: int, example: str) -> Message:
    params: dict[str, Scalar | Message] = {"count": count, "example": example[:SHOWN_CHARACTERS]}
    if form.nearly_numbers and count == 1:
        text = "Only “{example}” is no number. Choose “Number” for the column, and it counts as missing."
    elif form.nearly_numbers:
        text = (
            "Only {count} values are no numbers, such as “{example}”. Choose “Number” for the column, and they count as missing."
        )
    elif count == 1:
        text = "Only “{example}” is no date. Choose “Date” for the column, and it counts as missing."
    else:
        text = "Only {count} values are no dates, such as “{example}”. Choose “Date” for the column, and they count as missing."
    return Message(text, params)

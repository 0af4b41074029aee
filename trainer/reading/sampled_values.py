"""Described columns of a table enter, the values of a sample of its rows leave: numbers, or codes of categories.

The rows are the same for every column; identifiers, constants and free text have nothing that could be compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy

from trainer.reading.column_counts import MOMENTS, NUMBERS
from trainer.reading.measures import Codes, Numbers, encode
from trainer.reading.profiled_table import ProfiledTable, TypedColumn
from trainer.reading.schema import Column

MOST_ROWS = 20_000
MOST_CELLS = 10_000_000
CATEGORY_KINDS = frozenset({"category", "boolean"})
NUMBER_KINDS = frozenset({"number", "integer"})


@dataclass(frozen=True, slots=True)
class Category:
    """Codes from 0 in the order in which values first appear, -1 where one is missing."""

    name: str
    codes: Codes


@dataclass(frozen=True, slots=True)
class Quantity:
    """Numbers, or moments as seconds; NaN where one is missing."""

    name: str
    numbers: Numbers
    is_moment: bool = False

    @property
    def codes(self) -> Codes:
        return encode(numpy.ma.masked_invalid(self.numbers))


Values = Category | Quantity


@dataclass(frozen=True, slots=True)
class Sample:
    """Columns by name, with `rows` values each."""

    columns: dict[str, Values]
    rows: int


def read_sample(table: ProfiledTable, columns: Sequence[Column]) -> Sample:
    """Read those of `columns` that can be compared."""
    kinds = {column.statistics.name: column.kind for column in columns}
    wanted = [column for column in table.columns if _is_comparable(column, kinds.get(column.name, ""))]
    if not wanted:
        return Sample({}, min(MOST_ROWS, table.rows))
    part = table.sample(wanted, min(MOST_ROWS, MOST_CELLS // len(wanted)))
    selected = ", ".join(_as_read(cell, column, kinds[column.name]) for cell, column in part.columns.items())
    fetched = part.connection.execute(f"SELECT {selected} FROM {part.relation}").fetchnumpy()  # noqa: S608 - c0, c1, ...
    values: dict[str, Values] = {}
    for cell, column in part.columns.items():
        if kinds[column.name] in CATEGORY_KINDS:
            values[column.name] = Category(column.name, encode(numpy.ma.asarray(fetched[cell])))
        else:
            numbers = numpy.ma.filled(fetched[cell], numpy.nan)
            values[column.name] = Quantity(column.name, numbers, column.sql_type in MOMENTS)
    return Sample(values, part.rows)


def _is_comparable(column: TypedColumn, kind: str) -> bool:
    if kind in CATEGORY_KINDS:
        return True
    return column.sql_type in NUMBERS if kind in NUMBER_KINDS else kind == "date" and column.sql_type in MOMENTS


def _as_read(cell: str, column: TypedColumn, kind: str) -> str:
    if kind in CATEGORY_KINDS:
        return cell
    return f"epoch({cell})::DOUBLE AS {cell}" if column.sql_type in MOMENTS else f"{cell}::DOUBLE AS {cell}"

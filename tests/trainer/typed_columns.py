"""Columns of cells, typed as an upload's are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from trainer.reading.cell_text import CellRules
from trainer.reading.column_formats import ColumnFormat, find_formats, typed_cell

PLAIN = CellRules()
RULES = CellRules(missing=("NA", "?"))  # of a file that has words for what is missing
Cells = Sequence[str | None]


@dataclass(frozen=True, slots=True)
class TypedColumn:
    """A column's format, its values, and its notes in English."""

    form: ColumnFormat
    values: list[Any]

    @property
    def sql_type(self) -> str:
        return self.form.sql_type

    @property
    def notes(self) -> list[str]:
        return [note.english() for note in self.form.notes]


class TypedColumns:
    """One database for many columns."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def type_column(self, cells: Cells, kind: str | None = None, rules: CellRules = PLAIN) -> TypedColumn:
        form = self.find_format(cells, kind, rules)
        return TypedColumn(form, self.convert(cells, form, rules, strict=False))

    def find_format(self, cells: Cells, kind: str | None = None, rules: CellRules = PLAIN) -> ColumnFormat:
        self._fill(cells)
        (form,) = find_formats(self.connection, "cells", ["c0"], {"c0": rules}, {"c0": kind} if kind else {})
        return form

    def convert(self, cells: Cells, form: ColumnFormat, rules: CellRules = PLAIN, strict: bool = True) -> list[Any]:
        return self.evaluate(typed_cell("c0", form, rules, strict), cells)

    def evaluate(self, expression: str, cells: Cells) -> list[Any]:
        self._fill(cells)
        return [value for (value,) in self.connection.execute(f"SELECT {expression} FROM cells ORDER BY row").fetchall()]  # noqa: S608

    def _fill(self, cells: Cells) -> None:
        self.connection.execute(
            "CREATE OR REPLACE TABLE cells AS SELECT unnest(?::VARCHAR[]) AS c0, unnest(range(?)) AS row",
            [list(cells), len(cells)],
        )

"""A Parquet file of our own making: its columns, SQL to select some of them, and the cells of rows by their numbers. Blocking."""

# ruff: noqa: S608 names of columns become SQL only through `_quote_name`; all else that is not ours is a parameter

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import duckdb

from app.datasets.table_sessions import TableSession, escape_path

COLUMNS_AT_ONCE = 20  # DuckDB holds a row group of every column that it reads: sixty at once may be more than its memory
ROW_NUMBER = "file_row_number"  # DuckDB's own column, by which it skips what lies before and after a page
PLAIN_TYPES = frozenset({"BOOLEAN", "BIGINT", "DOUBLE", "DATE", "TIMESTAMP", "VARCHAR"})
TIMES = frozenset({"DATE", "TIMESTAMP"})
Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class TableSource:
    """In SQL its columns are called `prefix` and their position, such as c0, and the number of a row, from 0, is n."""

    path: str
    columns: Mapping[str, str]  # one of the plain types, by name
    prefix: str
    _positions: Mapping[str, int]
    _foreign: frozenset[str]  # of other types, read as text

    @classmethod
    def open(cls, session: TableSession, table: Path, prefix: str = "c") -> TableSource:
        path = escape_path(table.resolve())
        types = session.describe("SELECT * FROM read_parquet(?, hive_partitioning = false) LIMIT 0", [path])
        foreign = frozenset(name for name, sql_type in types.items() if sql_type not in PLAIN_TYPES)
        columns = {name: "VARCHAR" if name in foreign else sql_type for name, sql_type in types.items()}
        return cls(path, columns, prefix, {name: position for position, name in enumerate(columns)}, foreign)

    def alias(self, name: str) -> str:
        """What the column is called in SQL."""
        return f"{self.prefix}{self._positions[name]}"

    def select(self, names: Iterable[str], *, is_numbered: bool = True) -> str:
        """SQL for these columns; its one parameter is the path."""
        cells = [f"{self._as_plain(name)} AS {self.alias(name)}" for name in names]
        if not is_numbered:
            return f"SELECT {', '.join(cells)} FROM read_parquet(?, hive_partitioning = false)"
        if any(name.lower() == ROW_NUMBER for name in self.columns):  # then DuckDB refuses its own of that name
            numbered = ["row_number() OVER () - 1 AS n", *cells]
            return f"SELECT {', '.join(numbered)} FROM read_parquet(?, hive_partitioning = false)"
        numbered = [f"{ROW_NUMBER} AS n", *cells]
        return f"SELECT {', '.join(numbered)} FROM read_parquet(?, hive_partitioning = false, {ROW_NUMBER} = true)"

    def count_rows(self, session: TableSession) -> int:
        rows = session.fetch("SELECT count(*) FROM read_parquet(?, hive_partitioning = false)", [self.path])
        return cast("int", rows[0][0])

    def read_rows(
        self, session: TableSession, names: Sequence[str], numbers: Sequence[int], longest: int | None = None
    ) -> list[list[Value]]:
        """The cells of these rows, in this order; texts cut after `longest` characters."""
        if not numbers:
            return []
        cells: dict[int, list[Value]] = {number: [] for number in numbers}
        for start in range(0, len(names), COLUMNS_AT_ONCE):
            for number, *values in self._read_cells(session, names[start : start + COLUMNS_AT_ONCE], numbers, longest):
                cells[cast("int", number)].extend(_plain(value) for value in values)
        return [cells[number] for number in numbers]

    def _read_cells(
        self, session: TableSession, names: Sequence[str], numbers: Sequence[int], longest: int | None
    ) -> Iterable[tuple[object, ...]]:
        """One tuple per row, its number before its cells; what memory cannot hold at once is read in halves."""
        first, last = numbers[0], numbers[-1]
        is_run = list(numbers) == list(range(first, last + 1))
        wanted = f"n BETWEEN {first} AND {last}" if is_run else f"n IN ({', '.join(map(str, numbers))})"
        shown = ", ".join(self._shown(name, longest) for name in names)
        try:
            return session.fetch(f"SELECT n, {shown} FROM ({self.select(names)}) WHERE {wanted} ORDER BY n", [self.path])
        except duckdb.OutOfMemoryException:
            is_dividable = len(names) > 1 or (longest is not None and len(numbers) > 1)  # whole texts could fill memory here
            if not is_dividable:
                raise
        if len(names) > 1:
            middle = len(names) // 2
            halves = (self._read_cells(session, part, numbers, longest) for part in (names[:middle], names[middle:]))
            return [(*left, *right[1:]) for left, right in zip(*halves, strict=True)]
        ordered, middle = sorted(numbers), len(numbers) // 2
        return [row for part in (ordered[:middle], ordered[middle:]) for row in self._read_cells(session, names, part, longest)]

    def _shown(self, name: str, longest: int | None) -> str:
        """SQL for a cell: times as text, for there are some that Python cannot hold."""
        if self.columns[name] == "VARCHAR" and longest is not None:
            return f"left({self.alias(name)}, {longest:d})"
        return f"CAST({self.alias(name)} AS VARCHAR)" if self.columns[name] in TIMES else self.alias(name)

    def _as_plain(self, name: str) -> str:
        return f"CAST({_quote_name(name)} AS VARCHAR)" if name in self._foreign else _quote_name(name)


def _quote_name(name: str) -> str:
    """An identifier as SQL; a quote inside it is doubled."""
    return '"' + name.replace('"', '""') + '"'


def _plain(value: object) -> Value:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return cast("Value", value)

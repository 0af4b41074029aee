"""A Parquet table enters, parts of it that are small enough to count leave: its columns in turn, all rows or a sample.

Inside a part the columns are called c0, c1, ...; a table that does not fit into memory is never held.
"""

# ruff: noqa: S608 what a file says becomes SQL only through quote_name and quote_path

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from trainer.reading.duckdb_session import quote_name, quote_path

LOADED_ROWS = 200_000  # taller tables are read where they are
LOADED_CELLS = 2_000_000
LOADED_COLUMNS = 500  # of a wide table, finding a column in the file takes longer than counting it
COLUMNS_IN_PLACE = 16
SHOWN_CHARACTERS = 120
PLACES = 4
SEED = 7


@dataclass(frozen=True, slots=True)
class TypedColumn:
    """A column of the table; `sql_type` is BOOLEAN, BIGINT, DOUBLE, DATE, TIMESTAMP or VARCHAR."""

    name: str
    sql_type: str


@dataclass(frozen=True, slots=True)
class Part:
    """Some columns of a table, by what they are called in `relation`, which is SQL to stand behind FROM."""

    connection: duckdb.DuckDBPyConnection
    relation: str
    columns: Mapping[str, TypedColumn]
    rows: int
    is_loaded: bool

    def only(self, cells: Collection[str]) -> Part:
        """The same rows with these columns alone."""
        return dataclasses.replace(self, columns={cell: self.columns[cell] for cell in cells})

    def of_types(self, *sql_types: str) -> Part:
        return self.only([cell for cell, column in self.columns.items() if column.sql_type in sql_types])

    def load_spread_rows(self, rows: int) -> Part:
        """Load about `rows` rows from several places: a sample of all rows would have to read all rows."""
        each, columns = max(1, rows // PLACES), ", ".join(self.columns)
        starts = (place * max(0, self.rows - each) // (PLACES - 1) for place in range(PLACES))
        slices = (f"(SELECT {columns} FROM {self.relation} LIMIT {each} OFFSET {start})" for start in starts)
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE profiled_rows AS {' UNION ALL '.join(slices)}")
        return dataclasses.replace(self, relation="profiled_rows", rows=each * PLACES, is_loaded=True)

    def query(self, selected: str) -> list[tuple[Any, ...]]:
        """The rows of SELECT `selected` FROM this part."""
        return self.connection.execute(f"SELECT {selected} FROM {self.relation}").fetchall()


class ProfiledTable:
    """The table at `path`, read through `connection`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        self._connection = connection
        self._source = f"read_parquet({quote_path(path)})"
        described = connection.execute(f"DESCRIBE SELECT * FROM {self._source}").fetchall()
        self.columns = [TypedColumn(str(name), str(sql_type)) for name, sql_type, *_ in described]
        self.rows = self._count(f"SELECT count(*) FROM {self._source}")

    def parts(self, columns: Sequence[TypedColumn], drawn: int | None = None) -> Iterator[Part]:
        """All of `columns`, part by part, with all rows or with about `drawn` of them, drawn by lot."""
        rows = min(self.rows, drawn or self.rows)
        is_loaded = rows <= LOADED_ROWS
        width = min(LOADED_COLUMNS, LOADED_CELLS // max(1, rows)) if is_loaded else COLUMNS_IN_PLACE
        for start in range(0, len(columns), width):
            wanted = columns[start : start + width]
            selected = self._select(wanted)
            if rows < self.rows:
                selected += f" TABLESAMPLE bernoulli({100 * rows / self.rows} PERCENT) REPEATABLE ({SEED})"
            yield self._load(selected, wanted) if is_loaded else self._part(f"({selected})", wanted, rows, is_loaded=False)

    def sample(self, columns: Sequence[TypedColumn], rows: int) -> Part:
        """The same `rows` rows of all of `columns`, drawn by lot; all rows of a smaller table."""
        selected = self._select(columns)
        if rows < self.rows:
            selected += f" USING SAMPLE reservoir({rows} ROWS) REPEATABLE ({SEED})"
        return self._load(selected, columns)

    def count_duplicate_rows(self) -> int:
        """Rows that are the same as an earlier one; told by 64 bits of hash, which spill to disk."""
        hashed = f"hash({', '.join(quote_name(column.name) for column in self.columns)})"
        return self._count(f"SELECT count(*) - count(DISTINCT {hashed}) FROM {self._source}")

    def count_empty_rows(self) -> int:
        """Rows without a single value."""
        no_value = " AND ".join(f"{quote_name(column.name)} IS NULL" for column in self.columns)
        return self._count(f"SELECT count(*) FROM {self._source} WHERE {no_value}")

    def count_rows_with(self, name: str, value: float | str) -> int:
        row = self._connection.execute(
            f"SELECT count(*) FROM {self._source} WHERE {quote_name(name)} = $value", {"value": value}
        ).fetchone()
        assert row is not None, "an aggregate always gives a row"
        return int(row[0])

    def value_counts(self, name: str) -> list[tuple[str, int]]:
        """How many rows each value has, the most frequent first; for columns of few values."""
        column = quote_name(name)
        found = self._connection.execute(
            f"SELECT left({column}::VARCHAR, {SHOWN_CHARACTERS}), count(*) FROM {self._source} WHERE {column} IS NOT NULL"
            f" GROUP BY {column} ORDER BY count(*) DESC, {column}"
        ).fetchall()
        return [(str(value), int(rows)) for value, rows in found]

    def _select(self, columns: Sequence[TypedColumn]) -> str:
        named = ", ".join(f"{quote_name(column.name)} AS c{index}" for index, column in enumerate(columns))
        return f"SELECT {named} FROM {self._source}"

    def _load(self, selected: str, columns: Sequence[TypedColumn]) -> Part:
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE profiled_part AS {selected}")
        return self._part("profiled_part", columns, self._count("SELECT count(*) FROM profiled_part"), is_loaded=True)

    def _part(self, relation: str, columns: Sequence[TypedColumn], rows: int, *, is_loaded: bool) -> Part:
        cells = {f"c{index}": column for index, column in enumerate(columns)}
        return Part(self._connection, relation, cells, rows, is_loaded)

    def _count(self, query: str) -> int:
        row = self._connection.execute(query).fetchone()
        assert row is not None, "an aggregate always gives a row"
        return int(row[0])

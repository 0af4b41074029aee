"""A page of rows from a Parquet file of our own making, as values a page or JSON can show."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import duckdb

MEMORY_LIMIT = "256MB"


@dataclass(frozen=True, slots=True)
class TablePage:
    """Rows `offset` to `offset + len(rows)` of `total`; one list per row, in the order of `columns`."""

    columns: list[str]
    rows: list[list[str | int | float | bool | None]]
    offset: int
    total: int


def read_page(table: Path, offset: int, limit: int) -> TablePage:
    """Read `limit` rows from row `offset` on; blocking, for a thread."""
    with duckdb.connect(config={"threads": 1, "memory_limit": MEMORY_LIMIT}) as connection:
        source = connection.read_parquet(str(table))
        total = source.aggregate("count(*)").fetchall()[0][0]
        page = source.limit(limit, offset=offset)
        return TablePage(page.columns, [[_plain(value) for value in row] for row in page.fetchall()], offset, total)


def _plain(value: object) -> str | int | float | bool | None:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value)

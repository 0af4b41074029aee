"""A table of our own making and a query enter, a page of rows leaves, as values a page or JSON can show. Blocking.

Rows are first found, by the few columns that decide, and then fetched by their numbers.
"""

# ruff: noqa: S608 the SQL put together here is all of our own making; what is not is a parameter

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import duckdb

from app.datasets.catalogue import table_gone
from app.datasets.table_conditions import Condition, filter_condition, search_condition
from app.datasets.table_query import TableQuery, check_shape, clean_search
from app.datasets.table_sessions import TableSession
from app.datasets.table_source import TableSource, Value
from trainer.contract import Problem, Refusal

WRITTEN_FILE = (
    "written.parquet"  # beside a table: its columns, as text, whose cells look different from how they stood in the file
)


@dataclass(frozen=True, slots=True)
class TablePage:
    """Rows `offset` to `offset + len(rows)` of the `total` that match; one list per row, in the order of `columns`.

    `numbers` are the places of the rows in the table, from 0, which has `table_rows` in all. `written` has the texts as
    they stood in the file, one per row, for those of the columns whose values look different from that.
    """

    columns: list[str]
    rows: list[list[Value]]
    offset: int
    total: int
    table_rows: int
    numbers: list[int]
    written: Mapping[str, list[str | None]]


def read_columns(session: TableSession, table: Path) -> dict[str, str]:
    """DuckDB's type of each column, by its name.

    Raises:
        NotFound: the table is gone.
    """
    with _noticing_absence(table):
        return dict(TableSource.open(session, table).columns)


def read_page(session: TableSession, table: Path, query: TableQuery) -> TablePage:
    """The rows that are asked for.

    Raises:
        Refusal: the query does not suit the table. NotFound: the table is gone.
    """
    with _noticing_absence(table):
        source = TableSource.open(session, table)
        check_shape(query, source.columns)
        shown = list(dict.fromkeys(query.columns or source.columns))
        beside = table.with_name(WRITTEN_FILE)
        written = TableSource.open(session, beside, "w") if beside.exists() else None
        finder = _Finder(source, written, query, shown)
        table_rows = source.count_rows(session)
        numbers, total = finder.find(session, table_rows)
        rewritten = finder.rewritten
        texts = written.read_rows(session, rewritten, numbers, query.longest) if written else []
        return TablePage(
            columns=shown,
            rows=source.read_rows(session, shown, numbers, query.longest),
            offset=query.offset,
            total=total,
            table_rows=table_rows,
            numbers=numbers,
            written={name: [cast("str | None", row[at]) for row in texts] for at, name in enumerate(rewritten)},
        )


@dataclass(frozen=True, slots=True)
class _Finder:
    """Finds the numbers of the rows on a page."""

    source: TableSource
    written: TableSource | None
    query: TableQuery
    shown: Sequence[str]

    @property
    def rewritten(self) -> list[str]:
        """The shown columns of which another text stood in the file."""
        return [name for name in self.shown if name in self.written.columns] if self.written else []

    def find(self, session: TableSession, table_rows: int) -> tuple[list[int], int]:
        """The numbers of the page's rows, and how many rows match in all.

        Raises:
            Refusal: with what is wrong with all filters.
        """
        query, conditions = self.query, self._conditions()
        if not conditions and query.sort is None:
            return list(range(query.offset, min(query.offset + query.limit, table_rows))), table_rows
        key, direction = "n", "ASC"
        if query.sort is not None:
            key, direction = self.source.alias(query.sort), "DESC" if query.descending else "ASC"
        order = f"ORDER BY key {direction} NULLS LAST, n"
        condition = Condition.all_of(conditions)
        relation, paths = self._relation()
        found = f"SELECT n, {key} AS key FROM {relation} WHERE {condition.sql}"
        params = [*paths, *condition.params, query.limit, query.offset]
        if not conditions:
            numbers = session.fetch(f"SELECT n FROM ({found}) {order} LIMIT ? OFFSET ?", params)
            return [cast("int", number) for (number,) in numbers], table_rows
        rows = session.fetch(
            f"WITH found AS MATERIALIZED ({found}) SELECT total, n FROM (SELECT count(*) AS total FROM found)"
            f" LEFT JOIN (SELECT n, key FROM found {order} LIMIT ? OFFSET ?) ON true {order}",
            params,
        )
        return [cast("int", number) for _, number in rows if number is not None], cast("int", rows[0][0])

    def _relation(self) -> tuple[str, list[str]]:
        """SQL for the columns that decide, and the parameters for its question marks."""
        query = self.query
        deciding = [rule.column for rule in query.filters] + ([query.sort] if query.sort is not None else [])
        if not self._search:
            return f"({self.source.select(dict.fromkeys(deciding))})", [self.source.path]
        table = f"({self.source.select(dict.fromkeys([*self.shown, *deciding]))})"
        if self.written is None or not self.rewritten:
            return table, [self.source.path]
        beside = self.written.select(self.rewritten, is_numbered=False)  # the same rows in the same order
        return f"{table} POSITIONAL JOIN ({beside})", [self.source.path, self.written.path]

    def _conditions(self) -> list[Condition]:
        found, problems = [], list[Problem]()
        for rule in self.query.filters:
            try:
                found.append(filter_condition(self.source.alias(rule.column), self.source.columns[rule.column], rule))
            except Refusal as refusal:
                problems.extend(refusal.problems)
        if problems:
            raise Refusal(problems)
        if self._search:
            found.append(Condition.any_of([part for part in self._search_parts() if part]))
        return found

    def _search_parts(self) -> Iterator[Condition | None]:
        for name in self.shown:
            yield search_condition(self.source.alias(name), self.source.columns[name], self._search)
        for name in self.rewritten:
            assert self.written is not None, "it names them"
            yield search_condition(self.written.alias(name), "VARCHAR", self._search)

    @property
    def _search(self) -> str:
        return clean_search(self.query.search)


@contextmanager
def _noticing_absence(table: Path) -> Iterator[None]:
    try:
        yield
    except duckdb.IOException:
        if table.exists():
            raise
        raise table_gone() from None

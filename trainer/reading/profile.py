"""A Parquet table enters, what its columns hold leaves: kinds with reasons, counts, examples, and what to predict."""

# ruff: noqa: S608 what a file says becomes SQL only through quote_name and quote_text

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import duckdb

from trainer.contract.spec import suggest_settings
from trainer.contract.target import MOST_CLASSES
from trainer.reading.duckdb_session import quote_name, quote_path
from trainer.reading.schema import Column, ColumnStatistics, describe_column, suggest_target

COLUMNS_PER_QUERY = 4  # the time DuckDB takes per column grows with the number of columns in a query
EXAMPLES = 5
EXAMPLE_CHARACTERS = 120


def profile_table(connection: duckdb.DuckDBPyConnection, path: Path, target: str | None = None) -> dict[str, Any]:
    """The part of profile.json that the table itself gives: `columns` and `suggested`.

    `target` names the column to predict where it is known, as it is for the sample tables.
    """
    connection.execute(f"CREATE OR REPLACE TEMP TABLE profiled AS SELECT * FROM read_parquet({quote_path(path)})")
    described = connection.execute("DESCRIBE profiled").fetchall()
    types = {str(name): str(sql_type) for name, sql_type, *_ in described}
    statistics = _read_statistics(connection, types)
    columns = [describe_column(entry) for entry in statistics]
    suggestion = suggest_target(columns, target)
    rows = statistics[0].rows
    return {
        "columns": [_as_dict(column, connection) for column in columns],
        "suggested": {
            "target": suggestion.target,
            "task": suggestion.task,
            "reason": suggestion.reason.as_dict(),
            "settings": suggest_settings(rows),
        },
    }


def _read_statistics(connection: duckdb.DuckDBPyConnection, types: dict[str, str]) -> list[ColumnStatistics]:
    names, statistics = list(types), []
    for start in range(0, len(names), COLUMNS_PER_QUERY):
        chunk = names[start : start + COLUMNS_PER_QUERY]
        selected = ", ".join(_aggregates(name, types[name]) for name in chunk)
        row = connection.execute(f"SELECT count(*), {selected} FROM profiled").fetchone()
        assert row is not None, "an aggregate always gives a row"
        rows, values = row[0], row[1:]
        width = len(values) // len(chunk)
        for position, name in enumerate(chunk):
            present, *rest = values[position * width : (position + 1) * width]
            statistics.append(_statistics(name, types[name], rows, present, rest))
    return statistics


def _statistics(name: str, sql_type: str, rows: int, present: int, rest: list[Any]) -> ColumnStatistics:
    distinct, low, high, mean, are_whole, mean_words = rest
    return ColumnStatistics(
        name=name,
        sql_type=sql_type,
        rows=rows,
        missing=rows - present,
        distinct=distinct,
        low=_json_value(low),
        high=_json_value(high),
        mean=_json_value(mean),
        are_whole=bool(are_whole),
        mean_words=mean_words or 0.0,
    )


def _aggregates(name: str, sql_type: str) -> str:
    column = quote_name(name)
    common = f"count({column}), count(DISTINCT {column})"
    if sql_type in {"BIGINT", "DOUBLE"}:
        # An overflowing sum of huge numbers is no reason to fail: such a mean is simply not known.
        mean = f"avg({column}::DOUBLE / 1e3)"
        return f"{common}, min({column}), max({column}), {mean} * 1e3, bool_and({column} = floor({column})), NULL"
    if sql_type in {"DATE", "TIMESTAMP"}:
        return f"{common}, min({column}), max({column}), NULL, NULL, NULL"
    if sql_type == "BOOLEAN":
        return f"{common}, NULL, NULL, avg({column}::INT), NULL, NULL"
    words = rf"len(regexp_split_to_array({column}, '\s+'))"
    return f"{common}, NULL, NULL, NULL, NULL, avg({words})"


def _json_value(value: object) -> float | int | str | None:
    if isinstance(value, datetime.date):  # a datetime is a date too
        return value.isoformat()
    if isinstance(value, float) and not abs(value) < float("inf"):
        return None
    return value if isinstance(value, float | int) else None


def _as_dict(column: Column, connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    statistics = column.statistics
    return {
        "name": statistics.name,
        "kind": column.kind,
        "reason": column.reason.as_dict(),
        "missing": statistics.missing,
        "distinct": statistics.distinct,
        "examples": _examples(connection, statistics.name),
        "smallest_class": _smallest_class(connection, statistics),
        "min": statistics.low,
        "max": statistics.high,
        "mean": statistics.mean,
        "task": column.task,
        "task_reason": column.task_reason.as_dict(),
    }


def _smallest_class(connection: duckdb.DuckDBPyConnection, statistics: ColumnStatistics) -> dict[str, Any] | None:
    """The rarest value, its rows, and how many other values are as rare; None for more values than classes may be."""
    if not 1 < statistics.distinct <= MOST_CLASSES:
        return None
    column = quote_name(statistics.name)
    found = connection.execute(
        f"WITH counted AS (SELECT {column} AS value, count(*) AS rows FROM profiled WHERE {column} IS NOT NULL GROUP BY {column})"
        f" SELECT left(min(value)::VARCHAR, {EXAMPLE_CHARACTERS}), rows, count(*) - 1 FROM counted"
        " GROUP BY rows ORDER BY rows LIMIT 1"
    ).fetchone()
    assert found is not None, "a column with values has a rarest one"
    return {"value": found[0], "rows": found[1], "others": found[2]}


def _examples(connection: duckdb.DuckDBPyConnection, name: str) -> list[str]:
    """The values most often seen, the earliest in order first among equals."""
    column = quote_name(name)
    found = connection.execute(
        f"SELECT left({column}::VARCHAR, {EXAMPLE_CHARACTERS}) FROM profiled WHERE {column} IS NOT NULL"
        f" GROUP BY {column} ORDER BY count(*) DESC, {column} LIMIT {EXAMPLES}"
    ).fetchall()
    return [str(value) for (value,) in found]

"""Columns of text enter, the narrowest type that holds every value leaves: a whole column decides, never a sample.

Types: BOOLEAN, BIGINT, DOUBLE, DATE, TIMESTAMP, VARCHAR. A column with one value that does not fit is text.
"""

# ruff: noqa: S608 what a file says becomes SQL only through quote_name and quote_text

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from trainer.reading.duckdb_session import quote_name
from trainer.reading.text_table import clean_cell

COLUMNS_PER_PART = 50  # the time DuckDB takes per column grows with the number of columns in a query
_INTEGER = "[+-]?[0-9]+"
_NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
_INFINITY = "[+-]?(?i:inf|infinity)"
_CODE = "[+-]?0[0-9]+"  # 007 and 02134 are codes; as numbers they would lose their zeros
_DAY = "[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}"
_MOMENT = _DAY + r"[ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?Z?"


def type_columns(connection: duckdb.DuckDBPyConnection, names: Sequence[str]) -> str:
    """Type the columns c0, c1, ... of the table `cells` and name them; returns SQL that selects the typed table.

    The rows keep their order; `cells` is used up.
    """
    parts = []
    for start in range(0, len(names), COLUMNS_PER_PART):
        wanted = range(start, min(start + COLUMNS_PER_PART, len(names)))
        cleaned = ", ".join(f"{clean_cell(f'c{index}')} AS c{index}" for index in wanted)
        connection.execute(f"CREATE OR REPLACE TABLE cleaned AS SELECT {cleaned} FROM cells")
        types = _find_types(connection, wanted)
        typed = ", ".join(
            f"{_typed_cell(f'c{index}', sql_type)} AS {quote_name(names[index])}"
            for index, sql_type in zip(wanted, types, strict=True)
        )
        parts.append(f"part_{start}")
        connection.execute(f"CREATE TABLE {parts[-1]} AS SELECT {typed} FROM cleaned")
    connection.execute("DROP TABLE cleaned")
    connection.execute("DROP TABLE cells")
    return f"SELECT * FROM {' POSITIONAL JOIN '.join(parts)}"


def _find_types(connection: duckdb.DuckDBPyConnection, columns: range) -> list[str]:
    counts = ", ".join(_counts(f"c{index}") for index in columns)
    row = connection.execute(f"SELECT {counts} FROM cleaned").fetchone()
    assert row is not None, "an aggregate always gives a row"
    width = len(row) // len(columns)
    return [_decide(*row[at : at + width]) for at in range(0, len(row), width)]


def _typed_cell(cell: str, sql_type: str) -> str:
    """SQL for a cleaned cell as `sql_type`; infinite numbers become NULL."""
    if sql_type == "DOUBLE":
        return f"nullif(nullif(TRY_CAST({cell} AS DOUBLE), 'inf'::DOUBLE), '-inf'::DOUBLE)"
    return cell if sql_type == "VARCHAR" else f"TRY_CAST({cell} AS {sql_type})"


def _counts(column: str) -> str:
    tests = (
        f"regexp_full_match({column}, '(?i:true|false)')",
        f"regexp_full_match({column}, '{_INTEGER}') AND TRY_CAST({column} AS BIGINT) IS NOT NULL",
        f"regexp_full_match({column}, '{_NUMBER}') OR regexp_full_match({column}, '{_INFINITY}')",
        f"regexp_full_match({column}, '{_CODE}')",
        f"regexp_full_match({column}, '{_DAY}') AND TRY_CAST({column} AS DATE) IS NOT NULL",
        f"regexp_full_match({column}, '{_DAY}|{_MOMENT}') AND TRY_CAST({column} AS TIMESTAMP) IS NOT NULL",
    )
    return ", ".join([f"count({column})", *(f"count(*) FILTER ({test})" for test in tests)])


def _decide(present: int, booleans: int, integers: int, numbers: int, codes: int, days: int, moments: int) -> str:
    if present == 0:
        return "VARCHAR"
    exact = {"BOOLEAN": booleans, "BIGINT": integers, "DOUBLE": numbers, "DATE": days, "TIMESTAMP": moments}
    for sql_type, count in exact.items():
        if count == present and not (codes and sql_type in {"BIGINT", "DOUBLE"}):
            return sql_type
    return "VARCHAR"

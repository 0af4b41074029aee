"""Tables made by a query, as they lie in Parquet after reading, and their profiles."""

# ruff: noqa: S608 the queries are the tests' own

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from trainer.contract import Message
from trainer.reading.duckdb_session import open_duckdb, quote_name, quote_text
from trainer.reading.profile import FormatFacts, profile_table
from trainer.reading.profiled_table import ProfiledTable


def write_table(folder: Path, query: str) -> Path:
    """As reading writes it: whole numbers as BIGINT, all others as DOUBLE."""
    path = folder / "table.parquet"
    with duckdb.connect() as connection:
        described = connection.execute(f"DESCRIBE {query}").fetchall()
        casts = ", ".join(
            f"{quote_name(name)}::{_stored_type(sql_type)} AS {quote_name(name)}" for name, sql_type, *_ in described
        )
        connection.execute(f"COPY (SELECT {casts} FROM ({query})) TO {quote_text(str(path))} (FORMAT parquet)")
    return path


def _stored_type(sql_type: str) -> str:
    if sql_type.endswith(("INTEGER", "BIGINT", "HUGEINT")):
        return "BIGINT"
    return "DOUBLE" if sql_type.startswith("DECIMAL") else sql_type


@contextmanager
def open_table(folder: Path, query: str, memory_mb: int = 512) -> Iterator[ProfiledTable]:
    path = write_table(folder, query)
    with open_duckdb([path], folder, memory_mb, threads=2) as connection:
        yield ProfiledTable(connection, path)


def profile_query(
    folder: Path, query: str, target: str | None = None, facts: Mapping[str, FormatFacts] | None = None, memory_mb: int = 512
) -> dict[str, Any]:
    path = write_table(folder, query)
    with open_duckdb([path], folder, memory_mb, threads=2) as connection:
        return profile_table(connection, path, target, facts)


def by_name(profile: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {column["name"]: column for column in profile["columns"]}


def warnings_of(profile: Mapping[str, Any]) -> dict[tuple[str, str | None], str]:
    """The English sentences by code and column."""
    return {
        (warning["code"], warning["column"]): Message.from_dict(warning["message"]).english() for warning in profile["warnings"]
    }

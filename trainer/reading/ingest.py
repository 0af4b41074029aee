"""A raw upload enters, table.parquet and profile.json leave.

Refused, each with what to do instead: what `read_text_table` refuses, and a table of one column.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from trainer.contract.messages import Message, Problem, Refusal
from trainer.contract.orders import IngestOrder
from trainer.contract.run_folder import write_json_atomically
from trainer.reading.column_types import type_columns
from trainer.reading.duckdb_session import open_duckdb, quote_text
from trainer.reading.profile import profile_table
from trainer.reading.text_table import TextTable, read_text_table

TABLE_FILE = "table.parquet"
PROFILE_FILE = "profile.json"


def ingest(order: IngestOrder) -> dict[str, Any]:
    """Read the original into `order.output` and return the profile.

    Raises:
        Refusal: the file cannot be used; nothing is left in `order.output`.
    """
    original, output = Path(order.original).absolute(), Path(order.output).absolute()
    output.mkdir(parents=True, exist_ok=True)
    try:
        return _ingest(original, output, order)
    except duckdb.OutOfMemoryException as error:
        message = Message(
            "The table does not fit into {memory} MB of memory. Split it into smaller files.", {"memory": order.memory_mb}
        )
        raise Refusal(Problem("too_large_for_memory", message)) from error


def _ingest(original: Path, output: Path, order: IngestOrder) -> dict[str, Any]:
    with open_duckdb([original], output, order.memory_mb, order.threads) as connection:
        table = read_text_table(connection, original, order.format, output)
        _refuse_one_column(table)
        _write_parquet(connection, type_columns(connection, table.names), output / TABLE_FILE)
        profile = {
            "rows": table.rows,
            "bytes": original.stat().st_size,
            "dialect": table.dialect,
            "notes": [note.as_dict() for note in table.notes],
            "rejected": table.rejected_as_dict(),
            **profile_table(connection, output / TABLE_FILE),
        }
    write_json_atomically(output / PROFILE_FILE, profile)
    return profile


def _refuse_one_column(table: TextTable) -> None:
    if len(table.names) > 1:
        return
    message = Message(
        "The table has one column, “{column}”, so nothing to predict it from."
        " Add columns, or separate the columns with commas, semicolons or tabs.",
        {"column": table.names[0]},
    )
    raise Refusal(Problem("one_column", message))


def _write_parquet(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    """Write the rows of `query`; renamed into place, so that a table is there whole or not at all."""
    temporary = path.with_name(f".{path.name}.tmp")
    connection.execute(f"COPY ({query}) TO {quote_text(str(temporary))} (FORMAT parquet)")
    temporary.replace(path)

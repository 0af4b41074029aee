"""The beginning of an upload, read as chosen, enters; preview.json leaves: what was guessed, the columns, the first rows."""

# ruff: noqa: S608 what a file says becomes SQL only through quote_name and quote_text

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from trainer.contract.orders import IngestOrder
from trainer.contract.run_folder import write_json_atomically
from trainer.reading.cells import Cells, no_rows, open_cells
from trainer.reading.duckdb_session import open_duckdb, quote_path
from trainer.reading.ingest import WORKING_FILES, format_facts, source_of
from trainer.reading.profile import profile_stages
from trainer.reading.typed_table import TypedTable

PREVIEW_FILE = "preview.json"
SHOWN_ROWS = 20
SHOWN_COLUMNS = 200
SHOWN_CHARACTERS = 200


def preview(order: IngestOrder) -> dict[str, Any]:
    """Write preview.json into `order.output`, and return it.

    Raises:
        Refusal: the file cannot be read so.
    """
    original, output = Path(order.original).absolute(), Path(order.output).absolute()
    output.mkdir(parents=True, exist_ok=True)
    try:
        with open_duckdb([original], output, order.memory_mb, order.threads) as connection:
            shown = _preview(connection, original, output, order)
    finally:
        for name in (*WORKING_FILES, ".preview.parquet"):
            (output / name).unlink(missing_ok=True)
    write_json_atomically(output / PREVIEW_FILE, shown)
    return shown


def _preview(connection: duckdb.DuckDBPyConnection, original: Path, output: Path, order: IngestOrder) -> dict[str, Any]:
    cells = open_cells(connection, source_of(order, original), output)
    table = TypedTable(connection, cells, order.choices, output)
    with cells.refusing_damage():
        rows = table.write_sample(output / ".preview.parquet")
    if not rows:
        raise no_rows()
    table.tell_strays(output / ".preview.parquet")
    facts = format_facts(cells, table.formats, order)
    _, piece = next(iter(profile_stages(connection, output / ".preview.parquet", facts=facts)))
    return {
        "dialect": cells.dialect,
        "notes": [note.as_dict() for note in cells.notes],
        "columns": piece["columns"],
        "rows": _first_rows(connection, output / ".preview.parquet"),
        "written": _first_written(connection, cells),
        "rows_seen": rows,
    }


def _first_rows(connection: duckdb.DuckDBPyConnection, path: Path) -> list[list[str | None]]:
    """Values as text; None where one is missing."""
    relation = connection.execute(f"SELECT COLUMNS(*)::VARCHAR FROM read_parquet({quote_path(path)}) LIMIT {SHOWN_ROWS}")
    return [[_shown(value) for value in row[:SHOWN_COLUMNS]] for row in relation.fetchall()]


def _first_written(connection: duckdb.DuckDBPyConnection, cells: Cells) -> list[list[str | None]]:
    """The same cells as they stand in the file."""
    columns = ", ".join(f"{column}::VARCHAR" for column in cells.columns[:SHOWN_COLUMNS])
    found = connection.execute(f"SELECT {columns} FROM sampled LIMIT {SHOWN_ROWS}").fetchall()
    return [[_shown(value) for value in row] for row in found]


def _shown(value: str | None) -> str | None:
    return None if value is None else value[:SHOWN_CHARACTERS]

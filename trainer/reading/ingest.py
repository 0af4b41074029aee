"""A raw upload enters; table.parquet, written.parquet (cells as they were written, where that differs) and profile.json leave.

Refused, each with what to do instead: what `open_cells` refuses, most rows unreadable, and a table of one column.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb

from trainer.contract.messages import Message, Problem, Refusal
from trainer.contract.orders import IngestOrder
from trainer.contract.run_folder import write_json_atomically
from trainer.reading.cells import Cells, Source, no_rows, open_cells
from trainer.reading.column_formats import ColumnFormat
from trainer.reading.duckdb_session import open_duckdb
from trainer.reading.original_hash import begin_hashing
from trainer.reading.profile import FormatFacts, profile_stages
from trainer.reading.rejected_rows import RejectedRow
from trainer.reading.typed_table import TypedTable

TABLE_FILE = "table.parquet"
WRITTEN_FILE = "written.parquet"
PROFILE_FILE = "profile.json"
TABLE_STAGE = "table"
WORKING_FILES = (".decoded", ".aligned", ".unpacked", ".flat.csv", ".mended", ".unbroken", ".sample")
Tell = Callable[[str], None]


def ingest(order: IngestOrder, tell: Tell = lambda _stage: None) -> dict[str, Any]:
    """Read the original into `order.output` and return the profile; `tell` hears of each stage as it is done.

    Raises:
        Refusal: the file cannot be used; no table is left in `order.output`.
    """
    original, output = Path(order.original).absolute(), Path(order.output).absolute()
    output.mkdir(parents=True, exist_ok=True)
    try:
        with open_duckdb([original], output, order.memory_mb, order.threads) as connection:
            return _ingest(connection, original, output, order, tell)
    except duckdb.OutOfMemoryException as error:
        message = Message(
            "The table does not fit into {memory} MB of memory. Split it into smaller files.", {"memory": order.memory_mb}
        )
        raise Refusal(Problem("too_large_for_memory", message)) from error
    finally:
        for name in WORKING_FILES:
            (output / name).unlink(missing_ok=True)


def _ingest(
    connection: duckdb.DuckDBPyConnection, original: Path, output: Path, order: IngestOrder, tell: Tell
) -> dict[str, Any]:
    hashing = None if order.sha256 else begin_hashing(original)
    cells = open_cells(connection, source_of(order, original), output)
    refuse_one_column(cells)
    table = TypedTable(connection, cells, order.choices, output)
    try:
        with cells.refusing_damage():
            rows = table.write(output / TABLE_FILE)
        if cells.settle_quotes(connection, output, may_be_letters=order.choices.quote is None):
            rows = table.write(output / TABLE_FILE)
        table.leave_out_end()
        refuse_one_column(cells)
        count, rejected = cells.find_rejected(connection)
        refuse_few_rows(rows, count, rejected)
        table.write_written(output / WRITTEN_FILE)
        table.tell_strays(output / TABLE_FILE)
    except BaseException:
        for name in (TABLE_FILE, WRITTEN_FILE):
            (output / name).unlink(missing_ok=True)
        raise
    profile: dict[str, Any] = {
        "stages": [TABLE_STAGE],
        "rows": rows,
        "width": len(cells.names),
        "bytes": original.stat().st_size,
        "sha256": hashing.result() if hashing else order.sha256,
        "dialect": cells.dialect,
        "notes": [note.as_dict() for note in cells.notes],
        "rejected": {"count": count, "rows": [row.as_dict() for row in rejected]},
    }
    write_json_atomically(output / PROFILE_FILE, profile)
    tell(TABLE_STAGE)
    facts = format_facts(cells, table.formats, order)
    for stage, piece in profile_stages(connection, output / TABLE_FILE, facts=facts):
        profile = {**profile, **piece, "stages": [*profile["stages"], stage]}
        write_json_atomically(output / PROFILE_FILE, profile)
        tell(stage)
    return profile


def source_of(order: IngestOrder, original: Path) -> Source:
    return Source(original, order.format, order.packing, order.choices, order.most_mb * 1_000_000)


def format_facts(cells: Cells, formats: Sequence[ColumnFormat], order: IngestOrder) -> dict[str, FormatFacts]:
    """What reading found out about each column, for its profile."""
    return {
        name: FormatFacts(order.choices.kinds.get(name), _join(column.notes), column.unit, column.strays)
        for name, column in zip(cells.names, formats, strict=True)
    }


def _join(notes: Sequence[Message]) -> Message | None:
    """Several sentences as one."""
    joined: Message | None = None
    for note in notes:
        joined = Message("{first} {second}", {"first": joined, "second": note}) if joined else note
    return joined


def refuse_one_column(cells: Cells) -> None:
    if len(cells.names) > 1:
        return
    message = Message(
        "The table has one column, “{column}”, so nothing to predict it from."
        " Add columns, or separate the columns with commas, semicolons or tabs.",
        {"column": cells.names[0]},
    )
    raise Refusal(Problem("one_column", message))


def refuse_few_rows(rows: int, rejected_count: int, rejected: Sequence[RejectedRow]) -> None:
    """A file of which little can be read is refused as a whole."""
    if rejected_count > rows:
        text = (
            "Most rows cannot be read ({count} of them; the first in line {line}: {reason}) Correct the file and upload it again."
        )
        first = rejected[0]
        message = Message(text, {"count": rejected_count, "line": first.line, "reason": first.reason})
        raise Refusal(Problem("unreadable_rows", message))
    if not rows:
        raise no_rows()

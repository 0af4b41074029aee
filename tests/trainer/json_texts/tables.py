"""The table that a JSON text is read as."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from trainer.contract import Refusal
from trainer.reading.json_rows import JsonTable, write_rows_as_csv

MAX_ROW_BYTES = 16 << 20
Rows = list[list[str]]
Read = Callable[..., tuple[JsonTable, Rows]]


def read_text(folder: Path, content: str | bytes, file_format: str, records: str | None = None) -> tuple[JsonTable, Rows]:
    original, output = folder / f"original.{file_format}", folder / "flat.csv"
    original.write_bytes(content if isinstance(content, bytes) else content.encode())
    table = write_rows_as_csv(original, file_format, output, records)
    csv.field_size_limit(2 * MAX_ROW_BYTES)
    with output.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == [str(position) for position in range(len(table.names))] or header == [""]
    return table, rows


def refuse(read: Read, content: str | bytes, file_format: str = "json", records: str | None = None) -> tuple[str, str]:
    """The code and the sentence of a refusal."""
    with pytest.raises(Refusal) as caught:
        read(content, file_format, records)
    (problem,) = caught.value.problems
    return problem.code, problem.message.english()

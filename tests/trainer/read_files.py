"""Files of any format, read as an upload is; what came of them, in plain values."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import openpyxl

from trainer.contract import IngestOrder, Message, ReadingChoices
from trainer.contract.reading import ENDINGS
from trainer.reading.ingest import ingest

Row = Sequence[object]


@dataclass(frozen=True, slots=True)
class ReadFile:
    """The table, and what the profile tells of it in English."""

    types: dict[str, str]
    rows: list[tuple[Any, ...]]
    rejected: list[tuple[int, str, str]]  # line, text, reason
    rejected_count: int
    notes: list[str]
    column_notes: dict[str, str]
    kinds: dict[str, str]
    reasons: dict[str, str]
    profile: dict[str, Any]

    @property
    def names(self) -> list[str]:
        return list(self.types)

    def column(self, name: str) -> list[Any]:
        position = self.names.index(name)
        return [row[position] for row in self.rows]


def read_file(folder: Path, content: str | bytes, ending: str = "csv", **choices: object) -> ReadFile:
    """Read a file of this content, whose name ends in `ending`, such as csv or csv.gz.

    Raises:
        Refusal: as for an upload.
    """
    original, output = folder / f"original.{ending}", folder / "read"
    original.write_bytes(content.encode() if isinstance(content, str) else content)
    inner, _, packing = ending.partition(".")
    order = IngestOrder(str(original), ENDINGS[inner], str(output), packing=packing, choices=ReadingChoices.parse(choices))
    profile = ingest(order)
    table = duckdb.read_parquet(str(output / "table.parquet"))
    columns = profile["columns"]
    return ReadFile(
        types=dict(zip(table.columns, map(str, table.types), strict=True)),
        rows=table.fetchall(),
        rejected=[(row["line"], row["text"], _english(row["reason"])) for row in profile["rejected"]["rows"]],
        rejected_count=profile["rejected"]["count"],
        notes=[_english(note) for note in profile["notes"]],
        column_notes={column["name"]: _english(column["note"]) if column["note"] else "" for column in columns},
        reasons={column["name"]: _english(column["reason"]) for column in columns},
        kinds={column["name"]: column["kind"] for column in columns},
        profile=profile,
    )


def write_book(sheets: Mapping[str, Sequence[Row]]) -> bytes:
    """An .xlsx file of these sheets."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _english(message: Mapping[str, Any]) -> str:
    return Message.from_dict(message).english()

"""Whatever a table was written with, the same table comes back, without a word from the person."""

from __future__ import annotations

import datetime
import os
from pathlib import Path
from typing import Any

import duckdb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.trainer.written_tables import (
    ALL_WORDS,
    WORDS_BY_ENCODING,
    Style,
    Table,
    Value,
    pack,
    styles,
    tables,
    write_csv,
    write_json,
    write_parquet,
    write_workbook,
)
from trainer.contract import IngestOrder
from trainer.reading.ingest import ingest

EXAMPLES = int(os.environ.get("ROUND_TRIP_EXAMPLES", "60"))
QUIETLY = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def written_tables(draw: st.DrawFn) -> tuple[Table, Style]:
    """A table that its style can write, and a style that leaves no doubt."""
    style = draw(styles())
    return draw(tables(WORDS_BY_ENCODING.get(style.encoding, ALL_WORDS))), style


def read(
    folder: Path, content: bytes, file_format: str, packing: str = ""
) -> tuple[list[str], list[list[Value]], dict[str, Any]]:
    original = folder / "original"
    original.write_bytes(content)
    profile = ingest(IngestOrder(str(original), file_format, str(folder / "out"), packing))
    with duckdb.connect() as connection:
        relation = connection.read_parquet(str(folder / "out" / "table.parquet"))
        return relation.columns, [[_plain(value) for value in row] for row in relation.fetchall()], profile


def _plain(value: Any) -> Value:
    return value.date() if isinstance(value, datetime.datetime) else value


def expected(table: Table, line_end: str = "\n") -> list[list[Value]]:
    """Texts lose the space around them; lines in them end as those of the file."""
    return [[value.strip().replace("\n", line_end) if isinstance(value, str) else value for value in row] for row in table.rows]


@QUIETLY
@given(written=written_tables(), packing=st.sampled_from(["", "", "gz", "zip"]))
def test_a_table_comes_back_from_csv_in_every_dialect_and_encoding(
    tmp_path: Path, written: tuple[Table, Style], packing: str
) -> None:
    table, style = written
    content = pack(write_csv(table, style), packing, "table.csv")
    names, rows, profile = read(tmp_path, content, "csv", packing)
    assert rows == expected(table, style.line_end), profile["dialect"]
    assert names == (table.names if style.has_header else [f"column_{place}" for place in range(1, len(table.names) + 1)])
    assert profile["rejected"]["count"] == 0


@QUIETLY
@given(table=tables(), is_lines=st.booleans())
def test_a_table_comes_back_from_json(tmp_path: Path, table: Table, is_lines: bool) -> None:
    names, rows, profile = read(tmp_path, write_json(table, is_lines=is_lines), "jsonl" if is_lines else "json")
    assert (names, rows) == (table.names, expected(table))
    assert profile["rejected"]["count"] == 0


@QUIETLY
@given(table=tables(), packing=st.sampled_from(["", "gz"]))
def test_a_table_comes_back_from_a_workbook(tmp_path: Path, table: Table, packing: str) -> None:
    content = pack(write_workbook(table), packing, "table.xlsx")
    names, rows, profile = read(tmp_path, content, "xlsx", packing)
    assert (names, rows) == (table.names, expected(table))
    assert profile["rejected"]["count"] == 0


@QUIETLY
@given(table=tables(), packing=st.sampled_from(["", "zip"]))
def test_a_table_comes_back_from_parquet(tmp_path: Path, table: Table, packing: str) -> None:
    content = pack(write_parquet(table, tmp_path / "written.parquet"), packing, "table.parquet")
    names, rows, profile = read(tmp_path, content, "parquet", packing)
    assert (names, rows) == (table.names, expected(table))
    assert profile["rejected"]["count"] == 0

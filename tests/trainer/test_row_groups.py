"""In which pieces a table is written: small enough to look into, however long its cells are, and always in order."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import pytest

from tests.trainer.conftest import Ingest
from trainer.reading.typed_table import ROW_GROUP_BYTES, ROW_GROUP_ROWS


def pieces(table: Path) -> list[tuple[int, int]]:
    """(rows, bytes) of each."""
    with duckdb.connect() as connection:
        found = connection.execute(
            "SELECT any_value(row_group_num_rows), sum(total_uncompressed_size) FROM parquet_metadata(?)"
            " GROUP BY row_group_id ORDER BY row_group_id",
            [str(table)],
        ).fetchall()
    return [(int(rows), int(size)) for rows, size in found]


def write_rows(path: Path, count: int, length: int) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "text"])
        rows.writerows((number, f"{number} " + "long " * (length // 5)) for number in range(count))
    return path


@pytest.mark.parametrize(("count", "length"), [(200, 500_000), (20_000, 5_000)])
def test_long_cells_make_the_pieces_shorter_and_leave_the_rows_in_order(
    tmp_path: Path, ingest_text: Ingest, count: int, length: int
) -> None:
    ingest_text(write_rows(tmp_path / "long.csv", count, length).read_bytes(), "csv")
    table = tmp_path / "data" / "table.parquet"
    assert max(size for _rows, size in pieces(table)) < 2 * ROW_GROUP_BYTES
    with duckdb.connect() as connection:
        ids = connection.execute("SELECT id, text FROM read_parquet(?)", [str(table)]).fetchall()
    assert [number for number, _text in ids] == list(range(count))
    assert all(text.startswith(f"{number} ") for number, text in ids)


def test_ordinary_cells_do_not(tmp_path: Path, ingest_text: Ingest) -> None:
    names = ",".join(f"c{number}" for number in range(300))
    ingest_text("\n".join([names, *(",".join([f"{row}.5"] * 300) for row in range(21_000))]), "csv")
    assert [rows for rows, _size in pieces(tmp_path / "data" / "table.parquet")] == [ROW_GROUP_ROWS, 21_000 - ROW_GROUP_ROWS]

"""Files whose programs write ="00123", so that Excel leaves the zeros: read is what the quotes hold."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.trainer.read_files import ReadFile, read_file

NOTE = 'Values written for Excel, such as ="00123", were read as what their quotes hold.'
CODES = [f"{number:05}" for number in range(17, 57)]


def _written(folder: Path) -> list[tuple[str, ...]]:
    return duckdb.read_parquet(str(folder / "read" / "written.parquet")).fetchall()


@pytest.mark.parametrize("form", ['="{}"', '"=""{}"""'])
@pytest.mark.parametrize("names", ["code,city", "کد,شهر"])
def test_zeros_stay_and_what_was_written_stays_visible(tmp_path: Path, form: str, names: str) -> None:
    found = read_file(tmp_path, f"{names}\n" + "".join(f"{form.format(code)},Yazd\n" for code in CODES))
    code, city = found.names
    assert (found.column(code), found.kinds[code]) == (CODES, "identifier")
    assert found.column_notes[code].endswith(NOTE)
    assert found.column_notes[city] == ""
    assert _written(tmp_path) == [(f'="{code}"',) for code in CODES]


def _read_all_wrapped(folder: Path, delimiter: str) -> ReadFile:
    rows = [("code", "share"), *((code, f"{index},5") for index, code in enumerate(CODES))]
    return read_file(folder, "".join(delimiter.join(f'="{cell}"' for cell in row) + "\n" for row in rows))


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_a_file_may_be_written_so_throughout(tmp_path: Path, delimiter: str) -> None:
    found = _read_all_wrapped(tmp_path, delimiter)
    assert found.rows == [(code, index + 0.5) for index, code in enumerate(CODES)]
    assert found.names == ["code", "share"]


def test_a_row_without_names_written_so_is_a_row_of_values(tmp_path: Path) -> None:
    found = read_file(tmp_path, "".join(f'="{index}",="{index * 3}"\n' for index in range(40)))
    assert (found.names, found.rows[0]) == (["column_1", "column_2"], (0, 0))


def test_one_late_cell_written_so_counts_wherever_it_stands(tmp_path: Path) -> None:
    lines = [f"{index},name {index}\n" for index in range(60_000)]
    lines[50_000] = '50000,="name 50000"\n'
    late = read_file(tmp_path, "a,b\n" + "".join(lines))
    early = read_file(tmp_path, "a,b\n" + "".join(reversed(lines)))
    assert late.rows == early.rows[::-1]
    assert late.column_notes == early.column_notes == {"a": "", "b": NOTE}
    assert late.column("b")[50_000] == "name 50000"


@pytest.mark.parametrize("cell", ['="a"&"b"', "=A1+5", '="open'])
def test_what_has_to_be_worked_out_stays_as_it_is(tmp_path: Path, cell: str) -> None:
    found = read_file(tmp_path, "a\tb\n" + f"{cell}\t1\n" * 5)
    assert (found.column("a"), found.column_notes["a"]) == ([cell] * 5, "")

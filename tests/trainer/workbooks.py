"""Workbooks of the tests' own making, and their sheets written as CSV."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from trainer.contract import Refusal
from trainer.reading.workbook import Sheet, write_sheet_as_csv

Rows = Sequence[Sequence[Any]]
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SHEET_MEMBER = "xl/worksheets/sheet1.xml"


def save(path: Path, sheets: Mapping[str, Rows], hidden: Sequence[str] = ()) -> Path:
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        sheet.sheet_state = "hidden" if name in hidden else "visible"
        for row in rows:
            sheet.append(row)
    workbook.save(path)
    return path


def save_xml(path: Path, cells: str, more: Mapping[str, bytes] = {}) -> Path:
    """A workbook of one sheet whose cells are written by hand; `more` adds members to the archive, or replaces them."""
    save(path, {"S": [["x"]]})
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members[SHEET_MEMBER] = f'<worksheet xmlns="{MAIN}"><sheetData>{cells}</sheetData></worksheet>'.encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (members | dict(more)).items():
            archive.writestr(name, content)
    return path


def write(path: Path, sheet: str | None = None, most_bytes: int = 10_000_000) -> tuple[Sheet, list[list[str]]]:
    output = path.with_suffix(".csv")
    written = write_sheet_as_csv(path, output, sheet, most_bytes)
    with output.open(newline="") as file:
        rows = list(csv.reader(file))
    assert (len(rows), {len(row) for row in rows}) == (written.rows_written, {written.width})
    return written, rows


def refused(path: Path, sheet: str | None = None, most_bytes: int = 10_000_000) -> Refusal:
    """The refusal; no CSV file is left behind."""
    with pytest.raises(Refusal) as caught:
        write(path, sheet, most_bytes)
    assert not path.with_suffix(".csv").exists()
    return caught.value

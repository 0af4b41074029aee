"""An Excel workbook (.xlsx) enters, the cells of one sheet leave as a CSV file in which everything is quoted.

Nothing is decided about a row of names. Refused: what is no workbook, is damaged or protected by a password, holds no
cell, or unpacks to too much. Cells that show an error (#N/A) are empty.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from trainer.contract.messages import Message, Problem, Refusal
from trainer.reading.decimal_marks import find_decimals
from trainer.reading.encoding import empty_file
from trainer.reading.separators import SAMPLED_ROWS
from trainer.reading.sheet_xml import RELATIONSHIPS, WORKBOOK, SheetFacts, describe_missing, find_sheet_files, scan_sheet
from trainer.reading.unpacking import expands_too_far, open_zip, read_member

MOST_BYTES = 1_000_000_000
OLE_MARK = bytes.fromhex("D0CF11E0A1B11AE1")  # the container of old workbooks, and of those with a password
CONTENT_TYPES = "[content_types].xml"  # every .xlsx has it, an OpenDocument file has not
SHEET_FOLDER = "/worksheets/"
CELL_BYTES = 32  # that a cell takes in memory, also one between others where nothing stands
LARGEST_EXACT_INTEGER = 2**53  # beyond it a double does not hold every integer
SHOWN_SHEETS = 20


@dataclass(frozen=True, slots=True)
class Sheet:
    """The sheet that was read, all that can be chosen, and the size of what was written."""

    name: str
    choices: list[str]
    rows_written: int
    width: int
    decimals: list[str]  # the mark of each column's numbers
    first_row: int  # how many rows of the sheet come before those that were written
    notes: list[Message] = field(default_factory=list)  # about values that are missing


@dataclass(frozen=True, slots=True)
class _Extent:
    """The part of a sheet that holds something: rows from `start` to before `end`, and `width` columns."""

    start: int
    end: int
    width: int


def write_sheet_as_csv(
    path: Path, output: Path, sheet: str | None = None, most_bytes: int = MOST_BYTES, decimal: str | None = None
) -> Sheet:
    """Write the chosen sheet, or the first visible one that holds a table, to `output`; its rows are all as wide.

    Numbers get the mark `decimal`, else that of the numbers which are texts in the same column. Empty rows before and
    after, and empty columns beside, are left out. The whole sheet is held in memory: about 70 bytes
    per number and 100 per short text, 700 MB to 1 GB for a million rows of ten columns.

    Raises:
        Refusal: `empty_file`, `broken_workbook`, `no_such_sheet`, `empty_sheet` or `expands_too_far`.
    """
    about = _check_expansion(path, most_bytes)
    with _refuse_broken(), CalamineWorkbook.from_path(path) as workbook:
        sheets = [about for about in workbook.sheets_metadata if about.typ == SheetTypeEnum.WorkSheet]
        choices = [about.name for about in sheets]
        if not workbook.sheets_metadata:
            raise _broken_workbook()  # a text document, say, which is packed alike
        if sheet is not None and sheet not in choices:
            raise _no_such_sheet(sheet, choices)
        visible = [about.name for about in sheets if about.visible == SheetVisibleEnum.Visible]
        name, extent = _choose(workbook, visible if sheet is None else [sheet])
        if not extent.width:
            raise _nothing_in(name, workbook, choices)
        found = workbook.get_sheet_by_name(name)
        decimals = [decimal] * extent.width if decimal else _find_decimals(found, extent)
        notes = describe_missing(about.get(name, SheetFacts()), extent.start + 1)
        _write(found, extent, decimals, output, most_bytes)
        return Sheet(name, choices, extent.end - extent.start, extent.width, decimals, extent.start, notes)


def _choose(workbook: CalamineWorkbook, names: Sequence[str]) -> tuple[str, _Extent]:
    """The first sheet that holds a table, else the first that holds anything: a cover sheet has a column of text alone."""
    chosen = next(iter(names), ""), _Extent(-1, 0, 0)
    for name in names:
        extent = _find_extent(workbook.get_sheet_by_name(name))
        if extent.width > 1 and extent.end - extent.start > 1:
            return name, extent
        if extent.width and not chosen[1].width:
            chosen = name, extent
    return chosen


def _find_extent(sheet: CalamineSheet) -> _Extent:
    start, end, width = -1, 0, 0
    for index, row in enumerate(sheet.iter_rows()):
        filled = _count_filled(row)
        if filled:
            start, end, width = (index if start < 0 else start), index + 1, max(width, filled)
    return _Extent(start, end, width)


def _count_filled(row: list[Any]) -> int:
    """How many cells there are up to the last that holds something."""
    for count in range(len(row), 0, -1):
        cell = row[count - 1]
        if not isinstance(cell, str) or cell.strip():
            return count
    return 0


def _find_decimals(sheet: CalamineSheet, extent: _Extent) -> list[str]:
    """The decimal mark of each column's texts: Excel's own numbers have none."""
    beginning = islice(sheet.iter_rows(), extent.start, min(extent.end, extent.start + SAMPLED_ROWS))
    texts = ([cell if isinstance(cell, str) else "" for cell in row] for row in beginning)
    return find_decimals(texts, extent.width, fallback=".")[1]


def _write(sheet: CalamineSheet, extent: _Extent, decimals: Sequence[str], output: Path, most_bytes: int) -> None:
    """One long text that many cells share is written once for each."""
    try:
        with output.open("wb") as written, io.TextIOWrapper(written, encoding="utf-8", newline="") as file:
            # Everything is quoted: a row with one empty cell would be a blank line, which CSV readers pass over.
            writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
            commas = [position for position, decimal in enumerate(decimals) if decimal == ","]
            for row in islice(sheet.iter_rows(), extent.start, extent.end):
                cells = [_WRITTEN[type(cell)](cell) for cell in row[: extent.width]]
                for position in commas:
                    if type(row[position]) is float:
                        cells[position] = cells[position].replace(".", ",")
                writer.writerow(cells)
                if written.tell() > most_bytes:
                    raise expands_too_far(most_bytes)
    except BaseException:
        output.unlink(missing_ok=True)
        raise


def _write_number(number: float) -> str:
    """Excel knows no integers: 41 is 41.0 there."""
    if number.is_integer() and abs(number) < LARGEST_EXACT_INTEGER:
        return str(int(number))
    return repr(number) if math.isfinite(number) else ""


def _write_moment(moment: datetime) -> str:
    return moment.date().isoformat() if moment.time() == time.min else moment.isoformat(sep=" ")


def _write_duration(duration: timedelta) -> str:
    minutes, seconds = divmod(abs(round(duration.total_seconds())), 60)
    sign = "-" if duration < timedelta() else ""
    return f"{sign}{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"


# How a cell is written, by the type that it was read as.
_WRITTEN: dict[type, Callable[[Any], str]] = {
    str: lambda text: text.replace("\0", ""),  # Excel's own way to write a NUL is _x0000_
    float: _write_number,
    int: str,
    bool: lambda is_true: "true" if is_true else "false",
    date: date.isoformat,
    datetime: _write_moment,
    time: time.isoformat,
    timedelta: _write_duration,
}


def _check_expansion(path: Path, most_bytes: int) -> Mapping[str, SheetFacts]:
    """Unpack everything once, into nothing: neither the archive nor one far cell may make the workbook too large.

    What is seen on the way of each sheet is returned by its name.
    """
    with path.open("rb") as file:
        start = file.read(len(OLE_MARK))
    if not start:
        raise empty_file()
    if start == OLE_MARK:
        raise _protected_workbook()
    try:
        return _measure(path, most_bytes)
    except Refusal as refusal:
        if refusal.problems[0].code == "expands_too_far":
            raise
        raise _broken_workbook() from refusal


def _measure(path: Path, most_bytes: int) -> Mapping[str, SheetFacts]:
    unpacked = 0

    def count(pieces: Iterable[bytes]) -> Iterator[bytes]:
        nonlocal unpacked
        for piece in pieces:
            unpacked += len(piece)
            if unpacked > most_bytes:
                raise expands_too_far(most_bytes)
            yield piece

    facts: dict[str, SheetFacts] = {}
    about = {WORKBOOK: b"", RELATIONSHIPS: b""}
    with open_zip(path) as archive:
        names = {name.casefold() for name in archive.namelist()}
        if CONTENT_TYPES not in names or any(name.endswith("/workbook.bin") for name in names):
            raise _broken_workbook()
        for member in archive.infolist():
            pieces = count(read_member(archive, member))
            name = member.filename.casefold()
            if name in about:
                about[name] = next(pieces, b"")  # a megabyte names thousands of sheets
            elif SHEET_FOLDER in name:
                facts[name] = scan_sheet(pieces)
                _refuse_far_cells(facts[name], most_bytes)
            for _ in pieces:
                pass
    files = find_sheet_files(about[WORKBOOK], about[RELATIONSHIPS])
    return {sheet: facts[file.casefold()] for sheet, file in files.items() if file.casefold() in facts}


def _refuse_far_cells(facts: SheetFacts, most_bytes: int) -> None:
    """A sheet is held in memory up to its last row and column that hold something, with all that is empty in between."""
    if facts.last_row * facts.width * CELL_BYTES > most_bytes:
        message = Message(
            "A sheet of the workbook reaches to row {row} and column {column}: more than {limit} MB, the limit here."
            " Delete the cells that lie beside the table, or save the table as CSV and upload that.",
            {"row": facts.last_row, "column": facts.last_column.decode(), "limit": round(most_bytes / 1_000_000)},
        )
        raise Refusal(Problem("expands_too_far", message))


@contextmanager
def _refuse_broken() -> Iterator[None]:
    try:
        yield
    except (CalamineError, ValueError, OverflowError) as error:
        raise _broken_workbook() from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # calamine is written in Rust: that is how it fails, and no Exception
            raise
        raise _broken_workbook() from error


def _broken_workbook() -> Refusal:
    message = Message(
        "The file is not an Excel workbook that can be read: it is cut off, damaged or of another kind."
        " Open it in Excel or LibreOffice, save it as .xlsx or CSV, and upload that."
    )
    return Refusal(Problem("broken_workbook", message))


def _protected_workbook() -> Refusal:
    message = Message(
        "The workbook is protected by a password, or an old one (.xls)."
        " Open it in Excel or LibreOffice, save it as .xlsx without a password, and upload that."
    )
    return Refusal(Problem("broken_workbook", message))


def _no_such_sheet(sheet: str, choices: list[str]) -> Refusal:
    message = Message(
        "The workbook has no sheet “{sheet}”. Choose one of: {sheets}.", {"sheet": sheet, "sheets": _list_sheets(choices)}
    )
    return Refusal(Problem("no_such_sheet", message, "sheet"))


def _nothing_in(sheet: str, workbook: CalamineWorkbook, choices: list[str]) -> Refusal:
    """The chosen sheet, or every visible one, is empty."""
    filled = [name for name in choices if _find_extent(workbook.get_sheet_by_name(name)).width]
    if not filled:
        return empty_file()
    message = Message(
        "The sheet “{sheet}” is empty. Choose one that is not: {sheets}.", {"sheet": sheet, "sheets": _list_sheets(filled)}
    )
    return Refusal(Problem("empty_sheet", message, "sheet"))


def _list_sheets(names: list[str]) -> str:
    return ", ".join(names[:SHOWN_SHEETS]) + (", …" if len(names) > SHOWN_SHEETS else "")

"""JSON of any size enters, a CSV file of its values as text leaves; only a row at a time is in memory.

Rows are objects or lists: in an array, one per line, in a list that an object holds, by labels, or as an object of columns.
Refused are broken JSON, with its line, JSON that is no table, and too many columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any

from trainer.reading.json_columns import ListColumns, ObjectColumns, UnknownColumnError
from trainer.reading.json_document import DocumentShape, JsonDocument, read_columns, read_labelled_columns
from trainer.reading.json_lines import JsonLines
from trainer.reading.json_refusals import MAX_COLUMNS, clean_text, too_many_columns
from trainer.reading.json_shape import ColumnsByLabel, RowsInColumns, RowsInLines, RowsInList, RowsInSplit, find_shape
from trainer.reading.json_stream import MAX_ROW_BYTES
from trainer.reading.json_values import write_cell
from trainer.reading.rejected_rows import RejectedRow

__all__ = ["MAX_COLUMNS", "MAX_CSV_ROW_BYTES", "JsonTable", "too_many_columns", "write_rows_as_csv"]

SAMPLE_ROWS = 5_000
# The quotes of JSON text in a cell are doubled, and every cell has two of its own and a comma.
MAX_CSV_ROW_BYTES = 2 * MAX_ROW_BYTES + 4 * MAX_COLUMNS
RowsShape = RowsInLines | DocumentShape


@dataclass(frozen=True, slots=True)
class JsonTable:
    """What was read: the columns in order of first appearance, and what was left out.

    `records` is the key of the list that holds the rows, None when they are at the top level; `record_choices` are all
    keys of the top level that hold a list of objects.
    """

    names: list[str]
    records: str | None = None
    record_choices: list[str] = field(default_factory=list)
    rejected_count: int = 0
    rejected: list[RejectedRow] = field(default_factory=list)


def write_rows_as_csv(path: Path, file_format: str, output: Path, records: str | None = None, decimal: str = ".") -> JsonTable:
    """Write every row of `path`, UTF-8 text, as one CSV row below a header of positions.

    An object in a row is flattened by one level; lists and deeper objects become JSON text; missing and null become empty.
    Numbers get the mark `decimal`, so that texts beside them may have it, too.
    A sample of the rows tells the columns; where a later row has another one, all rows are learned and written afresh.

    Raises:
        Refusal: `broken_json`, `not_a_table`, `too_many_columns` or `unknown_records`; `output` may be left incomplete.
    """
    shape = find_shape(path, file_format, records)
    if isinstance(shape, RowsInColumns | ColumnsByLabel):
        return _write_columns(path, shape, output, decimal)
    columns = _learn_columns(path, shape, decimal, SAMPLE_ROWS)
    if columns.are_certain:
        try:
            return _write_rows(columns, path, shape, output)
        except UnknownColumnError:
            pass
    return _write_rows(_learn_columns(path, shape, decimal), path, shape, output)


def _read(path: Path, shape: RowsShape) -> JsonLines | JsonDocument:
    return JsonLines(path, shape.otherwise) if isinstance(shape, RowsInLines) else JsonDocument(path, shape)


def _learn_columns(path: Path, shape: RowsShape, decimal: str, most_rows: int | None = None) -> ObjectColumns | ListColumns:
    names = shape.names if isinstance(shape, RowsInSplit) else []
    with closing(_read(path, shape).read_rows()) as rows:
        first: Any = next(rows, None)
        columns = ListColumns(decimal, names) if names or isinstance(first, list) else ObjectColumns(decimal)
        if first is not None:
            for row in islice(chain([first], rows), most_rows):
                columns.learn(row)
    columns.settle()
    return columns


def _write_rows(columns: ObjectColumns | ListColumns, path: Path, shape: RowsShape, output: Path) -> JsonTable:
    reading = _read(path, shape)
    with closing(reading.read_rows()) as rows:
        written = islice(rows, columns.rows_above, None)
        _write_csv(columns.names, (columns.cells(row) for row in written), output)
    within = shape if isinstance(shape, RowsInList) else RowsInList()
    return JsonTable(columns.names, within.records, within.choices, reading.rejected_count, reading.rejected)


def _write_columns(path: Path, shape: RowsInColumns | ColumnsByLabel, output: Path, decimal: str) -> JsonTable:
    names = list(shape.places)
    if isinstance(shape, RowsInColumns):
        rows = read_columns(path, shape)
    else:
        rows = read_labelled_columns(path, shape)
        names = names if shape.label is None else [shape.label, *names]
    with closing(rows):
        _write_csv(names, ([write_cell(value, decimal) for value in row] for row in rows), output)
    return JsonTable([clean_text(name) for name in names])


def _write_csv(names: Sequence[str], rows: Iterable[list[str]], output: Path) -> None:
    # Half a surrogate pair is no text; it becomes a question mark.
    with output.open("w", encoding="utf-8", errors="replace", newline="") as file:
        file.write(_write_line([str(position) for position in range(len(names))]))
        for row in rows:
            file.write(_write_line(row))


def _write_line(cells: list[str]) -> str:
    """Everything is quoted: a row with one empty cell would be a blank line, which CSV readers pass over."""
    joined = "\0".join(cells)
    if joined.count("\0") >= len(cells):  # NUL ends many a tool's text: that of a value is dropped
        joined = "\0".join(cell.replace("\0", "") for cell in cells)
    return '"' + joined.replace('"', '""').replace("\0", '","') + '"\n'

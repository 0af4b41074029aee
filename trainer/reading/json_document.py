"""A JSON document and the place of its rows enter, the rows leave one by one, however large the file is.

Refused are broken JSON, with its line and column, a row that is no object, or no list where the first one is, and large
columns whose rows have to be matched.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from io import FileIO
from pathlib import Path
from typing import Any

from trainer.reading.json_refusals import EXTRA, not_a_list, not_an_object, unequal_labels
from trainer.reading.json_shape import ColumnsByLabel, RowsByLabel, RowsInColumns, RowsInList, RowsInSequence, RowsInSplit
from trainer.reading.json_stream import MAX_ROW_BYTES, JsonStream, Place
from trainer.reading.json_survey import WHOLE_NUMBER
from trainer.reading.json_values import parse_cell, parse_cells, parse_labelled_rows
from trainer.reading.rejected_rows import RejectedRow

DocumentShape = RowsInList | RowsInSequence | RowsInSplit | RowsByLabel
Member = tuple[str, Any]  # a key of an object and its value
COLUMN_BYTES = 2 * MAX_ROW_BYTES  # what a value of every column, and so the windows on them, may hold together


class JsonDocument:
    """One reading of a document. Nothing is left out: a row that cannot be read refuses the file."""

    def __init__(self, path: Path, shape: DocumentShape) -> None:
        self.rejected_count = 0
        self.rejected: list[RejectedRow] = []
        self._path = path
        self._shape = shape

    def read_rows(self) -> Generator[Any]:
        """Every row: objects, or lists where the first row is a list.

        Raises:
            Refusal: `broken_json` or `not_a_table`.
        """
        wanted: type | None = None
        with self._path.open("rb", buffering=0) as file:
            for number, row in enumerate(_read_values(file, self._shape), start=1):
                wanted = wanted or (list if type(row) is list else dict)
                if type(row) is not wanted:
                    raise not_a_list(number, row) if wanted is list else not_an_object(number, row)
                yield row


def read_columns(path: Path, shape: RowsInColumns) -> Generator[Sequence[Any]]:
    """Every row of a document whose keys hold the columns.

    Raises:
        Refusal: `broken_json`.
    """
    with path.open("rb", buffering=0) as file:
        yield from zip(*(stream.read_items() for stream in _open_columns(file, shape.places)), strict=True)


def read_labelled_columns(path: Path, shape: ColumnsByLabel) -> Generator[Sequence[Any]]:
    """Every row of a document whose keys hold the columns as objects, below its label if that is wanted.

    Columns that have not all the same keys are matched in memory.

    Raises:
        Refusal: `broken_json`, or `not_a_table`: the columns would have to be matched and are too large for that.
    """
    if not shape.are_alike and path.stat().st_size > MAX_ROW_BYTES:
        raise unequal_labels(MAX_ROW_BYTES)
    with path.open("rb", buffering=0) as file:
        columns = [_read_members(stream) for stream in _open_columns(file, shape.places)]
        rows = zip(*columns, strict=True) if shape.are_alike else _match(columns)
        for members in rows:
            label = members[0][0]
            if any(member[0] != label for member in members):
                raise unequal_labels(MAX_ROW_BYTES)
            values = [value for _, value in members]
            yield values if shape.label is None else [label, *values]


def _open_columns(file: FileIO, places: Mapping[str, Place]) -> Iterator[JsonStream]:
    most_bytes = min(MAX_ROW_BYTES, COLUMN_BYTES // max(1, len(places)))
    return (JsonStream(file, place, most_bytes) for place in places.values())


def _read_members(stream: JsonStream) -> Iterator[Member]:
    for members in stream.read_members(parse_cells, lambda: stream.read_value(parse_cell)):
        yield from members.items()


def _match(columns: Sequence[Iterator[Member]]) -> Iterator[list[Member]]:
    """The members of all columns by their keys, numbers in their order; None where a column has no such key."""
    matched = [dict(column) for column in columns]
    labels = list(dict.fromkeys(label for column in matched for label in column))
    if all(map(WHOLE_NUMBER.fullmatch, labels)):
        labels.sort(key=int)
    for label in labels:
        yield [(label, column.get(label)) for column in matched]


def _read_values(file: FileIO, shape: DocumentShape) -> Iterator[Any]:
    if isinstance(shape, RowsByLabel):
        yield from _read_labelled(JsonStream(file), shape.label)
    elif isinstance(shape, RowsInSplit):
        rows = JsonStream(file, shape.place).read_items()
        labels = JsonStream(file, shape.labels).read_items() if shape.labels else None
        yield from rows if labels is None else ([label, *row] for label, row in zip(labels, rows, strict=True))
    elif isinstance(shape, RowsInSequence):
        stream = JsonStream(file)
        while stream.peek():
            yield stream.read_value()
    else:
        stream = JsonStream(file, shape.place)
        yield from stream.read_items()
        if shape.records is None and stream.peek():
            raise stream.refuse(EXTRA)


def _read_labelled(stream: JsonStream, name: str | None) -> Iterator[Any]:
    for rows in stream.read_members(parse_labelled_rows, stream.read_value):
        for label, row in rows.items():
            yield row if name is None else {name: label, **row}

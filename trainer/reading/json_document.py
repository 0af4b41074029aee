"""A JSON document and the place of its rows enter, the rows leave one by one, however large the file is.

Refused are broken JSON, with its line and column, and a row that is no object, or no list where the first one is.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from io import FileIO
from pathlib import Path
from typing import Any

from trainer.reading.json_refusals import EXTRA, not_a_list, not_an_object
from trainer.reading.json_shape import RowsInColumns, RowsInList, RowsInSequence
from trainer.reading.json_stream import MAX_ROW_BYTES, JsonStream
from trainer.reading.rejected_rows import RejectedRow

COLUMN_BYTES = 2 * MAX_ROW_BYTES  # what a value of every column, and so the windows on them, may hold together


class JsonDocument:
    """One reading of a document. Nothing is left out: a row that cannot be read refuses the file."""

    def __init__(self, path: Path, shape: RowsInList | RowsInSequence) -> None:
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


def read_columns(path: Path, shape: RowsInColumns) -> Generator[tuple[Any, ...]]:
    """Every row of a document whose keys hold the columns.

    Raises:
        Refusal: `broken_json`.
    """
    most_bytes = min(MAX_ROW_BYTES, COLUMN_BYTES // max(1, len(shape.places)))
    with path.open("rb", buffering=0) as file:
        yield from zip(*(JsonStream(file, place, most_bytes).read_items() for place in shape.places.values()), strict=True)


def _read_values(file: FileIO, shape: RowsInList | RowsInSequence) -> Iterator[Any]:
    if isinstance(shape, RowsInSequence):
        stream = JsonStream(file)
        while stream.peek():
            yield stream.read_value()
        return
    stream = JsonStream(file, shape.place)
    yield from stream.read_items()
    if shape.records is None and stream.peek():
        raise stream.refuse(EXTRA)

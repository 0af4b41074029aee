"""Rows of JSON enter, the columns they make leave: those of objects by their keys, those of lists by position.

Rows are learned first, all or a sample; then each becomes cells. Refused are too many columns.
"""

from __future__ import annotations

from collections.abc import Container, Sequence

from trainer.reading.json_refusals import MAX_COLUMNS, clean_text, too_many_columns
from trainer.reading.json_values import JsonList, JsonRow, write_cell, write_number

NestedKey = tuple[str, str]


class UnknownColumnError(LookupError):
    """A row has a column that was not learned."""


class ObjectColumns:
    """A column for every key, and for every key of an object that a key holds: {"a": {"x": 1}} makes a.x.

    A key "a.x" shares its column with the x of a, unless one row has both: then the nested one has a column of its own.
    """

    rows_above = 0

    def __init__(self, decimal: str) -> None:
        self._decimal = decimal
        self.names: list[str] = []
        self.are_certain = False  # whether a sample was enough, unless a row says otherwise
        self._keys: dict[str | NestedKey, None] = {}  # in order of appearance
        self._valued: set[str] = set()  # keys that hold a plain value in some row, not null alone
        self._apart: set[NestedKey] = set()
        self._positions: dict[str, int] = {}
        self._nested: dict[str, dict[str, int]] = {}

    def learn(self, row: JsonRow) -> None:
        for key, value in row.items():
            if type(value) is dict:
                self._learn_nested(row)
            elif key not in self._valued:
                self._keys.setdefault(key)
                if value is not None:
                    self._valued.add(key)
        if len(self._keys) > MAX_COLUMNS:
            raise too_many_columns(len(self._keys))

    def _learn_nested(self, row: JsonRow) -> None:
        taken = {key for key, value in row.items() if type(value) is not dict}
        for key, value in row.items():
            for inner in value if type(value) is dict else ():
                self._keys.setdefault((key, inner))
                name = f"{key}.{inner}"
                if name in taken:
                    self._apart.add((key, inner))
                taken.add(name)

    def settle(self) -> None:
        """Give every column that was learned its name and position."""
        with_objects = {key[0] for key in self._keys if isinstance(key, tuple)}
        # Where others have an object, null is no value of its own.
        keys = [key for key in self._keys if isinstance(key, tuple) or key in self._valued or key not in with_objects]
        taken = {_name(key) for key in keys if key not in self._apart}
        columns: dict[str, int] = {}
        for key in keys:
            name = number_name(_name(key), taken) if key in self._apart else _name(key)
            taken.add(name)
            position = columns.setdefault(name, len(columns))
            if isinstance(key, tuple):
                self._nested.setdefault(key[0], {})[key[1]] = position
            else:
                self._positions[key] = position
        self.are_certain = len(columns) == len(keys)
        self.names = [clean_text(name) for name in columns]

    def cells(self, row: JsonRow) -> list[str]:
        """The cells of a row.

        Raises:
            UnknownColumnError: the row has a key that was not learned.
        """
        cells = [""] * len(self.names)
        try:
            for key, value in row.items():
                kind = type(value)
                if kind is str:
                    cells[self._positions[key]] = value
                elif kind is bytes:
                    cells[self._positions[key]] = write_number(value, self._decimal)
                elif kind is dict:
                    for inner, cell in value.items():
                        cells[self._nested[key][inner]] = write_cell(cell, self._decimal)
                elif value is not None:
                    cells[self._positions[key]] = write_cell(value, self._decimal)
                elif key not in self._keys:
                    raise UnknownColumnError
        except KeyError:
            raise UnknownColumnError from None
        return cells


class ListColumns:
    """A column for every position.

    Unless `names` are given, the first row names them when it is all texts, no two alike, and the second is not.
    """

    def __init__(self, decimal: str, names: Sequence[str] = ()) -> None:
        self._decimal = decimal
        self.names = list(names)
        self.are_certain = True
        self.rows_above = 0
        self._first_rows: list[JsonList] = []
        self._width = 0

    def learn(self, row: JsonList) -> None:
        self._width = max(self._width, len(row))
        if len(self._first_rows) < len(("first", "second")):
            self._first_rows.append(row)
        if self._width > MAX_COLUMNS:
            raise too_many_columns(self._width)

    def settle(self) -> None:
        """Give every column that was learned its name."""
        names = self.names
        if not names and _is_header(self._first_rows):
            names, self.rows_above = self._first_rows[0], 1
        self._width = max(self._width, len(names))
        numbered = [f"column_{position}" for position in range(len(names) + 1, self._width + 1)]
        self.names = [clean_text(name) for name in [*names, *numbered]]

    def cells(self, row: JsonList) -> list[str]:
        """The cells of a row.

        Raises:
            UnknownColumnError: the row is longer than those that were learned.
        """
        if len(row) > self._width:
            raise UnknownColumnError
        return [write_cell(value, self._decimal) for value in row] + [""] * (self._width - len(row))


def _is_header(rows: Sequence[JsonList]) -> bool:
    if len(rows) < len(("first", "second")):
        return False
    first, second = rows
    are_names = all(type(name) is str for name in first) and len(set(first)) == len(first)
    return bool(first) and are_names and not all(type(value) is str for value in second)


def _name(key: str | NestedKey) -> str:
    return key if isinstance(key, str) else ".".join(key)


def number_name(name: str, taken: Container[str]) -> str:
    """The name with the least number that is not taken."""
    number = 2
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"

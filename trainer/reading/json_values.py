"""JSON text enters, Python values leave: numbers as the bytes they were written in, NaN and Infinity as None.

Values become the text of a cell here. Refused (RecursionError) is what is nested deeper than `MAX_DEPTH`.
"""

from __future__ import annotations

import json
import math
from io import StringIO
from typing import Any

MAX_DEPTH = 200
MAX_NUMBER_CHARACTERS = 400  # more than any float has; an identifier is never as long
ITEMS_AT_ONCE = 10_000  # joining takes 80 bytes for each
JsonRow = dict[str, Any]
JsonList = list[Any]


class JsonText(str):
    """What a nested value becomes, told from a text of the file by its type."""

    __slots__ = ()


def _parse_constant(_name: str) -> None:
    """NaN and Infinity are no JSON, though many programs write them; both mean a missing number."""


# Bytes never come out of JSON otherwise, so that a number keeps its digits and is still told from a text.
_DECODER = json.JSONDecoder(parse_int=str.encode, parse_float=str.encode, parse_constant=_parse_constant)
_write_text = json.JSONEncoder(ensure_ascii=False).encode


def parse_json(text: str, start: int = 0) -> tuple[Any, int]:
    """The value that begins at `start`, and where it ends.

    Raises:
        json.JSONDecodeError: it is broken, or cut.
        RecursionError: it is nested too deeply.
    """
    return _DECODER.raw_decode(text, start)


def parse_row(text: str, start: int = 0) -> tuple[Any, int]:
    """As `parse_json`, but what is nested in the value is JSON text; an object in an object is one of plain values.

    Raises:
        json.JSONDecodeError: it is broken, or cut.
        RecursionError: it is nested too deeply.
    """
    value, end = parse_json(text, start)
    if type(value) is dict or type(value) is list:
        _flatten(value)
    return value, end


def parse_cell(text: str, start: int = 0) -> tuple[Any, int]:
    """As `parse_json`, but a list or an object is JSON text.

    Raises:
        json.JSONDecodeError: it is broken, or cut.
        RecursionError: it is nested too deeply.
    """
    value, end = parse_json(text, start)
    return _as_text(value), end


def parse_cells(text: str, start: int = 0) -> tuple[JsonRow, int]:
    """The object that begins at `start`, its values as from `parse_cell`, and where it ends.

    Raises:
        json.JSONDecodeError: it is broken, or cut.
        RecursionError: it is nested too deeply.
    """
    members, end = parse_json(text, start)
    return {key: _as_text(value) for key, value in members.items()}, end


def parse_labelled_rows(text: str, start: int = 0) -> tuple[JsonRow, int]:
    """The object that begins at `start`, its values as from `parse_row`, and where it ends.

    Raises:
        json.JSONDecodeError: it is broken, or cut.
        RecursionError: it is nested too deeply.
    """
    rows, end = parse_json(text, start)
    for row in rows.values():
        _flatten(row)
    return rows, end


def parse_rows(text: str) -> tuple[list[Any], int]:
    """The values of the list that a text begins with, each as from `parse_row`, and where the list ends.

    Raises:
        json.JSONDecodeError: the list is broken, or cut.
        RecursionError: a value is nested too deeply.
    """
    values, end = parse_json(text)
    for value in values:
        if type(value) is dict or type(value) is list:
            _flatten(value)
    return values, end


def write_cell(value: str | bytes | bool | None, decimal: str = ".") -> str:
    """The text of a plain value, a number with this decimal mark."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return write_number(value, decimal)
    if value is None:
        return ""
    return "true" if value else "false"


def write_number(digits: bytes, decimal: str = ".") -> str:
    """A number as it was written; one of absurd length is shortened to a float's digits, or missing when it is infinite."""
    if len(digits) <= MAX_NUMBER_CHARACTERS:
        return digits.decode() if decimal == "." else digits.decode().replace(".", decimal)
    number = float(digits)
    return str(number).replace(".", decimal) if math.isfinite(number) else ""


def write_json(value: JsonList | JsonRow) -> JsonText:
    """The JSON text of a parsed value."""
    sink = StringIO()  # holds the text alone: a list of millions of pieces would take many times its size
    _write_nested(value, sink, depth=1)
    return JsonText(sink.getvalue())


def _as_text(value: Any) -> Any:  # noqa: ANN401 - whatever JSON can say
    return write_json(value) if type(value) is list or type(value) is dict else value


def _flatten(row: JsonRow | JsonList) -> None:
    if isinstance(row, list):
        row[:] = [_as_text(value) for value in row]
        return
    for key, value in row.items():
        if type(value) is list:
            row[key] = write_json(value)
        elif type(value) is dict:
            for name, inner in value.items():
                if type(inner) is list or type(inner) is dict:
                    value[name] = write_json(inner)


def _write_nested(value: object, sink: StringIO, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise RecursionError
    if isinstance(value, str):
        sink.write(_write_text(value))
    elif isinstance(value, bytes):
        sink.write(value.decode())
    elif isinstance(value, list):
        _write_list(value, sink, depth)
    elif isinstance(value, dict):
        _write_object(value, sink, depth)
    else:
        sink.write("null" if value is None else write_cell(bool(value)))


def _write_list(items: JsonList, sink: StringIO, depth: int) -> None:
    sink.write("[")
    for start in range(0, len(items), ITEMS_AT_ONCE):
        if start:
            sink.write(", ")
        _write_items(items[start : start + ITEMS_AT_ONCE], sink, depth)
    sink.write("]")


def _write_items(items: JsonList, sink: StringIO, depth: int) -> None:
    if set(map(type, items)) == {bytes}:
        sink.write(b", ".join(items).decode())  # long lists are mostly of numbers, and this is many times as fast
        return
    for position, item in enumerate(items):
        if position:
            sink.write(", ")
        _write_nested(item, sink, depth + 1)


def _write_object(members: JsonRow, sink: StringIO, depth: int) -> None:
    sink.write("{")
    for position, (key, value) in enumerate(members.items()):
        sink.write(f"{', ' if position else ''}{_write_text(key)}: ")
        _write_nested(value, sink, depth + 1)
    sink.write("}")

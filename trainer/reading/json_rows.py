"""JSON objects enter, a CSV file of their values as text leaves.

Two shapes are read: an array of objects (json) and one object per line (jsonl; also tried for json).
Refused are broken JSON, with its line, and JSON that is no list of objects.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from trainer.contract.messages import Message, Problem, Refusal

JsonRow = dict[str, Any]
MAX_COLUMNS = 10_000
MAX_INTEGER_DIGITS = 400
_SPACE = re.compile(r"[ \t\r\n]*")
_NO_VALUE = Message("a value is missing here")
_NO_SEPARATOR = Message("a comma or closing bracket is missing here")
_NO_KEY = Message("a name in double quotes is missing here")
_EXTRA = Message("something follows where the JSON has ended")
_TOO_DEEP = Message("lists and objects are nested too deeply")
_INVALID = Message("it is not valid JSON here")
# How Python's messages begin: they are English, and change from version to version.
_REASONS = {
    "Expecting value": _NO_VALUE,
    "Expecting ',' delimiter": _NO_SEPARATOR,
    "Expecting ':' delimiter": Message("a colon is missing here"),
    "Expecting property name": _NO_KEY,
    "Illegal trailing comma": Message("a comma is too many here"),
    "Unterminated string": Message("a text is not closed"),
    "Invalid control character": Message("a text holds a line break or another control character"),
    "Invalid \\": Message("a backslash is followed by something it cannot stand before"),
    "Extra data": _EXTRA,
}


def write_rows_as_csv(path: Path, file_format: str, output: Path) -> list[str]:
    """Write every object of `path` as one CSV row below a header of positions; returns the keys in order of appearance.

    Missing and null become empty; lists and objects become JSON text. The file is read twice, because a key may first
    appear in the last row and the rows need not fit in memory.
    """
    keys: dict[str, int] = {}
    for row in _read_rows(path, file_format):
        for key in row:
            keys.setdefault(key, len(keys))
        if len(keys) > MAX_COLUMNS:
            raise too_many_columns(len(keys))
    with output.open("w", encoding="utf-8", newline="") as file:
        # Everything is quoted: a row with one empty cell would be a blank line, which CSV readers pass over.
        writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(keys.values())
        for row in _read_rows(path, file_format):
            writer.writerow([_as_text(row.get(key)) for key in keys])
    return [_as_text(key) for key in keys]


def too_many_columns(columns: int) -> Refusal:
    message = Message(
        "The file has {columns} columns; at most {most} are read. Leave out those you do not need.",
        {"columns": columns, "most": MAX_COLUMNS},
    )
    return Refusal(Problem("too_many_columns", message))


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        # Half a surrogate pair ("\ud800") is valid JSON but no text; it cannot be stored.
        return value.encode("utf-8", errors="replace").decode("utf-8").replace("\0", "")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return _as_text(json.dumps(value, ensure_ascii=False))
    return str(value)


def _read_rows(path: Path, file_format: str) -> Iterator[JsonRow]:
    if file_format == "json":
        text = path.read_text(encoding="utf-8-sig")
        start = _skip_space(text, 0)
        if text[start] == "[":
            yield from _array_rows(text, start)
            return
        if not _is_object_per_line(text, start):
            raise _not_a_table(_kind_of(text[start:]))
    yield from _line_rows(path)


def _is_object_per_line(text: str, start: int) -> bool:
    """Whether a .json file is really JSON lines: the first object ends on its own line, and another follows."""
    if text[start] != "{":
        return False
    first_line, _, rest = text[start:].partition("\n")
    try:
        return isinstance(_parse(first_line), dict) and bool(rest.strip())
    except ValueError:
        _whole_document(text, start)  # one object over several lines: say what is broken, if anything is
        return False


def _whole_document(text: str, start: int) -> None:
    try:
        _, end = _DECODER.raw_decode(text, start)
    except json.JSONDecodeError as error:
        raise _broken(error.lineno, error.colno, _reason(error)) from None
    end = _skip_space(text, end)
    if end < len(text):
        raise _broken_at(text, end, _EXTRA)


def _array_rows(text: str, start: int) -> Iterator[JsonRow]:
    position, number = _skip_space(text, start + 1), 0
    if text[position : position + 1] == "]":
        _expect_end(text, position + 1)
        return
    while True:
        number += 1
        try:
            row, position = _DECODER.raw_decode(text, position)
        except json.JSONDecodeError as error:
            raise _broken(error.lineno, error.colno, _reason(error)) from None
        except RecursionError:
            raise _broken_at(text, position, _TOO_DEEP) from None
        if not isinstance(row, dict):
            raise _not_an_object(number, row)
        yield row
        position = _skip_space(text, position)
        separator = text[position : position + 1]
        if separator == "]":
            _expect_end(text, position + 1)
            return
        if separator != ",":
            raise _broken_at(text, position, _NO_SEPARATOR)
        position = _skip_space(text, position + 1)


def _expect_end(text: str, position: int) -> None:
    position = _skip_space(text, position)
    if position < len(text):
        raise _broken_at(text, position, _EXTRA)


def _line_rows(path: Path) -> Iterator[JsonRow]:
    with path.open(encoding="utf-8-sig", newline="\n") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                row = _parse(line.rstrip("\r\n"))
            except json.JSONDecodeError as error:
                raise _broken(number, error.colno, _reason(error)) from None
            except RecursionError:
                raise _broken(number, 1, _TOO_DEEP) from None
            if not isinstance(row, dict):
                raise _not_an_object(number, row)
            yield row


def _skip_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _parse_int(digits: str) -> int | float:
    """Python refuses to read more than 4,300 digits; no column holds more than a float's 309 anyway."""
    return int(digits) if len(digits) <= MAX_INTEGER_DIGITS else float(digits)


def _parse_constant(_name: str) -> None:
    """NaN and Infinity are no JSON, though many programs write them; both mean a missing number."""


_DECODER = json.JSONDecoder(parse_int=_parse_int, parse_constant=_parse_constant)


def _parse(line: str) -> object:
    return _DECODER.decode(line)


def _reason(error: json.JSONDecodeError) -> Message:
    return next((reason for beginning, reason in _REASONS.items() if error.msg.startswith(beginning)), _INVALID)


def _broken_at(text: str, position: int, what: Message) -> Refusal:
    line = text.count("\n", 0, position) + 1
    return _broken(line, position - (text.rfind("\n", 0, position)), what)


def _broken(line: int, column: int, what: Message) -> Refusal:
    message = Message(
        "The JSON is broken in line {line}, column {column}: {what}. Correct it and upload the file again.",
        {"line": line, "column": column, "what": what},
    )
    return Refusal(Problem("broken_json", message))


def _not_an_object(number: int, value: object) -> Refusal:
    message = Message(
        "Row {number} is {found}, not an object. Every row must be an object such as {example}.",
        {"number": number, "found": _kind_of(json.dumps(value)), "example": '{"age": 42, "city": "Yazd"}'},
    )
    return Refusal(Problem("not_a_table", message))


def _not_a_table(found: str) -> Refusal:
    message = Message(
        "The file holds {found}, not a table. Give an array of objects, or one object per line.",
        {"found": found},
    )
    return Refusal(Problem("not_a_table", message))


def _kind_of(text: str) -> str:
    kinds = {"{": "one object", "[": "an array", '"': "a text", "t": "true", "f": "false", "n": "null"}
    return kinds.get(text[:1], "a number")

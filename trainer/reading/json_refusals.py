"""What is said of JSON that cannot be read as a table: the sentences and their codes."""

from __future__ import annotations

import json
from collections.abc import Sequence

from trainer.contract.messages import Message, Problem, Refusal

MAX_COLUMNS = 5_000  # DuckDB takes about 100 kB of memory for each: more do not fit into the usual limit
SHOWN_CHOICES = 20
SHOWN_CHARACTERS = 80

NO_VALUE = Message("a value is missing here")
NO_SEPARATOR = Message("a comma or closing bracket is missing here")
NO_COLON = Message("a colon is missing here")
NO_KEY = Message("a name in double quotes is missing here")
EXTRA = Message("something follows where the JSON has ended")
TOO_DEEP = Message("lists and objects are nested too deeply")
NOT_UTF_8 = Message("a byte that is no UTF-8 text")
INVALID = Message("it is not valid JSON here")
# How Python's messages begin: they are English, and change from version to version.
_REASONS = {
    "Expecting value": NO_VALUE,
    "Expecting ',' delimiter": NO_SEPARATOR,
    "Expecting ':' delimiter": NO_COLON,
    "Expecting property name": NO_KEY,
    "Illegal trailing comma": Message("a comma is too many here"),
    "Unterminated string": Message("a text is not closed"),
    "Invalid control character": Message("a text holds a line break or another control character"),
    "Invalid \\": Message("a backslash is followed by something it cannot stand before"),
    "Extra data": EXTRA,
}
ONE_OBJECT = Message("one object")
_ARRAY = Message("an array")
_TEXT = Message("a text")
_NUMBER = Message("a number")
_WORDS = {None: "null", True: "true", False: "false"}  # the same in every language


def find_reason(error: json.JSONDecodeError) -> Message:
    """What is wrong, in a sentence of ours."""
    return next((reason for beginning, reason in _REASONS.items() if error.msg.startswith(beginning)), INVALID)


def describe_kind(value: object) -> Message | str:
    """What a value is, as part of a sentence; a number may be anything else."""
    if isinstance(value, dict):
        return ONE_OBJECT
    if isinstance(value, list):
        return _ARRAY
    if isinstance(value, str):
        return _TEXT
    return _WORDS[value] if value is None or isinstance(value, bool) else _NUMBER


def broken_json(line: int, column: int, what: Message) -> Refusal:
    message = Message(
        "The JSON is broken in line {line}, column {column}: {what}. Correct it and upload the file again.",
        {"line": line, "column": column, "what": what},
    )
    return Refusal(Problem("broken_json", message))


def too_long(line: int, column: int, most_bytes: int) -> Refusal:
    message = Message(
        "What begins in line {line}, column {column} is longer than {most} bytes, the most that can be read as one piece."
        " Shorten it and upload the file again.",
        {"line": line, "column": column, "most": most_bytes},
    )
    return Refusal(Problem("broken_json", message))


def not_an_object(number: int, value: object) -> Refusal:
    message = Message(
        "Row {number} is {found}, not an object. Every row must be an object such as {example}.",
        {"number": number, "found": describe_kind(value), "example": '{"age": 42, "city": "Yazd"}'},
    )
    return Refusal(Problem("not_a_table", message))


def not_a_list(number: int, value: object) -> Refusal:
    message = Message(
        "Row {number} is {found}, not a list like the first row. Every row must be a list such as {example}.",
        {"number": number, "found": describe_kind(value), "example": '[42, "Yazd"]'},
    )
    return Refusal(Problem("not_a_table", message))


def not_a_table(found: Message | str) -> Refusal:
    message = Message(
        "The file holds {found}, not a table. Give an array of objects, or one object per line.",
        {"found": found},
    )
    return Refusal(Problem("not_a_table", message))


def unequal_lists(first: str, first_count: int, other: str, other_count: int) -> Refusal:
    message = Message(
        "The lists of the object differ in length: “{first}” holds {first_count} values, “{other}” holds {other_count}."
        " Give every column equally many values.",
        {"first": _shorten(first), "first_count": first_count, "other": _shorten(other), "other_count": other_count},
    )
    return Refusal(Problem("not_a_table", message))


def unequal_labels(most_bytes: int) -> Refusal:
    message = Message(
        "The objects that hold the columns do not all have the same keys in the same order, and the file is larger than {most}"
        " bytes, too large to match them. Give an array of objects, or one object per line.",
        {"most": most_bytes},
    )
    return Refusal(Problem("not_a_table", message))


def unknown_records(name: str, choices: Sequence[str]) -> Refusal:
    if choices:
        shown = ", ".join(_shorten(choice) for choice in choices[:SHOWN_CHOICES])
        message = Message(
            "The file has no list of objects named “{name}”. Choose one of: {choices}.",
            {"name": _shorten(name), "choices": shown},
        )
    else:
        message = Message(
            "The file has no list of objects named “{name}”: its rows are under no name. Choose none.", {"name": _shorten(name)}
        )
    return Refusal(Problem("unknown_records", message, "records"))


def too_many_columns(columns: int) -> Refusal:
    message = Message(
        "The file has {columns} columns; at most {most} are read. Leave out those you do not need.",
        {"columns": columns, "most": MAX_COLUMNS},
    )
    return Refusal(Problem("too_many_columns", message))


def _shorten(name: str) -> str:
    name = clean_text(name)
    return name if len(name) <= SHOWN_CHARACTERS else name[: SHOWN_CHARACTERS - 1] + "…"


def clean_text(text: str) -> str:
    """Half a surrogate pair is valid JSON but no text: it becomes a question mark. NUL ends many a tool's text: it is dropped."""
    return text.encode("utf-8", errors="replace").decode("utf-8").replace("\0", "")

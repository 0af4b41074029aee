"""How an upload is read, as far as a person chose it: `ReadingChoices`; what nobody chose is guessed from the file.

`ReadingChoices.parse` takes plain JSON values, refuses unknown keys and reports every problem at once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from trainer.contract.messages import Message, Problem, Refusal, Scalar

FORMATS = ("csv", "json", "jsonl", "parquet", "xlsx")
# What a file's name ends in, and the format that promises; each may be packed as .gz or .zip.
ENDINGS: Mapping[str, str] = {
    "csv": "csv",
    "tsv": "csv",
    "json": "json",
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "parquet": "parquet",
    "xlsx": "xlsx",
}
PACKINGS = ("gz", "zip")
TEXT_FORMATS = frozenset({"csv", "json", "jsonl"})
ENCODINGS = (
    "utf-8", "utf-16-le", "utf-16-be", "windows-1256", "windows-1252", "windows-1250", "windows-1251", "windows-1254", "cp850",
    "gb18030", "shift_jis",
)  # fmt: skip
KINDS = ("number", "integer", "boolean", "category", "date", "text", "identifier", "constant")
DECIMALS = (".", ",")
LONGEST_DELIMITER = 4  # DuckDB's limit
LONGEST_COMMENT = 4
MOST_SKIPPED_LINES = 10_000
MOST_MISSING_WORDS = 100
LONGEST_TEXT = 200
SHOWN_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class ReadingChoices:
    """What a person decided about reading one upload; None, or a column that is not in `kinds`: guess.

    Bytes: `encoding`. CSV: `delimiter`, `quote` ("" is none), `header` (whether the first row names the columns),
    `skip_lines` (lines before that row), `comment` (what lines begin with that are no rows; "" is nothing), `decimal`,
    `keep_all_rows` (whether what repeats the names, tells units or adds up the others is a row like any other).
    Workbooks: `sheet`. JSON: `records`, the key of the list that holds the rows. All: `missing`, the words that stand for
    no value; `kinds` by column name; `leave_out_unreadable`, whether rows that cannot be read may be left out.
    """

    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    header: bool | None = None
    skip_lines: int | None = None
    comment: str | None = None
    decimal: str | None = None
    keep_all_rows: bool | None = None
    missing: tuple[str, ...] | None = None
    sheet: str | None = None
    records: str | None = None
    kinds: Mapping[str, str] = field(default_factory=dict)
    leave_out_unreadable: bool = False

    def as_dict(self) -> dict[str, Any]:
        """What was chosen, as plain JSON values; what is left to guess is absent."""
        guessed = ReadingChoices()
        chosen = {name: getattr(self, name) for name in CHOICES if getattr(self, name) != getattr(guessed, name)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in chosen.items()}

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> ReadingChoices:
        """Check plain values; null is "guess".

        Raises:
            Refusal: with one problem per unknown key or value that cannot be used.
        """
        problems = [_unknown(key) for key in data if key not in CHOICES]
        values: dict[str, Any] = {}
        for name, check in CHOICES.items():
            if data.get(name) is None:
                continue
            try:
                values[name] = check(name, data[name])
            except Refusal as refusal:
                problems += refusal.problems
        if problems:
            raise Refusal(problems)
        return cls(**values)

    def replace(self, **changes: Any) -> ReadingChoices:  # noqa: ANN401 - whatever the fields hold
        return dataclasses.replace(self, **changes)


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


def _unknown(key: str) -> Problem:
    text = "There is no choice named “{name}” for reading a file. The choices are: {known}."
    return Problem("unknown_field", Message(text, {"name": _shown(key), "known": ", ".join(CHOICES)}), _shown(key))


def _refuse(name: str, value: object, wanted: Message) -> Refusal:
    params: dict[str, Scalar | Message] = {"field": name, "value": _shown(value), "wanted": wanted}
    return Refusal(Problem("unusable_choice", Message("“{field}” cannot be “{value}”: give {wanted}.", params), name))


def _one_of(choices: tuple[str, ...], name: str, value: object) -> str:
    if not isinstance(value, str) or value not in choices:
        raise _refuse(name, value, Message("one of {choices}", {"choices": ", ".join(choices)}))
    return value


def _check_encoding(name: str, value: object) -> str:
    return _one_of(ENCODINGS, name, value)


def _check_decimal(name: str, value: object) -> str:
    return _one_of(DECIMALS, name, value)


def _check_delimiter(name: str, value: object) -> str:
    is_short = isinstance(value, str) and 1 <= len(value.encode("utf-8", "replace")) <= LONGEST_DELIMITER
    if not isinstance(value, str) or not is_short or set(value) & set('\r\n"\0'):
        raise _refuse(name, value, Message("one to four characters, such as a comma, a semicolon or a tab"))
    return value


def _check_quote(name: str, value: object) -> str:
    if not isinstance(value, str) or len(value) > 1 or not value.isascii() or value.isalnum() or value.isspace():
        raise _refuse(name, value, Message("one sign such as \" or ', or nothing"))
    return value


def _check_comment(name: str, value: object) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_COMMENT or set(value) & set("\r\n\0"):
        raise _refuse(name, value, Message("up to four characters such as #, or nothing"))
    return value


def _check_flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise _refuse(name, value, Message("true or false"))
    return value


def _check_skipped_lines(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_SKIPPED_LINES:
        raise _refuse(name, value, Message("a whole number from 0 to {most}", {"most": MOST_SKIPPED_LINES}))
    return value


def _check_text(name: str, value: object) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise _refuse(name, value, Message("a text of at most {most} characters", {"most": LONGEST_TEXT}))
    return value


def _check_words(name: str, value: object) -> tuple[str, ...]:
    are_words = isinstance(value, list | tuple) and all(isinstance(word, str) and len(word) <= LONGEST_TEXT for word in value)
    if not are_words or len(value) > MOST_MISSING_WORDS:  # type: ignore[arg-type]
        raise _refuse(name, value, Message("a list of at most {most} words", {"most": MOST_MISSING_WORDS}))
    return tuple(dict.fromkeys(word.strip() for word in value))  # type: ignore[attr-defined]


def _check_kinds(name: str, value: object) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise _refuse(name, value, Message("an object such as {example}", {"example": '{"age": "integer"}'}))
    for kind in value.values():
        _one_of(KINDS, name, kind)
    return {str(column): str(kind) for column, kind in value.items()}


CHOICES = {
    "encoding": _check_encoding,
    "delimiter": _check_delimiter,
    "quote": _check_quote,
    "header": _check_flag,
    "skip_lines": _check_skipped_lines,
    "comment": _check_comment,
    "decimal": _check_decimal,
    "keep_all_rows": _check_flag,
    "missing": _check_words,
    "sheet": _check_text,
    "records": _check_text,
    "kinds": _check_kinds,
    "leave_out_unreadable": _check_flag,
}

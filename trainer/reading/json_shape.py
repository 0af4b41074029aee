"""A JSON file enters, where its rows are leaves: in lines, in a list, in objects one after another, or in columns.

Refused are broken JSON, JSON that holds no table, and a choice of a list that is not there.
"""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from trainer.contract.messages import Message, Refusal
from trainer.reading.json_lines import read_lines
from trainer.reading.json_refusals import (
    EXTRA,
    MAX_COLUMNS,
    ONE_OBJECT,
    describe_kind,
    not_a_table,
    too_many_columns,
    unequal_lists,
    unknown_records,
)
from trainer.reading.json_stream import MAX_ROW_BYTES, SPACE, START, JsonStream, Place
from trainer.reading.json_values import parse_json


@dataclass(frozen=True, slots=True)
class RowsInLines:
    """One object or list per line; `otherwise` is why the file is nothing else, when that says more."""

    otherwise: Refusal | None = None


@dataclass(frozen=True, slots=True)
class RowsInList:
    """One list of objects or lists, which begins at `place`: the whole file, or what its key `records` holds."""

    place: Place = START
    records: str | None = None
    choices: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RowsInSequence:
    """Objects one after another, each over any number of lines."""


@dataclass(frozen=True, slots=True)
class RowsInColumns:
    """One object of equally long lists: where the list of each column begins."""

    places: dict[str, Place]


JsonShape = RowsInLines | RowsInList | RowsInSequence | RowsInColumns


def find_shape(path: Path, file_format: str, records: str | None) -> JsonShape:
    """Where the rows are; `records` is the key of the list a person chose.

    Raises:
        Refusal: `broken_json`, `not_a_table`, `too_many_columns` or `unknown_records`.
    """
    first = _look_at_first_line(path)
    if first.beginning == "{" and not (first.found and first.has_more):
        return _find_in_object(path, file_format, records)
    if records is not None:
        raise unknown_records(records, [])
    if first.beginning == "[":
        return RowsInLines() if first.is_flat_list and (first.has_more or file_format == "jsonl") else RowsInList()
    if first.found and first.beginning != "{" and file_format == "json":
        return RowsInLines(not_a_table(first.found))
    return RowsInLines()


@dataclass(frozen=True, slots=True)
class _FirstLine:
    """How the first line that is not blank begins, what it is when it is one whole value, and whether another follows."""

    beginning: str
    found: Message | str | None
    is_flat_list: bool
    has_more: bool


def _look_at_first_line(path: Path) -> _FirstLine:
    with closing(read_lines(path)) as lines:
        _, line = next(lines, (0, b""))
        has_more = next(lines, None) is not None
    if len(line) > MAX_ROW_BYTES:
        line = line.lstrip(SPACE.encode())[:1]  # so long a line is no row, and is not parsed here
    text = line.decode(errors="ignore").lstrip(SPACE)
    try:
        value, end = parse_json(text)
    except (ValueError, RecursionError):
        value, end = None, -1
    found = describe_kind(value) if end == len(text) else None
    is_list = found is not None and isinstance(value, list)
    return _FirstLine(text[:1], found, is_list and not any(isinstance(item, list | dict) for item in value), has_more)


def _find_in_object(path: Path, file_format: str, records: str | None) -> JsonShape:
    with path.open("rb", buffering=0) as file:
        stream = JsonStream(file)
        try:
            survey = _survey(stream)
            follows = stream.peek()
            if follows not in {"", "{"}:
                raise stream.refuse(EXTRA)
        except Refusal as refusal:
            if records is not None:
                raise
            return RowsInLines(refusal if file_format == "json" else None)  # the first of many lines may be broken
    if not follows:
        return _choose(survey, file_format, records)
    if records is not None:
        raise unknown_records(records, [])
    return RowsInSequence()


@dataclass(frozen=True, slots=True)
class _List:
    """What a key of the object holds: a list, where it begins, and how many of its items are objects or plain values."""

    place: Place
    count: int
    objects: int
    plain: int


@dataclass(slots=True)
class _Survey:
    """What the keys of an object hold."""

    lists: dict[str, _List] = field(default_factory=dict)
    has_others: bool = False


def _survey(stream: JsonStream) -> _Survey:
    survey = _Survey()
    for key in stream.read_keys():
        if stream.peek() == "[":
            survey.lists[key] = _count_items(stream)
        else:
            stream.read_value()
            survey.has_others = True
            survey.lists.pop(key, None)
        if len(survey.lists) > MAX_COLUMNS:
            raise too_many_columns(len(survey.lists))
    return survey


def _count_items(stream: JsonStream) -> _List:
    place = stream.find_place()
    kinds = Counter(map(type, stream.read_items()))
    count = kinds.total()
    return _List(place, count, kinds[dict], count - kinds[dict] - kinds[list])


def _choose(survey: _Survey, file_format: str, records: str | None) -> JsonShape:
    lists = survey.lists
    choices = [key for key, found in lists.items() if found.count and found.objects == found.count]
    if records is not None and records not in choices:
        raise unknown_records(records, choices)
    if choices:
        chosen = max(choices, key=lambda key: lists[key].count) if records is None else records
        return RowsInList(lists[chosen].place, chosen, choices)
    if lists and not survey.has_others and all(found.plain == found.count for found in lists.values()):
        return _match_columns(lists)
    if file_format == "jsonl":
        return RowsInSequence()  # a file of one row
    for key, found in lists.items():
        if found.objects or not found.count:  # reading it says which row is no object, or that there is none
            return RowsInList(found.place, key)
    raise not_a_table(ONE_OBJECT)


def _match_columns(lists: dict[str, _List]) -> RowsInColumns:
    first, *others = lists
    for key in others:
        if lists[key].count != lists[first].count:
            raise unequal_lists(first, lists[first].count, key, lists[key].count)
    return RowsInColumns({key: found.place for key, found in lists.items()})

"""A JSON file enters, where its rows are leaves: in lines, in a list, in objects one after another, in columns or by labels.

Refused are broken JSON, JSON that holds no table, and a choice of a list that is not there.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path

from trainer.contract.messages import Message, Refusal
from trainer.reading.json_labels import are_counted, find_orientation, name_labels
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
from trainer.reading.json_survey import FoundList, Survey, read_or_count, survey_object
from trainer.reading.json_values import parse_json, write_cell


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


@dataclass(frozen=True, slots=True)
class RowsInSplit:
    """Names of columns in one list, rows in another, and labels of the rows in a third where the first column is theirs."""

    names: list[str]
    place: Place
    labels: Place | None = None


@dataclass(frozen=True, slots=True)
class RowsByLabel:
    """One object of objects, each a row; `label` is the column of its keys, None when they only count."""

    label: str | None


@dataclass(frozen=True, slots=True)
class ColumnsByLabel:
    """One object of objects, each a column: where it begins, the column of its keys, and whether all have the same keys."""

    places: dict[str, Place]
    label: str | None
    are_alike: bool


JsonShape = RowsInLines | RowsInList | RowsInSequence | RowsInColumns | RowsInSplit | RowsByLabel | ColumnsByLabel


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
            survey = survey_object(stream)
            follows = stream.peek()
            if follows not in {"", "{"}:
                raise stream.refuse(EXTRA)
        except Refusal as refusal:
            if records is not None:
                raise
            return RowsInLines(refusal if file_format == "json" else None)  # the first of many lines may be broken
        if not follows:
            return _choose(file, survey, file_format, records)
    if records is not None:
        raise unknown_records(records, [])
    return RowsInSequence()


def _choose(file: FileIO, survey: Survey, file_format: str, records: str | None) -> JsonShape:
    lists, nested = survey.lists, survey.objects.lists
    counts = {key: found.count for key, found in lists.items() if found.are_objects}
    deeper = {".".join(keys): keys for keys in nested if ".".join(keys) not in counts}
    choices = [*counts, *deeper]
    if records is not None and records not in choices:
        raise unknown_records(records, choices)
    shape = None if records is not None or counts else _find_frame(file, survey)
    if shape:
        return shape
    if not counts and len({outer for outer, _ in deeper.values()}) == 1:  # else each may belong to what holds it
        counts = {name: nested[keys] for name, keys in deeper.items()}
    if counts or records is not None:
        chosen = max(counts, key=lambda key: counts[key]) if records is None else records
        place = lists[chosen].place if chosen not in deeper else _find_nested(file, survey, *deeper[chosen])
        return RowsInList(place, chosen, choices)
    if file_format == "jsonl":
        return RowsInSequence()  # a file of one row
    for key, found in lists.items():
        if found.objects or not found.count:  # reading it says which row is no object, or that there is none
            return RowsInList(found.place, key)
    raise not_a_table(ONE_OBJECT)


def _find_frame(file: FileIO, survey: Survey) -> JsonShape | None:
    """A table that is written by its columns, its labels or both, as pandas does it; None where the object is none."""
    names, rows, index = (survey.lists.get(key) for key in ("columns", "data", "index"))
    if names and rows and names.are_plain and 0 < names.count <= MAX_COLUMNS and rows.count == rows.lists:
        return _match_split(file, names, rows, index)
    if survey.has_lists_alone and all(found.are_plain for found in survey.lists.values()):
        return _match_columns(survey.lists)
    if not survey.has_objects_alone:
        return None
    objects = survey.objects
    orientation = find_orientation(objects)
    if orientation == "rows":
        label = None if objects.outer.are_counted else name_labels(objects.kinds)
        return RowsByLabel(label)
    if orientation == "columns":
        if objects.outer.count > MAX_COLUMNS:
            raise too_many_columns(objects.outer.count)
        label = None if are_counted(objects) else name_labels(objects.places)
        return ColumnsByLabel(objects.places, label, objects.are_alike)
    return None


def _match_columns(lists: dict[str, FoundList]) -> RowsInColumns:
    first, *others = lists
    for key in others:
        if lists[key].count != lists[first].count:
            raise unequal_lists(first, lists[first].count, key, lists[key].count)
    return RowsInColumns({key: found.place for key, found in lists.items()})


def _match_split(file: FileIO, columns: FoundList, rows: FoundList, index: FoundList | None) -> RowsInSplit:
    names = [item if isinstance(item, str) else write_cell(item) for item in JsonStream(file, columns.place).read_items()]
    if index is None:
        return RowsInSplit(names, rows.place)
    if index.count != rows.count:
        raise unequal_lists("index", index.count, "data", rows.count)
    labels = JsonStream(file, index.place).read_items()
    if all(label == str(number).encode() for number, label in enumerate(labels)):
        return RowsInSplit(names, rows.place)
    return RowsInSplit([name_labels(names), *names], rows.place, index.place)


def _find_nested(file: FileIO, survey: Survey, outer: str, inner: str) -> Place:
    """Where a list of an object in the object begins; of equal keys the last one counts."""
    stream = JsonStream(file, survey.objects.places[outer])
    found = START
    for key in stream.read_keys():
        if key == inner:
            found = stream.find_place()
        read_or_count(stream)
    return found

"""A JSON object of any size enters, what its keys hold leaves: where lists begin, and what objects have in common."""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trainer.reading.json_refusals import MAX_COLUMNS, too_many_columns
from trainer.reading.json_stream import JsonStream, Place
from trainer.reading.json_values import parse_json

MOST_NESTED = 100  # lists in objects that are kept in mind
WHOLE_NUMBER = re.compile("-?[0-9]{1,18}")
COUNT = re.compile("0|[1-9][0-9]{0,17}")
# What a plain value is, as a bit.
TEXT, NUMBER, TRUTH = 1, 2, 4
_KINDS = {str: TEXT, bytes: NUMBER, bool: TRUTH}


@dataclass(frozen=True, slots=True)
class FoundList:
    """A list that a key of the object holds: where it begins, and how many of its items are objects, lists or plain values."""

    place: Place
    count: int
    objects: int = 0
    lists: int = 0

    @property
    def are_objects(self) -> bool:
        return 0 < self.objects == self.count

    @property
    def are_plain(self) -> bool:
        return not self.objects and not self.lists


@dataclass(slots=True)
class Labels:
    """Keys one after another, of which only a digest is kept: how many, and whether they are numbers, or count from 0."""

    count: int = 0
    are_numbers: bool = True
    are_counted: bool = True
    end: float = 0  # one more than the highest; infinite when some key cannot be the number of a row
    _digest: Any = field(default_factory=hashlib.sha256)

    def add(self, keys: Sequence[str]) -> None:
        if self.are_counted:
            self.are_counted = all(key == str(number) for number, key in enumerate(keys, start=self.count))
        if self.are_numbers and not self.are_counted:
            self.are_numbers = all(map(WHOLE_NUMBER.fullmatch, keys))
        self.count += len(keys)
        if self.are_counted:
            self.end = self.count
        elif self.end < math.inf:
            self.end = max(self.end, 1 + max(map(int, keys))) if all(map(COUNT.fullmatch, keys)) else math.inf
        self._digest.update("".join(f"{key}\0" for key in keys).encode("utf-8", errors="surrogatepass"))

    def are_same(self, other: Labels) -> bool:
        return self.count == other.count and bool(self._digest.digest() == other._digest.digest())


@dataclass(slots=True)
class FoundObjects:
    """What the objects that the keys of an object hold have in common, of whatever size they are.

    Each may be a row of a table, and its keys the columns; or each is a column, and its keys name the rows.
    """

    outer: Labels = field(default_factory=Labels)  # the keys that hold the objects
    first: Labels | None = None  # the keys of the first object
    places: dict[str, Place] = field(default_factory=dict)  # where the objects begin, of one more than columns may be
    kinds: dict[str, int] = field(default_factory=dict)  # of the values of each inner key; empty when there are too many
    lists: dict[tuple[str, str], int] = field(default_factory=dict)  # lists of objects in them, and their lengths
    are_alike: bool = True  # all have the same keys in the same order
    are_numbers: bool = True  # all their keys are whole numbers
    are_mixed: bool = False  # an object holds values of several kinds
    has_plain: bool = False
    has_too_many_keys: bool = False
    most_counted: int = 0  # keys of an object whose keys count from 0
    end: float = 0  # one more than the highest key; infinite when some key cannot be the number of a row
    cells: int = 0
    most_cells: int = 0  # of one object

    @property
    def width(self) -> int:
        """How many different keys the objects have, at least."""
        return max(len(self.kinds), self.most_cells)

    def read(self, key: str, stream: JsonStream) -> None:
        """Read the object that begins here, which the key holds."""
        self.outer.add([key])
        if len(self.places) <= MAX_COLUMNS:
            self.places[key] = stream.find_place()
        labels, kinds = Labels(), 0
        for members in stream.read_members(parse_json, lambda: read_or_count(stream)):
            labels.add(list(members))
            kinds |= self._look_at(key, members)
        self.first = self.first or labels
        self.are_alike = self.are_alike and labels.are_same(self.first)
        self.are_numbers = self.are_numbers and labels.are_numbers
        self.are_mixed = self.are_mixed or kinds not in {0, TEXT, NUMBER, TRUTH}
        self.most_counted = max(self.most_counted, labels.count if labels.are_counted else 0)
        self.end = max(self.end, labels.end)
        self.cells += labels.count
        self.most_cells = max(self.most_cells, labels.count)

    def _look_at(self, key: str, members: Mapping[str, Any]) -> int:
        """The kinds of these members."""
        types = set(map(type, members.values()))
        found = sum(_KINDS.get(kind, 0) for kind in types)
        if not self.has_too_many_keys:
            for name, value in members.items():
                self.kinds[name] = self.kinds.get(name, 0) | _KINDS.get(type(value), 0)
            self.has_too_many_keys = len(self.kinds) > MAX_COLUMNS
            if self.has_too_many_keys:
                self.kinds.clear()
        if list in types or FoundList in types:
            self._note_lists(key, members)
        self.has_plain = self.has_plain or found > 0
        return found

    def _note_lists(self, key: str, members: Mapping[str, Any]) -> None:
        for name, value in members.items():
            count = 0
            if isinstance(value, FoundList) and value.are_objects:
                count = value.count
            elif isinstance(value, list) and all(isinstance(item, dict) for item in value):
                count = len(value)
            if count and key in self.places and len(self.lists) < MOST_NESTED:
                self.lists[key, name] = count


@dataclass(slots=True)
class Survey:
    """What the keys of an object hold: lists, objects, or other values."""

    lists: dict[str, FoundList] = field(default_factory=dict)
    objects: FoundObjects = field(default_factory=FoundObjects)
    has_plain: bool = False

    @property
    def has_lists_alone(self) -> bool:
        return bool(self.lists) and not self.has_plain and not self.objects.outer.count

    @property
    def has_objects_alone(self) -> bool:
        return bool(self.objects.outer.count) and not self.has_plain and not self.lists


def survey_object(stream: JsonStream) -> Survey:
    """Read the object that begins here; of equal keys the last one counts.

    Raises:
        Refusal: `broken_json` or `too_many_columns`.
    """
    survey = Survey()
    for key in stream.read_keys():
        survey.lists.pop(key, None)
        beginning = stream.peek()
        if beginning == "[":
            survey.lists[key] = count_items(stream)
        elif beginning == "{":
            survey.objects.read(key, stream)
        else:
            stream.read_value()
            survey.has_plain = True
        if len(survey.lists) > MAX_COLUMNS:
            raise too_many_columns(len(survey.lists))
    return survey


def count_items(stream: JsonStream) -> FoundList:
    """Read the list that begins here."""
    place = stream.find_place()
    kinds = Counter(map(type, stream.read_items()))
    return FoundList(place, kinds.total(), kinds[dict], kinds[list])


def read_or_count(stream: JsonStream) -> Any:  # noqa: ANN401 - whatever JSON can say
    """The value that begins here; a list, which may be long, is only counted."""
    return count_items(stream) if stream.peek() == "[" else stream.read_value(parse_json)

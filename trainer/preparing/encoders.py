"""One column enters, its numbers or its places in a list of levels leave: an encoder per kind, fitted once and written plainly.

Cells that cannot be read (text in a number column, an unknown category) count as missing and are handed back. Nothing
here is of one network family: what a family makes of these numbers is its own affair.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy
import pandas

from trainer.contract.messages import Message, Scalar
from trainer.preparing.encoder import Encoder, Reading, no_column, stack
from trainer.preparing.labels import as_written

MAX_LEVELS = 4096
MIN_LEVEL_ROWS = 2
LARGEST = 1e100  # keeps squares of absurd values finite
FARTHEST = 1e6  # deviations from the median: beyond, float32 and the squares of it would be lost
QUARTILE_RANGE = 1.349  # deviations between the quartiles of a normal distribution
YEAR_2000 = pandas.Timestamp("2000-01-01")


@dataclass(frozen=True, slots=True)
class NumberEncoder(Encoder):
    """Distance from the median in standard deviations, missing as the median; a flag where the training rows miss some.

    The deviation is what the quartiles make of it: a few absurd values do not press all others together.
    """

    median: float
    scale: float
    marks_missing: bool

    @classmethod
    def fit(cls, numbers: pandas.Series[Any]) -> NumberEncoder:
        known = numbers.dropna().to_numpy(dtype=numpy.float64)
        if not len(known):
            return cls(0.0, 1.0, marks_missing=False)
        low, median, high = (float(value) for value in numpy.quantile(known, (0.25, 0.5, 0.75)))
        scale = (high - low) / QUARTILE_RANGE or float(numpy.ptp(known)) / 2 or 1.0
        return cls(median, scale, len(known) < len(numbers))

    @property
    def numbers(self) -> int:
        return 1

    @property
    def flags(self) -> int:
        return int(self.marks_missing)

    def encode(self, values: pandas.Series[Any]) -> Reading:
        numbers = to_numbers(values)
        raw = numbers.to_numpy()
        missing = numpy.isnan(raw)
        refused = values[missing & values.notna().to_numpy()]
        scaled = ((numpy.where(missing, self.median, raw) - self.median) / self.scale).clip(-FARTHEST, FARTHEST)
        return Reading(stack(scaled), stack(missing) if self.marks_missing else no_column(len(raw)), refused)

    def describe(self) -> Message:
        params: dict[str, Scalar] = {"median": self.median, "scale": self.scale}
        if not self.marks_missing:
            return Message("A number, as its distance from the median {median} in units of {scale}.", params)
        text = "A number, as its distance from the median {median} in units of {scale}; missing is the median, and marked."
        return Message(text, params)

    def to_plain(self) -> dict[str, Any]:
        return {"encoder": "number", "median": self.median, "scale": self.scale, "marks_missing": self.marks_missing}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> NumberEncoder:
        return cls(plain["median"], plain["scale"], plain["marks_missing"])


@dataclass(frozen=True, slots=True)
class CategoryEncoder(Encoder):
    """One place per level, the most frequent first, then one for other and unknown levels, and one for missing."""

    levels: tuple[str, ...]

    @classmethod
    def fit(cls, values: pandas.Series[Any]) -> CategoryEncoder:
        counts = {str(level): int(count) for level, count in as_written(values.dropna()).value_counts().items()}
        frequent = [level for level, count in counts.items() if count >= MIN_LEVEL_ROWS]
        frequent.sort(key=lambda level: (-counts[level], level))
        return cls(tuple(frequent[:MAX_LEVELS]))

    @property
    def places(self) -> int:
        return len(self.levels) + 2

    def encode(self, values: pandas.Series[Any]) -> Reading:
        slots = {level: slot for slot, level in enumerate(self.levels)}
        other, missing = len(self.levels), len(self.levels) + 1
        known = values.notna()
        positions = as_written(values).map(slots)
        # A rare level of the training rows shares the place of levels never seen: both say "something else".
        refused = values[(positions.isna() & known).to_numpy()]
        chosen = positions.fillna(other).where(known, missing).to_numpy().astype(numpy.int64)
        return Reading(no_column(len(values)), no_column(len(values)), refused, chosen)

    def describe(self) -> Message:
        text = "One of {levels} values; rarer and unknown ones are taken together, and so is what is missing."
        return Message(text, {"levels": len(self.levels)})

    def to_plain(self) -> dict[str, Any]:
        return {"encoder": "category", "levels": list(self.levels)}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> CategoryEncoder:
        return cls(tuple(plain["levels"]))


@dataclass(frozen=True, slots=True)
class BooleanEncoder(Encoder):
    """1 for true, -1 for false, 0 for missing."""

    @property
    def flags(self) -> int:
        return 1

    def encode(self, values: pandas.Series[Any]) -> Reading:
        words = values.astype(object).astype(str).str.lower()
        signs = words.map({"true": 1.0, "false": -1.0, "1": 1.0, "0": -1.0})
        refused = values[(signs.isna() & values.notna()).to_numpy()]
        return Reading(no_column(len(values)), stack(signs.fillna(0.0).to_numpy(dtype=numpy.float64)), refused)

    def describe(self) -> Message:
        return Message("Yes, no or missing.")

    def to_plain(self) -> dict[str, Any]:
        return {"encoder": "boolean"}

    @classmethod
    def from_plain(cls, _plain: Mapping[str, Any]) -> BooleanEncoder:
        return cls()


@dataclass(frozen=True, slots=True)
class DateEncoder(Encoder):
    """The moment, the year, the month and the weekday, each as a number column."""

    parts: tuple[NumberEncoder, ...]

    @classmethod
    def fit(cls, values: pandas.Series[Any]) -> DateEncoder:
        return cls(tuple(NumberEncoder.fit(part) for part in _date_parts(_to_dates(values))))

    @property
    def numbers(self) -> int:
        return len(self.parts)

    @property
    def flags(self) -> int:
        return self.parts[0].flags

    def encode(self, values: pandas.Series[Any]) -> Reading:
        dates = _to_dates(values)
        refused = values[(dates.isna() & values.notna()).to_numpy()]
        encoded = [part.encode(numbers) for part, numbers in zip(self.parts, _date_parts(dates), strict=True)]
        # All parts are missing together, so that the flag of one says it of all.
        return Reading(numpy.concatenate([part.numbers for part in encoded], axis=1), encoded[0].flags, refused)

    def describe(self) -> Message:
        return Message("A date, as the moment, the year, the month and the day of the week.")

    def to_plain(self) -> dict[str, Any]:
        return {"encoder": "date", "parts": [part.to_plain() for part in self.parts]}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> DateEncoder:
        return cls(tuple(NumberEncoder.from_plain(part) for part in plain["parts"]))


def to_numbers(values: pandas.Series[Any]) -> pandas.Series[Any]:
    # In NumPy throughout: on a small table the same in pandas takes longer than the first epoch.
    numbers = pandas.to_numeric(values, errors="coerce").to_numpy(dtype=numpy.float64, na_value=numpy.nan)
    readable = numpy.where(numpy.isfinite(numbers), numbers.clip(-LARGEST, LARGEST), numpy.nan)
    return pandas.Series(readable, index=values.index)


def _to_dates(values: pandas.Series[Any]) -> pandas.Series[Any]:
    if pandas.api.types.is_datetime64_any_dtype(values):
        return values
    return pandas.to_datetime(values.astype(object), errors="coerce", format="ISO8601", utc=True).dt.tz_localize(None)


def _date_parts(dates: pandas.Series[Any]) -> list[pandas.Series[Any]]:
    days = (dates - YEAR_2000).dt.total_seconds() / 86_400
    return [days, dates.dt.year.astype("float64"), dates.dt.month.astype("float64"), dates.dt.day_of_week.astype("float64")]

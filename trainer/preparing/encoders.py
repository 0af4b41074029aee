"""One column enters, its numbers or its places in a list of levels leave: an encoder per kind, fitted once and written plainly.

Cells that cannot be read (text in a number column, an unknown category) count as missing and are handed back. Nothing
here is of one network family: what a family makes of these numbers is its own affair.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy
import pandas
from numpy.typing import NDArray

from trainer.preparing.labels import as_written

MAX_LEVELS = 4096
MIN_LEVEL_ROWS = 2
LARGEST = 1e100  # keeps squares of absurd values finite
FARTHEST = 1e6  # deviations from the median: beyond, float32 and the squares of it would be lost
QUARTILE_RANGE = 1.349  # deviations between the quartiles of a normal distribution
YEAR_2000 = pandas.Timestamp("2000-01-01")

Encoded = NDArray[numpy.float32]


@dataclass(frozen=True, slots=True)
class Reading:
    """One column: `numbers` and `flags` [rows, width], or the place of each cell's level [rows]; and what could not be read.

    Flags are -1, 0 or 1: whether something is true, or missing.
    """

    numbers: Encoded
    flags: Encoded
    refused: pandas.Series[Any]
    places: NDArray[numpy.int64] | None = None


class Encoder(Protocol):
    """What every kind of column offers: so many numbers and flags per row, or one of so many places."""

    @property
    def numbers(self) -> int: ...

    @property
    def flags(self) -> int: ...

    @property
    def places(self) -> int: ...

    def encode(self, values: pandas.Series[Any]) -> Reading: ...

    def to_plain(self) -> dict[str, Any]: ...

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Encoder: ...


def fit_encoder(kind: str, values: pandas.Series[Any]) -> Encoder:
    """The encoder of a column of this kind, fitted on `values`."""
    if kind in {"number", "integer"}:
        return NumberEncoder.fit(_to_numbers(values))
    if kind == "category":
        return CategoryEncoder.fit(values)
    return DateEncoder.fit(values) if kind == "date" else BooleanEncoder()


@dataclass(frozen=True, slots=True)
class NumberEncoder:
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

    @property
    def places(self) -> int:
        return 0

    def encode(self, values: pandas.Series[Any]) -> Reading:
        numbers = _to_numbers(values)
        raw = numbers.to_numpy()
        missing = numpy.isnan(raw)
        refused = values[missing & values.notna().to_numpy()]
        scaled = ((numpy.where(missing, self.median, raw) - self.median) / self.scale).clip(-FARTHEST, FARTHEST)
        return Reading(_stack(scaled), _stack(missing) if self.marks_missing else _no_column(len(raw)), refused)

    def to_plain(self) -> dict[str, Any]:
        return {"encoder": "number", "median": self.median, "scale": self.scale, "marks_missing": self.marks_missing}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> NumberEncoder:
        return cls(plain["median"], plain["scale"], plain["marks_missing"])


@dataclass(frozen=True, slots=True)
class CategoryEncoder:
    """One place per level, the most frequent first, then one for other and unknown levels, and one for missing."""

    levels: tuple[str, ...]

    @classmethod
    def fit(cls, values: pandas.Series[Any]) -> CategoryEncoder:
        counts = {str(level): int(count) for level, count in as_written(values.dropna()).value_counts().items()}
        frequent = [level for level, count in counts.items() if count >= MIN_LEVEL_ROWS]
        frequent.sort(key=lambda level: (-counts[level], level))
        return cls(tuple(frequent[:MAX_LEVELS]))

    @property
    def numbers(self) -> int:
        return 0

    @property
    def flags(self) -> int:
        return 0

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
        return Reading(_no_column(len(values)), _no_column(len(values)), refused, chosen)

    def to_plain(self) -> dict[str, Any]:
        return {"encoder": "category", "levels": list(self.levels)}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> CategoryEncoder:
        return cls(tuple(plain["levels"]))


@dataclass(frozen=True, slots=True)
class BooleanEncoder:
    """1 for true, -1 for false, 0 for missing."""

    @property
    def numbers(self) -> int:
        return 0

    @property
    def flags(self) -> int:
        return 1

    @property
    def places(self) -> int:
        return 0

    def encode(self, values: pandas.Series[Any]) -> Reading:
        words = values.astype(object).astype(str).str.lower()
        signs = words.map({"true": 1.0, "false": -1.0, "1": 1.0, "0": -1.0})
        refused = values[(signs.isna() & values.notna()).to_numpy()]
        return Reading(_no_column(len(values)), _stack(signs.fillna(0.0).to_numpy(dtype=numpy.float64)), refused)

    def to_plain(self) -> dict[str, Any]:
        return {"encoder": "boolean"}

    @classmethod
    def from_plain(cls, _plain: Mapping[str, Any]) -> BooleanEncoder:
        return cls()


@dataclass(frozen=True, slots=True)
class DateEncoder:
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

    @property
    def places(self) -> int:
        return 0

    def encode(self, values: pandas.Series[Any]) -> Reading:
        dates = _to_dates(values)
        refused = values[(dates.isna() & values.notna()).to_numpy()]
        encoded = [part.encode(numbers) for part, numbers in zip(self.parts, _date_parts(dates), strict=True)]
        # All parts are missing together, so that the flag of one says it of all.
        return Reading(numpy.concatenate([part.numbers for part in encoded], axis=1), encoded[0].flags, refused)

    def to_plain(self) -> dict[str, Any]:
        return {"encoder": "date", "parts": [part.to_plain() for part in self.parts]}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> DateEncoder:
        return cls(tuple(NumberEncoder.from_plain(part) for part in plain["parts"]))


ENCODERS: Mapping[str, type[Encoder]] = {
    "number": NumberEncoder,
    "category": CategoryEncoder,
    "boolean": BooleanEncoder,
    "date": DateEncoder,
}


def _to_numbers(values: pandas.Series[Any]) -> pandas.Series[Any]:
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


def _stack(column: NDArray[Any]) -> Encoded:
    return column.astype(numpy.float32)[:, None]


def _no_column(rows: int) -> Encoded:
    return numpy.zeros((rows, 0), dtype=numpy.float32)

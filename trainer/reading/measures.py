"""Two columns enter as arrays of the same rows, how much one tells about the other leaves: 0 for nothing, 1 for everything.

Numbers are float64 with NaN where a value is missing; categories are codes from 0, with -1 where a value is missing.
"""

from __future__ import annotations

import math
from typing import Any

import numpy
from numpy.typing import NDArray

LEAST_ROWS = 10  # with both values; below, every figure is chance
MOST_CELLS = 4_000_000
Numbers = NDArray[numpy.float64]
Codes = NDArray[numpy.int64]


def correlate(first: Numbers, second: Numbers) -> float | None:
    """Pearson's r over the rows that have both; None where there are too few, or one never changes."""
    both = numpy.isfinite(first) & numpy.isfinite(second)
    if both.sum() < LEAST_ROWS:
        return None
    first, second = _standardise(first[both]), _standardise(second[both])
    product = float((first * second).sum())  # and no matrix product, whose threads would wait for each other
    return max(-1.0, min(1.0, product)) if math.isfinite(product) and first.any() and second.any() else None


def correlate_ranks(first: Numbers, second: Numbers) -> float | None:
    """Spearman's rho over the rows that have both."""
    both = numpy.isfinite(first) & numpy.isfinite(second)
    return correlate(rank(first[both]), rank(second[both]))


def rank(values: Numbers) -> Numbers:
    """Ranks from 1; equal values share the mean of theirs, missing ones stay missing."""
    ranks = numpy.full(len(values), numpy.nan)
    known = numpy.isfinite(values)
    _, positions, counts = numpy.unique(values[known], return_inverse=True, return_counts=True)
    ranks[known] = (numpy.cumsum(counts) - (counts - 1) / 2)[positions]
    return ranks


def correlation_ratio(groups: Codes, numbers: Numbers) -> float | None:
    """Eta: the root of the share of the variance of `numbers` that lies between the groups.

    Less what as many groups would explain by chance (Kelley's epsilon², 1935), so that many small groups tell nothing.
    """
    both = (groups >= 0) & numpy.isfinite(numbers)
    rows = int(both.sum())
    if rows < LEAST_ROWS:
        return None
    codes, values = numpy.unique(groups[both], return_inverse=True)[1], _standardise(numbers[both])
    sizes = numpy.bincount(codes)
    if len(sizes) < len(("a", "b")) or len(sizes) >= rows or not values.any():
        return None
    between = float((numpy.bincount(codes, weights=values) ** 2 / sizes).sum())
    corrected = 1 - (1 - between) * (rows - 1) / (rows - len(sizes))
    return math.sqrt(max(0.0, min(1.0, corrected))) if math.isfinite(corrected) else None


def cramers_v(first: Codes, second: Codes) -> float | None:
    """Cramér's V with Bergsma's correction (2013) for what chance gives to tables of many cells."""
    table = cross(first, second)
    if table is None or min(table.shape) < len(("a", "b")) or (rows := int(table.sum())) < LEAST_ROWS:
        return None
    expected = table.sum(axis=1, keepdims=True) * (table.sum(axis=0, keepdims=True) / rows)
    phi2 = float(((table - expected) ** 2 / expected).sum()) / rows
    high, wide = table.shape
    corrected = max(0.0, phi2 - (high - 1) * (wide - 1) / (rows - 1))
    room = min(high - (high - 1) ** 2 / (rows - 1), wide - (wide - 1) ** 2 / (rows - 1)) - 1
    return min(1.0, math.sqrt(corrected / room)) if room > 0 else None


def cross(first: Codes, second: Codes) -> NDArray[numpy.int64] | None:
    """How many rows have each pair of values, without empty rows and columns; None for a table too large to count."""
    both = (first >= 0) & (second >= 0)
    _, rows = numpy.unique(first[both], return_inverse=True)
    _, columns = numpy.unique(second[both], return_inverse=True)
    high, wide = (int(codes.max(initial=-1)) + 1 for codes in (rows, columns))
    if high * wide > MOST_CELLS:
        return None
    return numpy.bincount(rows * wide + columns, minlength=high * wide).reshape(high, wide)


def best_guess_share(known: Codes, wanted: Codes) -> tuple[float, float]:
    """The share of rows that are right when each code of `known` (missing is one, too) stands for the code it mostly goes with.

    And the share when the most frequent code of all is always said.
    """
    table = cross(known[wanted >= 0] + 1, wanted[wanted >= 0])
    if table is None or not table.size:
        return 0.0, 0.0
    return float(table.max(axis=1).sum() / table.sum()), float(table.sum(axis=0).max() / table.sum())


def roc_area(numbers: Numbers, classes: Codes) -> float | None:
    """The area under the curve of telling class 1 from class 0 by the number, in the better direction; from rank sums."""
    both = (classes >= 0) & numpy.isfinite(numbers)
    positive = classes[both] == 1
    pairs = int(positive.sum()) * int((~positive).sum())
    if pairs == 0:
        return None
    ranks = rank(numbers[both])
    area = float(ranks[positive].sum() - positive.sum() * (positive.sum() + 1) / 2) / pairs
    return max(area, 1 - area)


def encode(values: NDArray[Any]) -> Codes:
    """Codes in the order in which values first appear, so that columns that differ in their words alone are equal."""
    seen: dict[Any, int] = {}
    return numpy.array(
        [-1 if value is None else seen.setdefault(value, len(seen)) for value in values.tolist()], dtype=numpy.int64
    )


def _standardise(values: Numbers) -> Numbers:
    """Around zero with a length of 1; zeros where nothing changes."""
    largest = float(numpy.abs(values).max(initial=0.0))
    if largest == 0:
        return values
    scaled = values / largest  # the squares of huge numbers are no numbers
    centred = scaled - scaled.mean()
    length = math.sqrt(float((centred**2).sum()))
    # What is left of a constant is rounding.
    return centred / length if length > 1e-12 * math.sqrt(len(values)) else numpy.zeros(len(values))

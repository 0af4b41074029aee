"""Numbers or moments enter, a histogram with round edges leaves: bins of one width, or of one step of the calendar.

What lies far outside of where nearly all values are gets no bins of its own but is counted, so that the rest stays readable.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy
from numpy.typing import NDArray

BINS = 20
MOST_CALENDAR_BINS = 26
CORE_SHARE, CORE_REACH = 0.05, 3.0  # without the twentieth at each end, and three times that around it
OUTER_SHARE = 0.01  # at each end of what remains
FAR = 0.75  # times the distance between the two bounds of what lies inside
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
WHOLE_STEPS = (1.0, 2.0, 5.0, 10.0)
CALENDAR = (
    *(("s", step) for step in (1, 5, 15, 30)),
    *(("m", step) for step in (1, 5, 15, 30)),
    *(("h", step) for step in (1, 3, 6, 12)),
    *(("D", step) for step in (1, 2, 7)),
    *(("M", step) for step in (1, 3, 6)),
    *(("Y", step) for step in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)),
)
DAYS = frozenset({"D", "M", "Y"})
EDGE_DIGITS = 2
ROUNDING = 1e-9  # of a bin: 0.3 / 0.1 is 2.9999999999999996
Floats = NDArray[numpy.float64]
Moments = NDArray[numpy.datetime64]


@dataclass(frozen=True, slots=True)
class Histogram:
    """`edges` are one more than `counts`; a bin holds its lower edge, the last one both. `below` and `above` lie outside."""

    edges: tuple[float | str, ...]
    counts: tuple[int, ...]
    below: int
    above: int

    def as_dict(self) -> dict[str, Any]:
        return {"edges": list(self.edges), "counts": list(self.counts), "below": self.below, "above": self.above}


def count_numbers(values: Floats, *, are_whole: bool) -> Histogram | None:
    """The histogram of at least one number; None where numbers are too large, or too near to each other, for bins."""
    with numpy.errstate(over="ignore", invalid="ignore"):
        low, high = _bounds(values)
    span = high - low
    if not math.isfinite(span):
        return None
    step = _round_step(span / BINS, are_whole=are_whole)
    if low + step == low or high - step == high:
        return None
    first = math.floor(low / step + ROUNDING)
    bins = math.floor(high / step) - first + 1
    if not are_whole and bins > 1 and high / step <= first + bins - 1 + ROUNDING:
        bins -= 1  # the highest value lies on the last edge
    digits = max(0, EDGE_DIGITS - math.floor(math.log10(step)))
    edges = tuple(round((first + position) * step, digits) for position in range(bins + 1))
    places = values / step - first
    positions = numpy.floor(places + ROUNDING)
    return _count(edges, numpy.where(numpy.abs(places - bins) <= ROUNDING, bins - 1, positions))


def count_moments(moments: Moments, *, are_days: bool) -> Histogram:
    """The histogram of at least one moment, in steps of seconds (or days) to centuries."""
    seconds = moments.astype("datetime64[s]")
    low, high = (numpy.int64(bound).astype("datetime64[s]") for bound in _bounds(seconds.astype(numpy.float64)))
    choices = [choice for choice in CALENDAR if not are_days or choice[0] in DAYS]
    unit, step = next(choice for choice in choices if _calendar_bins(low, high, *choice) <= MOST_CALENDAR_BINS)
    first = _position(low, unit, step)
    starts = ((numpy.arange(_calendar_bins(low, high, unit, step) + 1) + first) * step).astype(f"datetime64[{unit}]")
    shown = starts.astype("datetime64[D]" if unit in DAYS else "datetime64[s]")
    return _count(tuple(str(edge) for edge in shown), _position(seconds, unit, step) - first)


def _bounds(values: Floats) -> tuple[float, float]:
    """Between which values to draw: all, unless an end reaches far beyond where nearly all are."""
    low, lower, upper, high = (float(value) for value in numpy.quantile(values, (0, CORE_SHARE, 1 - CORE_SHARE, 1)))
    reach = CORE_REACH * (upper - lower)
    # What is made up, such as -999, may be more than a hundredth of the values.
    inner = values[(values >= lower - reach) & (values <= upper + reach)] if reach else values
    inner_low, inner_high = (float(value) for value in numpy.quantile(inner, (OUTER_SHARE, 1 - OUTER_SHARE)))
    far = FAR * (inner_high - inner_low)
    if far == 0:
        return low, high
    return (inner_low if inner_low - low > far else low), (inner_high if high - inner_high > far else high)


def _round_step(least: float, *, are_whole: bool) -> float:
    """The smallest round number that is not below `least`; 1 for equal values."""
    if least == 0 or (are_whole and least < 1):
        return 1.0
    power = 10.0 ** math.floor(math.log10(least))
    steps = WHOLE_STEPS if are_whole else STEPS
    return next((step * power for step in steps if step * power >= least * (1 - ROUNDING)), 10 * power)


def _count(edges: tuple[float | str, ...], positions: NDArray[Any]) -> Histogram:
    """Count rows by the position of their bin; what is in no bin lies below or above."""
    bins = len(edges) - 1
    inside = positions[(positions >= 0) & (positions < bins)].astype(numpy.int64)
    counts = tuple(int(count) for count in numpy.bincount(inside, minlength=bins))
    return Histogram(edges, counts, int((positions < 0).sum()), int((positions >= bins).sum()))


def _calendar_bins(low: Any, high: Any, unit: str, step: int) -> int:  # noqa: ANN401 - NumPy's moments
    return int(_position(high, unit, step) - _position(low, unit, step)) + 1


def _position(moments: Any, unit: str, step: int) -> Any:  # noqa: ANN401 - one or many
    return moments.astype(f"datetime64[{unit}]").astype(numpy.int64) // step

"""How much a metric would change with other test rows of the same kind: true values and predictions enter, intervals leave.

Percentile bootstrap (Efron, 1979): rows are drawn again, with replacement, and the metrics measured on what was drawn; 95 % of
these measurements lie within the interval. All metrics at once, from how often each row was drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy
from numpy.typing import NDArray

from trainer.preparing.targets import REGRESSION, TargetCoding

SHARE = 0.95
MOST_DRAWS, FEWEST_DRAWS = 1000, 100
ROWS_TO_DRAW = 20_000_000  # in all
MOST_CLASSES = 50  # beyond, a class has too few rows for it to mean much

Counts = NDArray[Any]
Interval = tuple[float, float]


def find_intervals(coding: TargetCoding, true: NDArray[Any], predicted: NDArray[Any], seed: int) -> dict[str, Interval | None]:
    """(low, high) of every metric of `measure`; None where it is undefined for most draws.

    `true` is [rows], `predicted` [rows, classes] probabilities or [rows] values, as `measure` takes them.
    """
    if coding.task != REGRESSION and predicted.shape[1] > MOST_CLASSES:
        return {}
    weigh = _numbers(true, predicted) if coding.task == REGRESSION else _classes(true, predicted, coding.decide(predicted))
    rows = len(true)
    draws = min(MOST_DRAWS, max(FEWEST_DRAWS, ROWS_TO_DRAW // (rows * max(1, coding.outputs))))
    generator = numpy.random.default_rng(seed)
    drawn = [weigh(numpy.bincount(generator.integers(rows, size=rows), minlength=rows)) for _ in range(draws)]
    return {name: _interval(numpy.array([found[name] for found in drawn])) for name in drawn[0]}


def _interval(values: NDArray[numpy.float64]) -> Interval | None:
    known = values[numpy.isfinite(values)]
    if len(known) * 2 < len(values):
        return None
    low, high = numpy.quantile(known, [(1 - SHARE) / 2, (1 + SHARE) / 2])
    return float(low), float(high)


def _numbers(true: NDArray[Any], predicted: NDArray[Any]) -> Callable[[Counts], Mapping[str, float]]:
    errors = true - predicted
    squared, absolute = errors**2, numpy.abs(errors)

    def weigh(counts: Counts) -> Mapping[str, float]:
        total = counts.sum()
        mean = counts @ true / total
        squares = counts @ squared / total
        spread = counts @ (true - mean) ** 2 / total
        r2 = 1 - squares / spread if spread > 0 else numpy.nan
        return {"rmse": float(squares) ** 0.5, "mae": float(counts @ absolute / total), "r2": float(r2)}

    return weigh


def _classes(
    true: NDArray[Any], probabilities: NDArray[Any], chosen: NDArray[numpy.int64]
) -> Callable[[Counts], Mapping[str, float]]:
    classes = probabilities.shape[1]
    cells = true * classes + chosen
    smallest = numpy.finfo(probabilities.dtype).eps
    losses = -numpy.log(probabilities[numpy.arange(len(true)), true].clip(smallest, 1.0))
    areas = [_Area(true == label, probabilities[:, label]) for label in (range(classes) if classes > len("ab") else [1])]

    def weigh(counts: Counts) -> Mapping[str, float]:
        matrix = numpy.bincount(cells, weights=counts, minlength=classes**2).reshape(classes, classes)
        right, wanted, found_so = numpy.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
        is_there, is_seen = wanted > 0, wanted + found_so > 0
        found = [area.weigh(counts) for area in areas]
        known = [value for value in found if numpy.isfinite(value)]
        return {
            "accuracy": float(right.sum() / matrix.sum()),
            "balanced_accuracy": float((right[is_there] / wanted[is_there]).mean()),
            "f1": float((2 * right[is_seen] / (wanted + found_so)[is_seen]).mean()),
            "roc_auc": float(numpy.mean(known)) if known and is_there.sum() > 1 else numpy.nan,
            "log_loss": float(counts @ losses / counts.sum()),
        }

    return weigh


class _Area:
    """The area under the curve of one class against the rest: scores are sorted once, for all draws."""

    def __init__(self, is_class: NDArray[numpy.bool_], scores: NDArray[Any]) -> None:
        self._order = numpy.argsort(scores, kind="stable")
        self._is_class = is_class[self._order]
        sorted_scores = scores[self._order]
        self._starts = numpy.flatnonzero(numpy.append(True, sorted_scores[1:] != sorted_scores[:-1]))  # of equal scores

    def weigh(self, counts: Counts) -> float:
        weights = counts[self._order].astype(numpy.float64)
        positive = numpy.add.reduceat(weights * self._is_class, self._starts)
        negative = numpy.add.reduceat(weights * ~self._is_class, self._starts)
        pairs = positive.sum() * negative.sum()
        below = numpy.cumsum(negative) - negative
        return float(positive @ (below + negative / 2) / pairs) if pairs else numpy.nan

"""Probabilities of the second of two classes enter, how probable it must be to be predicted leaves: what is best by a metric."""

from __future__ import annotations

from typing import Any

import numpy
from numpy.typing import NDArray

HALF = 0.5


def find_threshold(is_second: NDArray[numpy.bool_], probabilities: NDArray[Any], goal: str) -> float:
    """The threshold with the best `goal` on these rows [rows]; among equals the one nearest to a half.

    `goal` is "accuracy", "balanced_accuracy" or "f1", the macro F1; "half" is a half.
    """
    if goal == "half" or is_second.all() or not is_second.any():
        return HALF
    scores, places = numpy.unique(probabilities, return_inverse=True)
    positive = numpy.bincount(places, weights=is_second, minlength=len(scores))
    negative = numpy.bincount(places, weights=~is_second, minlength=len(scores))
    # Before each score, and after the last: between two scores lies their middle, so that no row is near.
    edges = numpy.concatenate([[scores[0] - HALF], (scores[1:] + scores[:-1]) / 2, [scores[-1] + HALF]])
    missed = numpy.concatenate([[0.0], numpy.cumsum(positive)])  # of the second class, below the edge
    kept = numpy.concatenate([[0.0], numpy.cumsum(negative)])  # of the first class, below the edge
    values = _measure(positive.sum() - missed, missed, kept, negative.sum() - kept, goal)
    best = numpy.flatnonzero(values >= values.max() - 1e-12)
    return float(edges[best[numpy.abs(edges[best] - HALF).argmin()]])


def _measure(
    hits: NDArray[Any], misses: NDArray[Any], rejections: NDArray[Any], alarms: NDArray[Any], goal: str
) -> NDArray[numpy.float64]:
    values: NDArray[numpy.float64]
    if goal == "accuracy":
        values = (hits + rejections) / (hits + misses + rejections + alarms)
    elif goal == "balanced_accuracy":
        values = (hits / (hits + misses) + rejections / (rejections + alarms)) / 2
    else:
        second = 2 * hits / (2 * hits + misses + alarms)
        first = 2 * rejections / numpy.maximum(2 * rejections + misses + alarms, 1)
        values = (second + first) / 2
    return values

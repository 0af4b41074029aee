"""Sampled columns and the target enter, how much each tells about the target leaves, and which give it away.

The measure fits the pair: |r| of two numbers, eta of a number and a category, Cramér's V of two categories; each from 0 to 1.
That a category is missing may tell something, so it counts as a category of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy

from trainer.contract.messages import Message
from trainer.reading.measures import Codes, best_guess_share, correlate, correlation_ratio, cramers_v, roc_area
from trainer.reading.sampled_values import Quantity, Values

DECIMALS = 4
# As trainer.preparing.leakage warns when a run begins.
SUSPICIOUS = 0.95
ONE_TO_ONE = 0.99
LEAST_ROWS = 30
LEAST_ROWS_PER_LEVEL = 5
Described = dict[str, Any]


def associate_with(target: Values, others: Sequence[Values], task: str | None) -> list[Described]:
    """`name`, `measure`, `value` and `leak` (None, or the measure and value that give the target away), strongest first."""
    found = [_describe(column, target, is_number=task == "regression") for column in others]
    return sorted(filter(None, found), key=lambda entry: -float(entry["value"]))


def _describe(column: Values, target: Values, *, is_number: bool) -> Described | None:
    if is_number and isinstance(target, Quantity):
        measure, value = _associate_with_number(column, target)
        leak = _leak_of_number(column, value, len(target.numbers))
    else:
        measure, value = _associate_with_classes(column, target.codes)
        leak = _leak_of_classes(column, target.codes)
    if value is None:
        return None
    return {"name": column.name, "measure": measure, "value": round(value, DECIMALS), "leak": leak}


def _associate_with_number(column: Values, target: Quantity) -> tuple[str, float | None]:
    if not isinstance(column, Quantity):
        return "eta", correlation_ratio(column.codes + 1, target.numbers)
    r = correlate(column.numbers, target.numbers)
    return "r", None if r is None else abs(r)


def _associate_with_classes(column: Values, classes: Codes) -> tuple[str, float | None]:
    if isinstance(column, Quantity):
        return "eta", correlation_ratio(classes, column.numbers)
    return "v", cramers_v(column.codes + 1, classes)


def _leak_of_number(column: Values, value: float | None, rows: int) -> Described | None:
    """A straight line, or the mean of each level, that explains nearly all of the target."""
    if value is None or (not isinstance(column, Quantity) and not _has_rows_per_level(column.codes)):
        return None
    return _leak(Message("R²"), value**2, SUSPICIOUS, rows)


def _leak_of_classes(column: Values, classes: Codes) -> Described | None:
    """A number that splits two classes, or values that each go with one class."""
    if isinstance(column, Quantity) and classes.max(initial=0) == 1:
        is_mostly_known = bool(numpy.isfinite(column.numbers).mean() >= SUSPICIOUS)
        return _leak(Message("ROC AUC"), roc_area(column.numbers, classes), SUSPICIOUS, len(classes)) if is_mostly_known else None
    codes = column.codes
    if not _has_rows_per_level(codes):
        return None
    right, always = best_guess_share(codes, classes)
    return _leak(Message("Accuracy"), right if right > always else None, ONE_TO_ONE, len(classes))


def _leak(measure: Message, value: float | None, bound: float, rows: int) -> Described | None:
    if value is None or value < bound or rows < LEAST_ROWS:
        return None
    return {"measure": measure.as_dict(), "value": round(value, DECIMALS)}


def _has_rows_per_level(codes: Codes) -> bool:
    """With fewer, a level tells its rows apart by chance."""
    return (int(codes.max(initial=-1)) + 1) * LEAST_ROWS_PER_LEVEL <= len(codes)

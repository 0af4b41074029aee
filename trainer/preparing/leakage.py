"""Columns that alone give the target away enter as training rows, leave as warnings; nothing is dropped silently."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy
import pandas

from trainer.contract.messages import Message
from trainer.preparing.table import Cells
from trainer.preparing.targets import REGRESSION, TargetCoding

SUSPICIOUS = 0.95
ONE_TO_ONE = 0.99
MIN_ROWS = 30
MIN_ROWS_PER_LEVEL = 5  # with fewer, a level tells its rows apart by chance


def find_leaks(training: Cells, columns: Iterable[str], coding: TargetCoding) -> list[Message]:
    """A warning per column that alone predicts the target with ROC AUC, R² or a one-to-one mapping above the bounds."""
    if len(training) < MIN_ROWS:
        return []
    target = coding.encode(training[coding.name])
    warnings = []
    for column in columns:
        measure, value = _strength(training[column], target, coding)
        if value is not None:
            warnings.append(
                Message(
                    "“{column}” alone nearly gives “{target}” away ({measure}: {value})."
                    " If it is known only afterwards, leave it out.",
                    {"column": column, "target": coding.name, "measure": measure, "value": f"{value:.3f}"},
                )
            )
    return warnings


def _strength(values: pandas.Series[Any], target: numpy.ndarray[Any, Any], coding: TargetCoding) -> tuple[Message, float | None]:
    """The measure that shows a leak and its value; None when there is no leak."""
    levels = values.nunique()
    are_numbers = pandas.api.types.is_numeric_dtype(values) and not pandas.api.types.is_bool_dtype(values)
    if coding.task == REGRESSION:
        share = _explained(values, target, are_numbers, levels)
        return Message("R²"), share if share is not None and share > SUSPICIOUS else None
    if are_numbers and coding.outputs == len(("no", "yes")):
        area = _area(values, target)
        return Message("ROC AUC"), area if area is not None and area > SUSPICIOUS else None
    if levels * MIN_ROWS_PER_LEVEL > len(values):
        return Message("Accuracy"), None
    accuracy = _rows_in_largest_class(values, target) / len(values)
    always = float(numpy.bincount(target).max()) / len(values)
    return Message("Accuracy"), accuracy if accuracy >= ONE_TO_ONE and accuracy > always else None


def _rows_in_largest_class(values: pandas.Series[Any], target: numpy.ndarray[Any, Any]) -> int:
    """How many rows are right when each level stands for its most frequent class; those without a value are wrong."""
    codes, levels = values.factorize()
    known, classes = codes >= 0, int(target.max()) + 1
    counts = numpy.bincount(codes[known] * classes + target[known], minlength=len(levels) * classes)
    return int(counts.reshape(-1, classes).max(axis=1).sum()) if len(levels) else 0


def _explained(values: pandas.Series[Any], target: numpy.ndarray[Any, Any], are_numbers: bool, levels: int) -> float | None:
    """The share of the target's variance that a straight line, or the mean of each level, explains."""
    known = values.notna().to_numpy()
    wanted = pandas.Series(target[known], dtype="float64")
    total = float(wanted.var(ddof=0)) if len(wanted) else 0.0
    if total == 0.0 or levels < len(("a", "b")):
        return None
    if are_numbers:
        numbers = values[known].to_numpy(dtype=numpy.float64)
        with numpy.errstate(all="ignore"):
            return float(numpy.corrcoef(numbers, wanted)[0, 1] ** 2) if numbers.std() > 0 else None
    if levels * MIN_ROWS_PER_LEVEL > len(wanted):
        return None
    means = wanted.groupby(values[known].astype(str).to_numpy()).transform("mean")
    return float(means.var(ddof=0)) / total


def _area(values: pandas.Series[Any], target: numpy.ndarray[Any, Any]) -> float | None:
    known = values.notna().to_numpy()
    if known.mean() < SUSPICIOUS or len(set(target[known].tolist())) < len(("no", "yes")):
        return None
    # The Mann-Whitney form of the area: scikit-learn's checks take ten times as long, for every column of every run.
    ranks = values[known].rank().to_numpy()
    positive = target[known] == 1
    pairs = int(positive.sum()) * int((~positive).sum())
    area = float(ranks[positive].sum() - positive.sum() * (positive.sum() + 1) / 2) / pairs
    return max(area, 1.0 - area)

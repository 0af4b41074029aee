"""Rows enter with what they belong to, leave in parts that no group is torn apart by: each is tested on groups never seen."""

from __future__ import annotations

from typing import Any

import numpy
import pandas

from trainer.contract.messages import Refusal
from trainer.contract.split_columns import FEWEST_GROUPS, too_few_groups
from trainer.preparing.folds import TEST_SHARE, VALIDATION_SHARE, Division, Fold, Positions
from trainer.preparing.labels import as_written


def divide_by_group(rows: Positions, groups: pandas.Series[Any], folds: int, generator: numpy.random.Generator) -> Division:
    """Whole groups by chance, until a part has its share. A row that belongs to nothing is a group of its own.

    Raises:
        Refusal: `too_few_groups`.
    """
    codes = _number_groups(groups.iloc[rows])
    sizes = numpy.bincount(codes)
    least = max(FEWEST_GROUPS, folds + 1)
    if len(sizes) < least:
        raise Refusal(too_few_groups(str(groups.name), len(sizes), least))
    order = generator.permutation(len(sizes))
    tested = _fill(order, sizes, TEST_SHARE * len(rows), len(sizes) - max(2, folds))
    test = numpy.isin(codes, tested)
    known = order[~numpy.isin(order, tested)]
    if folds == 1:
        validation = numpy.isin(codes, _fill(known, sizes, VALIDATION_SHARE * len(rows), len(known) - 1))
        fold = Fold(generator.permutation(rows[~test & ~validation]), generator.permutation(rows[validation]))
        return Division((fold,), generator.permutation(rows[test]))
    fold_of = numpy.full(len(sizes), -1)
    filled = numpy.zeros(folds, dtype=numpy.int64)
    for group in sorted(known.tolist(), key=lambda group: -int(sizes[group])):
        fold_of[group] = int(filled.argmin())
        filled[fold_of[group]] += sizes[group]
    parts = [rows[fold_of[codes] == number] for number in range(folds)]
    learnt = rows[~test]
    shuffled = [Fold(generator.permutation(numpy.setdiff1d(learnt, part)), generator.permutation(part)) for part in parts]
    return Division(tuple(shuffled), generator.permutation(rows[test]))


def _fill(order: Positions, sizes: Positions, wanted: float, most: int) -> list[int]:
    """The first groups that bring a part nearer to so many rows, `most` groups at most; the smallest where none does."""
    chosen: list[int] = []
    rows = 0
    for group in order.tolist():
        if len(chosen) < most and abs(rows + sizes[group] - wanted) < abs(rows - wanted):
            chosen.append(group)
            rows += int(sizes[group])
    return chosen or [int(order[sizes[order].argmin()])]


def _number_groups(groups: pandas.Series[Any]) -> numpy.ndarray[Any, numpy.dtype[numpy.int64]]:
    codes, names = pandas.factorize(as_written(groups.dropna()))
    numbers = numpy.empty(len(groups), dtype=numpy.int64)
    is_known = groups.notna().to_numpy()
    numbers[is_known] = codes
    numbers[~is_known] = len(names) + numpy.arange(int((~is_known).sum()))
    return numbers

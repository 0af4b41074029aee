"""Rows enter with what they belong to, leave in parts that no group is torn apart by: each is tested on groups never seen."""

from __future__ import annotations

from typing import Any

import numpy
import pandas

from trainer.preparing.folds import TEST_SHARE, VALIDATION_SHARE, Division, Fold, Positions
from trainer.preparing.labels import as_written


def divide_by_group(rows: Positions, groups: pandas.Series[Any], folds: int, generator: numpy.random.Generator) -> Division:
    """Whole groups by chance, until a part has its share. A row that belongs to nothing is a group of its own."""
    codes = _number_groups(groups.iloc[rows])
    order = generator.permutation(codes.max() + 1)
    sizes = numpy.bincount(codes)[order]
    most = len(order) - max(2, folds)  # so many groups must be left
    tested = min(most, _how_many(sizes, TEST_SHARE * len(rows)))
    test = numpy.isin(codes, order[:tested])
    if folds == 1:
        chosen_by = min(most - tested + 1, _how_many(sizes[tested:], VALIDATION_SHARE * len(rows)))
        validation = numpy.isin(codes, order[tested : tested + chosen_by])
        fold = Fold(generator.permutation(rows[~test & ~validation]), generator.permutation(rows[validation]))
        return Division((fold,), generator.permutation(rows[test]))
    fold_of = numpy.full(len(order), -1)
    filled = numpy.zeros(folds, dtype=numpy.int64)
    for group in sorted(order[tested:].tolist(), key=lambda group: -int((codes == group).sum())):
        fold_of[group] = int(filled.argmin())
        filled[fold_of[group]] += int((codes == group).sum())
    parts = [rows[fold_of[codes] == number] for number in range(folds)]
    known = rows[~test]
    shuffled = [
        Fold(generator.permutation(numpy.setdiff1d(known, part)), generator.permutation(part)) for part in parts if len(part)
    ]
    return Division(tuple(shuffled), generator.permutation(rows[test]))


def _number_groups(groups: pandas.Series[Any]) -> numpy.ndarray[Any, numpy.dtype[numpy.int64]]:
    codes, names = pandas.factorize(as_written(groups.dropna()))
    numbers = numpy.empty(len(groups), dtype=numpy.int64)
    is_known = groups.notna().to_numpy()
    numbers[is_known] = codes
    numbers[~is_known] = len(names) + numpy.arange(int((~is_known).sum()))
    return numbers


def _how_many(sizes: numpy.ndarray[Any, Any], wanted: float) -> int:
    """How many of the first groups come closest to so many rows; at least one."""
    return 1 + int(numpy.abs(numpy.cumsum(sizes) - wanted).argmin())

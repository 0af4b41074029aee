"""Rows enter with their times, leave in their order: the earliest to learn from, later ones to choose by, the latest to test."""

from __future__ import annotations

from typing import Any

import numpy
import pandas

from trainer.contract.messages import Message, Problem, Refusal, Scalar
from trainer.preparing.folds import TEST_SHARE, VALIDATION_SHARE, Division, Fold, Positions

FEWEST_TIMES = 3


def divide_in_time(rows: Positions, times: pandas.Series[Any], generator: numpy.random.Generator) -> Division:
    """Rows of the same time are in the same part; those without a time come first, as nobody knows that they are late.

    Raises:
        Refusal: `too_few_times`.
    """
    ranks = times.iloc[rows].rank(method="dense", na_option="top").to_numpy().astype(numpy.int64)
    counts = numpy.bincount(ranks)[1:]
    if len(counts) < FEWEST_TIMES:
        text = "“{column}” has {times} different values; at least {least} are needed to learn from some and be tested on others."
        params: dict[str, Scalar] = {"column": str(times.name), "times": len(counts), "least": FEWEST_TIMES}
        raise Refusal(Problem("too_few_times", Message(text, params), "time_column"))
    before = numpy.cumsum(counts)[:-1] / len(rows)  # the share of rows up to each time but the last
    first_test = 2 + int(numpy.abs(before[1:] - (1 - TEST_SHARE)).argmin())
    first_validation = 1 + int(numpy.abs(before[: first_test - 1] - (1 - TEST_SHARE - VALIDATION_SHARE)).argmin())
    place = ranks - 1
    parts = (place < first_validation, (place >= first_validation) & (place < first_test), place >= first_test)
    train, validation, test = (generator.permutation(rows[part]) for part in parts)
    return Division((Fold(train, validation),), test)

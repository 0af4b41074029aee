"""Rows enter, groups of row positions leave: 20 % to test, and of the others 80 % to learn from and 20 % to choose by.

With several folds each of the others is chosen by once, and learnt from in all folds but one. Classes keep their shares
(stratified), and each class is among the rows to learn from. The same seed gives the same groups. Refused: fewer than ten
rows with a target.

Instead, rows can be divided in time, the latest being tested, or by what belongs together, which is never torn apart.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy
import pandas

from trainer.contract.messages import Message, Problem, Refusal
from trainer.preparing.folds import Fold, Positions
from trainer.preparing.labels import as_written
from trainer.preparing.split_by_chance import divide_by_chance
from trainer.preparing.split_by_group import divide_by_group
from trainer.preparing.split_in_time import divide_in_time
from trainer.preparing.targets import REGRESSION

MIN_ROWS = 10
FEWEST_CLASSES = 2


@dataclass(frozen=True, slots=True)
class Split:
    """One fold or several, and the rows of the test.

    In none of them: `without_target` rows, and `unlearnt` ones, whose classes not every fold has rows of to learn from.
    """

    folds: tuple[Fold, ...]
    test: Positions
    without_target: int
    unlearnt: int = 0

    @property
    def train(self) -> Positions:
        """All rows that any fold learns from: statistics are fitted on them."""
        if len(self.folds) == 1:
            return self.folds[0].train
        return numpy.unique(numpy.concatenate([fold.train for fold in self.folds]))

    @property
    def validation(self) -> Positions:
        """All rows that any fold is chosen by, fold after fold."""
        return numpy.concatenate([fold.validation for fold in self.folds])

    def counts(self) -> dict[str, int]:
        return {"train": len(self.train), "validation": len(self.validation), "test": len(self.test)}


def split_rows(
    target: pandas.Series[Any],
    task: str,
    seed: int,
    folds: int = 1,
    *,
    times: pandas.Series[Any] | None = None,
    groups: pandas.Series[Any] | None = None,
) -> Split:
    """Divide the rows whose target is there: in time, by groups that stay together, or else by chance.

    Raises:
        Refusal: `too_few_rows`; `too_few_times`, `too_few_classes`.
    """
    usable = numpy.flatnonzero(target.notna().to_numpy()).astype(numpy.int64)
    without_target = len(target) - len(usable)
    if len(usable) < MIN_ROWS:
        message = Message(
            "{rows} rows have a value of “{target}”; at least {least} are needed. Add rows or choose another target.",
            {"rows": len(usable), "target": str(target.name), "least": MIN_ROWS},
        )
        raise Refusal(Problem("too_few_rows", message, "target"))
    generator = numpy.random.default_rng(seed)
    if times is not None:
        division = divide_in_time(usable, times, generator)
    elif groups is not None:
        division = divide_by_group(usable, groups, folds, generator)
    else:
        division = divide_by_chance(_group_by_class(usable, target, task), folds, generator)
    split = Split(division.folds, division.test, without_target)
    return split if task == REGRESSION else _keep_learnt_classes(split, target)


def _group_by_class(rows: Positions, target: pandas.Series[Any], task: str) -> list[Positions]:
    if task == REGRESSION:
        return [rows]
    labels = as_written(target.iloc[rows]).to_numpy()
    return [rows[labels == label] for label in sorted(set(labels))]


def _keep_learnt_classes(split: Split, target: pandas.Series[Any]) -> Split:
    """Without the rows of classes that some fold has none of to learn from: nothing can predict them.

    Raises:
        Refusal: `too_few_classes`, when less than two are left, or a part without rows.
    """
    learnt = set.intersection(*({*target.iloc[fold.train].unique()} for fold in split.folds))
    if all(label in learnt for label in target.dropna().unique()):
        return split

    def keep(rows: Positions) -> Positions:
        return rows[target.iloc[rows].isin(learnt).to_numpy()]

    kept = Split(tuple(Fold(keep(fold.train), keep(fold.validation)) for fold in split.folds), keep(split.test), 0)
    if len(learnt) < FEWEST_CLASSES or not len(kept.test) or not all(len(fold.validation) for fold in kept.folds):
        text = "Divided so, hardly any class of “{target}” is both learnt from and tested on. Divide the rows otherwise."
        raise Refusal(Problem("too_few_classes", Message(text, {"target": str(target.name)})))
    rows = sum(split.counts().values()) if len(split.folds) == 1 else len(split.train) + len(split.test)
    left = sum(kept.counts().values()) if len(split.folds) == 1 else len(kept.train) + len(kept.test)
    return dataclasses.replace(kept, without_target=split.without_target, unlearnt=rows - left)

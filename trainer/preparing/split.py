"""Rows enter, groups of row positions leave: 20 % to test, and of the others 80 % to learn from and 20 % to choose by.

With several folds each of the others is chosen by once, and learnt from in all folds but one. Classes keep their shares
(stratified), and each class is among the rows to learn from. The same seed gives the same groups. Refused: fewer than ten
rows with a target.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy
import pandas
from numpy.typing import NDArray

from trainer.contract.messages import Message, Problem, Refusal
from trainer.preparing.labels import as_written
from trainer.preparing.targets import REGRESSION

Positions = NDArray[numpy.int64]
VALIDATION_SHARE = 0.16
TEST_SHARE = 0.20
MIN_ROWS = 10


@dataclass(frozen=True, slots=True)
class Fold:
    """Positions in the table, each group shuffled."""

    train: Positions
    validation: Positions


@dataclass(frozen=True, slots=True)
class Split:
    """One fold or several, and the rows of the test; `without_target` counts the rows in none of them."""

    folds: tuple[Fold, ...]
    test: Positions
    without_target: int

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


def split_rows(target: pandas.Series[Any], task: str, seed: int, folds: int = 1) -> Split:
    """Divide the rows whose target is there.

    Raises:
        Refusal: `too_few_rows`.
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
    if task == REGRESSION:
        groups = [usable]
    else:
        known = target.iloc[usable]
        labels = as_written(known).to_numpy()
        groups = [usable[labels == label] for label in sorted(set(labels))]
    train, validation, test = _deal(groups, generator)
    if folds == 1:
        return Split((Fold(train, validation),), test, without_target)
    tested = set(test.tolist())
    return Split(_fold([group[[row not in tested for row in group]] for group in groups], folds, generator), test, without_target)


def _fold(groups: list[Positions], folds: int, generator: numpy.random.Generator) -> tuple[Fold, ...]:
    """Deal each group out like cards, going on where the last one ended. A group of one row is learnt from in every fold."""
    parts: list[list[int]] = [[] for _ in range(folds)]
    dealt = 0
    for group in groups:
        if len(group) > 1:
            for row in generator.permutation(group):
                parts[dealt % folds].append(int(row))
                dealt += 1
    everything = numpy.concatenate(groups)
    held_out = [numpy.array(part, dtype=numpy.int64) for part in parts if part]
    return tuple(Fold(generator.permutation(numpy.setdiff1d(everything, part)), part) for part in held_out)


def _deal(groups: list[Positions], generator: numpy.random.Generator) -> tuple[Positions, Positions, Positions]:
    """Give each part its share of every group, so that over all groups no part gains or loses more than one row.

    Shares are rounded with what earlier groups left over: of a hundred classes of two rows each, a fifth of the rows is
    still tested. scikit-learn's stratified split refuses such classes.
    """
    parts: tuple[list[Positions], ...] = ([], [], [])
    owed_validation = owed_test = 0.0
    for group in groups:
        shuffled = generator.permutation(group)
        owed_validation += VALIDATION_SHARE * len(group)
        owed_test += TEST_SHARE * len(group)
        most = len(group) - 1  # at least one row of each class is there to learn from
        test = min(round(owed_test), most)
        validation = min(round(owed_validation), most - test)
        owed_test -= test
        owed_validation -= validation
        parts[0].append(shuffled[test + validation :])
        parts[1].append(shuffled[test : test + validation])
        parts[2].append(shuffled[:test])
    train, validation_rows, test_rows = (generator.permutation(numpy.concatenate(part)) for part in parts)
    return train, validation_rows, test_rows

"""Rows enter, three groups of row positions leave: 64 % train, 16 % validation, 20 % test, the same for the same seed.

Classes keep their shares (stratified); each class is in the training rows. Refused: fewer than ten rows with a target.
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
class Split:
    """Positions in the table, each group shuffled; `without_target` counts the rows in none of them."""

    train: Positions
    validation: Positions
    test: Positions
    without_target: int

    def counts(self) -> dict[str, int]:
        return {"train": len(self.train), "validation": len(self.validation), "test": len(self.test)}


def split_rows(target: pandas.Series[Any], task: str, seed: int) -> Split:
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
    return Split(train, validation, test, without_target)


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

"""Groups of rows enter, one per class, and leave divided by chance: each part has its share of every group."""

from __future__ import annotations

import numpy

from trainer.preparing.folds import TEST_SHARE, VALIDATION_SHARE, Division, Fold, Positions


def divide_by_chance(groups: list[Positions], folds: int, generator: numpy.random.Generator) -> Division:
    """Stratified; each group is among the rows to learn from, in every fold."""
    train, validation, test = _deal(groups, generator)
    if folds == 1:
        return Division((Fold(train, validation),), test)
    tested = set(test.tolist())
    return Division(_fold([group[[row not in tested for row in group]] for group in groups], folds, generator), test)


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

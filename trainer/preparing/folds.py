"""Positions of rows in a table: those a network learns from, and those its best epoch is chosen by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy
from numpy.typing import NDArray

Positions = NDArray[numpy.int64]
VALIDATION_SHARE = 0.16
TEST_SHARE = 0.20


@dataclass(frozen=True, slots=True)
class Fold:
    """Positions in the table, each group shuffled."""

    train: Positions
    validation: Positions


@dataclass(frozen=True, slots=True)
class Division:
    """One fold or several, and the rows that are kept for the test."""

    folds: tuple[Fold, ...]
    test: Positions

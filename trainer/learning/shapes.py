"""How large the first and the last layer of a network are: prepared rows enter, its shape leaves."""

from __future__ import annotations

import dataclasses

import torch

from trainer.networks import FAMILIES, NetworkShape
from trainer.preparing.features import Features
from trainer.preparing.preparation import Prepared
from trainer.preparing.rows import Rows
from trainer.preparing.targets import REGRESSION

ENCODED_BYTES = 200_000_000  # of rows that are in memory only on the way to something smaller


def rows_within(size: float, features: Features) -> int:
    """How many encoded rows fit into so many bytes, texts aside."""
    width = 4 * (features.numbers + features.flags) + 8 * len(features.places)
    return max(1_000, int(size / max(1, width)))


def plain_shape(prepared: Prepared) -> NetworkShape:
    """What any network of these rows is made of."""
    spec, features, coding = prepared.spec, prepared.features, prepared.coding
    sizes = (features.numbers, features.flags, features.places, coding.outputs)
    return NetworkShape(*sizes, coding.task == REGRESSION, spec.hidden, spec.dropout, vocabulary=features.vocabulary)


def fit_shape(prepared: Prepared, rows: Rows, targets: torch.Tensor) -> NetworkShape:
    """The same, and what the family of the run finds out about these training rows."""
    shape = plain_shape(prepared)
    return dataclasses.replace(shape, fitted=FAMILIES[prepared.spec.family].fit(rows, targets, shape))

"""`Rows` enter, one tensor of numbers leaves: what plain layers take. Far numbers are bent, categories are one-hot."""

from __future__ import annotations

import torch
from torch.nn import functional

from trainer.networks.family import NetworkShape
from trainer.preparing.rows import Rows

BEND = 3.0
MOST_PLACES = 66  # of a category with more, only the most frequent have one each: the rest would hardly ever be seen
OTHER_AND_NONE = 2


def flat_width(shape: NetworkShape) -> int:
    return shape.numbers + shape.flags + sum(min(places, MOST_PLACES) for places in shape.places)


def flatten(rows: Rows, shape: NetworkShape) -> Rows:
    """The same rows as numbers alone."""
    parts = [bend(rows.numbers[:, : shape.numbers]), rows.numbers[:, shape.numbers :]]
    parts += [one_hot(rows.categories[:, column], places) for column, places in enumerate(shape.places)]
    return Rows(torch.cat(parts, dim=1), rows.categories[:, :0])


def bend(numbers: torch.Tensor) -> torch.Tensor:
    """Far values are bent towards ±3: x / sqrt(1 + (x/3)²), as RealMLP does (Holzmüller et al., 2024)."""
    return numbers / torch.sqrt(1.0 + (numbers / BEND) ** 2)


def one_hot(column: torch.Tensor, places: int) -> torch.Tensor:
    """[rows, places] for a category; rare levels share the place of levels never seen where there are too many."""
    if places > MOST_PLACES:
        other, none = MOST_PLACES - OTHER_AND_NONE, MOST_PLACES - 1
        column = torch.where(column == places - 1, none, column.clamp(max=other))
        places = MOST_PLACES
    return functional.one_hot(column, places).float()

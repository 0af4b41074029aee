"""`linear`: logistic or linear regression on the encoded features, the honest floor."""

from __future__ import annotations

from typing import cast

import torch
from torch import nn

from trainer.networks.family import Family, Network, NetworkShape
from trainer.networks.flat import flat_width, flatten
from trainer.preparing.rows import Rows


class Linear(Network):
    """One layer; it starts at zero, as nothing has been seen yet."""

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        self._shape = shape
        self.output = nn.Linear(flat_width(shape), shape.outputs)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def arrange(self, rows: Rows) -> Rows:
        return flatten(rows, self._shape)

    def forward(self, rows: Rows) -> torch.Tensor:
        return cast("torch.Tensor", self.output(rows.numbers))


LINEAR = Family(Linear)

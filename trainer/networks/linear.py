"""`linear`: logistic or linear regression on the encoded features, the honest floor."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from trainer.networks.family import Family, Network, NetworkShape
from trainer.networks.flat import flat_width, flatten
from trainer.preparing.rows import Rows


class Linear(Network):
    """One layer; it starts at zero, as nothing has been seen yet. Where there is no column to read, only its bias is left."""

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        self._shape = shape
        self.weight = nn.Parameter(torch.zeros(shape.outputs, flat_width(shape)))
        self.bias = nn.Parameter(torch.zeros(shape.outputs))

    def arrange(self, rows: Rows) -> Rows:
        return flatten(rows, self._shape)

    def forward(self, rows: Rows) -> torch.Tensor:
        return functional.linear(rows.numbers, self.weight, self.bias)


LINEAR = Family(Linear)

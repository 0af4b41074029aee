"""`linear`: logistic or linear regression on the encoded features, the honest floor."""

from __future__ import annotations

from typing import cast

import torch
from torch import nn

from trainer.networks.family import Network, NetworkShape


class Linear(Network):
    """One layer; it starts at zero, as nothing has been seen yet."""

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        self.output = nn.Linear(shape.inputs, shape.outputs)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return cast("torch.Tensor", self.output(rows))


def build_linear(shape: NetworkShape) -> Network:
    return Linear(shape)

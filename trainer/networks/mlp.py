"""`mlp`: fully connected layers of the user's own widths with GELU and dropout."""

from __future__ import annotations

from itertools import pairwise
from typing import cast

import torch
from torch import nn
from torch.nn import functional

from trainer.networks.dropout import MaskedDropout
from trainer.networks.family import Family, Network, NetworkShape
from trainer.networks.flat import flat_width, flatten
from trainer.preparing.rows import Rows


class Mlp(Network):
    """Hidden layers and an output layer."""

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        self._shape = shape
        widths = [flat_width(shape), *shape.hidden]
        self.layers = nn.ModuleList(nn.Linear(narrow, wide) for narrow, wide in pairwise(widths))
        self.dropouts = nn.ModuleList(MaskedDropout(width, shape.dropout) for width in shape.hidden)
        self.output = nn.Linear(widths[-1], shape.outputs)
        for layer in self.layers:
            nn.init.kaiming_normal_(cast("nn.Linear", layer).weight, nonlinearity="relu")
            nn.init.zeros_(cast("nn.Linear", layer).bias)

    def arrange(self, rows: Rows) -> Rows:
        return flatten(rows, self._shape)

    def forward(self, rows: Rows) -> torch.Tensor:
        seen = rows.numbers
        for layer, dropout in zip(self.layers, self.dropouts, strict=True):
            seen = dropout(functional.gelu(layer(seen)))
        return cast("torch.Tensor", self.output(seen))


MLP = Family(Mlp)

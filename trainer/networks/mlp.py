"""`mlp`: fully connected layers of the user's own widths with GELU and dropout."""

from __future__ import annotations

from itertools import pairwise
from typing import cast

import torch
from torch import nn
from torch.nn import functional

from trainer.networks.family import Network, NetworkShape

SPARE_MASKS = 1024


class Mlp(Network):
    """Hidden layers and an output layer."""

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        widths = [shape.inputs, *shape.hidden]
        self.layers = nn.ModuleList(nn.Linear(narrow, wide) for narrow, wide in pairwise(widths))
        self.dropouts = nn.ModuleList(MaskedDropout(width, shape.dropout) for width in shape.hidden)
        self.output = nn.Linear(widths[-1], shape.outputs)
        for layer in self.layers:
            nn.init.kaiming_normal_(cast("nn.Linear", layer).weight, nonlinearity="relu")
            nn.init.zeros_(cast("nn.Linear", layer).bias)

    def prepare_epoch(self, generator: torch.Generator, batch_rows: int, steps_done: int = 0) -> None:
        for dropout in self.dropouts:
            cast("MaskedDropout", dropout).draw(generator, batch_rows, steps_done, self.device)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        for layer, dropout in zip(self.layers, self.dropouts, strict=True):
            rows = dropout(functional.gelu(layer(rows)))
        return cast("torch.Tensor", self.output(rows))


class MaskedDropout(nn.Module):
    """Dropout whose masks are drawn once per epoch: each step takes its rows from another place of one pool of masks.

    Drawing a mask per step, as `nn.Dropout` does, halves the speed of small networks on a CPU.
    """

    def __init__(self, width: int, probability: float) -> None:
        super().__init__()
        self._width = width
        self._probability = probability
        self._pool: torch.Tensor | None = None
        self._steps = 0

    def draw(self, generator: torch.Generator, batch_rows: int, steps_done: int, device: torch.device) -> None:
        """Fill the pool for batches of at most `batch_rows` rows; drawn on the processor, so that every device draws alike."""
        if self._probability == 0.0:
            return
        keep = 1.0 - self._probability
        drawn = torch.rand(batch_rows + SPARE_MASKS, self._width, generator=generator)
        self._pool = (drawn < keep).float().div_(keep).to(device)
        self._steps = steps_done

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        if not self.training or self._pool is None:
            return rows
        start = (self._steps * 389) % SPARE_MASKS  # a prime stride visits every place before it repeats one
        self._steps += 1
        return rows * self._pool[start : start + len(rows)]


def build_mlp(shape: NetworkShape) -> Network:
    return Mlp(shape)

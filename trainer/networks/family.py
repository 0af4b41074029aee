"""What every network family takes and gives: [rows, inputs] float32 enters, [rows, outputs] leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn

INFERENCE_ROWS = 8192


@dataclass(frozen=True, slots=True)
class NetworkShape:
    """What decides a network's weights; saved beside them."""

    inputs: int
    outputs: int
    hidden: tuple[int, ...] = ()
    dropout: float = 0.0

    def to_plain(self) -> dict[str, Any]:
        return {**asdict(self), "hidden": list(self.hidden)}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> NetworkShape:
        return cls(**{**plain, "hidden": tuple(plain["hidden"])})


class Network(nn.Module):
    """A network; `prepare_epoch` lets it draw what is random in training, all from one generator, so that runs repeat."""

    @property
    def device(self) -> torch.device:
        return next(self.parameters()).device

    def prepare_epoch(self, generator: torch.Generator, batch_rows: int, steps_done: int = 0) -> None:
        """Called before the first step of each epoch, whose batches have at most `batch_rows` rows.

        `steps_done` of its steps were taken already, before the run was interrupted: what follows them must be the same.
        """


@torch.no_grad()
def forward(network: Network, rows: torch.Tensor) -> torch.Tensor:
    """The network's outputs [rows, outputs] without dropout, a few thousand rows at a time."""
    network.eval()
    return torch.cat([network(part) for part in torch.split(rows, INFERENCE_ROWS)])

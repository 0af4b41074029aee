"""What every network family takes and gives: `Rows` enter, [rows, outputs] leaves, or [rows, members, outputs] of an ensemble."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from trainer.networks.dropout import MaskedDropout
from trainer.preparing.rows import Rows

INFERENCE_ROWS = 8192
Fitted = dict[str, Any]


@dataclass(frozen=True, slots=True)
class NetworkShape:
    """What decides a network's weights, saved beside them.

    `numbers` per row, and `flags` behind them; the `places` of each category, whose last two are for other levels and for
    none; `vocabulary` is how many tokens its texts can be made of; `fitted` is what the family found out about the training
    rows before the first step, as plain values.
    """

    numbers: int
    flags: int
    places: tuple[int, ...]
    outputs: int
    is_regression: bool = False
    hidden: tuple[int, ...] = ()
    dropout: float = 0.0
    fitted: Fitted = field(default_factory=dict)
    vocabulary: int = 0

    def to_plain(self) -> dict[str, Any]:
        return {
            "numbers": self.numbers,
            "flags": self.flags,
            "places": list(self.places),
            "outputs": self.outputs,
            "is_regression": self.is_regression,
            "hidden": list(self.hidden),
            "dropout": self.dropout,
            "fitted": self.fitted,
            "vocabulary": self.vocabulary,
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> NetworkShape:
        return cls(**{**plain, "places": tuple(plain["places"]), "hidden": tuple(plain["hidden"])})


@dataclass(frozen=True, slots=True)
class ParameterGroup:
    """Parameters that are trained alike: the learning rate and the weight decay of the run, times these, or their own."""

    parameters: Sequence[nn.Parameter]
    rate: float = 1.0
    decay: float = 1.0
    own_rate: float | None = None  # at its peak
    own_decay: float | None = None


class Network(nn.Module):
    """A network of one family. All that is random in it comes from one generator, so that runs repeat."""

    members = 1  # how often each row goes through its weights

    @property
    def inference_rows(self) -> int:
        """How many rows it takes at once when it only predicts."""
        return INFERENCE_ROWS

    @property
    def work_per_row(self) -> int:
        """About how many multiplications a row takes."""
        return self.members * sum(parameter.numel() for parameter in self.parameters())

    @property
    def device(self) -> torch.device:
        return next(self.parameters()).device

    def arrange(self, rows: Rows) -> Rows:
        """What `forward` takes: all that is done to rows and that no training changes, once for a whole table."""
        return rows

    def initialise(self, rows: Rows, targets: torch.Tensor, generator: torch.Generator) -> None:
        """Find the first weights by arranged training rows and their coded targets [rows], before the first step."""

    def prepare_epoch(self, generator: torch.Generator, batch_rows: int, steps_done: int = 0, dropout_share: float = 1.0) -> None:
        """Draw what each epoch needs by chance, before its first step; its batches have at most `batch_rows` rows.

        `steps_done` of its steps were taken already, before the run was interrupted: what follows them must be the same.
        `dropout_share` of the run's dropout is wanted now.
        """
        for module in self.modules():
            if isinstance(module, MaskedDropout):
                module.draw(generator, batch_rows, steps_done, self.device, dropout_share)

    def parameter_groups(self) -> list[ParameterGroup]:
        """Biases are not decayed: pulling them to zero only shifts predictions."""
        weights = [parameter for name, parameter in self.named_parameters() if not name.endswith("bias")]
        biases = [parameter for name, parameter in self.named_parameters() if name.endswith("bias")]
        return [ParameterGroup(weights), ParameterGroup(biases, decay=0.0)]


@dataclass(frozen=True, slots=True)
class Family:
    """How a network is built of its shape, and what is found out about the training rows before that."""

    build: Callable[[NetworkShape], Network]
    fit: Callable[[Rows, torch.Tensor, NetworkShape], Fitted] = lambda _rows, _targets, _shape: {}


def clamp_outputs(outputs: torch.Tensor, shape: NetworkShape) -> torch.Tensor:
    """Values within those that were seen, where the family took note of them."""
    if not shape.is_regression or "low" not in shape.fitted:
        return outputs
    low, high = (torch.tensor(shape.fitted[end], device=outputs.device) for end in ("low", "high"))
    return outputs.clamp(low, high)


@torch.no_grad()
def forward(network: Network, arranged: Rows) -> torch.Tensor:
    """The network's outputs without dropout, a few thousand rows at a time."""
    network.eval()
    return torch.cat([network(part) for part in arranged.split(network.inference_rows)])


@torch.no_grad()
def predict(network: Network, rows: Rows) -> torch.Tensor:
    """As `forward`, of rows as they were encoded; arranged a few thousand at a time, so that any number fits."""
    network.eval()
    return torch.cat([network(network.arrange(part)) for part in rows.split(network.inference_rows)])

"""Several trained networks as one: its members predict from the same rows, and their predictions are averaged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import nn

from trainer.networks.family import Network
from trainer.networks.members import settle_members
from trainer.preparing.rows import Rows


class Blend(Network):
    """Outputs are [rows, members, outputs], as those of an ensemble."""

    def __init__(self, members: Sequence[Network], *, is_regression: bool) -> None:
        super().__init__()
        self.networks = nn.ModuleList(members)
        self._is_regression = is_regression

    @property
    def device(self) -> torch.device:
        return cast("Network", self.networks[0]).device

    @property
    def inference_rows(self) -> int:
        return min(cast("Network", network).inference_rows for network in self.networks)

    def forward(self, rows: Rows) -> torch.Tensor:
        outputs = [
            settle_members(member(cast("Network", member).arrange(rows)), is_regression=self._is_regression)
            for member in self.networks
        ]
        return torch.stack([settled if self._is_regression else settled.log_softmax(dim=1) for settled in outputs], dim=1)

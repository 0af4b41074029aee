"""Dropout for networks so small that drawing its masks would take half of the time."""

from __future__ import annotations

import torch
from torch import nn

SPARE_MASKS = 1024


class MaskedDropout(nn.Module):
    """Dropout whose masks are drawn once per epoch: each step takes its rows from another place of one pool of masks.

    Drawing a mask per step, as `nn.Dropout` does, halves the speed of small networks on a CPU.
    """

    def __init__(self, width: int, probability: float, rows_per_row: int = 1) -> None:
        """`rows_per_row` reach this layer for each row of a batch: those of an ensemble's members."""
        super().__init__()
        self._width = width
        self._rows_per_row = rows_per_row
        self._probability = probability
        self._pool: torch.Tensor | None = None
        self._steps = 0

    def draw(
        self, generator: torch.Generator, batch_rows: int, steps_done: int, device: torch.device, share: float = 1.0
    ) -> None:
        """Fill the pool for batches of at most `batch_rows` rows, with a `share` of the probability.

        Drawn on the processor, so that every device draws alike.
        """
        if self._probability * share == 0.0:
            self._pool = None
            return
        keep = 1.0 - self._probability * share
        drawn = torch.rand(batch_rows * self._rows_per_row + SPARE_MASKS, self._width, generator=generator)
        self._pool = (drawn < keep).float().div_(keep).to(device)
        self._steps = steps_done

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        if not self.training or self._pool is None:
            return rows
        start = (self._steps * 389) % SPARE_MASKS  # a prime stride visits every place before it repeats one
        self._steps += 1
        return rows * self._pool[start : start + len(rows)]

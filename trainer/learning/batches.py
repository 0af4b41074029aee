"""Rows in the order of an epoch, from which batches are taken.

Rows that are in memory are copied once in that order, and batches are slices of the copy: faster than gathering every batch. Rows
of a mapped file are gathered for each batch, in an order that keeps some neighbours together, as the disk reads them so.
"""

from __future__ import annotations

import torch

from trainer.preparing.rows import Rows

BLOCK, WINDOW = 64, 1 << 14  # rows that are read together, and rows among which they are shuffled


class Batches:
    """A slice of it is a batch: its rows and their targets."""

    def __init__(self, rows: Rows, targets: torch.Tensor, order: torch.Tensor, *, copies: bool) -> None:
        self._order = None if copies else order
        self._rows, self._targets = (rows[order], targets[order]) if copies else (rows, targets)

    def __getitem__(self, batch: slice) -> tuple[Rows, torch.Tensor]:
        if self._order is None:
            return self._rows[batch], self._targets[batch]
        places = self._order[batch]
        return self._rows[places], self._targets[places]


def draw_blockwise(rows: int, *, generator: torch.Generator) -> torch.Tensor:
    """A permutation [rows]: blocks of neighbours by chance, and among the rows of many blocks any order."""
    blocks = torch.randperm(-(-rows // BLOCK), generator=generator)
    order = (blocks[:, None] * BLOCK + torch.arange(BLOCK)).flatten()
    order = order[order < rows]
    window = torch.arange(rows, dtype=torch.float64) // WINDOW
    return order[(window + torch.rand(rows, generator=generator, dtype=torch.float64)).argsort()]

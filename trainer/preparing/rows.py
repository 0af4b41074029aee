"""Rows of a table as every network takes them: numbers in one tensor, categories as positions in their lists in another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch


@dataclass(frozen=True, slots=True)
class Rows:
    """`numbers` is [rows, width] float32, `categories` [rows, columns] int64; either may have no column at all."""

    numbers: torch.Tensor
    categories: torch.Tensor

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def device(self) -> torch.device:
        return self.numbers.device

    def __getitem__(self, chosen: slice | torch.Tensor) -> Rows:
        """Some of the rows: a view of neighbours for a slice, a copy in their order for positions."""
        return Rows(self.numbers[chosen], self.categories[chosen])

    def to(self, device: torch.device) -> Rows:
        return Rows(self.numbers.to(device), self.categories.to(device))

    def split(self, size: int) -> Iterator[Rows]:
        """All rows, `size` at a time."""
        for start in range(0, max(1, len(self)), size):  # of no rows, one part of none
            yield self[start : start + size]

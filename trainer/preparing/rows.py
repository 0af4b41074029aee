"""Rows of a table as every network takes them: numbers in one tensor, categories as positions in their lists in another.

What texts are made of is beside them, where there are any: rows differ in how much that is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch


@dataclass(frozen=True, slots=True)
class Tokens:
    """What each row's texts are made of: those of row i are at `begins[i]` to `ends[i]` of a store that all rows share.

    `store` is [total] int32, places in a vocabulary; `weights` [total] float32 says how much each counts; `begins` and `ends`
    are [rows] int64. Rows that are chosen, or put into another order, stay where they are in the store.
    """

    store: torch.Tensor
    weights: torch.Tensor
    begins: torch.Tensor
    ends: torch.Tensor

    def __len__(self) -> int:
        return len(self.begins)

    def __getitem__(self, chosen: slice | torch.Tensor) -> Tokens:
        return Tokens(self.store, self.weights, self.begins[chosen], self.ends[chosen])

    def to(self, device: torch.device) -> Tokens:
        return Tokens(*(part.to(device) for part in (self.store, self.weights, self.begins, self.ends)))

    @property
    def lengths(self) -> torch.Tensor:
        return self.ends - self.begins

    def pack(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """(tokens [total], weights [total], where each row begins among them [rows]) of these rows alone, in their order."""
        places, begins = self.places()
        return self.store[places], self.weights[places], begins

    def places(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Where in the store the tokens of these rows are [total], row after row, and where each row begins there [rows]."""
        lengths = self.lengths
        begins = lengths.cumsum(0) - lengths
        total = int(lengths.sum())
        shift = (self.begins - begins).repeat_interleave(lengths, output_size=total)
        return torch.arange(total, device=shift.device) + shift, begins


def join_tokens(columns: Sequence[Tokens], sizes: Sequence[int]) -> Tokens:
    """The tokens of several columns as those of one, column after column in each row; `sizes` are their vocabularies'."""
    if len(columns) == 1:
        return columns[0]
    first, packed = 0, []
    for column, size in zip(columns, sizes, strict=True):
        tokens, weights, _ = column.pack()
        packed.append((tokens + first, weights, torch.arange(len(column)).repeat_interleave(column.lengths)))
        first += size
    store, weights, rows = (torch.cat(parts) for parts in zip(*packed, strict=True))
    order = rows.argsort(stable=True)
    ends = torch.stack([column.lengths for column in columns]).sum(dim=0).cumsum(0)
    begins = torch.cat([ends.new_zeros(1), ends[:-1]])
    return Tokens(store[order], weights[order], begins, ends)


@dataclass(frozen=True, slots=True)
class Rows:
    """`numbers` is [rows, width] float32, `categories` [rows, columns] int64; either may have no column at all."""

    numbers: torch.Tensor
    categories: torch.Tensor
    tokens: Tokens | None = None

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def device(self) -> torch.device:
        return self.numbers.device

    def __getitem__(self, chosen: slice | torch.Tensor) -> Rows:
        """Some of the rows: a view of neighbours for a slice, a copy in their order for positions."""
        return Rows(self.numbers[chosen], self.categories[chosen], None if self.tokens is None else self.tokens[chosen])

    def to(self, device: torch.device) -> Rows:
        tokens = None if self.tokens is None else self.tokens.to(device)
        return Rows(self.numbers.to(device), self.categories.to(device), tokens)

    def split(self, size: int) -> Iterator[Rows]:
        """All rows, `size` at a time."""
        for start in range(0, max(1, len(self)), size):  # of no rows, one part of none
            yield self[start : start + size]

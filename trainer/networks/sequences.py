"""Texts as sequences of pieces, beside the numbers of the same rows: what networks that read in order have in common."""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import nn
from torch.nn import functional

from trainer.networks.dropout import MaskedDropout
from trainer.networks.family import Network, NetworkShape
from trainer.networks.flat import flat_width, flatten
from trainer.preparing.rows import Rows, Tokens

AT_ONCE = 512  # rows, when it only predicts
TYPICAL_LENGTH = 64
FIRST_SPREAD = 0.05
OTHERS_WIDTH = 128  # numbers that are made of the other columns


class SequenceNetwork(Network):
    """What is found in the pieces of a row, beside its other columns, is what its outputs are made of."""

    def __init__(self, shape: NetworkShape, width: int, found: int) -> None:
        """`width` numbers stand for a piece, `found` numbers for all of a text."""
        super().__init__()
        self._shape = shape
        self.pieces = nn.Embedding(shape.vocabulary + 1, width, padding_idx=shape.vocabulary)
        # Small, so that what is rarely seen has little to say at first.
        nn.init.normal_(self.pieces.weight, std=FIRST_SPREAD)
        with torch.no_grad():
            self.pieces.weight[shape.vocabulary] = 0.0
        self.dropout = MaskedDropout(found, shape.dropout)
        others = flat_width(shape)
        self.others = nn.Linear(others, OTHERS_WIDTH) if others else None
        self.output = nn.Linear(found + (OTHERS_WIDTH if others else 0), shape.outputs)

    @property
    def inference_rows(self) -> int:
        return AT_ONCE

    @property
    def work_per_row(self) -> int:
        """Most weights are asked for once for each piece of a text, those of all other pieces not at all."""
        others = sum(parameter.numel() for parameter in self.parameters()) - self.pieces.weight.numel()
        return others * TYPICAL_LENGTH

    def arrange(self, rows: Rows) -> Rows:
        flat = flatten(rows, self._shape)
        return Rows(flat.numbers, flat.categories, rows.tokens)

    def forward(self, rows: Rows) -> torch.Tensor:
        assert rows.tokens is not None, "rows with texts have tokens"
        found = self.dropout(self.read(pad(rows.tokens, self._shape.vocabulary)))
        if self.others is not None:
            found = torch.cat([found, functional.gelu(self.others(rows.numbers))], dim=1)
        outputs: torch.Tensor = self.output(found)
        return outputs

    @abstractmethod
    def read(self, pieces: torch.Tensor) -> torch.Tensor:
        """[rows, found] of pieces [rows, length], those behind the end of a text being `vocabulary`."""


def pad(tokens: Tokens, filler: int) -> torch.Tensor:
    """[rows, length] int64: the tokens of each row in their order, and `filler` behind them."""
    store, _, begins = tokens.pack()
    lengths = tokens.lengths
    longest = max(1, int(lengths.max())) if len(lengths) else 1
    padded = torch.full((len(lengths), longest), filler, device=store.device)
    rows = torch.arange(len(lengths), device=store.device).repeat_interleave(lengths, output_size=len(store))
    padded[rows, torch.arange(len(store), device=store.device) - begins.repeat_interleave(lengths, output_size=len(store))] = (
        store.long()
    )
    return padded

"""The linear layer on what texts are made of: one weight per token and output, and a fixed size of step for each.

Tokens that the training rows show to tell outputs apart get larger steps, by their log-count ratios (as naive Bayes weighs them:
Wang and Manning, 2012), so that few epochs suffice and rare tokens that tell nothing stay near zero.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from trainer.preparing.rows import Tokens

SMOOTHING = 0.3  # occurrences that every token is taken to have had in every class
ROWS_AT_ONCE = 10_000


class WordWeights(nn.Module):
    """What texts add to each output; nothing before the first step."""

    def __init__(self, vocabulary: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(vocabulary, outputs))
        self.register_buffer("scale", torch.ones(vocabulary, outputs))

    def forward(self, tokens: Tokens) -> torch.Tensor:
        """[rows, outputs]."""
        store, weights, begins = tokens.pack()
        table = self.weight * self.get_buffer("scale")
        if not len(begins):  # which embedding_bag does not take
            return table.new_zeros(0, table.shape[1])
        return functional.embedding_bag(store, table, begins.int(), mode="sum", per_sample_weights=weights)

    @torch.no_grad()
    def initialise(self, tokens: Tokens, targets: torch.Tensor) -> None:
        """Find the scales by these training rows and their targets [rows]: class numbers, or standardised values."""
        scale = self.get_buffer("scale")
        vocabulary, outputs = scale.shape
        if targets.is_floating_point():
            # How far the mean of the rows that have a token lies from that of all, as far as there are enough of them to tell.
            sums, counts = _add_up(tokens, targets, vocabulary), _add_up(tokens, torch.ones_like(targets), vocabulary)
            effects = (sums / (counts + 1.0))[:, None].expand(-1, outputs)
        else:
            counts = _count(tokens, targets, vocabulary, outputs) + SMOOTHING
            others = counts.sum(dim=1, keepdim=True) - counts
            effects = (counts / counts.sum(dim=0)).log() - (others / others.sum(dim=0)).log()
        scale.copy_(effects.abs().sqrt())


def _count(tokens: Tokens, classes: torch.Tensor, vocabulary: int, outputs: int) -> torch.Tensor:
    """How many of the rows have each token, by their class [vocabulary, outputs]."""
    counts = torch.zeros(vocabulary * outputs)
    for start in range(0, len(tokens), ROWS_AT_ONCE):
        part = tokens[start : start + ROWS_AT_ONCE]
        store, _, _ = part.pack()
        places = store.long() * outputs + classes[start : start + ROWS_AT_ONCE].repeat_interleave(part.lengths)
        counts.index_add_(0, places, torch.ones(len(places)))
    return counts.view(vocabulary, outputs)


def _add_up(tokens: Tokens, values: torch.Tensor, vocabulary: int) -> torch.Tensor:
    """For each token [vocabulary], the sum of the values [rows] of the rows that have it."""
    sums = torch.zeros(vocabulary)
    for start in range(0, len(tokens), ROWS_AT_ONCE):
        part = tokens[start : start + ROWS_AT_ONCE]
        store, _, _ = part.pack()
        sums.index_add_(0, store, values[start : start + ROWS_AT_ONCE].repeat_interleave(part.lengths))
    return sums

"""Outputs of an ensemble [rows, members, outputs] enter, those that its members agree on [rows, outputs] leave."""

from __future__ import annotations

import math

import torch

MEMBERS = 3  # dimensions of an ensemble's outputs


def settle_members(outputs: torch.Tensor, *, is_regression: bool) -> torch.Tensor:
    """[rows, outputs]: the mean of the members' values, or the logarithm of the mean of their probabilities."""
    if outputs.ndim != MEMBERS:
        return outputs
    if is_regression:
        return outputs.mean(dim=1)
    return outputs.log_softmax(dim=2).logsumexp(dim=1) - math.log(outputs.shape[1])

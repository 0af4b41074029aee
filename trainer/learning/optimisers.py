"""What takes the steps: groups of parameters enter, an optimiser of torch leaves."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from trainer.contract.settling import SettledSpec
from trainer.networks import ParameterGroup

FIRST_BETA = 0.9  # AdamW's
MOMENTUM = 0.9


def build_optimiser(groups: Sequence[ParameterGroup], spec: SettledSpec, second_beta: float) -> torch.optim.Optimizer:
    """Weight decay is decoupled from the gradient (Loshchilov and Hutter, 2019), but for SGD, which has no other."""
    plain = [{"params": list(group.parameters), "weight_decay": spec.weight_decay * group.decay} for group in groups]
    if spec.optimiser == "sgd":
        return torch.optim.SGD(plain, lr=spec.lr, momentum=MOMENTUM, nesterov=True, fused=True)
    betas = (FIRST_BETA, second_beta)
    if spec.optimiser == "nadam":
        return torch.optim.NAdam(plain, lr=spec.lr, betas=betas, decoupled_weight_decay=True, foreach=True)
    return torch.optim.AdamW(plain, lr=spec.lr, betas=betas, fused=True)

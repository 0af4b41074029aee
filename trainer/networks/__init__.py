"""The network families: one per file, each a function from `NetworkShape` to a module, listed in `FAMILIES`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch

from trainer.networks.family import Network, NetworkShape, forward
from trainer.networks.linear import build_linear
from trainer.networks.mlp import build_mlp

__all__ = ["FAMILIES", "Network", "NetworkShape", "build_network", "forward"]

FAMILIES: Mapping[str, Callable[[NetworkShape], Network]] = {"linear": build_linear, "mlp": build_mlp}


def build_network(family: str, shape: NetworkShape, seed: int) -> Network:
    """A fresh network; equal seeds give equal weights."""
    torch.manual_seed(seed)
    return FAMILIES[family](shape)

"""The network families: one per file, each listed in `FAMILIES`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from trainer.networks.blend import Blend
from trainer.networks.boosting import BoostedTrees
from trainer.networks.family import Family, Network, NetworkShape, ParameterGroup, forward, predict
from trainer.networks.linear import LINEAR
from trainer.networks.mlp import MLP
from trainer.networks.realmlp import REALMLP
from trainer.networks.tabm import TABM

__all__ = [
    "BLEND",
    "BOOSTING",
    "FAMILIES",
    "Family",
    "Network",
    "NetworkShape",
    "ParameterGroup",
    "Trained",
    "blend",
    "build_network",
    "forward",
    "predict",
]

FAMILIES: Mapping[str, Family] = {"linear": LINEAR, "mlp": MLP, "realmlp": REALMLP, "tabm": TABM}
BOOSTING, BLEND = "boosting", "blend"  # nobody trains these step by step


@dataclass(frozen=True, slots=True)
class Trained:
    """A network that predicts, and what it takes to build it again."""

    family: str
    shape: NetworkShape
    network: Network

    def to_plain(self) -> dict[str, Any]:
        return {"family": self.family, "shape": self.shape.to_plain(), "weights": self.network.state_dict()}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Trained:
        shape = NetworkShape.from_plain(plain["shape"])
        network = _build(plain["family"], shape)
        network.load_state_dict(plain["weights"])
        network.eval()
        return cls(plain["family"], shape, network)


def build_network(family: str, shape: NetworkShape, seed: int) -> Network:
    """A fresh network; equal seeds give equal weights."""
    torch.manual_seed(seed)
    return FAMILIES[family].build(shape)


def blend(members: Sequence[Trained]) -> Trained:
    """The mean of the predictions of several, which take the same rows."""
    first = members[0].shape
    fitted = {"members": [{"family": member.family, "shape": member.shape.to_plain()} for member in members]}
    shape = NetworkShape(first.numbers, first.flags, first.places, first.outputs, first.is_regression, fitted=fitted)
    return Trained(BLEND, shape, Blend([member.network for member in members], is_regression=first.is_regression))


def _build(family: str, shape: NetworkShape) -> Network:
    if family == BOOSTING:
        return BoostedTrees.of(shape)
    if family == BLEND:
        members = [_build(member["family"], NetworkShape.from_plain(member["shape"])) for member in shape.fitted["members"]]
        return Blend(members, is_regression=shape.is_regression)
    return FAMILIES[family].build(shape)

"""The network families: one per file, each listed in `FAMILIES`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from trainer.contract.recipes import RECIPES
from trainer.networks.blend import Blend
from trainer.networks.boosting import BoostedTrees
from trainer.networks.family import Family, Network, NetworkShape, ParameterGroup, forward, predict
from trainer.networks.flat import flat_width
from trainer.networks.ft_transformer import FT_TRANSFORMER
from trainer.networks.joined import TableWithTexts
from trainer.networks.linear import LINEAR
from trainer.networks.mlp import MLP
from trainer.networks.realmlp import REALMLP
from trainer.networks.tabm import TABM
from trainer.networks.text_cnn import TEXT_CNN
from trainer.networks.text_transformer import TEXT_TRANSFORMER

__all__ = [
    "BLEND",
    "BOOSTING",
    "FAMILIES",
    "TEXT_FAST",
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

TEXT_FAST = "text_fast"
# What is peculiar to text_fast is how it is trained: all of it at the pace of texts.
FAMILIES: Mapping[str, Family] = {
    "linear": LINEAR,
    "mlp": MLP,
    "realmlp": REALMLP,
    "tabm": TABM,
    "ft_transformer": FT_TRANSFORMER,
    TEXT_FAST: LINEAR,
    "text_cnn": TEXT_CNN,
    "text_transformer": TEXT_TRANSFORMER,
}
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
    return _build(family, shape)


def blend(members: Sequence[Trained]) -> Trained:
    """The mean of the predictions of several, which take the same rows."""
    first = members[0].shape
    fitted = {"members": [{"family": member.family, "shape": member.shape.to_plain()} for member in members]}
    shape = dataclasses.replace(first, hidden=(), dropout=0.0, fitted=fitted)
    return Trained(BLEND, shape, Blend([member.network for member in members], is_regression=first.is_regression))


def _build(family: str, shape: NetworkShape) -> Network:
    if family == BOOSTING:
        return BoostedTrees.of(shape)
    if family == BLEND:
        members = [_build(member["family"], NetworkShape.from_plain(member["shape"])) for member in shape.fitted["members"]]
        return Blend(members, is_regression=shape.is_regression)
    if RECIPES[family].reads_pieces and shape.vocabulary:
        return FAMILIES[family].build(shape)
    # Where there is nothing but texts, nothing is left for another network to read.
    network = (FAMILIES[family] if flat_width(shape) else LINEAR).build(shape)
    return TableWithTexts(network, shape, is_at_pace_of_texts=family == TEXT_FAST) if shape.vocabulary else network

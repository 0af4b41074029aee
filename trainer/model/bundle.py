"""model.pt: one dict of tensors and plain values that holds the network and all it takes to use it.

`torch.load(weights_only=True)` reads it; nothing in it is executed. It is published only after it was loaded again and
predicted the validation rows as the network in memory does.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from trainer.contract.messages import Message, Problem, Refusal
from trainer.contract.spec import TrainingSpec
from trainer.model.files import save_atomically, sync_folder
from trainer.networks import Trained, predict
from trainer.preparing.features import Features
from trainer.preparing.table import Cells
from trainer.preparing.targets import TargetCoding

FORMAT = "tamrin-model"
VERSION = 4
TOLERANCE = 1e-5


@dataclass(frozen=True, slots=True)
class Bundle:
    """A trained network with its features, its target and what is known of it."""

    spec: TrainingSpec
    trained: Trained
    features: Features
    coding: TargetCoding
    schema: list[dict[str, Any]]  # the columns it reads: name, kind
    metrics: dict[str, Any]

    def to_plain(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "version": VERSION,
            "spec": self.spec.as_dict(),
            "schema": self.schema,
            "network": self.trained.to_plain(),
            "features": self.features.to_plain(),
            "target": self.coding.to_plain(),
            "metrics": self.metrics,
        }

    def outputs(self, frame: Cells) -> torch.Tensor:
        """The network's raw outputs [rows, outputs] for rows of the original table."""
        return predict(self.trained.network, self.features.encode(frame))


@dataclass(frozen=True, slots=True)
class Published:
    """A file that was published."""

    name: str
    size: int
    sha256: str


def publish_bundle(bundle: Bundle, path: Path, rows: Cells) -> Published:
    """Write `bundle` to `path` once a copy loaded from disk predicts `rows` as it does."""
    unproven = save_atomically(path.with_name(f".{path.name}.unproven"), bundle.to_plain())
    expected, found = bundle.outputs(rows), load_bundle(unproven).outputs(rows)
    if not torch.allclose(expected, found, rtol=TOLERANCE, atol=TOLERANCE):
        raise RuntimeError(f"{unproven} predicts otherwise than the network it was written from")
    data = unproven.read_bytes()
    published = Published(path.name, len(data), hashlib.sha256(data).hexdigest())
    unproven.replace(path)
    sync_folder(path.parent)
    return published


def load_bundle(path: Path) -> Bundle:
    """Read a model file.

    Raises:
        Refusal: `not_a_model`, when the file is missing, broken or something else; `not_this_version`.
    """
    try:
        plain = torch.load(path, weights_only=True, map_location="cpu")
    except Exception as error:
        raise _not_a_model(path) from error
    if not isinstance(plain, dict) or plain.get("format") != FORMAT:
        raise _not_a_model(path)
    if plain.get("version") != VERSION:
        text = "“{path}” is a model of another version of this program. Use that version, or train it again with this one."
        raise Refusal(Problem("not_this_version", Message(text, {"path": str(path)})))
    return Bundle(
        spec=TrainingSpec.parse(plain["spec"]),
        trained=Trained.from_plain(plain["network"]),
        features=Features.from_plain(plain["features"]),
        coding=TargetCoding.from_plain(plain["target"]),
        schema=plain["schema"],
        metrics=plain["metrics"],
    )


def _not_a_model(path: Path) -> Refusal:
    message = Message("“{path}” is not a model of this program. Give the model.pt of a finished run.", {"path": str(path)})
    return Refusal(Problem("not_a_model", message))

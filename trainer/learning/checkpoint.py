"""Everything an exact resume needs enters, checkpoint/last.pt leaves: replaced whole, readable with weights_only=True."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy
import torch

from trainer.contract.spec import TrainingSpec
from trainer.model.files import save_atomically
from trainer.networks import Network

CHECKPOINT_FILE = "last.pt"
FORMAT = "tamrin-checkpoint"
VERSION = 1
Weights = dict[str, torch.Tensor]


@dataclass(frozen=True, slots=True)
class Best:
    """The epoch with the lowest validation loss so far."""

    epoch: int
    loss: float
    weights: Weights


class Resumable(Protocol):
    """A training loop, as far as a checkpoint must know it."""

    spec: TrainingSpec
    network: Network
    optimiser: torch.optim.AdamW
    generator: torch.Generator
    epoch_generator_state: torch.Tensor
    step: int
    steps_per_epoch: int
    total_steps: int
    best: Best | None


def save_checkpoint(folder: Path, loop: Resumable) -> Path:
    """Write the state of `loop` between two steps.

    The order of the rows and the dropout masks of the running epoch follow from `epoch_generator`, the state of the
    generator before that epoch; the learning rate follows from `step`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    best = loop.best
    state = {
        "format": FORMAT,
        "version": VERSION,
        "spec_hash": hash_spec(loop.spec),
        "spec": loop.spec.as_dict(),
        "step": loop.step,
        "total_steps": loop.total_steps,
        "epoch": loop.step // loop.steps_per_epoch,
        "step_in_epoch": loop.step % loop.steps_per_epoch,
        "network": loop.network.state_dict(),
        "optimiser": loop.optimiser.state_dict(),
        "generator": loop.generator.get_state(),
        "epoch_generator": loop.epoch_generator_state,
        "random_states": _random_states(),
        "best": {"epoch": best.epoch, "loss": best.loss, "weights": best.weights} if best else None,
    }
    return save_atomically(folder / CHECKPOINT_FILE, state)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read what `save_checkpoint` wrote; nothing in the file is executed."""
    state: dict[str, Any] = torch.load(path, weights_only=True)
    return state


def hash_spec(spec: TrainingSpec) -> str:
    """A checkpoint may go on only under the specification it began with."""
    return hashlib.sha256(json.dumps(spec.as_dict(), sort_keys=True).encode()).hexdigest()


def _random_states() -> dict[str, Any]:
    name, keys, position, has_gauss, gauss = numpy.random.get_state(legacy=True)
    return {
        "python": random.getstate(),
        "numpy": [str(name), [int(key) for key in keys], int(position), int(has_gauss), float(gauss)],
        "torch": torch.get_rng_state(),
    }

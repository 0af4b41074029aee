"""Everything an exact resume needs enters, checkpoint/step-….pt leaves: whole or not at all, the newest few kept.

Read back with weights_only=True: nothing in such a file is executed. Refused: what another specification wrote.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy
import torch

from trainer.contract.messages import Message
from trainer.contract.run_folder import RunFolder
from trainer.contract.settling import SettledSpec
from trainer.contract.spec import AUTO, TrainingSpec
from trainer.learning.learner import Learner
from trainer.learning.out_of_memory import is_out_of_memory
from trainer.model.files import save_atomically, sync_folder

FORMAT = "tamrin-checkpoint"
VERSION = 7
STEP_DIGITS = 12
Weights = dict[str, torch.Tensor]
State = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Best:
    """The best epoch so far: its loss on the validation rows, the score by which it is the best, the lowest, and the weights.

    These are one dict per learner.
    """

    epoch: int
    loss: float
    score: tuple[float, ...]
    weights: list[Weights]


class Resumable(Protocol):
    """A training loop, as far as a checkpoint must know it."""

    spec: SettledSpec
    learners: Sequence[Learner]
    generator: torch.Generator
    epoch_generator_state: torch.Tensor
    epochs_done: int
    step: int
    steps_per_epoch: int
    losses: torch.Tensor
    best: Best | None
    is_ended: bool
    patient_since: int
    dropped_at: int
    data_hash: str

    @property
    def seconds(self) -> float: ...


def save_checkpoint(folder: Path, loop: Resumable, keep: int) -> Path:
    """Write the state of `loop` between two steps, then let go of all but the newest `keep` checkpoints.

    The order of the rows and the dropout masks of the running epoch follow from `epoch_generator`, the state of the
    generator before that epoch; the learning rate follows from the schedule and `step`.

    Raises:
        OSError: it could not be written; the checkpoints before it are untouched.
    """
    folder.mkdir(parents=True, exist_ok=True)
    best = loop.best
    position = loop.step - loop.epochs_done * loop.steps_per_epoch
    state = {
        "format": FORMAT,
        "version": VERSION,
        "spec_hash": hash_spec(loop.spec),
        "spec": loop.spec.as_dict(),
        "data_hash": loop.data_hash,
        "threads": torch.get_num_threads(),
        "step": loop.step,
        "epoch": loop.epochs_done,
        "is_ended": loop.is_ended,
        "patient_since": loop.patient_since,
        "dropped_at": loop.dropped_at,
        "seconds": loop.seconds,
        "step_in_epoch": position,
        "steps_per_epoch": loop.steps_per_epoch,
        "losses": loop.losses[:position].clone(),
        "learners": [learner.to_plain() for learner in loop.learners],
        "generator": loop.generator.get_state(),
        "epoch_generator": loop.epoch_generator_state,
        "random_states": _random_states(),
        "best": {"epoch": best.epoch, "loss": best.loss, "score": best.score, "weights": best.weights} if best else None,
    }
    path = save_atomically(folder / f"step-{loop.step:0{STEP_DIGITS}}.pt", state)
    _remove_older(folder, keep)
    return path


def list_checkpoints(folder: Path) -> Sequence[Path]:
    """Whole checkpoints, the newest first."""
    return sorted(folder.glob("step-*.pt"), reverse=True)


def load_checkpoint(path: Path) -> State:
    """Read what `save_checkpoint` wrote; nothing in the file is executed."""
    state: State = torch.load(path, weights_only=True, map_location="cpu")  # a GPU may have written it that is not here
    return state


def find_checkpoint(folders: Sequence[Path], spec: TrainingSpec) -> tuple[State | None, list[Message]]:
    """The newest checkpoint that `spec` can go on from, and why each newer one cannot; `folders` come newest first.

    `is_extended` in it: it is the end of a run that was over.

    Whether it also fits the data, `data_hash` tells once they are prepared.
    """
    refused: list[Message] = []
    for path in (path for folder in folders for path in list_checkpoints(folder)):
        state, reason = _try(path, spec)
        if state is not None:
            # Where there is a report, the run was over: who goes on from there wants more of it.
            return {**state, "is_extended": state["is_ended"] and RunFolder(path.parent.parent).report.is_file()}, refused
        text = "The checkpoint {name} cannot be used: {reason}"
        refused.append(Message(text, {"name": path.name, "reason": reason or ""}))
    return None, refused


def sweep_leftovers(folder: Path) -> None:
    """Remove what a worker that was killed while it saved has left half-written."""
    for leftover in folder.glob(".*.tmp"):
        leftover.unlink(missing_ok=True)


def restore_random_states(states: State) -> None:
    """Put Python's, NumPy's and torch's generators where they were."""
    version, internal, gauss = states["python"]
    random.setstate((version, tuple(internal), gauss))
    name, keys, position, has_gauss, cached = states["numpy"]
    numpy.random.set_state((name, numpy.array(keys, dtype=numpy.uint32), position, has_gauss, cached))
    torch.set_rng_state(states["torch"])
    if states["cuda"] and torch.cuda.device_count() == len(states["cuda"]):
        torch.cuda.set_rng_state_all(states["cuda"])


def hash_spec(spec: TrainingSpec) -> str:
    """A checkpoint may go on only under the specification it began with, on whatever device; how long may differ."""
    others = {"epochs", "device", "max_minutes"}
    plain = {name: value for name, value in spec.as_dict().items() if value is not None and name not in others}
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def _try(path: Path, spec: TrainingSpec) -> tuple[State | None, Message | None]:
    try:
        state = load_checkpoint(path)
    except Exception as error:
        if is_out_of_memory(error):
            raise
        # Whatever is wrong with the file: the next one may be whole.
        return None, Message("it cannot be read ({detail}).", {"detail": type(error).__name__})
    if state.get("format") != FORMAT or state.get("version") != VERSION:
        return None, Message("another version of this program wrote it.")
    if state["spec_hash"] != hash_spec(_settle(spec, state["spec"])):
        return None, Message("it was made with other settings.")
    if not state["is_ended"] and spec.epochs is not None and state["spec"]["epochs"] > spec.epochs:
        return None, Message("it was made for more epochs than are wanted now.")
    return state, None


def _settle(spec: TrainingSpec, settled: Mapping[str, Any]) -> TrainingSpec:
    """`spec` with what was settled on then, where it leaves that open."""
    plain = spec.as_dict()
    left_open = {name for name, value in plain.items() if value is None} | ({"task"} if spec.task == AUTO else set())
    return TrainingSpec.parse({**plain, **{name: settled[name] for name in left_open}})


def _remove_older(folder: Path, keep: int) -> None:
    older = list_checkpoints(folder)[keep:]
    for path in older:
        path.unlink(missing_ok=True)
    if older:
        sync_folder(folder)


def _random_states() -> State:
    name, keys, position, has_gauss, gauss = numpy.random.get_state(legacy=True)
    version, internal, cached = random.getstate()
    return {
        "python": [version, list(internal), cached],
        "numpy": [str(name), [int(key) for key in keys], int(position), int(has_gauss), float(gauss)],
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else [],  # type: ignore[no-untyped-call]
    }

"""One training run from table to model: a TrainOrder enters; model.pt, report.json, checkpoint and events leave."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from trainer.contract.events import EventWriter
from trainer.contract.messages import Message, Problem, Refusal, Scalar
from trainer.contract.orders import TrainOrder
from trainer.contract.run_folder import RunFolder
from trainer.contract.spec import AUTO
from trainer.learning.candidates import NETWORK, choose, find_candidates
from trainer.learning.checkpoint import State, find_checkpoint, sweep_leftovers
from trainer.learning.learners import build_learners
from trainer.learning.loop import Checkpoints, TrainingLoop, choose_threads
from trainer.learning.publishing import Effort, build_report, publish
from trainer.learning.report import peak_memory_mb
from trainer.networks import Trained
from trainer.networks.flat import flat_width
from trainer.preparing.preparation import Prepared, prepare
from trainer.preparing.storage import choose_storage
from trainer.preparing.table import load_table

# What the network is compared with may take as long as the network did, but not less than this, and not more.
LEAST_SECONDS_TO_COMPARE, MOST_SECONDS_TO_COMPARE = 20.0, 300.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the run ended; `report` is None when it was paused, or stopped before one epoch was finished.

    A pause is a stop, too. `is_saved` is false when a full disk took no checkpoint of the last step.
    """

    stopped: bool
    report: dict[str, Any] | None
    is_paused: bool = False
    is_saved: bool = True


def train(order: TrainOrder, folder: RunFolder, events: EventWriter, should_stop: Callable[[], bool]) -> Outcome:
    """Train as ordered; stop after the step in which `should_stop` turns true.

    Raises:
        Refusal: the table, the target or the settings cannot be used, or the loss diverged.
        OSError: the disk is full, and the model could not be written; nothing half-written stays.
    """
    started = time.monotonic()
    torch.set_num_threads(1)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it, no run on a GPU is deterministic
    sweep_leftovers(folder.checkpoint)
    state = _begin_attempt(order, events)
    _refuse_missing_table(Path(order.table))
    prepared = prepare(load_table(Path(order.table), order.threads), order.training, events)
    if should_stop():
        return Outcome(stopped=True, report=None, is_paused=folder.pause.exists())
    shapes, learners = build_learners(prepared, choose_storage(folder.path))
    is_deterministic = prepared.spec.deterministic == "yes"
    torch.use_deterministic_algorithms(is_deterministic, warn_only=True)
    threads = 1 if is_deterministic else choose_threads(learners[0].network, prepared.spec.batch_size, order.threads)
    torch.set_num_threads(threads)
    checkpoints = Checkpoints(folder.checkpoint, order.keep_checkpoints, prepared.hash())
    loop = TrainingLoop(learners, prepared.spec, prepared.coding, events, checkpoints, should_stop)
    if should_stop():
        return Outcome(stopped=True, report=None, is_paused=folder.pause.exists())
    if state is not None:
        _go_on(state, order, loop, events)
        del state  # while the network trains, its memory is wanted for other things
    _announce(prepared, flat_width(shapes[0]), loop, events)
    events.state("RUNNING")
    preparing = time.monotonic() - started
    result = loop.run()
    is_paused = result.stopped and folder.pause.exists()
    if result.best is None or is_paused:
        return Outcome(result.stopped, None, is_paused, result.is_saved)
    trained: list[Trained] = []
    for shape, learner, weights in zip(shapes, learners, result.best.weights, strict=True):
        learner.network.cpu().load_state_dict(weights)
        trained.append(Trained(prepared.spec.family, shape, learner.network))
    now = time.monotonic()
    until = now + min(MOST_SECONDS_TO_COMPARE, max(LEAST_SECONDS_TO_COMPARE, now - started))
    result = dataclasses.replace(result, best=dataclasses.replace(result.best, weights=[]))
    del loop, learners, learner, weights  # their memory is wanted for the trees

    def has_time() -> bool:
        return not result.stopped and not should_stop() and (is_deterministic or time.monotonic() < until)

    candidates = find_candidates(prepared, trained, 1 if is_deterministic else order.threads, events, has_time)
    chosen = choose(candidates, prepared.spec) if order.training.network == AUTO else (NETWORK, prepared.spec.reason)
    effort = Effort(round(preparing, 3), round(result.seconds, 3), round(time.monotonic() - now, 3), peak_memory_mb())
    report = build_report(prepared, candidates, chosen, result, effort)
    publish(prepared, candidates[chosen[0]], report, folder, events)
    return Outcome(result.stopped, report, is_saved=result.is_saved)


def _begin_attempt(order: TrainOrder, events: EventWriter) -> State | None:
    """Find the newest usable checkpoint of the attempts before this one; say where this one begins, before anything else."""
    state, refused = find_checkpoint([Path(folder) for folder in order.resume_from], order.training)
    step, epoch = (state["step"], round(state["step"] / state["steps_per_epoch"], 4)) if state is not None else (0, 0.0)
    events.emit("attempt", number=order.attempt, resumed=state is not None, step=step, epoch=epoch)
    events.state("LOADING")
    for reason in refused:
        events.log(reason, "warning")
    if state is None and order.resume_from:
        events.log(Message("There is no checkpoint to go on from, so the run begins again with the first step."), "warning")
    return state


def _go_on(state: State, order: TrainOrder, loop: TrainingLoop, events: EventWriter) -> None:
    """Continue where the checkpoint was taken; on other data than it was taken on, begin again and take back what was said."""
    if state["data_hash"] != loop.data_hash:
        text = "The data, or how they are prepared, have changed since step {step}, so the run begins again with the first step."
        events.log(Message(text, {"step": state["step"]}), "warning")
        events.emit("attempt", number=order.attempt, resumed=False, step=0, epoch=0.0)
        return
    torch.set_num_threads(state["threads"])  # sums depend on how many add them up
    loop.restore(state)
    events.log(Message("Going on from step {step} of {total}.", {"step": loop.step, "total": loop.total_steps}))


def _refuse_missing_table(table: Path) -> None:
    if not table.is_file():
        text = "The table of this run is gone: its data set was deleted. Start a new run with another data set."
        raise Refusal(Problem("table_gone", Message(text), "dataset"))


def _announce(prepared: Prepared, features: int, loop: TrainingLoop, events: EventWriter) -> None:
    counts, folds = prepared.split.counts(), len(prepared.split.folds)
    if folds == 1:
        text = "Rows to learn from: {train}; to choose the best epoch: {validation}; kept for the final test: {test}."
        events.log(Message(text, dict(counts)))
    else:
        text = (
            "{train} rows in {folds} parts, and as many networks: each learns from all parts but one, and is judged by that one."
            " Kept for the final test: {test} rows."
        )
        events.log(Message(text, {**counts, "folds": folds}))
    events.log(_say_columns(prepared, features))
    events.emit(
        "plan",
        task=prepared.coding.task,
        target=prepared.coding.name,
        rows=counts,
        folds=folds,
        features=features,
        epochs=prepared.spec.epochs,
        steps_per_epoch=loop.steps_per_epoch,
        total_steps=loop.total_steps,
        device=loop.device.type,
    )


def _say_columns(prepared: Prepared, features: int) -> Message:
    params: dict[str, Scalar] = {"columns": len(prepared.features.columns), "features": features}
    params["pieces"] = prepared.features.vocabulary
    if not params["pieces"]:
        return Message("Columns used: {columns}, as {features} numbers per row.", params)
    if not features:
        return Message("Columns used: {columns}, all of them texts, made of {pieces} different words and word pieces.", params)
    text = "Columns used: {columns}, as {features} numbers per row and texts, made of {pieces} different words and word pieces."
    return Message(text, params)

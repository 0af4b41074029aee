"""One training run from table to model: a TrainOrder enters; model.pt, report.json, checkpoint and events leave."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
import pandas
import torch
from numpy.typing import NDArray

from trainer.contract.events import EventWriter
from trainer.contract.messages import Message, Problem, Refusal, Scalar
from trainer.contract.orders import TrainOrder
from trainer.contract.run_folder import RunFolder, write_json_atomically
from trainer.contract.spec import TrainingSpec
from trainer.contract.target import settle_target
from trainer.learning.checkpoint import State, find_checkpoint, sweep_leftovers
from trainer.learning.devices import choose_device
from trainer.learning.loop import Checkpoints, LoopResult, TrainingData, TrainingLoop, choose_threads
from trainer.learning.report import Part, describe_versions, write_metrics
from trainer.model.bundle import Bundle, publish_bundle
from trainer.model.predict import decode_outputs
from trainer.networks import Network, NetworkShape, build_network, forward
from trainer.preparing.features import Features
from trainer.preparing.leakage import find_leaks
from trainer.preparing.split import Positions, Split, split_rows
from trainer.preparing.table import Table, load_table
from trainer.preparing.targets import REGRESSION, TargetCoding, fit_target


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything that is settled before the first step."""

    table: Table
    spec: TrainingSpec
    coding: TargetCoding
    split: Split
    features: Features

    def rows(self, positions: Positions) -> pandas.DataFrame:
        return self.table.frame.iloc[positions]

    def encode(self, positions: Positions) -> tuple[torch.Tensor, torch.Tensor]:
        """Features [rows, width] and coded targets [rows] of these rows."""
        rows = self.rows(positions)
        return self.features.encode(rows), torch.from_numpy(self.coding.encode(rows[self.coding.name]))

    def hash(self) -> str:
        """What tells these rows, in this split and encoding, from any others."""
        settled = [self.features.to_plain(), self.coding.to_plain()]
        digest = hashlib.sha256(json.dumps(settled, sort_keys=True, default=str).encode())
        for positions in (self.split.train, self.split.validation, self.split.test):
            digest.update(positions.tobytes())
        return digest.hexdigest()

    def true(self, positions: Positions) -> NDArray[Any]:
        """Class numbers, or the target in its own units: what metrics are measured against."""
        target = self.rows(positions)[self.coding.name]
        return target.to_numpy(dtype=numpy.float64) if self.coding.task == REGRESSION else self.coding.encode(target)


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
    sweep_leftovers(folder.checkpoint)
    state = _begin_attempt(order, events)
    _refuse_missing_table(Path(order.table))
    prepared = prepare(load_table(Path(order.table), order.threads), order.training, events)
    if should_stop():
        return Outcome(stopped=True, report=None, is_paused=folder.pause.exists())
    shape = _shape(prepared)
    device = choose_device(prepared.spec, shape.inputs)
    network = build_network(prepared.spec.network, shape, prepared.spec.seed).to(device)
    data = TrainingData(*prepared.encode(prepared.split.train), *prepared.encode(prepared.split.validation))
    torch.set_num_threads(choose_threads(network, prepared.spec.batch_size, order.threads))
    checkpoints = Checkpoints(folder.checkpoint, order.keep_checkpoints, prepared.hash())
    loop = TrainingLoop(network, data, prepared.spec, prepared.coding, events, checkpoints, should_stop)
    if should_stop():
        return Outcome(stopped=True, report=None, is_paused=folder.pause.exists())
    if state is not None:
        _go_on(state, order, loop, events)
        del state  # while the network trains, its memory is wanted for other things
    _announce(prepared, loop, events)
    events.state("RUNNING")
    result = loop.run()
    is_paused = result.stopped and folder.pause.exists()
    if result.best is None or is_paused:
        return Outcome(result.stopped, None, is_paused, result.is_saved)
    network.cpu().load_state_dict(result.best.weights)
    report = _build_report(prepared, network, result, time.monotonic() - started)
    try:
        _publish(prepared, shape, network, report, folder, events)
    except OSError:
        _withdraw(folder)
        raise
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


def prepare(table: Table, spec: TrainingSpec, events: EventWriter) -> Prepared:
    """Settle target, split and features; tell in the log what was left out and what looks suspicious."""
    spec = settle_target(spec, table.profile)
    name, task = str(spec.target), spec.task
    values = table.frame[name]
    split = split_rows(values, task, spec.seed)
    if split.without_target:
        params: dict[str, Scalar] = {"rows": split.without_target, "target": name}
        events.log(Message("{rows} rows have no “{target}” and were left out.", params))
    training = table.frame.iloc[split.train]
    coding = fit_target(name, task, values.dropna(), training[name])
    features = Features.fit(training, table.columns, name, spec.exclude)
    for left_out in features.left_out:
        events.log(Message("“{column}” is not used: {reason}", {"column": left_out.column, "reason": left_out.reason}))
    for warning in find_leaks(training, features.columns, coding):
        events.log(warning, "warning")
    return Prepared(table, spec, coding, split, features)


def _shape(prepared: Prepared) -> NetworkShape:
    spec = prepared.spec
    return NetworkShape(prepared.features.width, prepared.coding.outputs, spec.hidden, spec.dropout)


def _announce(prepared: Prepared, loop: TrainingLoop, events: EventWriter) -> None:
    counts = prepared.split.counts()
    text = "Rows to learn from: {train}; to choose the best epoch: {validation}; kept for the final test: {test}."
    events.log(Message(text, dict(counts)))
    params: dict[str, Scalar] = {"columns": len(prepared.features.columns), "features": prepared.features.width}
    events.log(Message("Columns used: {columns}, as {features} numbers per row.", params))
    events.emit(
        "plan",
        task=prepared.coding.task,
        target=prepared.coding.name,
        rows=counts,
        features=prepared.features.width,
        epochs=prepared.spec.epochs,
        steps_per_epoch=loop.steps_per_epoch,
        total_steps=loop.total_steps,
        device=loop.network.device.type,
    )


def _build_report(prepared: Prepared, network: Network, result: LoopResult, seconds: float) -> dict[str, Any]:
    assert result.best is not None, "a report is written of a finished epoch"
    coding, split = prepared.coding, prepared.split
    validation, test = (_predict(prepared, network, positions) for positions in (split.validation, split.test))
    return {
        "task": coding.task,
        "target": coding.name,
        **write_metrics(coding, validation, test, prepared.true(split.train)),
        "settings": prepared.spec.as_dict(),
        "rows": {**split.counts(), "without_target": split.without_target},
        "columns": {
            "used": prepared.features.columns,
            "left_out": [left_out.as_dict() for left_out in prepared.features.left_out],
        },
        "features": prepared.features.width,
        "best_epoch": result.best.epoch,
        "epochs": result.epochs,
        "steps": result.steps,
        "stopped": result.stopped,
        "seconds": round(seconds, 3),
        "seed": prepared.spec.seed,
        "versions": describe_versions(),
    }


def _predict(prepared: Prepared, network: Network, positions: Positions) -> Part:
    outputs = forward(network, prepared.features.encode(prepared.rows(positions)))
    return Part(prepared.true(positions), decode_outputs(outputs, prepared.coding))


def _publish(
    prepared: Prepared, shape: NetworkShape, network: Network, report: dict[str, Any], folder: RunFolder, events: EventWriter
) -> None:
    """Model first, then report, then the events that name them: whoever hears of a file finds it."""
    metrics = {part: report[part] for part in ("primary", "test", "validation", "trivial")}
    columns = prepared.table.columns
    schema = [{"name": name, "kind": columns[name].kind} for name in prepared.features.columns]
    bundle = Bundle(prepared.spec, shape, network, prepared.features, prepared.coding, schema, metrics)
    published = publish_bundle(bundle, folder.model, prepared.rows(prepared.split.validation))
    write_json_atomically(folder.report, report)
    best: dict[str, Scalar] = {"epoch": report["best_epoch"], "epochs": report["epochs"]}
    events.log(Message("Epoch {epoch} of {epochs} was the best on the validation rows; the model is that one.", best))
    events.log(Message("The model was written, read again, and gave the same predictions."))
    events.emit("artefact", name=published.name, size=published.size, sha256=published.sha256)
    told = ("task", "target", "primary", "test", "validation", "trivial", "best_epoch", "epochs", "rows", "seconds", "stopped")
    events.emit("result", **{key: report[key] for key in told})
    events.flush()


def _withdraw(folder: RunFolder) -> None:
    """Remove what a failed publication left: it is whole or not there; a resumed run publishes again."""
    for path in (folder.model, folder.report):
        for leftover in (path, *folder.path.glob(f".{path.name}.*")):
            leftover.unlink(missing_ok=True)

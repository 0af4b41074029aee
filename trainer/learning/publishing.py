"""What was trained enters; model.pt and report.json leave, and the events that name them: whole, or not at all."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trainer.contract.events import EventWriter
from trainer.contract.messages import Message, Scalar
from trainer.contract.run_folder import RunFolder, write_json_atomically
from trainer.contract.spec import AUTO
from trainer.learning.candidates import RIVALS, Candidate
from trainer.learning.loop import LoopResult
from trainer.learning.metrics import measure
from trainer.learning.report import describe_machine, write_metrics
from trainer.model.bundle import Bundle, publish_bundle
from trainer.networks.flat import flat_width
from trainer.preparing.preparation import Prepared


@dataclass(frozen=True, slots=True)
class Effort:
    """What the run took: seconds of this attempt, the training those of all attempts; megabytes of memory at most."""

    preparing: float
    training: float
    comparing: float
    memory_mb: float


PROVEN_ROWS = 5_000  # that a written model must predict as the one in memory does
MEASURED = ("primary", "test", "validation", "boosting", "words", "trivial")
TOLD = ("task", "target", *MEASURED, "model", "network", "best_epoch", "epochs", "rows", "seconds", "stopped")


def build_report(
    prepared: Prepared,
    candidates: Mapping[str, Candidate],
    chosen: tuple[str, Message],
    result: LoopResult,
    effort: Effort,
) -> dict[str, Any]:
    """Everything that report.json says."""
    assert result.best is not None, "a report is written of a finished epoch"
    split, (name, reason) = prepared.split, chosen
    model = candidates[name]
    coding = model.coding
    compared = {
        name: {part: measure(candidate.coding, found.true, found.predicted) for part, found in candidate.parts().items()}
        for name, candidate in candidates.items()
    }
    return {
        "task": coding.task,
        "target": coding.name,
        **write_metrics(coding, model.validation, model.test, prepared.true(split.train), prepared.spec.seed),
        **{rival: compared[rival]["test"] if rival in compared else None for rival in RIVALS},
        "model": {"is": name, "reason": reason.as_dict()},
        "compared": compared,
        "settings": prepared.spec.as_dict(),
        "network": {"family": prepared.spec.family, "reason": prepared.spec.reason.as_dict()},
        "folds": len(split.folds),
        "rows": {**split.counts(), "without_target": split.without_target, "unlearnt": split.unlearnt},
        "columns": _describe_columns(prepared),
        "warnings": [warning.as_dict() for warning in prepared.warnings],
        "features": flat_width(model.trained.shape),
        "best_epoch": result.best.epoch,
        "epochs": result.epochs,
        "steps": result.steps,
        "stopped": result.stopped,
        "seconds": round(effort.preparing + effort.training + effort.comparing, 3),
        "seed": prepared.spec.seed,
        "effort": dataclasses.asdict(effort),
        "machine": describe_machine(result.device, result.threads),
    }


def _describe_columns(prepared: Prepared) -> dict[str, Any]:
    """Each column, of what kind it was taken to be and why, and what was made of it."""
    known, written = prepared.table.columns, prepared.features.describe()
    target = known[prepared.coding.name]
    return {
        "target": {"column": target.name, "kind": target.kind, "reason": target.reason.as_dict()},
        "used": [
            {"column": name, "kind": known[name].kind, "reason": known[name].reason.as_dict(), "as": sentence.as_dict()}
            for name, sentence in written.items()
        ],
        "left_out": [left_out.as_dict() for left_out in prepared.features.left_out],
    }


def publish(prepared: Prepared, model: Candidate, report: dict[str, Any], folder: RunFolder, events: EventWriter) -> None:
    """Model first, then report, then the events that name them: whoever hears of a file finds it.

    Raises:
        OSError: one of them could not be written; neither is left.
    """
    metrics = {part: report[part] for part in MEASURED}
    columns = prepared.table.columns
    schema = [{"name": name, "kind": columns[name].kind} for name in prepared.features.columns]
    bundle = Bundle(prepared.spec, model.trained, prepared.features, model.coding, schema, metrics)
    try:
        published = publish_bundle(bundle, folder.model, prepared.rows(prepared.split.validation[:PROVEN_ROWS]))
        write_json_atomically(folder.report, report)
    except OSError:
        _withdraw(folder)
        raise
    best: dict[str, Scalar] = {"epoch": report["best_epoch"], "epochs": report["epochs"]}
    events.log(Message("Epoch {epoch} of {epochs} was the best on the validation rows; the network is that one.", best))
    if prepared.spec.network == AUTO:
        events.log(Message.from_dict(report["model"]["reason"]))
    events.log(Message("The model was written, read again, and gave the same predictions."))
    events.emit("artefact", name=published.name, size=published.size, sha256=published.sha256)
    events.emit("result", **{key: report[key] for key in TOLD})
    events.flush()


def _withdraw(folder: RunFolder) -> None:
    """Remove what a failed publication left: it is whole or not there; a resumed run publishes again."""
    for path in (folder.model, folder.report):
        for leftover in (path, *folder.path.glob(f".{path.name}.*")):
            leftover.unlink(missing_ok=True)

"""What a worker is asked to do: the content of spec.json, one class per kind of work."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from trainer.contract.reading import ReadingChoices
from trainer.contract.spec import TrainingSpec


@dataclass(frozen=True, slots=True)
class Limits:
    """What one attempt may use; 0 is no limit. The keeper holds the worker to it (spec.json, `limits`)."""

    memory_mb: int = 0
    wall_seconds: float = 0.0
    disk_mb: int = 0
    log_mb: int = 0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class TrainOrder:
    """Train on `table` (Parquet, with profile.json beside it) using at most `threads` threads.

    `resume_from` names checkpoint folders of earlier attempts, the newest first; empty starts afresh. The attempt counts
    its events from `first_event` on and keeps the newest `keep_checkpoints` checkpoints.
    """

    table: str
    training: TrainingSpec = field(default_factory=TrainingSpec)
    threads: int = 1
    attempt: int = 1
    first_event: int = 1
    resume_from: tuple[str, ...] = ()
    keep_checkpoints: int = 2

    def as_dict(self) -> dict[str, Any]:
        return {
            "kind": "train",
            "table": self.table,
            "training": self.training.as_dict(),
            "threads": self.threads,
            "attempt": self.attempt,
            "first_event": self.first_event,
            "resume_from": list(self.resume_from),
            "keep_checkpoints": self.keep_checkpoints,
        }


@dataclass(frozen=True, slots=True)
class IngestOrder:
    """Read `original` into table.parquet, written.parquet and profile.json in the folder `output`.

    `format` is one of contract.reading.FORMATS, or "" where only the name inside an archive tells; `packing` is "gz",
    "zip" or "". `choices` are what a person decided (ReadingChoices). A packed file may grow to `most_mb`. `sha256` is the
    original's where it is known. A preview reads the beginning of the file and leaves preview.json instead.
    """

    original: str
    format: str
    output: str
    packing: str = ""
    choices: ReadingChoices = field(default_factory=ReadingChoices)
    memory_mb: int = 1024
    threads: int = 1
    most_mb: int = 1000
    sha256: str = ""
    is_preview: bool = False

    def as_dict(self) -> dict[str, Any]:
        return {"kind": "ingest", **asdict(self), "choices": self.choices.as_dict()}


@dataclass(frozen=True, slots=True)
class SamplesOrder:
    """Write the built-in sample tables, each into its own folder `output`/<name>."""

    output: str

    def as_dict(self) -> dict[str, Any]:
        return {"kind": "samples", "output": self.output}


Order = TrainOrder | IngestOrder | SamplesOrder


def read_limits(path: Path) -> Limits:
    """The limits in spec.json, for the keeper; none when there are none."""
    return Limits(**json.loads(path.read_text(encoding="utf-8")).get("limits", {}))


def read_order(path: Path) -> Order:
    """Read spec.json; it was written by this program, so a wrong one is a defect, not bad input."""
    data = json.loads(path.read_text(encoding="utf-8"))
    data.pop("limits", None)
    kind = data.pop("kind")
    if kind == "train":
        data |= {"training": TrainingSpec.parse(data["training"]), "resume_from": tuple(data.get("resume_from", ()))}
        return TrainOrder(**data)
    if kind == "ingest":
        return IngestOrder(**{**data, "choices": ReadingChoices.parse(data.get("choices", {}))})
    if kind == "samples":
        return SamplesOrder(**data)
    raise ValueError(f"{path} asks for unknown work: {kind!r}")

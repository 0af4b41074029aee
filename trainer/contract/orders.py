"""What a worker is asked to do: the content of spec.json, one class per kind of work."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trainer.contract.spec import TrainingSpec


@dataclass(frozen=True, slots=True)
class TrainOrder:
    """Train on `table` (Parquet, with profile.json beside it) using at most `threads` threads."""

    table: str
    training: TrainingSpec = field(default_factory=TrainingSpec)
    threads: int = 1

    def as_dict(self) -> dict[str, Any]:
        return {"kind": "train", "table": self.table, "training": self.training.as_dict(), "threads": self.threads}


@dataclass(frozen=True, slots=True)
class IngestOrder:
    """Read `original`, a file of type `format` (csv, json, jsonl), into table.parquet and profile.json in `output`."""

    original: str
    format: str
    output: str
    memory_mb: int = 1024
    threads: int = 1

    def as_dict(self) -> dict[str, Any]:
        return {
            "kind": "ingest",
            "original": self.original,
            "format": self.format,
            "output": self.output,
            "memory_mb": self.memory_mb,
            "threads": self.threads,
        }


@dataclass(frozen=True, slots=True)
class SamplesOrder:
    """Write the built-in sample tables, each into its own folder `output`/<name>."""

    output: str

    def as_dict(self) -> dict[str, Any]:
        return {"kind": "samples", "output": self.output}


Order = TrainOrder | IngestOrder | SamplesOrder


def read_order(path: Path) -> Order:
    """Read spec.json; it was written by this program, so a wrong one is a defect, not bad input."""
    data = json.loads(path.read_text(encoding="utf-8"))
    kind = data.pop("kind")
    if kind == "train":
        return TrainOrder(data["table"], TrainingSpec.parse(data["training"]), data["threads"])
    if kind == "ingest":
        return IngestOrder(**data)
    if kind == "samples":
        return SamplesOrder(**data)
    raise ValueError(f"{path} asks for unknown work: {kind!r}")

"""Reads what an attempt's processes used (usage.jsonl, see docs/events.md), from where the reader left off."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from trainer.contract import JsonObject


@dataclass(frozen=True, slots=True)
class Usage:
    """The samples of one attempt after those read before; `is_whole` when there were none before."""

    attempt: int = 0
    samples: Sequence[JsonObject] = ()
    is_whole: bool = True
    began_at: float = 0.0  # Unix time of the attempt's first sample
    end: int = 0  # how far its file was read, in bytes


def read_usage(path: Path, attempt: int, before: Usage | None = None) -> Usage:
    """What `path` holds beyond `before`, if that is of the same attempt; a missing file holds nothing. Blocking."""
    if before is None or before.attempt != attempt or not before.end:
        before = Usage(attempt)
    try:
        with path.open("rb") as file:
            file.seek(before.end)
            whole, newline, _half_written = file.read().rpartition(b"\n")
    except FileNotFoundError:
        whole, newline = b"", b""
    samples = [sample for line in whole.splitlines() if (sample := _decode(line)) is not None]
    began_at = before.began_at or (samples[0]["at"] if samples else 0.0)
    return Usage(attempt, samples, not before.end, began_at, before.end + len(whole) + len(newline))


def _decode(line: bytes) -> JsonObject | None:
    """A line that is no sample (a disk fault) is passed over: one bad line must not hide the rest."""
    try:
        sample = json.loads(line)
    except ValueError:
        return None
    return sample if isinstance(sample, dict) and isinstance(sample.get("at"), int | float) else None

"""The event log of a run: numbered JSON lines, appended by one worker and read by anyone from any number.

Kinds: `state`, `plan`, `metric`, `log`, `artefact`, `result`, `problem` (docs/events.md names their fields).
A torn last line, left by a killed worker, is never returned.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.contract.messages import Message, Problem

JsonObject = dict[str, Any]
FLUSH_SECONDS = 0.02
READ_BYTES = 1 << 20


class EventWriter:
    """Appends events; buffered for at most `FLUSH_SECONDS` so that a fast loop is not slowed by its own reporting."""

    def __init__(self, path: Path) -> None:
        existing = read_events(path)
        self._next_number = existing.last_number + 1
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.ftruncate(self._file, existing.end)
        self._buffer: list[bytes] = []
        self._flushed_at = 0.0

    def emit(self, kind: str, /, **fields: object) -> None:
        """Add one event; call `flush` after those that must be seen at once."""
        event = {"n": self._next_number, "at": round(time.time(), 4), "type": kind, **fields}
        self._next_number += 1
        self._buffer.append(json.dumps(event, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode() + b"\n")
        if time.monotonic() - self._flushed_at >= FLUSH_SECONDS:
            self.flush()

    def state(self, state: str) -> None:
        self.emit("state", state=state)
        self.flush()

    def log(self, message: Message, level: str = "info") -> None:
        self.emit("log", level=level, message=message.as_dict())

    def problem(self, problem: Problem) -> None:
        self.emit("problem", problem=problem.as_dict())
        self.flush()

    def flush(self) -> None:
        data, self._buffer = b"".join(self._buffer), []
        self._flushed_at = time.monotonic()
        while data:
            data = data[os.write(self._file, data) :]

    def close(self) -> None:
        self.flush()
        os.close(self._file)


@dataclass(frozen=True, slots=True)
class EventLog:
    """Events read so far: `end` is the byte offset after the last whole line, `last_number` that line's number."""

    events: list[JsonObject]
    end: int
    last_number: int


def read_events(path: Path, offset: int = 0, last_number: int = 0, limit_bytes: int | None = None) -> EventLog:
    """Read the whole lines after byte `offset`; a missing file is an empty log.

    Lines that are no events (a disk fault, a stranger's hand) are passed over: one bad line must not hide the rest.
    """
    try:
        with path.open("rb") as file:
            file.seek(offset)
            data = file.read() if limit_bytes is None else file.read(limit_bytes)
    except FileNotFoundError:
        return EventLog([], offset, last_number)
    whole, newline, _ = data.rpartition(b"\n")
    events = [event for line in whole.split(b"\n") if (event := _decode(line)) is not None] if newline else []
    numbers = [last_number, *(event["n"] for event in events)]
    return EventLog(events, offset + len(whole) + len(newline), max(numbers))


def _decode(line: bytes) -> JsonObject | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    valid = isinstance(event, Mapping) and isinstance(event.get("n"), int) and isinstance(event.get("type"), str)
    return dict(event) if valid else None

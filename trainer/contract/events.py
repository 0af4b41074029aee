"""The event log of a run: numbered JSON lines, appended by its worker and read by anyone from any number.

Kinds: `attempt`, `state`, `stage`, `plan`, `metric`, `log`, `artefact`, `result`, `problem` (docs/events.md names their fields).
A torn last line, left by a killed worker, is never returned.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from trainer.contract.messages import Message, Problem

JsonObject = dict[str, Any]
FLUSH_SECONDS = 0.02
READ_BYTES = 1 << 20
DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class EventWriter:
    """Appends events; buffered for at most `FLUSH_SECONDS` so that a fast loop is not slowed by its own reporting.

    Several writers may share a log: numbers are given under a lock on the file, as the lines go in. While the disk is
    full, events wait in memory, in order, and the log keeps ending with a whole line.
    """

    def __init__(self, path: Path, first_number: int = 1) -> None:
        """`first_number` is that of the log's first event: an attempt goes on counting where the one before it ended."""
        self._path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._known = EventLog([], 0, first_number - 1)
        self._waiting: list[JsonObject] = []
        self._flushed_at = 0.0

    def emit(self, kind: str, /, **fields: object) -> None:
        """Add one event; call `flush` after those that must be seen at once."""
        self._waiting.append({"at": round(time.time(), 4), "type": kind, **fields})
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

    def flush(self) -> bool:
        """Write what waits; False when the disk is full, and it goes on waiting."""
        self._flushed_at = time.monotonic()
        if not self._waiting:
            return True
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            self._append()
        except OSError as error:
            if error.errno not in DISK_FULL:
                raise
            os.ftruncate(self._file, self._known.end)
            return False
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        return True

    def _append(self) -> None:
        if os.fstat(self._file).st_size != self._known.end:  # another writer's lines, or a torn one that a dead one left
            self._known = read_events(self._path, self._known.end, self._known.last_number)
            self._known = EventLog([], self._known.end, self._known.last_number)
            os.ftruncate(self._file, self._known.end)
        first = self._known.last_number + 1
        data = b"".join(_encode({"n": number, **event}) for number, event in enumerate(self._waiting, first))
        written = 0
        while written < len(data):
            written += os.write(self._file, data[written:])
        self._known = EventLog([], self._known.end + len(data), self._known.last_number + len(self._waiting))
        self._waiting = []

    def close(self) -> bool:
        """Write what waits and close; False when the disk is full, and those events are lost."""
        is_complete = self.flush()
        os.close(self._file)
        return is_complete


@dataclass(frozen=True, slots=True)
class EventLog:
    """Events read so far: `end` is the byte offset after the last whole line, `last_number` that line's number."""

    events: list[JsonObject]
    end: int
    last_number: int
    has_more: bool = False  # reading stopped at its limit, not at the end of the file


def read_events(path: Path, offset: int = 0, last_number: int = 0, limit_bytes: int | None = None) -> EventLog:
    """Read the whole lines after byte `offset`; a missing file is an empty log.

    Lines that are no events (a disk fault, a stranger's hand) are passed over: one bad line must not hide the rest.
    """
    try:
        if path.stat().st_size <= offset:
            return EventLog([], offset, last_number)  # most looks find nothing new
        with path.open("rb") as file:
            file.seek(offset)
            data = file.read() if limit_bytes is None else file.read(limit_bytes)
    except FileNotFoundError:
        return EventLog([], offset, last_number)
    whole, newline, _ = data.rpartition(b"\n")
    events = [event for line in whole.split(b"\n") if (event := _decode(line)) is not None] if newline else []
    numbers = [last_number, *(event["n"] for event in events)]
    has_more = limit_bytes is not None and len(data) == limit_bytes
    return EventLog(events, offset + len(whole) + len(newline), max(numbers), has_more)


def find_event(path: Path, after: int) -> int:
    """The byte offset of the first event whose number is above `after`, found by halving: the log is sorted by number."""
    try:
        with path.open("rb") as file:
            low, high = 0, file.seek(0, os.SEEK_END)
            while low < high:
                middle = (low + high) // 2
                start, number = _number_at(file, middle, high)
                if number is None or number > after:
                    high = middle
                else:
                    file.seek(start)
                    low = start + len(file.readline())
            return low
    except FileNotFoundError:
        return 0


def _number_at(file: BinaryIO, offset: int, end: int) -> tuple[int, int | None]:
    """Start and number of the first event that begins at or after `offset`; None when none does before `end`."""
    file.seek(max(0, offset - 1))
    start = offset
    if offset:
        start = offset - 1 + len(file.readline())
    while start < end:
        line = file.readline()
        event = _decode(line) if line.endswith(b"\n") else None
        if event is not None:
            return start, event["n"]
        if not line:
            break
        start += len(line)
    return start, None


def _encode(event: JsonObject) -> bytes:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def _decode(line: bytes) -> JsonObject | None:
    try:
        event = json.loads(str(line, "utf-8"))  # given bytes, it would guess their encoding every time
    except ValueError:
        return None
    valid = isinstance(event, Mapping) and isinstance(event.get("n"), int) and isinstance(event.get("type"), str)
    return dict(event) if valid else None

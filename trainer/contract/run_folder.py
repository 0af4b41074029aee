"""The files through which a worker, its keeper and the web process talk, and who writes which.

spec.json (web process) · keeper.json, worker.json, usage.jsonl, exit.json (keeper) · stop, pause (whoever asks for it)
events.jsonl, checkpoint/, model.pt, report.json (worker) · worker.log (what the worker printed)
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

from trainer.contract.process import ProcessIdentity


class WorkerExit(IntEnum):
    """How a worker says it ended; any other code, or a signal, is a crash."""

    COMPLETED = 0
    REFUSED = 65  # sysexits.h EX_DATAERR: a `problem` event says why
    OUT_OF_MEMORY = 71  # sysexits.h EX_OSERR: an allocation was refused
    DISK_FULL = 74  # sysexits.h EX_IOERR: what had to be written could not be
    STOPPED = 75  # sysexits.h EX_TEMPFAIL: stopped on request, checkpoint kept
    PAUSED = 76  # stopped to be resumed: checkpoint kept, nothing published


@dataclass(frozen=True, slots=True)
class ExitRecord:
    """The true end of a worker, written once by its keeper."""

    code: int | None  # exit code; None when a signal ended it
    signal: str | None  # "SIGKILL", ...; None when it exited by itself
    stop_requested: bool
    killed_after_grace: bool
    ended_at: float  # Unix time
    last_lines: tuple[str, ...]  # the end of worker.log
    limit: str | None = None  # which limit ended it: "memory", "time", "disk" or "log"
    limit_value: float | None = None  # that limit: megabytes, or seconds of "time"
    limit_used: float | None = None  # what was measured against it, in the same unit
    peak_memory_mb: float | None = None
    is_system_out_of_memory: bool = False  # the kernel killed a process for want of memory while this one died of SIGKILL

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "last_lines": list(self.last_lines)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ExitRecord:
        """Read a record, also one that an earlier version wrote."""
        known = {name: data[name] for name in cls.__dataclass_fields__ if name in data}
        return cls(**{**known, "last_lines": tuple(data["last_lines"])})


@dataclass(frozen=True, slots=True)
class RunFolder:
    """One attempt's folder."""

    path: Path

    @property
    def spec(self) -> Path:
        return self.path / "spec.json"

    @property
    def events(self) -> Path:
        return self.path / "events.jsonl"

    @property
    def log(self) -> Path:
        return self.path / "worker.log"

    @property
    def stop(self) -> Path:
        return self.path / "stop"

    @property
    def pause(self) -> Path:
        """Beside `stop`: the stop is meant as a pause."""
        return self.path / "pause"

    @property
    def usage(self) -> Path:
        return self.path / "usage.jsonl"

    @property
    def exit(self) -> Path:
        return self.path / "exit.json"

    @property
    def checkpoint(self) -> Path:
        return self.path / "checkpoint"

    @property
    def model(self) -> Path:
        return self.path / "model.pt"

    @property
    def report(self) -> Path:
        return self.path / "report.json"

    def write_spec(self, order: Mapping[str, Any]) -> None:
        write_json_atomically(self.spec, order)

    def read_exit(self) -> ExitRecord | None:
        data = _read_json(self.exit)
        return ExitRecord.from_dict(data) if data else None

    def write_identity(self, role: str, identity: ProcessIdentity) -> None:
        """Record who the "keeper" or the "worker" of this attempt is."""
        write_json_atomically(self.path / f"{role}.json", identity.as_dict())

    def claim_identity(self, role: str, identity: ProcessIdentity) -> bool:
        """Record this identity unless another is recorded; whether it is the one on record. Of many claims one holds."""
        path = self.path / f"{role}.json"
        temporary = path.with_name(f".{path.name}.{os.getpid()}.claim")
        try:
            write_json_atomically(temporary, identity.as_dict())
            path.hardlink_to(temporary)
        except FileExistsError:
            return self.read_identity(role) == identity
        finally:
            temporary.unlink(missing_ok=True)
        return True

    def read_identity(self, role: str) -> ProcessIdentity | None:
        data = _read_json(self.path / f"{role}.json")
        return ProcessIdentity(**data) if data else None


def write_json_atomically(path: Path, data: Mapping[str, Any]) -> None:
    """Replace `path` so that a reader, or a power cut, sees the old file or the whole new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(data, file, ensure_ascii=False, indent=1, allow_nan=False)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return data

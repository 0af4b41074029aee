"""For scripts whose process is killed at a step of its own choosing: just before the n-th change that it asks of the system."""

from __future__ import annotations

import io
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

OPEN = Path.open


class Death:
    """Counts steps: SIGKILL just before the one whose number is `fatal`."""

    def __init__(self, fatal: int) -> None:
        self._fatal = fatal
        self._steps = 0
        self.is_averted = False

    def step(self) -> None:
        self._steps += 1
        if self._steps == self._fatal and not self.is_averted:
            os.kill(os.getpid(), signal.SIGKILL)

    def before(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function`, a call of which is a step."""

        def call(*arguments: Any, **options: Any) -> Any:
            self.step()
            return function(*arguments, **options)

        return call

    def open(self, path: Path, mode: str = "r", **options: Any) -> Any:
        """Like Path.open; opening to write is a step, and so is each half of what is written at once."""
        if mode in {"r", "rb"}:
            return OPEN(path, mode, **options)
        self.step()
        if mode == "wb":
            return WrittenInHalves(path, self)
        if mode == "w":
            return io.TextIOWrapper(io.BufferedWriter(WrittenInHalves(path, self)), **options)
        return OPEN(path, mode, **options)


class WrittenInHalves(io.FileIO):
    """A new file."""

    def __init__(self, path: Path, death: Death) -> None:
        super().__init__(str(path), "w")
        self._death = death

    def write(self, data: Any) -> int:
        middle = len(data) // 2
        for half in (data[:middle], data[middle:]):
            self._death.step()
            super().write(half)
        return len(data)


def die_at(fatal: int) -> Death:
    """From now on writing, syncing, linking, renaming and removing files, and starting processes, are steps.

    Reading is none: who is killed before it leaves just what it leaves when it is killed before the next step.
    """
    death = Death(fatal)

    def open_file(path: Path, *mode: str, **options: Any) -> Any:
        return death.open(path, *mode, **options)

    setattr(Path, "open", open_file)  # noqa: B010 - in words that mypy accepts
    for name in ("replace", "unlink", "hardlink_to", "mkdir"):
        setattr(Path, name, death.before(getattr(Path, name)))
    for module, name in ((os, "fsync"), (os, "posix_spawn"), (subprocess, "Popen")):
        setattr(module, name, death.before(getattr(module, name)))
    return death

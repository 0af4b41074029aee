"""What wakes a waiting keeper: the end of its worker, a signal, a new file in the run folder, or the time that is up.

Where the system cannot tell of one of them (pidfd and inotify are Linux), it wakes often enough to look for itself.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

POLL_SECONDS = 0.05
EVENT_BYTES = 4096
_IN_CREATE, _IN_MOVED_TO = 0x100, 0x80  # sys/inotify.h


class Wakeup:
    """Open it after the worker was started: a fork would take these descriptors along."""

    def __init__(self, worker: int, folder: Path) -> None:
        self._signals, self._signals_end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC) if _is_linux() else (-1, -1)
        self._worker = _open_pidfd(worker)
        self._folder = _watch_folder(folder)
        self._descriptors = [number for number in (self._signals, self._worker, self._folder) if number >= 0]
        self._longest_seconds = POLL_SECONDS if len(self._descriptors) < 3 else float("inf")  # noqa: PLR2004 - all three
        self._poll = select.poll()
        for number in self._descriptors:
            self._poll.register(number, select.POLLIN)

    def __enter__(self) -> Self:
        if self._signals_end >= 0:
            signal.set_wakeup_fd(self._signals_end, warn_on_full_buffer=False)
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        if self._signals_end >= 0:
            signal.set_wakeup_fd(-1)
            os.close(self._signals_end)
        for number in self._descriptors:
            os.close(number)

    def wait(self, seconds: float) -> None:
        """Return when something happened or at the latest after `seconds`."""
        for number, _ in self._poll.poll(max(0.0, min(seconds, self._longest_seconds)) * 1000):
            if number != self._worker:
                with contextlib.suppress(BlockingIOError):
                    os.read(number, EVENT_BYTES)


def _is_linux() -> bool:
    return sys.platform.startswith("linux")


def _open_pidfd(pid: int) -> int:
    try:
        return os.pidfd_open(pid) if _is_linux() else -1
    except OSError:
        return -1


def _watch_folder(folder: Path) -> int:
    """An inotify descriptor that tells of new files; -1 where there is none (one account has 128 by default)."""
    if not _is_linux():
        return -1
    system = ctypes.CDLL(None, use_errno=True)
    descriptor = int(system.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
    if descriptor >= 0 and system.inotify_add_watch(descriptor, os.fsencode(folder), _IN_CREATE | _IN_MOVED_TO) < 0:
        os.close(descriptor)
        return -1
    return descriptor

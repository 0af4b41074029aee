"""The stop ladder: which signal is due when, until nothing can refuse any more.

SIGTERM asks, and the worker finishes its step and saves; after the grace a second SIGTERM, which a worker that listens
has set back to end it at once; a second later SIGKILL.
"""

from __future__ import annotations

import signal

KILL_SECONDS = 1.0


class StopLadder:
    """Times are those of one monotonic clock, in seconds."""

    def __init__(self) -> None:
        self._rungs: list[tuple[float, signal.Signals]] = []
        self._has_begun = False
        self._has_insisted = False
        self._has_killed = False

    @property
    def has_begun(self) -> bool:
        return self._has_begun

    @property
    def has_insisted(self) -> bool:
        """Whether the grace was over, so that the worker was ended rather than asked."""
        return self._has_insisted

    @property
    def has_killed(self) -> bool:
        return self._has_killed

    def ask(self, now: float, grace_seconds: float) -> None:
        """Begin; a ladder that has begun keeps its deadlines."""
        if not self._has_begun:
            end = now + grace_seconds
            self._rungs = [(now, signal.SIGTERM), (end, signal.SIGTERM), (end + KILL_SECONDS, signal.SIGKILL)]
            self._has_begun = True

    def kill(self, now: float) -> None:
        """Skip every rung but the last; one that was sent is not sent again."""
        if not self._has_killed:
            self._rungs = [(now, signal.SIGKILL)]
        self._has_begun = True

    def next_signal(self, now: float) -> signal.Signals | None:
        """The signal that is due, once."""
        if not self._rungs or self._rungs[0][0] > now:
            return None
        _, due = self._rungs.pop(0)
        self._has_killed = due == signal.SIGKILL
        self._has_insisted = self._has_insisted or (due == signal.SIGTERM and len(self._rungs) == 1)
        return due

    def seconds_until_next(self, now: float) -> float:
        return self._rungs[0][0] - now if self._rungs else float("inf")

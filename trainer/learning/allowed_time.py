"""The minutes that training may take enter; how many of the planned steps fit into them leaves, by how long steps took so far."""

from __future__ import annotations

import math
import time

FIRST_STEPS = 10  # the first ones tell little: they warm up


class AllowedTime:
    """The time of one run, over all of its attempts."""

    def __init__(self, minutes: float | None) -> None:
        self._allowed = math.inf if minutes is None else 60.0 * minutes
        self._spent_before = 0.0
        self._began, self._steps_before = time.monotonic(), 0

    @property
    def spent(self) -> float:
        """Seconds, of which earlier attempts took some."""
        return self._spent_before + time.monotonic() - self._began

    @property
    def spent_before(self) -> float:
        return self._spent_before

    @property
    def is_over(self) -> bool:
        return self.spent >= self._allowed

    def begin(self, steps_done: int, spent: float = 0.0) -> None:
        """An attempt begins to train now; earlier ones took `steps_done` steps and `spent` seconds."""
        self._spent_before, self._steps_before = spent, steps_done
        self._began = time.monotonic()

    def fit(self, steps_done: int, steps_planned: int) -> int:
        """How many steps it will have been at the end: those planned, or as many as there is time for."""
        taken = steps_done - self._steps_before
        if math.isinf(self._allowed) or taken < FIRST_STEPS:
            return steps_planned
        seconds_per_step = (time.monotonic() - self._began) / taken
        left = max(0.0, self._allowed - self.spent)
        return min(steps_planned, steps_done + int(left / seconds_per_step))

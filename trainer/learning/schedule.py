"""The learning rate of every step: one cycle over the planned steps, and a smaller one over steps that are added later.

Steps enter, rates leave. What was planned once stays as it was, so that a resumed run takes the same steps.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

WARM_UP_SHARE = 0.1
ADDED_PEAK_SHARE = 0.3  # of the first peak: enough to learn on, too little to throw away what was learnt


@dataclass(frozen=True, slots=True)
class Cycle:
    """Steps `start` to `end` (excluded), under a rate that rises to `peak` and falls to nearly nothing."""

    start: int
    end: int
    peak: float


class Schedule:
    """Cycles, one after the other."""

    def __init__(self, cycles: Iterable[Cycle]) -> None:
        self.cycles = list(cycles)

    @classmethod
    def over(cls, total_steps: int, peak: float) -> Schedule:
        return cls([Cycle(0, total_steps, peak)])

    @classmethod
    def from_plain(cls, plain: Iterable[Iterable[float]]) -> Schedule:
        return cls(Cycle(int(start), int(end), float(peak)) for start, end, peak in plain)

    def to_plain(self) -> list[list[float]]:
        return [[cycle.start, cycle.end, cycle.peak] for cycle in self.cycles]

    def extend_to(self, total_steps: int) -> None:
        """Add a cycle when more steps are planned now than were before."""
        end = self.cycles[-1].end
        if total_steps > end:
            self.cycles.append(Cycle(end, total_steps, self.cycles[0].peak * ADDED_PEAK_SHARE))

    def rate(self, step: int) -> float:
        """The learning rate of the step that comes after `step` steps."""
        cycle = next(cycle for cycle in self.cycles if step < cycle.end)
        return one_cycle(step - cycle.start, cycle.end - cycle.start, cycle.peak)


def one_cycle(step: int, total_steps: int, peak: float) -> float:
    """Linear warm-up to `peak`, then half a cosine down to nearly nothing (one cycle, Smith and Topin, 2018)."""
    warm_up = max(1, round(WARM_UP_SHARE * total_steps))
    if step < warm_up:
        return peak * (step + 1) / warm_up
    return peak * 0.5 * (1.0 + math.cos(math.pi * (step - warm_up) / max(1, total_steps - warm_up)))

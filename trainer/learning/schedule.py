"""The learning rate of every step: over the planned steps, and smaller over steps that are added later.

Steps enter, rates leave. What was planned once stays as it was, so that a resumed run takes the same steps.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

WARM_UP_SHARE = 0.1
ADDED_PEAK_SHARE = 0.3  # of the first peak: enough to learn on, too little to throw away what was learnt
ADDED_SHAPE = "one_cycle"
DROP, PLATEAU = 0.5, "plateau"


@dataclass(frozen=True, slots=True)
class Cycle:
    """Steps `start` to `end` (excluded), under a rate of this shape that is `peak` at most."""

    start: int
    end: int
    peak: float
    shape: str

    def rate(self, step: int) -> float:
        return self.peak * SHAPES[self.shape](step - self.start, self.end - self.start)


class Schedule:
    """Cycles, one after the other, and the steps at which the rate was lowered, as nothing had become better."""

    def __init__(self, cycles: list[Cycle], drops: Iterable[int] = ()) -> None:
        self.cycles = cycles
        self.drops = list(drops)

    @classmethod
    def over(cls, total_steps: int, peak: float, shape: str = "one_cycle") -> Schedule:
        return cls([Cycle(0, total_steps, peak, shape)])

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Schedule:
        return cls([Cycle(**cycle) for cycle in plain["cycles"]], plain["drops"])

    def to_plain(self) -> dict[str, Any]:
        return {"cycles": [dataclasses.asdict(cycle) for cycle in self.cycles], "drops": list(self.drops)}

    def drop_at(self, step: int) -> None:
        """Take smaller steps from this one on."""
        self.drops.append(step)

    def extend_to(self, total_steps: int) -> None:
        """Add a cycle when more steps are planned now than were before."""
        last = self.cycles[-1]
        if total_steps > last.end:
            self.cycles.append(Cycle(last.end, total_steps, self.cycles[0].peak * ADDED_PEAK_SHARE, ADDED_SHAPE))

    def shorten_to(self, total_steps: int) -> None:
        """Let the last cycle end earlier, or again as late as it could: there is time for so many steps."""
        last = self.cycles[-1]
        self.cycles[-1] = dataclasses.replace(last, end=max(last.start + 1, total_steps))

    def rate(self, step: int) -> float:
        """The learning rate of the step that comes after `step` steps."""
        cycle = self._cycle(step)
        drops = sum(drop <= step for drop in self.drops) if cycle.shape == PLATEAU else 0
        return cycle.rate(step) * DROP**drops

    def left(self, step: int) -> float:
        """How much of what fades is left then."""
        cycle = self._cycle(step)
        return flat_cosine(step - cycle.start, cycle.end - cycle.start)

    def _cycle(self, step: int) -> Cycle:
        return next((cycle for cycle in self.cycles if step < cycle.end), self.cycles[-1])


def one_cycle(step: int, total_steps: int) -> float:
    """Linear warm-up, then half a cosine down to nearly nothing (one cycle, Smith and Topin, 2018)."""
    warm_up = max(1, round(WARM_UP_SHARE * total_steps))
    if step < warm_up:
        return (step + 1) / warm_up
    return 0.5 * (1.0 + math.cos(math.pi * (step - warm_up) / max(1, total_steps - warm_up)))


def cosine(step: int, total_steps: int) -> float:
    """Half a cosine, from all of it down to nothing (Loshchilov and Hutter, 2017)."""
    return 0.5 * (1.0 + math.cos(math.pi * step / total_steps))


def flat_cosine(step: int, total_steps: int) -> float:
    """All of it for half of the steps, then half a cosine down to nothing."""
    done = step / total_steps
    return 1.0 if done < 1 / 2 else 0.5 * (1.0 + math.cos(math.pi * (2.0 * done - 1.0)))


def four_cosines(step: int, total_steps: int) -> float:
    """Four hills, each twice as long as the one before it (RealMLP: Holzmüller et al., 2024)."""
    return 0.5 * (1.0 - math.cos(2.0 * math.pi * math.log2(1.0 + 15.0 * (step + 1) / (total_steps + 1))))


def constant(_step: int, _total_steps: int) -> float:
    return 1.0


SHAPES: Mapping[str, Callable[[int, int], float]] = {
    "one_cycle": one_cycle,
    "cosine": cosine,
    "flat_cosine": flat_cosine,
    "four_cosines": four_cosines,
    PLATEAU: constant,  # but for its drops
    "constant": constant,
}

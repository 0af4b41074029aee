"""Who is read next: readings enter, places for them are given out, in turn between people, and each may know its place.

A worker makes a table and then profiles it. Profiles have places of their own, so that the next table is begun meanwhile.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from app.jobs.fairness import choose_next

MOST_TABLES = 2  # at once; each worker may take the memory that reading one file may take
MOST_PROFILES = 2


@dataclass(eq=False, slots=True)
class Turn:
    """One reading's place, or its wait for one."""

    dataset_id: str
    owner_id: str
    queue_rank: int
    priority: int = 0
    has_table: bool = False
    has_begun: asyncio.Event = field(default_factory=asyncio.Event)


class Turns:
    """All places, and who waits for one."""

    def __init__(self, tell: Callable[[str], None], most_tables: int = MOST_TABLES, most_profiles: int = MOST_PROFILES) -> None:
        """`tell` hears of each data set whose place has changed."""
        self._tell = tell
        self._most_tables = most_tables
        self._most_profiles = most_profiles
        self._waiting: list[Turn] = []
        self._tables: list[Turn] = []
        self._profiles: list[Turn] = []
        self._moments = itertools.count()
        self._latest_starts: dict[str, float] = {}
        self._places: dict[str, int] = {}

    @asynccontextmanager
    async def taking(self, dataset_id: str, owner_id: str) -> AsyncIterator[Turn]:
        """Wait for a place and keep it."""
        turn = Turn(dataset_id, owner_id, next(self._moments))
        self._waiting.append(turn)
        self._give_out()
        try:
            await turn.has_begun.wait()
            yield turn
        finally:
            for row in (self._waiting, self._tables, self._profiles):
                if turn in row:
                    row.remove(turn)
            self._give_out()

    def pass_on(self, turn: Turn) -> None:
        """Its table is there: as soon as a place for profiles is free, the place for tables is another's."""
        turn.has_table = True
        self._give_out()

    def count_before(self, dataset_id: str) -> int | None:
        """How many are begun before the reading of this data set, as things stand; None when it does not wait."""
        return self._places.get(dataset_id)

    def _give_out(self) -> None:
        for turn in [turn for turn in self._tables if turn.has_table][: self._most_profiles - len(self._profiles)]:
            self._tables.remove(turn)
            self._profiles.append(turn)
        order = self._order()
        free = max(0, self._most_tables - len(self._tables))
        for turn in order[:free]:
            self._waiting.remove(turn)
            self._tables.append(turn)
            self._latest_starts[turn.owner_id] = next(self._moments)
            turn.has_begun.set()
        before, self._places = self._places, {turn.dataset_id: place for place, turn in enumerate(order[free:])}
        for dataset_id in before.keys() | self._places.keys():
            if before.get(dataset_id) != self._places.get(dataset_id):
                self._tell(dataset_id)

    def _order(self) -> list[Turn]:
        """All that wait, in the order in which they would begin if nobody came and nobody left."""
        waiting, order = list(self._waiting), list[Turn]()
        at_work = Counter(turn.owner_id for turn in (*self._tables, *self._profiles))
        latest_starts = dict(self._latest_starts)
        while (turn := choose_next(waiting, at_work, latest_starts)) is not None:
            waiting.remove(turn)
            order.append(turn)
            at_work[turn.owner_id] += 1
            latest_starts[turn.owner_id] = next(self._moments)
        return order

"""Turns at being read: fair between people, told to those who wait, and never lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

import pytest

from app.datasets.turns import Turn, Turns

SECONDS = 10.0


class Readings:
    """Readings that begin when it is their turn, and go on until they are told to end."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.begun: list[str] = []
        self.turns: dict[str, Turn] = {}

    async def ask(self, *dataset_ids: str) -> None:
        """Of the person whose name is the first letter."""
        for dataset_id in dataset_ids:
            self._tasks[dataset_id] = asyncio.create_task(self._read(dataset_id))
            await settle()

    async def end(self, dataset_id: str) -> None:
        self._tasks[dataset_id].cancel()
        with suppress(asyncio.CancelledError):
            await self._tasks[dataset_id]
        await settle()

    async def _read(self, dataset_id: str) -> None:
        async with self._turns.taking(dataset_id, dataset_id[0]) as turn:
            self.begun.append(dataset_id)
            self.turns[dataset_id] = turn
            await asyncio.Event().wait()


async def settle() -> None:
    """Let every task go as far as it can."""
    for _ in range(5):
        await asyncio.sleep(0)


def places(turns: Turns, dataset_ids: Sequence[str]) -> list[int | None]:
    return [turns.count_before(dataset_id) for dataset_id in dataset_ids]


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def make(told: list[str]) -> Callable[..., tuple[Turns, Readings]]:
    def with_places(tables: int = 1, profiles: int = 1) -> tuple[Turns, Readings]:
        turns = Turns(told.append, tables, profiles)
        return turns, Readings(turns)

    return with_places


async def test_people_take_turns_however_many_files_one_of_them_brings(make: Callable[..., tuple[Turns, Readings]]) -> None:
    turns, readings = make()
    await readings.ask("a1", "a2", "a3", "a4", "b1", "b2", "c1")
    assert places(turns, ["a1", "b1", "c1", "a2", "b2", "a3", "a4"]) == [None, 0, 1, 2, 3, 4, 5]
    for dataset_id in ("a1", "b1", "c1", "a2", "b2", "a3"):
        await readings.end(dataset_id)
    assert readings.begun == ["a1", "b1", "c1", "a2", "b2", "a3", "a4"]


async def test_a_table_that_is_there_makes_room_for_the_next_while_it_is_profiled(
    make: Callable[..., tuple[Turns, Readings]],
) -> None:
    turns, readings = make(tables=1, profiles=1)
    await readings.ask("a1", "b1", "c1")
    turns.pass_on(readings.turns["a1"])
    await settle()
    assert readings.begun == ["a1", "b1"]
    turns.pass_on(readings.turns["b1"])
    await settle()
    assert readings.begun == ["a1", "b1"], "no more workers than places: the profile has none yet"
    await readings.end("a1")
    assert readings.begun == ["a1", "b1", "c1"]


async def test_who_waits_is_told_when_the_row_changes(make: Callable[..., tuple[Turns, Readings]], told: list[str]) -> None:
    turns, readings = make()
    await readings.ask("a1", "a2", "a3")
    told.clear()
    await readings.ask("b1")
    assert set(told) == {"a2", "a3", "b1"}
    told.clear()
    await readings.end("b1")
    assert set(told) == {"a2", "a3", "b1"}
    told.clear()
    await readings.end("a1")
    assert (set(told), places(turns, ["a1", "a2", "a3"])) == ({"a2", "a3"}, [None, None, 0])


async def test_a_turn_is_never_lost(make: Callable[..., tuple[Turns, Readings]]) -> None:
    _turns, readings = make(tables=2, profiles=1)
    names = [f"{person}{number}" for number in range(10) for person in "abc"]
    await readings.ask(*names)
    for dataset_id in names:
        await readings.end(dataset_id)
    await readings.ask("z1", "z2")
    assert readings.begun[-2:] == ["z1", "z2"]

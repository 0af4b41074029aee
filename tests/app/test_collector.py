"""Circular garbage goes, however old it is, and what was looked at before is not looked at every time."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest

from app import collector
from app.collector import collecting_rarely


class Window:
    """Holds itself, as the parts of a page hold each other."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def short_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "REST_SECONDS", 0.02)
    monkeypatch.setattr(collector, "MOST_LOOKED_AT", 0)


def make_old(window: Window) -> asyncio.Event:
    """Let it outlive the collections that Python makes; set when it is gone."""
    gone = asyncio.Event()
    weakref.finalize(window, gone.set)
    for generation in (0, 1):
        gc.collect(generation)
    return gone


async def settle(window: Window) -> None:
    """Until a look has found this object in use and set it aside."""
    while any(found is window for found in gc.get_objects()):  # noqa: ASYNC110 - the collector tells nobody
        await asyncio.sleep(0)


async def test_old_garbage_goes_though_python_no_longer_looks_for_it() -> None:
    before = gc.get_threshold()
    async with collecting_rarely():
        assert gc.get_threshold()[:2] == before[:2]
        assert gc.get_threshold()[2] > 1_000_000, "Python makes no full collections of its own"
        window = Window()
        gone = make_old(window)
        del window
        await asyncio.wait_for(gone.wait(), 30)
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0, "nothing is kept for good"


@pytest.mark.parametrize(("name", "limit"), [("LEAST_SETTLED", 20_000), ("LONGEST_SECONDS", 0.0)])
async def test_what_becomes_garbage_after_a_look_goes_with_a_later_one(
    monkeypatch: pytest.MonkeyPatch, name: str, limit: float
) -> None:
    """After so many objects, or after so long."""
    monkeypatch.setattr(collector, name, limit)
    async with collecting_rarely():
        window = Window()
        gone = make_old(window)
        await asyncio.wait_for(settle(window), 30)
        del window
        more = [Window() for _ in range(50_000)]  # a look at everything must have something to look at
        await asyncio.wait_for(gone.wait(), 30)
        assert len(more) == 50_000


async def test_what_is_little_is_looked_at_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "MOST_LOOKED_AT", 10**9)
    async with collecting_rarely():
        window = Window()
        gone = make_old(window)
        newer = Window()
        gone_too = make_old(newer)
        del newer
        await asyncio.wait_for(gone_too.wait(), 30)  # a look was made, and found the other in use
        del window
        await asyncio.wait_for(gone.wait(), 30)


async def test_what_was_found_in_use_is_not_looked_at_again_and_again() -> None:
    async with collecting_rarely():
        window = Window()
        gone = make_old(window)
        await asyncio.wait_for(settle(window), 30)
        del window
        newer = Window()
        gone_too = make_old(newer)
        del newer
        await asyncio.wait_for(gone_too.wait(), 30)  # a look was made, at what is new
        assert not gone.is_set()
    gc.collect()
    assert gone.is_set()

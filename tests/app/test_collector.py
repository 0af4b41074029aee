"""Full collections of garbage are made rarely, and they are made."""

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


async def test_old_circular_garbage_goes_by_itself_though_python_no_longer_looks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "SHORTEST_REST_SECONDS", 0.05)
    monkeypatch.setattr(collector, "RESTS_PER_PAUSE", 0.0)
    gone = asyncio.Event()
    before = gc.get_threshold()
    async with collecting_rarely():
        assert gc.get_threshold()[:2] == before[:2]
        assert gc.get_threshold()[2] > 1_000_000, "Python makes no full collections of its own"
        window = Window()
        weakref.finalize(window, gone.set)
        for generation in (0, 1):
            gc.collect(generation)  # now it is old: only a full collection finds it
        del window
        await asyncio.wait_for(gone.wait(), 30)
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0, "nothing is kept for good"

"""What a server's visitors feel while it does something else: the time of its simplest answer, and its memory.

Enters a server; leaves milliseconds per answer, asked every 20 ms whether or not the ones before have come, and megabytes.
How late the asker itself was woken says how much of it is the machine's own: on a busy one, everybody waits.
"""

from __future__ import annotations

import asyncio
import statistics
import threading
import time
from collections.abc import Awaitable
from dataclasses import dataclass

import httpx
import psutil

from tests.servers import Server

ASK_SECONDS = 0.02
LOOK_SECONDS = 0.05
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Phase:
    """What was felt while something happened: milliseconds of the answers, megabytes of the server's own memory."""

    name: str
    delays: list[float]
    lateness: list[float]
    before: float
    peak: float
    after: float

    @property
    def p99(self) -> float:
        return _p99(self.delays)

    def describe(self) -> str:
        return (
            f"{self.name}: {len(self.delays)} answers, median {statistics.median(self.delays):.0f} ms,"
            f" 99th percentile {self.p99:.0f} ms, most {max(self.delays):.0f} ms"
            f" (the asker itself was late by {_p99(self.lateness):.0f} ms at the 99th percentile);"
            f" memory {self.before:.0f} MB before, {self.peak:.0f} MB at most, {self.after:.0f} MB after"
        )


async def feel(server: Server, name: str, work: Awaitable[object]) -> Phase:
    """Ask while `work` lasts; an error in it is an error here."""
    process = psutil.Process(server.process.pid)
    before = _megabytes(process)
    working = asyncio.ensure_future(work)
    is_over = threading.Event()
    watching = asyncio.create_task(asyncio.to_thread(_watch_memory, process, is_over))
    try:
        delays, lateness = await _ask_during(server, working)
    finally:
        is_over.set()
    peak = await watching
    await working
    return Phase(name, delays, lateness, before, peak, _megabytes(process))


async def _ask_during(server: Server, working: asyncio.Future[object]) -> tuple[list[float], list[float]]:
    delays: list[float] = []
    lateness: list[float] = []
    due = time.perf_counter()
    async with (
        httpx.AsyncClient(base_url=server.url, timeout=PATIENCE_SECONDS) as client,
        asyncio.TaskGroup() as asking,
    ):
        while not working.done():
            asking.create_task(_ask(client, delays))
            due = max(due + ASK_SECONDS, time.perf_counter())
            await asyncio.sleep(due - time.perf_counter())
            lateness.append((time.perf_counter() - due) * 1000)
    return delays, lateness


async def _ask(client: httpx.AsyncClient, delays: list[float]) -> None:
    began = time.perf_counter()
    (await client.get("/health")).raise_for_status()
    delays.append((time.perf_counter() - began) * 1000)


def _watch_memory(process: psutil.Process, is_over: threading.Event) -> float:
    peak = _megabytes(process)
    while not is_over.wait(LOOK_SECONDS):
        peak = max(peak, _megabytes(process))
    return peak


def _p99(figures: list[float]) -> float:
    return statistics.quantiles(figures, n=100)[98]


def _megabytes(process: psutil.Process) -> float:
    return float(process.memory_info().rss / 1e6)

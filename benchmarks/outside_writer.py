"""The other process of benchmarks/crowded_database.py: counts up in a table of its own, through `app.database`.

Enters the SQLite file of a running server; leaves how many writes were acknowledged, and what was refused.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Event
from pathlib import Path

from sqlmodel import Session as DatabaseSession
from sqlmodel import text

from app.database import Database
from trainer.contract import Refusal

COUNTER = "SELECT number FROM outside"
PAUSE_SECONDS = 0.005
LEAVE_SECONDS = 60.0


@dataclass
class Outsider:
    """What the other process says it wrote; filled in when it has ended."""

    acknowledged: int = 0
    problems: list[str] = field(default_factory=list)


@contextmanager
def writing_from_outside(file: Path) -> Iterator[Outsider]:
    """Another process writes to the database while this is open."""
    context = multiprocessing.get_context("spawn")
    leave, results = context.Event(), context.SimpleQueue()
    process = context.Process(target=_write_until_told, args=(f"sqlite:///{file}", leave, results))
    outsider = Outsider()
    process.start()
    try:
        assert results.get() == "there"
        yield outsider
        leave.set()
        outsider.acknowledged, outsider.problems = results.get()
        process.join(LEAVE_SECONDS)
    finally:
        process.kill()
        process.join()


def _write_until_told(url: str, leave: Event, results: SimpleQueue[object]) -> None:
    asyncio.run(_count_up(url, leave, results))


async def _count_up(url: str, leave: Event, results: SimpleQueue[object]) -> None:
    database = Database(url)
    await database.write(_prepare)
    results.put("there")
    acknowledged, problems = 0, list[str]()
    while not leave.is_set():
        try:
            await database.write(_add_one)
            acknowledged += 1
        except Refusal as refusal:
            problems.append(refusal.problems[0].code)
        await asyncio.sleep(PAUSE_SECONDS)
    database.close()
    results.put((acknowledged, problems))


def _prepare(session: DatabaseSession) -> None:
    session.connection().execute(text("CREATE TABLE outside (number INTEGER NOT NULL)"))
    session.connection().execute(text("INSERT INTO outside VALUES (0)"))


def _add_one(session: DatabaseSession) -> None:
    """Read first, then write what was read and one more: an update in between would be lost."""
    (number,) = session.connection().execute(text(COUNTER)).one()
    session.connection().execute(text("UPDATE outside SET number = :number"), {"number": number + 1})

"""Carries readings through: a record is READING until its table is there, then READY while its profile is still growing.

Readings outlive the request that asked for them, and a restart of the server.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlmodel import Session, col, delete, or_, select, update

from app.database import Database
from app.datasets.catalogue import LEAVE_OUT, content_hash
from app.datasets.folders import DatasetFolders
from app.datasets.reader import LOOK_SECONDS, TABLE_STAGE, Reader, read_profile, reader_failed
from app.datasets.watch import DatasetWatch
from app.records import Dataset, DatasetStatus
from trainer.contract import Message, Problem, ReadingChoices, Refusal

STOPPED = "reading_stopped"
# What another way of reading the same file may mend, or reading it once more.
MENDABLE = frozenset({STOPPED, "one_column", "unreadable_rows", "not_decodable", "no_rows", "no_such_sheet"})
GiveUp = Callable[[Refusal], Awaitable[None]]  # what becomes of the record when no table comes
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Plan:
    """The number of the first reading that is tried, and how each is done; the others have the numbers after it."""

    reading: int
    attempts: Sequence[ReadingChoices]
    resumes: bool


class Readings:
    """Every reading that is going on."""

    def __init__(self, database: Database, folders: DatasetFolders, reader: Reader, watch: DatasetWatch) -> None:
        self._database = database
        self._folders = folders
        self._reader = reader
        self._watch = watch
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stopping: set[str] = set()

    def is_busy(self, dataset_id: str) -> bool:
        """Whether something is still being found out about it."""
        return dataset_id in self._tasks

    async def preview(self, record: Dataset, choices: ReadingChoices) -> Mapping[str, Any]:
        return await self._reader.preview(record, choices)

    async def read_new(
        self, record: Dataset, choices: ReadingChoices | None = None, *, keeps_unreadable: bool = False
    ) -> Dataset:
        """Read a version for the first time: by `choices`, else as the version before it was, else as found.

        Raises:
            Refusal: it cannot be read; then nothing of it is kept, unless it may be mended and `keeps_unreadable`.
        """
        attempts = _attempts(record) if choices is None else [choices]

        def is_kept(refusal: Refusal) -> bool:
            return keeps_unreadable and refusal.problems[0].code in MENDABLE

        async def give_up(refusal: Refusal) -> None:
            if is_kept(refusal):
                await self._fail(record, refusal)
                return
            await self._database.write(lambda session: session.exec(delete(Dataset).where(col(Dataset.id) == record.id)))
            await asyncio.to_thread(self._folders.remove, record.id)

        try:
            return await self._read(record, attempts, give_up)
        except Refusal as refusal:
            if is_kept(refusal):
                return record
            raise

    async def read_in_place(self, record: Dataset, choices: ReadingChoices) -> Dataset:
        """Replace the table of a version that no run has used.

        Raises:
            Refusal: it cannot be read so; it stays as it was.
        """
        before = {"status": record.status, "problem": record.problem, "is_profiled": record.is_profiled}

        async def stay(_refusal: Refusal) -> None:
            await self.save(record, **before)

        return await self._read(record, [choices], stay)

    async def resume(self) -> None:
        """After a restart: go on with what was being read when the server stopped."""
        query = select(Dataset).where(or_(Dataset.status == DatasetStatus.READING, col(Dataset.is_profiled).is_(False)))
        records = await self._database.read(lambda session: session.exec(query).all())
        await asyncio.gather(*(self._resume(record) for record in records))

    async def _resume(self, record: Dataset) -> None:
        _log.info("Going on with data set %s: the server stopped while it was being read", record.id)
        asked_for = await asyncio.to_thread(self._reader.choices_of, record.id, record.reading + 1)
        attempts = _attempts(record)
        if asked_for is not None and asked_for not in attempts:
            attempts = [asked_for]
        with contextlib.suppress(Refusal):  # nobody waits for the answer: the data set itself tells
            await self._read(record, attempts, partial(self._fail_after_restart, record), resumes=True)

    async def _fail_after_restart(self, record: Dataset, refusal: Refusal) -> None:
        """What was to be replaced is still there; what was new cannot be read."""
        if record.reading:
            await self.save(record, status=DatasetStatus.READY, is_profiled=True)
        else:
            await self._fail(record, refusal)

    async def stop(self, record: Dataset) -> None:
        """End the making of a table because somebody wants it: whoever waits for it is told; what was there before stays."""
        while (task := self._tasks.get(record.id)) is None:  # it is about to begin
            if not await self._database.read(partial(_is_being_read, dataset_id=record.id)):
                return
            await asyncio.sleep(LOOK_SECONDS)
        if record.id in self._stopping:  # somebody else has said so already
            await asyncio.gather(task, return_exceptions=True)
            return
        self._stopping.add(record.id)
        await asyncio.sleep(0)  # a task that is cancelled before its first step could tell nobody
        try:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        finally:
            self._stopping.discard(record.id)

    async def abandon(self, record: Dataset) -> None:
        """End what is still being found out, before the data set is deleted or read anew."""
        task = self._tasks.get(record.id)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self._reader.end(record.id, record.reading)

    async def save(self, record: Dataset, **values: object) -> Dataset:
        """Change the record, and tell everybody who watches it."""
        query = update(Dataset).where(col(Dataset.id) == record.id).values(**values)
        await self._database.write(lambda session: session.exec(query))
        record.sqlmodel_update(values)
        self._watch.tell(record.id)
        return record

    async def _fail(self, record: Dataset, refusal: Refusal) -> None:
        await self.save(record, status=DatasetStatus.FAILED, problem=refusal.problems[0].as_dict(), is_profiled=True)

    async def _read(
        self, record: Dataset, attempts: Sequence[ReadingChoices], give_up: GiveUp, *, resumes: bool = False
    ) -> Dataset:
        """Wait until the table is there, by the first of `attempts` that gives one; the rest goes on by itself.

        All of it does when nobody waits any more.
        """
        await self.abandon(record)  # the profile of the table that is to be replaced
        reading = record.reading + 1
        is_unfinished = resumes and record.status == DatasetStatus.READY  # the table is there, its profile is not
        if is_unfinished and await asyncio.to_thread(self._reader.is_going_on, record.id, record.reading):
            reading = record.reading
        is_there: asyncio.Future[Dataset] = asyncio.get_running_loop().create_future()
        work = self._carry_through(record, _Plan(reading, attempts, resumes), is_there, give_up)
        task = asyncio.create_task(work, name=f"reading data set {record.id}")
        self._tasks[record.id] = task
        task.add_done_callback(partial(self._forget, record.id, is_there))
        return await asyncio.shield(is_there)

    def _forget(self, dataset_id: str, is_there: asyncio.Future[Dataset], task: asyncio.Task[None]) -> None:
        if self._tasks.get(dataset_id) is task:
            del self._tasks[dataset_id]
        if task.cancelled():
            is_there.cancel()
        elif (error := task.exception()) is not None:
            if not is_there.done():
                is_there.set_exception(error)
            else:
                _log.error("Reading data set %s ended with an error", dataset_id, exc_info=error)
        self._watch.tell(dataset_id)

    async def _carry_through(self, record: Dataset, plan: _Plan, is_there: asyncio.Future[Dataset], give_up: GiveUp) -> None:
        try:
            await self._try_all(record, plan, is_there)
        except Refusal as refusal:
            if not is_there.done():
                await self._give_up(record, refusal, give_up)
                raise
            _log.warning("The profile of data set %s is incomplete: %s", record.id, refusal)
            await self.save(record, problem=refusal.problems[0].as_dict())
        except asyncio.CancelledError:
            if record.id not in self._stopping:
                raise
            for position in range(len(plan.attempts)):
                await self._reader.end(record.id, plan.reading + position)
            stopped = _stopped(record.name)
            if not is_there.done():
                await self._give_up(record, stopped, give_up)
                raise stopped from None
            await self.save(record, problem=stopped.problems[0].as_dict())  # the table came first; its profile is cut short
        except Exception as error:  # a full disk, perhaps: nobody must wait for ever
            if not is_there.done():
                await self._give_up(record, reader_failed(type(error).__name__), give_up)
            raise
        size = await asyncio.to_thread(self._folders.size, record.id)
        await self.save(record, is_profiled=True, disk_bytes=size)

    async def _try_all(self, record: Dataset, plan: _Plan, is_there: asyncio.Future[Dataset]) -> None:
        for position, choices in enumerate(plan.attempts):
            try:
                await self._attempt(record, plan, position, is_there)
            except Refusal as refusal:
                if is_there.done() or choices is plan.attempts[-1]:
                    raise
                _log.info("Data set %s cannot be read as the version before it: %s", record.id, refusal)
            else:
                return

    async def _attempt(self, record: Dataset, plan: _Plan, position: int, is_there: asyncio.Future[Dataset]) -> None:
        reading, choices = plan.reading + position, plan.attempts[position]
        async for stage in self._reader.read(record, reading, choices, resumes=plan.resumes):
            if stage == TABLE_STAGE:
                await self._save_table(record, reading, choices, _left_choices() if position else None)
                is_there.set_result(record)
            self._watch.tell(record.id)

    async def _give_up(self, record: Dataset, refusal: Refusal, give_up: GiveUp) -> None:
        await asyncio.to_thread(self._folders.remove_other_readings, record)
        await give_up(refusal)

    async def _save_table(self, record: Dataset, reading: int, choices: ReadingChoices, problem: dict[str, Any] | None) -> None:
        path = self._folders.reading(record.id, reading) / "profile.json"
        profile = await asyncio.to_thread(read_profile, path)
        assert profile is not None, "the worker writes it before it tells of the table"
        chosen = choices.as_dict()
        if profile["rejected"]["count"] == record.unreadable_rows and record.choices.get(LEAVE_OUT):
            chosen[LEAVE_OUT] = True  # what was decided about these rows stays decided
        await self.save(
            record,
            status=DatasetStatus.READY,
            problem=problem,
            type=profile["dialect"]["format"],
            reading=reading,
            choices=chosen,
            content_hash=content_hash(record.sha256, chosen),
            rows=profile["rows"],
            columns=profile["width"],
            unreadable_rows=profile["rejected"]["count"],
            is_profiled=False,
            disk_bytes=await asyncio.to_thread(self._folders.size, record.id),
        )
        await asyncio.to_thread(self._folders.remove_other_readings, record)


def _attempts(record: Dataset) -> list[ReadingChoices]:
    """How a version is read that nobody has chosen anything for: what was chosen for the one before it, then as found."""
    inherited = ReadingChoices.parse(record.choices).replace(leave_out_unreadable=False)
    return [inherited, ReadingChoices()] if inherited != ReadingChoices() else [inherited]


def _is_being_read(session: Session, dataset_id: str) -> bool:
    record = session.get(Dataset, dataset_id)
    return record is not None and record.status == DatasetStatus.READING


def _left_choices() -> dict[str, Any]:
    text = "This file cannot be read as the version before it was, so it is read as found. See whether it was read rightly."
    return Problem("choices_left", Message(text)).as_dict()


def _stopped(name: str) -> Refusal:
    text = "The reading of “{name}” was stopped. Read the file again, perhaps another way, or delete it."
    return Refusal(Problem(STOPPED, Message(text, {"name": name}), "file"))

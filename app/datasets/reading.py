"""One reading of one file, carried through in a task of its own: the record is marked, a table comes, its profile grows.

Whoever asked for it waits for the table alone. It ends by itself, or is stopped by a person, abandoned because nobody
wants it any more, or left to the next life of the server.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, TypeVar

from sqlmodel import col, update

from app.database import Database
from app.datasets.catalogue import LEAVE_OUT, content_hash, ways_to_read
from app.datasets.folders import DatasetFolders
from app.datasets.reader import TABLE_STAGE, Reader, read_profile, reader_failed
from app.datasets.turns import Turn, Turns
from app.datasets.watch import DatasetWatch
from app.records import Dataset, DatasetStatus
from trainer.contract import Message, Problem, ReadingChoices, Refusal

STOPPED = "reading_stopped"
Prepare = Callable[[], Awaitable[object]]  # marks the record as being read
GiveUp = Callable[[Refusal], Awaitable[None]]  # what becomes of the record when no table comes
Result = TypeVar("Result")
_log = logging.getLogger(__name__)


class End(Enum):
    """Why a reading is ended before its time."""

    STOPPED = auto()  # somebody wants it: whoever waits is told, what was there before stays
    TAKEN_BACK = auto()  # the same, and nothing new stays
    ABANDONED = auto()  # its data set is deleted or has another table
    LEFT = auto()  # the server stops: the worker goes on


@dataclass(frozen=True, slots=True)
class ReadingRoom:
    """What every reading works with."""

    database: Database
    folders: DatasetFolders
    reader: Reader
    watch: DatasetWatch
    turns: Turns

    async def save(self, record: Dataset, **values: object) -> Dataset:
        """Change the record, and tell everybody who watches it."""
        query = update(Dataset).where(col(Dataset.id) == record.id).values(**values)
        await self.database.write(lambda session: session.exec(query))
        record.sqlmodel_update(values)
        self.watch.tell(record)
        return record


class Reading:
    """A reading that is going on."""

    def __init__(
        self,
        room: ReadingRoom,
        record: Dataset,
        prepare: Prepare | None,
        give_up: GiveUp,
        *,
        resumes: bool = False,
        has_table: bool = False,
    ) -> None:
        """After a restart of the server: `resumes` goes on with what a worker did; `has_table` wants the profile alone."""
        self.record = record
        self.replaces: Reading | None = None  # the reading that the present table came from, while its profile grows
        self._room = room
        self._prepare = prepare
        self._give_up = give_up
        self._resumes = resumes
        self._is_there: asyncio.Future[Dataset] = asyncio.get_running_loop().create_future()
        self._is_there.add_done_callback(lambda told: told.cancelled() or told.exception())  # perhaps nobody waits
        if has_table:
            self._is_there.set_result(record)
        self._is_begun = False
        self._first_number = 0  # of its attempts; the others follow
        self._attempts: Sequence[ReadingChoices] = ()
        self._end: End | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def has_table(self) -> bool:
        """Whether nothing but the profile is still growing."""
        return self._is_there.done()

    @property
    def is_over(self) -> bool:
        return self._task is not None and self._task.done()

    @property
    def is_taken_back(self) -> bool:
        return self._end == End.TAKEN_BACK

    def start(self, on_over: Callable[[Reading], None]) -> None:
        """Begin; `on_over` is called when everything has ended."""
        self._task = asyncio.create_task(self._carry_through(), name=f"reading data set {self.record.id}")
        self._task.add_done_callback(self._tell_end)
        self._task.add_done_callback(lambda _task: on_over(self))

    async def wait(self) -> Dataset:
        """The record, once its table is there.

        Raises:
            Refusal: it cannot be read, or was stopped.
        """
        return await asyncio.shield(self._is_there)

    async def end(self, why: End) -> None:
        """End it, unless somebody has said so already, and wait until it has ended."""
        assert self._task is not None, "a reading is known once it was started"
        if self._end is None:
            self._end = why
            self._task.cancel()
        await asyncio.wait({self._task})
        if self.replaces is not None and why in {End.ABANDONED, End.LEFT}:
            await self.replaces.end(why)

    def _tell_end(self, task: asyncio.Task[None]) -> None:
        """Let nobody wait for ever."""
        error = None if task.cancelled() else task.exception()
        if self._is_there.done():
            if error is not None:
                _log.error("Reading data set %s ended with an error", self.record.id, exc_info=error)
        elif error is not None:
            self._is_there.set_exception(error)
        elif self._end == End.LEFT:
            self._is_there.cancel()
        else:  # nobody takes the end of a reading for the end of the server
            self._is_there.set_exception(stopped(self.record.name))

    async def _carry_through(self) -> None:
        try:
            await unbroken(self._begin())
            await self._try_all()
        except Refusal as refusal:
            if not self._is_begun:
                raise
            await self._end_with(refusal)
        except asyncio.CancelledError:
            if not self._is_begun or self._end in {None, End.LEFT}:
                raise
            await self._end_workers()
            if self._end == End.ABANDONED:
                raise
            await self._end_with(stopped(self.record.name))
        except Exception as error:  # a full disk, perhaps: nobody must wait for ever
            if self._is_begun:
                with contextlib.suppress(OSError):
                    await self._end_workers()
                await self._end_with(reader_failed(type(error).__name__))
            raise
        else:
            await self._save_profile()

    async def _begin(self) -> None:
        room, record = self._room, self.record
        if self._prepare is not None:
            await self._prepare()
        self._is_begun = True
        room.watch.tell(record)  # it is being read now
        self._attempts = ways_to_read(record)
        is_followed = self.has_table and await asyncio.to_thread(room.reader.is_going_on, record.id, record.reading)
        self._first_number = record.reading if is_followed else record.reading + 1

    async def _try_all(self) -> None:
        """Have a table made by the first of the attempts that gives one, and wait for its profile."""
        async with self._room.turns.taking(self.record.id, self.record.owner_id or "") as turn:
            await self._try_in_turn(turn)

    async def _try_in_turn(self, turn: Turn) -> None:
        last = len(self._attempts) - 1
        for position in range(last + 1):
            try:
                await self._attempt(turn, position)
            except Refusal as refusal:
                if self.has_table or position == last:
                    raise
                _log.info("Data set %s cannot be read as the version before it: %s", self.record.id, refusal)
            else:
                return

    async def _attempt(self, turn: Turn, position: int) -> None:
        room, record = self._room, self.record
        number, choices = self._first_number + position, self._attempts[position]
        kept = record.problem if self.has_table else None
        if number == record.reading:
            following = room.reader.follow(record, number)
        else:
            following = room.reader.read(record, number, choices, resumes=self._resumes)
        async with contextlib.aclosing(following) as stages:
            async for stage in stages:
                if stage == TABLE_STAGE:
                    if number != record.reading:
                        await unbroken(self._save_table(number, choices, _left_choices() if position else kept))
                    room.turns.pass_on(turn)
                room.watch.tell(record)

    async def _save_table(self, number: int, choices: ReadingChoices, problem: dict[str, Any] | None) -> None:
        room, record = self._room, self.record
        profile = await asyncio.to_thread(read_profile, room.folders.reading(record.id, number) / "profile.json")
        assert profile is not None, "the worker writes it before it tells of the table"
        chosen, sha256 = choices.as_dict(), record.sha256 or profile["sha256"]
        before = await asyncio.to_thread(read_profile, room.folders.profile(record)) if record.choices.get(LEAVE_OUT) else None
        if before is not None and before["rejected"] == profile["rejected"]:
            chosen[LEAVE_OUT] = True  # what was decided about these very rows stays decided
        await room.save(
            record,
            status=DatasetStatus.READY,
            problem=problem,
            type=profile["dialect"]["format"],
            reading=number,
            choices=chosen,
            asked_choices=None,
            sha256=sha256,
            content_hash=content_hash(sha256, chosen),
            rows=profile["rows"],
            columns=profile["width"],
            unreadable_rows=profile["rejected"]["count"],
            is_profiled=False,
            disk_bytes=await asyncio.to_thread(room.folders.size, record.id),
        )
        if self.replaces is not None:  # not before: what is refused must not cost the profile of what stays
            await self.replaces.end(End.ABANDONED)
            self.replaces = None
        await asyncio.to_thread(room.folders.remove_other_readings, record)
        if not self._is_there.done():
            self._is_there.set_result(record)

    async def _end_workers(self) -> None:
        for position in range(len(self._attempts)):
            await self._room.reader.end(self.record.id, self._first_number + position)

    async def _end_with(self, refusal: Refusal) -> None:
        """There will be no table; or there is one, and its profile is cut short."""
        room, record = self._room, self.record
        if self.has_table:
            _log.warning("The profile of data set %s is incomplete: %s", record.id, refusal)
            await self._save_profile(problem=refusal.problems[0].as_dict())
            return
        await asyncio.to_thread(room.folders.remove_other_readings, record)
        await self._give_up(refusal)
        self._is_there.set_exception(refusal)

    async def _save_profile(self, **values: object) -> None:
        """Say that no more is found out, unless another table has come meanwhile."""
        room, record = self._room, self.record
        size = await asyncio.to_thread(room.folders.size, record.id)
        query = update(Dataset).where(col(Dataset.id) == record.id, col(Dataset.reading) == record.reading)
        query = query.values(is_profiled=True, disk_bytes=size, **values)
        await room.database.write(lambda session: session.exec(query))
        room.watch.tell(record)


async def unbroken(work: Coroutine[Any, Any, Result]) -> Result:
    """Do all of it, also when this task is cancelled meanwhile: that is told afterwards."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


def stopped(name: str) -> Refusal:
    text = "The reading of “{name}” was stopped. Read the file again, perhaps another way, or delete it."
    return Refusal(Problem(STOPPED, Message(text, {"name": name}), "file"))


def _left_choices() -> dict[str, Any]:
    text = "This file cannot be read as the version before it was, so it is read as found. See whether it was read rightly."
    return Problem("choices_left", Message(text)).as_dict()

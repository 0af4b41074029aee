"""Every reading that is going on: a record is READING until its table is there, then READY while its profile is growing.

A reading is known here before its record says READING, so that whoever sees a record being read can stop that. Readings
outlive the request that asked for them, and a restart of the server.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import Any

from sqlmodel import col, delete, or_, select

from app.database import Database
from app.datasets import catalogue
from app.datasets.folders import DatasetFolders
from app.datasets.reader import Reader
from app.datasets.reading import STOPPED, End, Prepare, Reading, ReadingRoom, stopped
from app.datasets.turns import Turns
from app.datasets.watch import DatasetWatch
from app.records import Dataset, DatasetStatus
from trainer.contract import ReadingChoices, Refusal

# What another way of reading the same file may mend, or reading it once more.
MENDABLE = frozenset({STOPPED, "one_column", "unreadable_rows", "not_decodable", "no_rows", "no_such_sheet"})
_log = logging.getLogger(__name__)


class Readings:
    """Begins, finds and ends readings."""

    def __init__(self, database: Database, folders: DatasetFolders, reader: Reader, watch: DatasetWatch) -> None:
        self._room = ReadingRoom(database, folders, reader, watch, Turns(self._tell_turn))
        self._going_on: dict[str, Reading] = {}
        self.save = self._room.save

    def is_busy(self, dataset_id: str) -> bool:
        """Whether something is still being found out about it."""
        return dataset_id in self._going_on

    def count_before(self, dataset_id: str) -> int | None:
        """How many files are begun before this one; None when it does not wait for its turn."""
        return self._room.turns.count_before(dataset_id)

    async def turns(self, dataset_id: str) -> AsyncIterator[int | None]:
        """What `count_before` says, now and whenever something changes, until nothing more is found out about it."""
        with self._room.watch.watching(dataset_id) as changed:
            while self.is_busy(dataset_id):
                yield self.count_before(dataset_id)
                await changed.wait()
                changed.clear()

    async def preview(self, record: Dataset, choices: ReadingChoices) -> Mapping[str, Any]:
        return await self._room.reader.preview(record, choices)

    async def read_new(self, record: Dataset, store: Prepare, *, keeps_unreadable: bool = False) -> Dataset:
        """Store a version, its record last, and read it for the first time.

        Raises:
            Refusal: it cannot be read; then nothing of it is kept, unless it may be mended and `keeps_unreadable`.
        """

        def is_kept(refusal: Refusal) -> bool:
            return keeps_unreadable and refusal.problems[0].code in MENDABLE and not reading.is_taken_back

        async def give_up(refusal: Refusal) -> None:
            if is_kept(refusal):
                await self._fail(record, refusal)
                return
            query = delete(Dataset).where(col(Dataset.id) == record.id)
            await self._room.database.write(lambda session: session.exec(query))
            await asyncio.to_thread(self._room.folders.remove, record.id)

        reading = self._begin(Reading(self._room, record, store, give_up))
        try:
            return await reading.wait()
        except Refusal as refusal:
            if is_kept(refusal):
                return record
            raise

    async def read_in_place(self, record: Dataset, choices: ReadingChoices) -> Dataset:
        """Replace the table of a version that no run has used.

        Raises:
            Refusal: it cannot be read so; it stays as it was. UsedByRun: a run has used it. Conflict: it is being read.
        """

        async def mark() -> None:
            await self._room.database.write(partial(catalogue.begin_reading_again, record=record, choices=choices))

        return await self._begin(Reading(self._room, record, mark, partial(self._settle, record))).wait()

    async def resume(self) -> None:
        """After a restart: go on with what was being read when the server stopped."""
        query = select(Dataset).where(or_(Dataset.status == DatasetStatus.READING, col(Dataset.is_profiled).is_(False)))
        query = query.order_by(col(Dataset.uploaded_at))
        for record in await self._room.database.read(lambda session: session.exec(query).all()):
            _log.info("Going on with data set %s: the server stopped while it was being read", record.id)
            await self._resume(record)

    async def _resume(self, record: Dataset) -> None:
        is_unfinished = record.rows is not None and not record.is_profiled  # the table is there, its profile is not
        is_growing = is_unfinished and await asyncio.to_thread(self._room.reader.is_going_on, record.id, record.reading)
        is_being_read = record.status == DatasetStatus.READING
        if is_growing or (is_unfinished and not is_being_read):
            present = Dataset(**record.model_dump())
            self._begin(Reading(self._room, present, None, partial(self._settle, present), has_table=True))
        if is_being_read:
            self._begin(Reading(self._room, record, None, partial(self._settle, record), resumes=True))

    async def wait(self, dataset_id: str) -> None:
        """Until its table is there, or will not come."""
        reading = self._going_on.get(dataset_id)
        if reading is not None:
            with contextlib.suppress(Refusal):
                await reading.wait()

    def note_sharing(self, record: Dataset) -> None:
        """It was just shared, or no longer is: whoever reads it has a record of their own, and tells by that."""
        reading = self._going_on.get(record.id)
        while reading is not None:
            reading.record.is_shared = record.is_shared
            reading = reading.replaces

    async def stop(self, dataset_id: str, why: End = End.STOPPED) -> None:
        """End the making of a table because somebody wants it: whoever waits for it is told; what was there before stays."""
        reading = self._going_on.get(dataset_id)
        if reading is not None:
            if not reading.has_table:
                await reading.end(why)
            return
        record = await self._room.database.read(lambda session: session.get(Dataset, dataset_id))
        if record is not None and record.status == DatasetStatus.READING:  # its reading ended, and could not say so
            await self._settle(record, stopped(record.name))

    async def abandon(self, dataset_id: str) -> None:
        """End what is still being found out, before the data set is deleted."""
        reading = self._going_on.get(dataset_id)
        if reading is not None:
            await reading.end(End.ABANDONED)

    async def leave(self) -> None:
        """End nothing but the watching: workers go on, and the next life of the server with them."""
        await asyncio.gather(*(reading.end(End.LEFT) for reading in list(self._going_on.values())))

    def _begin(self, reading: Reading) -> Reading:
        """Know a reading, then let it begin.

        Raises:
            Conflict: a table of this data set is being made already.
        """
        before = self._going_on.get(reading.record.id)
        if before is not None and not before.has_table:
            raise catalogue.being_read(reading.record.name)
        reading.replaces = before
        self._going_on[reading.record.id] = reading
        reading.start(self._forget)
        return reading

    def _forget(self, reading: Reading) -> None:
        dataset_id = reading.record.id
        if self._going_on.get(dataset_id) is reading:
            del self._going_on[dataset_id]
            if reading.replaces is not None and not reading.replaces.is_over:
                self._going_on[dataset_id] = reading.replaces
        self._room.watch.tell(reading.record)

    def _tell_turn(self, dataset_id: str) -> None:
        if reading := self._going_on.get(dataset_id):
            self._room.watch.tell(reading.record)

    async def _settle(self, record: Dataset, refusal: Refusal) -> None:
        """What was to be replaced is still there; what was new cannot be read."""
        if record.rows is not None:
            reading = self._going_on.get(record.id)
            growing = reading.replaces if reading is not None else None
            is_growing = growing is not None and not growing.is_over
            profiled = {} if is_growing else {"is_profiled": True}  # as much as will ever be
            await self.save(record, status=DatasetStatus.READY, asked_choices=None, **profiled)
        elif record.problem is not None:
            await self.save(record, status=DatasetStatus.FAILED, asked_choices=None)
        else:
            await self._fail(record, refusal)

    async def _fail(self, record: Dataset, refusal: Refusal) -> None:
        problem = refusal.problems[0].as_dict()
        await self.save(record, status=DatasetStatus.FAILED, problem=problem, is_profiled=True, asked_choices=None)

"""Files that have arrived: each becomes a version of a data set, or leaves nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

from sqlmodel import select

from app.database import Database
from app.datasets import catalogue
from app.datasets.folders import DatasetFolders
from app.datasets.reading import End
from app.datasets.readings import Readings
from app.datasets.service import Datasets
from app.datasets.uploads import PACKED, ReceivedFile, check_name, clean_filename, type_of
from app.errors import NotFound
from app.records import Dataset, DatasetStatus, User
from trainer.contract import Problem, Refusal


class Arrivals:
    """The way from a received file to a data set that can be looked at."""

    def __init__(self, database: Database, folders: DatasetFolders, readings: Readings, datasets: Datasets) -> None:
        self._database = database
        self._folders = folders
        self._readings = readings
        self._datasets = datasets

    async def accept(
        self,
        user: User,
        incoming: ReceivedFile,
        filename: str,
        name: str = "",
        *,
        keeps_unreadable: bool = False,
        upload_id: str | None = None,
        on_begun: Callable[[str], None] = lambda _dataset_id: None,
    ) -> Dataset:
        """Make a version of a data set of a received file, and wait until its table is there.

        `keeps_unreadable` keeps a file that another way of reading may mend, for the person to choose one; `upload_id` is
        what `made_of` finds it by; `on_begun` hears the id from which on `take_back` can end it all.

        Raises:
            WrongType, Refusal: the file cannot be used; nothing of it is kept.
        """
        shown = clean_filename(filename)
        file_format, packing = type_of(shown)
        await asyncio.to_thread(incoming.pause)
        record = Dataset(
            owner_id=user.id,
            name=check_name(name, shown),
            filename=shown,
            type=file_format or PACKED,
            packing=packing,
            size=incoming.size,
            is_profiled=False,
            upload_id=upload_id,
        )
        on_begun(record.id)
        return await self._readings.read_new(record, partial(self._store, record, incoming), keeps_unreadable=keeps_unreadable)

    async def find(self, user: User, upload_id: str) -> Dataset | None:
        """What has been made of this person's upload, as long as it is there."""
        query = select(Dataset).where(Dataset.upload_id == upload_id, Dataset.owner_id == user.id)
        return await self._database.read(lambda session: session.exec(query).first())

    async def made_of(self, user: User, upload_id: str, *, keeps_unreadable: bool = False) -> Dataset | None:
        """Like `find`, once it has been read.

        Raises:
            Refusal: it could not be read, and not `keeps_unreadable`.
        """
        record = await self.find(user, upload_id)
        if record is None:
            return None
        await self._readings.wait(record.id)
        record = await self.find(user, upload_id)
        if record is not None and record.status == DatasetStatus.FAILED and record.problem and not keeps_unreadable:
            raise Refusal(Problem.from_dict(record.problem))
        return record

    def turns(self, dataset_id: str) -> AsyncIterator[int | None]:
        """How many files are begun before it, and how that changes while it waits; None once it is being read."""
        return self._readings.turns(dataset_id)

    async def take_back(self, user: User, dataset_id: str) -> None:
        """Leave nothing of a file, however far it has been read."""
        await self._readings.stop(dataset_id, End.TAKEN_BACK)
        with contextlib.suppress(NotFound):
            await self._datasets.delete(user, dataset_id)

    async def _store(self, record: Dataset, incoming: ReceivedFile) -> None:
        try:
            await asyncio.to_thread(_move_original, incoming.path, self._folders.original(record.id))
            await self._database.write(partial(catalogue.add_version, record=record))
        except Exception:  # a full disk, perhaps: a file that no record names would lie there until the next start
            await asyncio.to_thread(self._folders.remove, record.id)
            raise


def _move_original(incoming: Path, original: Path) -> None:
    original.parent.mkdir(parents=True)
    shutil.move(incoming, original)

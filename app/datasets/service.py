"""Data sets: what a person may do with them: upload, list, look at, read anew, edit, delete.

Somebody else's data set does not exist for them, unless it is shared with the team: then it may be read and trained on.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from sqlmodel import col, func, select

from app.database import Database
from app.datasets import catalogue
from app.datasets.catalogue import REFERENCE_PREFIX, being_read, readable_by, select_latest, shared_by_others, unknown_dataset
from app.datasets.folders import DatasetFolders
from app.datasets.quota import Quota
from app.datasets.reader import COLUMNS_STAGE, read_profile, still_reading
from app.datasets.readings import Readings
from app.datasets.removal import Removal
from app.datasets.table_pages import TablePage, read_columns, read_page
from app.datasets.table_query import TableQuery
from app.datasets.table_sessions import TableSessions
from app.datasets.uploads import check_name
from app.datasets.watch import DatasetWatch
from app.errors import Conflict, NotFound
from app.records import Dataset, DatasetStatus, User, new_id
from app.settings import Settings
from trainer.contract import Message, ReadingChoices

_log = logging.getLogger(__name__)


class Datasets:
    """Everything about uploaded and built-in tables."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        folders: DatasetFolders,
        readings: Readings,
        watch: DatasetWatch,
        quota: Quota,
    ) -> None:
        self._database = database
        self._quota = quota
        self._readings = readings
        self._tables = TableSessions(settings.data_dir)
        self.removal = Removal(database, folders, readings, watch)
        self.folders = folders
        self.watch = watch

    async def list(self, user: User, offset: int = 0, limit: int | None = None) -> Sequence[Dataset]:
        """All versions of this person's data sets, newest first."""
        query = select(Dataset).where(Dataset.owner_id == user.id).order_by(col(Dataset.uploaded_at).desc(), col(Dataset.id))
        return await self._database.read(lambda session: session.exec(query.offset(offset).limit(limit)).all())

    async def list_latest(self, user: User, offset: int = 0, limit: int | None = None) -> Sequence[Dataset]:
        """The latest version of each of this person's data sets, newest first."""
        return await self._list_latest(Dataset.owner_id == user.id, offset, limit)

    async def count_latest(self, user: User) -> int:
        return await self._count_series(Dataset.owner_id == user.id)

    async def list_shared(self, user: User, offset: int = 0, limit: int | None = None) -> Sequence[Dataset]:
        """The latest version of each data set that others share with the team, newest first."""
        return await self._list_latest(shared_by_others(user), offset, limit)

    async def count_shared(self, user: User) -> int:
        return await self._count_series(shared_by_others(user))

    async def _list_latest(self, condition: Any, offset: int, limit: int | None) -> Sequence[Dataset]:  # noqa: ANN401
        query = select_latest().where(condition).order_by(col(Dataset.uploaded_at).desc(), col(Dataset.id))
        return await self._database.read(lambda session: session.exec(query.offset(offset).limit(limit)).all())

    async def _count_series(self, condition: Any) -> int:  # noqa: ANN401
        query = select(func.count(func.distinct(Dataset.series_id))).where(condition)
        return await self._database.read(lambda session: session.exec(query).one())

    async def list_versions(self, user: User, reference: str) -> Sequence[tuple[Dataset, int]]:
        """Every version of a data set, newest first, each with how many runs used it."""
        record = await self.get(user, reference)
        query = select(Dataset).where(Dataset.series_id == record.series_id).order_by(col(Dataset.version).desc())
        versions = await self._database.read(lambda session: session.exec(query).all())
        uses = await self.count_uses([version.id for version in versions])
        return [(version, uses.get(version.id, 0)) for version in versions]

    async def count_uses(self, dataset_ids: Sequence[str]) -> Mapping[str, int]:
        """How many runs were started on each of these versions."""
        return await self._database.read(partial(catalogue.count_uses, dataset_ids=dataset_ids))

    async def get(self, user: User, reference: str) -> Dataset:
        """A data set that this person may read, by its id or its `path`.

        Raises:
            NotFound: there is none, or it is somebody else's.
        """
        dataset_id = reference.removeprefix(REFERENCE_PREFIX)
        query = select(Dataset).where(Dataset.id == dataset_id, readable_by(user))
        record = await self._database.read(lambda session: session.exec(query).first())
        if record is None:
            raise unknown_dataset(reference)
        return record

    def count_before(self, record: Dataset) -> int | None:
        """How many files are begun before this one; None when it does not wait for its turn to be read."""
        return self._readings.count_before(record.id)

    def describe(self, record: Dataset) -> dict[str, Any]:
        """The `dataset` object of the REST interface: `readings_before` are begun before it while it waits to be read."""
        return {**catalogue.describe_dataset(record), "readings_before": self.count_before(record)}

    async def get_changeable(self, user: User, reference: str) -> Dataset:
        """Like `get`, for a data set that this person may change or delete.

        Raises:
            NotAllowed: it is a built-in sample, or shared by somebody else.
        """
        record = await self.get(user, reference)
        catalogue.check_changeable(user, record)
        return record

    async def get_ready(self, user: User, reference: str) -> Dataset:
        """Like `get`, for a data set whose table is there.

        Raises:
            Conflict: it is still being read, or could not be.
        """
        record = await self.get(user, reference)
        if record.status != DatasetStatus.READY:
            raise still_reading(record.name)
        return record

    async def get_trainable(self, user: User, reference: str) -> Dataset:
        """Like `get_ready`, once it is decided what becomes of rows that could not be read.

        Raises:
            Conflict: that is not decided.
        """
        record = await self.get_ready(user, reference)
        catalogue.check_decided(record)
        return record

    async def profile(self, record: Dataset) -> dict[str, Any]:
        """What the worker found out about the columns; waits for it while it is being found out.

        Raises:
            Conflict: it could not be found out.
        """
        with self.watch.watching(record.id) as changed:
            while True:
                is_busy = self._readings.is_busy(record.id)
                profile = await self.partial_profile(record)
                if COLUMNS_STAGE in profile.get("stages", [COLUMNS_STAGE]):
                    return profile
                if not is_busy:
                    raise still_reading(record.name)
                await changed.wait()
                changed.clear()

    async def partial_profile(self, record: Dataset) -> dict[str, Any]:
        """The profile as far as it is done: its `stages` say how far that is."""
        profile = await asyncio.to_thread(read_profile, self.folders.profile(record))
        if profile is None:
            raise unknown_dataset(record.id)
        return profile

    async def table_columns(self, record: Dataset) -> dict[str, str]:
        """DuckDB's type of each column, by its name."""
        return await self._tables.run(partial(read_columns, table=self.folders.table(record)))

    async def rows(self, record: Dataset, query: TableQuery) -> TablePage:
        """A page of rows; when the caller is cancelled, reading it ends.

        Raises:
            Refusal: the query does not suit the table.
        """
        return await self._tables.run(partial(read_page, table=self.folders.table(record), query=query))

    async def original(self, record: Dataset) -> Path:
        """The file as it was uploaded.

        Raises:
            NotFound: there is none, as for built-in samples.
        """
        path = self.folders.original(record.id)
        if not await asyncio.to_thread(path.is_file):
            text = "“{name}” was not uploaded, so there is no original file. Take the table instead."
            raise NotFound("no_original", Message(text, {"name": record.name}), "dataset")
        return path

    async def preview(self, user: User, reference: str, choices: ReadingChoices) -> Mapping[str, Any]:
        """What the beginning of the original would look like, read so."""
        return await self._readings.preview(await self.get_changeable(user, reference), choices)

    async def read_again(self, user: User, reference: str, choices: ReadingChoices) -> Dataset:
        """Read the original as chosen: in place, or as a new version when a run has used this one.

        Raises:
            Refusal: it cannot be read so, or there is no room for that; the table stays as it was.
        """
        record = await self.get_changeable(user, reference)
        in_place = not await self._database.read(partial(catalogue.is_used, record=record))
        async with self._quota.rereading(user, record, in_place=in_place):
            with contextlib.suppress(catalogue.UsedByRun):
                return await self._readings.read_in_place(record, choices)
            if record.status != DatasetStatus.READY:
                raise being_read(record.name)
            version = Dataset(**{**record.model_dump(include=set(_COPIED)), "id": new_id("data"), "is_profiled": False})
            return await self._readings.read_new(version, partial(self._store_reading, record, version, choices))

    async def _store_reading(self, source: Dataset, version: Dataset, choices: ReadingChoices) -> None:
        try:
            await asyncio.to_thread(self.folders.share_original, source.id, version.id)
            await self._database.write(partial(catalogue.add_reading, source=source, record=version, choices=choices))
        except Exception:
            await asyncio.to_thread(self.folders.remove, version.id)
            raise

    async def stop_reading(self, user: User, reference: str) -> Dataset | None:
        """End the reading of a file; a table that was there before stays. None: there is nothing left of the data set.

        Raises:
            Conflict: it is not being read.
        """
        record = await self.get_changeable(user, reference)
        if record.status != DatasetStatus.READING:
            text = "“{name}” is not being read, so there is nothing to stop."
            raise Conflict("not_being_read", Message(text, {"name": record.name}), "dataset")
        await self._readings.stop(record.id)
        return await self._database.read(lambda session: session.get(Dataset, record.id))

    async def leave_out_unreadable(self, user: User, reference: str) -> Dataset:
        """Decide that rows which could not be read are left out: the table stays as it is."""
        record = await self.get_changeable(user, reference)
        choices = {**record.choices, catalogue.LEAVE_OUT: True}
        return await self._readings.save(record, choices=choices)

    async def edit(
        self,
        user: User,
        reference: str,
        *,
        name: str | None = None,
        description: str | None = None,
        is_shared: bool | None = None,
    ) -> Dataset:
        """Change what all versions of a data set share; None leaves it.

        Raises:
            Refusal: a name or description that cannot be used. Conflict: the name is taken.
        """
        record = await self.get_changeable(user, reference)
        values: dict[str, Any] = {}
        if name is not None:
            values["name"] = check_name(name, "")
        if description is not None:
            values["description"] = catalogue.check_description(description)
        if is_shared is not None:
            values["is_shared"] = is_shared
        versions = await self._database.write(partial(catalogue.edit_series, record=record, values=values))
        for version in versions:
            self._readings.note_sharing(version)
            self.watch.tell(version, was_shared=record.is_shared)
        # Not by asking for it: an administrator may no longer read what is no longer shared.
        return next(version for version in versions if version.id == record.id)

    async def delete(self, user: User, reference: str) -> None:
        """Delete one version, record and files, even while it is being read.

        Raises:
            NotFound: it is not this person's. NotAllowed: it is a built-in sample. Conflict: a job is using it.
        """
        await self.removal.remove(user, await self.get_changeable(user, reference))

    async def delete_all(self, user: User, reference: str) -> int:
        """Like `delete`, for all versions at once or none; returns how many there were."""
        return await self.removal.remove(user, await self.get_changeable(user, reference), with_all_versions=True)

    async def sweep(self) -> None:
        """Remove what a server that was killed left half done: folders without a record."""
        known = set(await self._database.read(lambda session: session.exec(select(Dataset.id)).all()))
        await asyncio.to_thread(self.folders.sweep, known)


_COPIED = (
    "owner_id", "name", "filename", "type", "packing", "size", "sha256", "description", "is_shared",
)  # fmt: skip

"""Data sets on their way out: records and files, whatever is still being found out about them; not while a run uses them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from sqlmodel import Session, col, delete, select

from app.database import Database
from app.datasets.catalogue import being_read
from app.datasets.folders import DatasetFolders
from app.datasets.reading import End
from app.datasets.readings import Readings
from app.datasets.watch import DatasetWatch
from app.errors import Conflict
from app.records import LIVE, Dataset, DatasetStatus, Job, JobStatus, User
from trainer.contract import Message

IN_USE = (*LIVE, JobStatus.QUEUED, JobStatus.PAUSED)
Find = Callable[[Session], Sequence[Dataset]]


@dataclass(frozen=True, slots=True)
class Uses:
    """How many versions a data set has, and the runs on any of them: one's own by id, newest first, others' by number."""

    versions: int
    own_runs: Sequence[str]
    other_runs: int


class Removal:
    """Removes what a person may change; that they may is checked before."""

    def __init__(self, database: Database, folders: DatasetFolders, readings: Readings, watch: DatasetWatch) -> None:
        self._database = database
        self._folders = folders
        self._readings = readings
        self._watch = watch

    async def remove(self, user: User, record: Dataset, *, with_all_versions: bool = False) -> int:
        """Remove one version or all, even while they are being read; returns how many there were.

        Raises:
            Conflict: a run that is not over uses one of them; then all are left as they are.
        """
        find = partial(_find, record=record, with_all_versions=with_all_versions)
        versions = await self._database.read(partial(_check_unused, user=user, find=find))
        for version in versions:
            if version.status == DatasetStatus.READING:
                await self._readings.stop(version.id, End.TAKEN_BACK)
        for version in await self._database.write(partial(_delete, user=user, find=find)):
            await self._readings.abandon(version.id)
            await asyncio.to_thread(self._folders.remove, version.id)
            self._watch.tell(version)
        return len(versions)

    async def uses(self, user: User, record: Dataset) -> Uses:
        """Which versions there are, and which runs used any of them."""
        return await self._database.read(partial(_read_uses, user=user, record=record))


def _find(session: Session, record: Dataset, *, with_all_versions: bool) -> Sequence[Dataset]:
    condition = Dataset.series_id == record.series_id if with_all_versions else Dataset.id == record.id
    return session.exec(select(Dataset).where(condition).order_by(col(Dataset.version))).all()


def _check_unused(session: Session, user: User, find: Find) -> Sequence[Dataset]:
    """The versions, none of which a run uses.

    Raises:
        Conflict: one does.
    """
    versions = {version.id: version for version in find(session)}
    query = select(Job).where(col(Job.dataset_id).in_(versions), col(Job.status).in_(IN_USE))
    uses = session.exec(query).all()
    if uses:
        told = next((job for job in uses if job.owner_id == user.id), uses[0])
        raise _in_use(versions[told.dataset_id], told if told.owner_id == user.id else None)
    return list(versions.values())


def _delete(session: Session, user: User, find: Find) -> Sequence[Dataset]:
    """Delete the records.

    Raises:
        Conflict: one is being read, or a run that is not over uses one.
    """
    versions = _check_unused(session, user, find)
    for version in versions:
        if version.status == DatasetStatus.READING:
            raise being_read(version.name)
    session.exec(delete(Dataset).where(col(Dataset.id).in_([version.id for version in versions])))
    return versions


def _read_uses(session: Session, user: User, record: Dataset) -> Uses:
    versions = _find(session, record, with_all_versions=True)
    query = select(Job).where(col(Job.dataset_id).in_([version.id for version in versions])).order_by(col(Job.created_at).desc())
    jobs = session.exec(query).all()
    own = [job.id for job in jobs if job.owner_id == user.id]
    return Uses(len(versions), own, len(jobs) - len(own))


def _in_use(record: Dataset, own: Job | None) -> Conflict:
    """The ids of other people's runs are nobody else's business."""
    params: dict[str, str | int] = {"name": record.name, "number": record.version}
    if own is not None:
        text = "Version {number} of the data set “{name}” is in use by the run {job}. Stop that run first."
        return Conflict("dataset_in_use", Message(text, {**params, "job": own.id}))
    text = "A run of somebody else uses version {number} of the data set “{name}”. It can be deleted when that run is over."
    return Conflict("dataset_in_use", Message(text, params))

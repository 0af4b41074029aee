"""Data sets on their way out: records and files, whatever is still being found out about them; not while a run uses them."""

from __future__ import annotations

import asyncio
from functools import partial

from sqlmodel import Session, col, delete, select

from app.database import Database
from app.datasets.catalogue import being_read
from app.datasets.folders import DatasetFolders
from app.datasets.readings import Readings
from app.datasets.watch import DatasetWatch
from app.errors import Conflict
from app.records import LIVE, Dataset, DatasetStatus, Job, JobStatus, User
from trainer.contract import Message

IN_USE = (*LIVE, JobStatus.QUEUED, JobStatus.PAUSED)


class Removal:
    """Removes what a person may change; that they may is checked before."""

    def __init__(self, database: Database, folders: DatasetFolders, readings: Readings, watch: DatasetWatch) -> None:
        self._database = database
        self._folders = folders
        self._readings = readings
        self._watch = watch

    async def remove(self, user: User, record: Dataset) -> None:
        """Remove one version, even while it is being read.

        Raises:
            Conflict: a run that is not over uses it.
        """
        if record.status == DatasetStatus.READING:
            await self._readings.stop(record)
        if await self._database.write(partial(_delete_version, user=user, record=record)):
            await self._readings.abandon(record)
            await asyncio.to_thread(self._folders.remove, record.id)
            self._watch.tell(record.id)


def _delete_version(session: Session, user: User, record: Dataset) -> bool:
    """Delete the record; False when it is gone already.

    Raises:
        Conflict: it is being read, or a run that is not over uses it.
    """
    current = session.get(Dataset, record.id)
    if current is None:
        return False
    if current.status == DatasetStatus.READING:
        raise being_read(record.name)
    uses = session.exec(select(Job).where(Job.dataset_id == record.id, col(Job.status).in_(IN_USE))).all()
    if uses:
        own = next((job for job in uses if job.owner_id == user.id), None)
        raise _in_use(record, own)
    session.exec(delete(Dataset).where(col(Dataset.id) == record.id))
    return True


def _in_use(record: Dataset, own: Job | None) -> Conflict:
    """The ids of other people's runs are nobody else's business."""
    if own is not None:
        text = "The data set “{name}” is in use by the run {job}. Stop that run first."
        return Conflict("dataset_in_use", Message(text, {"name": record.name, "job": own.id}))
    text = "A run of somebody else uses the data set “{name}”. It can be deleted when that run is over."
    return Conflict("dataset_in_use", Message(text, {"name": record.name}))

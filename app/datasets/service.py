"""Data sets: receive an upload, have it read by a worker, list, describe, page through and delete.

The web process never parses an uploaded file: an ingest worker turns it into Parquet and a profile, which are ours.
"""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from sqlmodel import Session as DatabaseSession
from sqlmodel import col, delete, func, select, update

from app.database import Database
from app.datasets.table_pages import TablePage, read_page
from app.datasets.uploads import IncomingFile, check_name, clean_filename, type_of
from app.errors import Conflict, NotAllowed, NotFound, PlatformError
from app.jobs.launchers.local import LocalLauncher, is_keeper_alive
from app.jobs.outcome import failure_of
from app.records import LIVE, Dataset, DatasetStatus, Job, JobStatus, User
from app.settings import Settings
from trainer.contract import IngestOrder, Message, RunFolder, WorkerExit

REFERENCE_PREFIX = "datasets/"
SAMPLE_PREFIX = "sample_"
INGEST_TIMEOUT_SECONDS = 900.0
CONCURRENT_INGESTS = 2
_log = logging.getLogger(__name__)


class Datasets:
    """Everything about uploaded and built-in tables."""

    def __init__(self, settings: Settings, database: Database, launcher: LocalLauncher) -> None:
        self._settings = settings
        self._database = database
        self._launcher = launcher
        self._ingests = asyncio.Semaphore(CONCURRENT_INGESTS)

    def open_upload(self) -> IncomingFile:
        """A place on disk for an upload; the caller finishes it through `accept` or discards it."""
        return IncomingFile(self._settings.data_dir / "incoming", self._settings.max_upload_bytes)

    async def accept(self, user: User, incoming: IncomingFile, filename: str, name: str = "") -> Dataset:
        """Make a data set of a received file and wait until it has been read.

        Raises:
            WrongType, Refusal: the file cannot be used; nothing of it is kept.
        """
        shown = clean_filename(filename)
        record = Dataset(
            owner_id=user.id,
            name=check_name(name, shown),
            filename=shown,
            type=type_of(shown),
            size=incoming.size,
            sha256=await asyncio.to_thread(incoming.finish),
        )
        folder = self.folder_of(record.id)
        await asyncio.to_thread(_move_original, incoming.path, folder)
        try:
            await self._database.write(lambda session: session.add(record))
        except PlatformError:  # a full disk, perhaps: a file that no record names would lie there until the next start
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
            raise
        return await self._read_original(record)

    async def resume_reading(self) -> None:
        """After a restart: read again what was being read when the server stopped."""
        query = select(Dataset).where(Dataset.status == DatasetStatus.READING)
        for record in await self._database.read(lambda session: session.exec(query).all()):
            _log.info("Going on with data set %s: the server stopped while it was being read", record.id)
            await self._read_original(record, is_resumed=True)

    async def sweep(self) -> None:
        """Remove what a server that was killed left half done: parts of uploads, and folders without a record."""
        known = set(await self._database.read(lambda session: session.exec(select(Dataset.id)).all()))
        await asyncio.to_thread(_sweep, self._settings.data_dir, known)

    async def list(self, user: User, offset: int = 0, limit: int | None = None) -> Sequence[Dataset]:
        """The data sets of this person, newest first."""
        query = select(Dataset).where(Dataset.owner_id == user.id).order_by(col(Dataset.uploaded_at).desc(), col(Dataset.id))
        return await self._database.read(lambda session: session.exec(query.offset(offset).limit(limit)).all())

    async def count(self, user: User) -> int:
        query = select(func.count()).select_from(Dataset).where(Dataset.owner_id == user.id)
        return await self._database.read(lambda session: session.exec(query).one())

    async def get(self, user: User, reference: str) -> Dataset:
        """A data set of this person's, or a built-in sample, by its id or its `path`.

        Raises:
            NotFound: there is none, or it is somebody else's.
        """
        dataset_id = reference.removeprefix(REFERENCE_PREFIX)
        record = await self._database.read(lambda session: session.get(Dataset, dataset_id))
        if record is None or record.owner_id not in {user.id, None}:
            raise unknown_dataset(reference)
        return record

    async def get_ready(self, user: User, reference: str) -> Dataset:
        """Like `get`, for a data set that can be trained on.

        Raises:
            Conflict: it is still being read, or could not be.
        """
        record = await self.get(user, reference)
        if record.status != DatasetStatus.READY:
            text = "The data set “{name}” is not ready: it is still being read, or could not be. Try again in a moment."
            raise Conflict("dataset_not_ready", Message(text, {"name": record.name}), "dataset")
        return record

    @property
    def max_upload_bytes(self) -> int:
        return self._settings.max_upload_bytes

    async def profile(self, record: Dataset) -> dict[str, Any]:
        """What the ingest worker found out about the columns."""
        path = self.folder_of(record.id) / "profile.json"
        try:
            profile: dict[str, Any] = json.loads(await asyncio.to_thread(path.read_text, encoding="utf-8"))
        except FileNotFoundError:
            raise unknown_dataset(record.id) from None
        return profile

    async def rows(self, record: Dataset, offset: int, limit: int) -> TablePage:
        """`limit` rows from row `offset` on."""
        return await asyncio.to_thread(read_page, self.table_of(record.id), offset, limit)

    async def delete(self, user: User, reference: str) -> None:
        """Delete record and files.

        Raises:
            NotFound: it is not this person's. NotAllowed: it is a built-in sample. Conflict: a job is using it.
        """
        record = await self.get(user, reference)
        if record.owner_id is None:
            text = "“{name}” is built in and stays."
            raise NotAllowed("sample_is_built_in", Message(text, {"name": record.name}))
        await self._database.write(lambda session: _delete_unused(session, record))
        await asyncio.to_thread(shutil.rmtree, self.folder_of(record.id), ignore_errors=True)

    def folder_of(self, dataset_id: str) -> Path:
        sample = dataset_id.removeprefix(SAMPLE_PREFIX)
        if sample != dataset_id:
            return self._settings.data_dir / "samples" / sample
        return self._settings.data_dir / "datasets" / dataset_id

    def table_of(self, dataset_id: str) -> Path:
        return self.folder_of(dataset_id) / "table.parquet"

    async def _read_original(self, record: Dataset, is_resumed: bool = False) -> Dataset:
        folder = self.folder_of(record.id)
        run = RunFolder((folder / "ingest").resolve())
        order = IngestOrder(
            original=str((folder / "original").resolve()),
            format=record.type,
            output=str(folder.resolve()),
            memory_mb=self._settings.ingest_memory_mb,
        )
        async with self._ingests:
            if is_resumed and (run.read_exit() or is_keeper_alive(run)):
                outcome = await self._launcher.wait(run, INGEST_TIMEOUT_SECONDS)  # it went on without us
            else:
                await asyncio.to_thread(shutil.rmtree, run.path, ignore_errors=True)
                outcome = await self._launcher.run(run, order.as_dict(), INGEST_TIMEOUT_SECONDS)
        if outcome is not None and outcome.code == WorkerExit.COMPLETED:
            profile = await self.profile(record)
            return await self._save(record, DatasetStatus.READY, rows=profile["rows"], columns=len(profile["columns"]))
        refusal = await asyncio.to_thread(failure_of, run, outcome)
        if is_resumed:  # nobody waits for the answer: the data set itself must tell
            return await self._save(record, DatasetStatus.FAILED, problem=refusal.problems[0].as_dict())
        await self._database.write(lambda session: session.exec(delete(Dataset).where(col(Dataset.id) == record.id)))
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        raise refusal

    async def _save(self, record: Dataset, status: DatasetStatus, **fields: object) -> Dataset:
        values = {"status": status, **fields}
        query = update(Dataset).where(col(Dataset.id) == record.id).values(**values)
        await self._database.write(lambda session: session.exec(query))
        record.sqlmodel_update(values)
        return record


def _move_original(incoming: Path, folder: Path) -> None:
    folder.mkdir(parents=True)
    incoming.replace(folder / "original")


def _delete_unused(session: DatabaseSession, record: Dataset) -> None:
    if record.status == DatasetStatus.READING:
        text = "The data set “{name}” is still being read. Delete it when that is done."
        raise Conflict("dataset_being_read", Message(text, {"name": record.name}))
    in_use = {*LIVE, JobStatus.QUEUED, JobStatus.PAUSED}
    job_id = session.exec(select(Job.id).where(Job.dataset_id == record.id, col(Job.status).in_(in_use))).first()
    if job_id:
        text = "The data set “{name}” is in use by the run {job}. Stop that run first."
        raise Conflict("dataset_in_use", Message(text, {"name": record.name, "job": job_id}))
    session.exec(delete(Dataset).where(col(Dataset.id) == record.id))


def _sweep(data_dir: Path, known: Collection[str]) -> None:
    for part in (data_dir / "incoming").glob("*.part"):
        part.unlink(missing_ok=True)
    for folder in (data_dir / "datasets").glob("data_*"):
        if folder.name not in known:
            shutil.rmtree(folder, ignore_errors=True)


def unknown_dataset(reference: str) -> NotFound:
    """The answer for a data set that is not there, is somebody else's, or has just been deleted."""
    text = "There is no data set “{dataset}”. Choose one of yours, or a built-in sample."
    return NotFound("dataset_not_found", Message(text, {"dataset": reference[:80]}), "dataset")


def describe_dataset(record: Dataset) -> dict[str, Any]:
    """The `dataset` object of the REST interface."""
    return {
        "id": record.id,
        "name": record.name,
        "filename": record.filename,
        "path": f"{REFERENCE_PREFIX}{record.id}",
        "size": record.size,
        "type": record.type,
        "uploaded_at": record.uploaded_at.isoformat(),
        "status": record.status,
        "rows": record.rows,
        "columns": record.columns,
        "sha256": record.sha256,
        "sample": record.owner_id is None,
        "error": record.problem,
    }

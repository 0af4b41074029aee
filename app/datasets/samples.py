"""The built-in sample data, offered to everybody and used by a training request that names no data set.

A worker writes it once, at the first start: the web process never loads scikit-learn.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from pathlib import Path

from sqlmodel import Session as DatabaseSession
from sqlmodel import col, select

from app.database import Database
from app.datasets.folders import SAMPLE_PREFIX
from app.datasets.watch import DatasetWatch
from app.errors import Unavailable
from app.jobs.launchers.local import LocalLauncher
from app.records import Dataset, DatasetStatus
from app.settings import Settings
from trainer.contract import Message, RunFolder, SamplesOrder

DEFAULT_SAMPLE = "sample_iris"
SAMPLE_NAMES = {
    "sample_iris": Message("Iris"),
    "sample_wine": Message("Wine"),
    "sample_breast_cancer": Message("Breast cancer"),
    "sample_digits": Message("Handwritten digits"),
    "sample_diabetes": Message("Diabetes"),
}
TIMEOUT_SECONDS = 120.0
_log = logging.getLogger(__name__)


class Samples:
    """The built-in tables."""

    def __init__(self, settings: Settings, database: Database, launcher: LocalLauncher, watch: DatasetWatch) -> None:
        self._folder = settings.data_dir / "samples"
        self._database = database
        self._launcher = launcher
        self._watch = watch
        self._prepared = asyncio.Event()

    async def prepare(self) -> None:
        """Have the missing ones written and recorded."""
        try:
            if not all((self._folder_of(sample_id) / "profile.json").exists() for sample_id in SAMPLE_NAMES):
                order = SamplesOrder(str(self._folder.resolve()))
                work = RunFolder((self._folder / "work").resolve())
                await asyncio.to_thread(_remove_old_exit, work)
                await self._launcher.run(work, order.as_dict(), TIMEOUT_SECONDS)
            await self._database.write(self._record)
            for record in await self.list():
                self._watch.tell(record)
        finally:
            self._prepared.set()

    async def list(self) -> Sequence[Dataset]:
        """The built-in data sets, smallest name first; none before they were written."""
        query = select(Dataset).where(col(Dataset.owner_id).is_(None)).order_by(Dataset.name)
        return await self._database.read(lambda session: session.exec(query).all())

    async def wait(self) -> None:
        """Wait while the samples are being written, in the first seconds of a new installation.

        Raises:
            Unavailable: they could not be written.
        """
        await self._prepared.wait()
        if await self._database.read(lambda session: session.get(Dataset, DEFAULT_SAMPLE)) is None:
            text = "The built-in sample data could not be prepared. Upload a data set, or ask the administrator to see the log."
            raise Unavailable("samples_unavailable", Message(text))

    def _folder_of(self, sample_id: str) -> Path:
        return self._folder / sample_id.removeprefix(SAMPLE_PREFIX)

    def _record(self, session: DatabaseSession) -> None:
        for sample_id, name in SAMPLE_NAMES.items():
            folder = self._folder_of(sample_id)
            if not (folder / "profile.json").exists():
                _log.error("%s could not be written; see %s", sample_id, self._folder / "work" / "worker.log")
                continue
            profile = json.loads((folder / "profile.json").read_text(encoding="utf-8"))
            session.merge(
                Dataset(
                    id=sample_id,
                    series_id=sample_id,
                    name=name.english(),
                    filename=f"{folder.name}.csv",
                    type="csv",
                    size=(folder / "table.parquet").stat().st_size,
                    sha256="",
                    status=DatasetStatus.READY,
                    rows=profile["rows"],
                    columns=len(profile["columns"]),
                )
            )


def _remove_old_exit(folder: RunFolder) -> None:
    for path in (folder.exit, folder.stop):
        Path(path).unlink(missing_ok=True)

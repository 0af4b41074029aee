"""Builds the services from the settings, and runs what runs in the background."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from app.accounts import Accounts
from app.database import Database
from app.datasets.arrivals import Arrivals
from app.datasets.exports import Exports
from app.datasets.folders import DatasetFolders
from app.datasets.quota import Quota
from app.datasets.reader import Reader
from app.datasets.readings import Readings
from app.datasets.remote_files import RemoteFiles
from app.datasets.samples import Samples
from app.datasets.service import Datasets
from app.datasets.storage import Storage
from app.datasets.upload_parts import UploadParts
from app.datasets.watch import DatasetWatch
from app.jobs.attempt_tokens import AttemptTokens
from app.jobs.control import JobControl
from app.jobs.devices import Places
from app.jobs.feed import Feed
from app.jobs.following import Followers
from app.jobs.launchers.local import LocalLauncher
from app.jobs.queue import JobQueue
from app.jobs.service import Jobs
from app.jobs.supervisor import Supervisor
from app.jobs.work_orders import WorkOrders
from app.machine import Gpus, Machine
from app.settings import InvalidSettings, Settings

_log = logging.getLogger(__name__)


class Platform:
    """All services of one server."""

    def __init__(self, settings: Settings, gpus: Gpus | None = None) -> None:
        self.settings = settings
        self.database = _open_database(settings)
        secret = settings.resolve_secret()
        self.accounts = Accounts(self.database, secret, settings.registration_open)
        self._launcher = launcher = LocalLauncher(settings.stop_grace_seconds)
        folders, watch = DatasetFolders(settings.data_dir), DatasetWatch()
        self._readings = readings = Readings(self.database, folders, Reader(settings, folders, launcher), watch)
        self.quota = quota = Quota(settings, self.database)
        self.datasets = Datasets(settings, self.database, folders, readings, watch, quota)
        self.exports = Exports(settings, folders)
        self.arrivals = Arrivals(self.database, folders, readings, self.datasets)
        self.upload_parts = UploadParts(settings, self.database, quota, self.arrivals)
        self.remote_files = RemoteFiles(settings)
        self.storage = Storage(settings, self.database, quota)
        self.samples = Samples(settings, self.database, launcher, watch)
        queue = JobQueue(self.database, settings.running_jobs_per_user, settings.waiting_jobs_per_user)
        self.feed = feed = Feed()
        gpus = gpus or Gpus()
        self.places = places = Places(settings.max_running_jobs, gpus.list(), settings.gpu_job_memory_mb)
        self.orders = orders = WorkOrders(settings, folders, places)
        self.followers = Followers(feed, orders)
        self.attempt_tokens = AttemptTokens(secret)
        self.supervisor = Supervisor(settings, queue, feed, orders, launcher, places)
        self.machine = Machine(settings.data_dir, gpus, queue.count, self.supervisor.rows_per_second)
        self.jobs = Jobs(self.database, self.datasets, self.samples, queue, self.supervisor, feed, orders, places)
        self.job_control = JobControl(settings, self.database, self.jobs, queue, self.supervisor, feed, orders, places)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the background tasks; on leaving, workers go on and are adopted at the next start."""
        await self.datasets.sweep()
        await self.exports.sweep()
        await self.upload_parts.restore()
        works = {
            "supervisor": self.supervisor.run(),
            "machine": self.machine.run(),
            "samples": self.samples.prepare(),
            "unfinished uploads": self.upload_parts.run(),
        }
        try:
            async with self._launcher.running():
                await self._readings.resume()  # before anybody may ask for one of them to be stopped
                try:
                    async with _tasks(works):
                        yield
                finally:
                    await self._readings.leave()
        finally:
            self.feed.close()
            self.database.close()


@asynccontextmanager
async def _tasks(works: Mapping[str, Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    tasks = [_start(name, work) for name, work in works.items()]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _open_database(settings: Settings) -> Database:
    """Make the data folder and bring the database up to date.

    Raises:
        InvalidSettings: either cannot be used; the database's address is not repeated, for it may hold a password.
    """
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        (settings.data_dir / ".writable").touch()
    except OSError as error:
        raise InvalidSettings(f"DATA_DIR={settings.data_dir} cannot be used: {error.strerror}.") from None
    try:
        database = Database(settings.resolved_database_url)
        database.upgrade()
    except (SQLAlchemyError, ModuleNotFoundError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise InvalidSettings(f"DATABASE_URL cannot be used: {reason}.") from None
    return database


def _start(name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(_log_failure)
    return task


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        _log.error("The background task “%s” ended with an error", task.get_name(), exc_info=error)

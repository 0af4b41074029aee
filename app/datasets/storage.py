"""Who uses what of the disk: data sets and runs, by person, and what is reserved for uploads that have not all arrived.

For administrators; one's own for all.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session as DatabaseSession
from sqlmodel import col, func, select

from app.database import Database
from app.datasets.quota import Quota, taken_bytes
from app.errors import NotAllowed
from app.records import Dataset, Job, Role, User
from app.settings import Settings
from trainer.contract import Message

MEASURING_SECONDS = 3.0  # for the folders of all runs; what is not measured by then is left out, and that is said


@dataclass(frozen=True, slots=True)
class Use:
    """What one person's data and runs take; data sets are counted once, however many versions they have."""

    user_id: str
    name: str
    email: str
    datasets: int
    dataset_bytes: int
    run_bytes: int
    reserved_bytes: int  # for unfinished uploads, however much of them has arrived

    @property
    def total_bytes(self) -> int:
        """On the disk: what is reserved is not there yet."""
        return self.dataset_bytes + self.run_bytes

    @property
    def quota_used_bytes(self) -> int:
        """What counts against the quota: runs have limits of their own."""
        return self.dataset_bytes + self.reserved_bytes


@dataclass(frozen=True, slots=True)
class StorageReport:
    """People by what they use, the one who uses most first; `quota_bytes` 0 is no limit."""

    people: Sequence[Use]
    quota_bytes: int
    disk_total_bytes: int
    disk_free_bytes: int
    is_complete: bool  # whether the folders of all runs could be measured in time


class Storage:
    """Looks at the database and the disk when it is asked."""

    def __init__(self, settings: Settings, database: Database, quota: Quota) -> None:
        self._data_dir = settings.data_dir
        self._quota_bytes = settings.user_quota_bytes
        self._database = database
        self._quota = quota

    async def report(self, user: User) -> StorageReport:
        """What everybody uses, for an administrator.

        Raises:
            NotAllowed: the person is none.
        """
        if user.role != Role.ADMIN:
            text = "Only administrators see what everybody's data takes on the disk."
            raise NotAllowed("administrators_only", Message(text))
        return await self._measure(None)

    async def report_own(self, user: User) -> StorageReport:
        """What this person uses."""
        return await self._measure(user.id)

    async def _measure(self, user_id: str | None) -> StorageReport:
        people, jobs = await self._database.read(lambda session: _read_people(session, user_id))
        runs, is_complete = await asyncio.to_thread(_measure_runs, self._data_dir / "runs", jobs)
        disk = await asyncio.to_thread(shutil.disk_usage, self._data_dir)
        uses = [
            Use(
                user_id=user.id,
                name=user.name,
                email=user.email,
                datasets=count,
                dataset_bytes=size,
                run_bytes=runs.get(user.id, 0),
                reserved_bytes=self._quota.reserved_bytes(user.id),
            )
            for user, count, size in people
        ]
        uses.sort(key=lambda use: use.total_bytes, reverse=True)
        return StorageReport(uses, self._quota_bytes, disk.total, disk.free, is_complete)


def _read_people(
    session: DatabaseSession, user_id: str | None
) -> tuple[Sequence[tuple[User, int, int]], Sequence[tuple[str, str]]]:
    """([person, data sets, their bytes], [job, its owner])."""
    people, jobs = select(User), select(Job.id, Job.owner_id)
    if user_id is not None:
        people, jobs = people.where(User.id == user_id), jobs.where(Job.owner_id == user_id)
    sums = select(Dataset.owner_id, func.count(func.distinct(Dataset.series_id)), func.sum(taken_bytes()))
    found = session.exec(sums.where(col(Dataset.owner_id).is_not(None)).group_by(col(Dataset.owner_id))).all()
    by_owner = {owner: (int(count), int(size or 0)) for owner, count, size in found}
    return [(user, *by_owner.get(user.id, (0, 0))) for user in session.exec(people).all()], list(session.exec(jobs).all())


def _measure_runs(folder: Path, jobs: Sequence[tuple[str, str]]) -> tuple[Mapping[str, int], bool]:
    """(bytes by owner, whether there was time for all)."""
    deadline = time.monotonic() + MEASURING_SECONDS
    sizes: dict[str, int] = defaultdict(int)
    for job_id, owner_id in jobs:
        if time.monotonic() > deadline:
            return sizes, False
        sizes[owner_id] += _size_of(folder / job_id)
    return sizes, True


def _size_of(folder: Path) -> int:
    size = 0
    for path, _folders, files in os.walk(folder):
        for name in files:
            try:
                size += os.lstat(os.path.join(path, name)).st_size  # noqa: PTH118 - a hundred thousand of them
            except FileNotFoundError:  # a run at work replaces its files
                continue
    return size

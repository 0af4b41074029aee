"""Room for uploads: what a person may still send, and what the disk still takes, reserved from the first byte to the last.

Also room for reading a file once more.

Refused: a file above the limit, above what is left of the person's quota, or that would fill the disk.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import ColumnElement
from sqlmodel import Session as DatabaseSession
from sqlmodel import case, col, func, select

from app.database import Database
from app.datasets.uploads import (
    PART_ENDING,
    IncomingFile,
    Room,
    disk_nearly_full,
    free_bytes,
    in_words,
    too_large,
)
from app.errors import TooLarge
from app.records import Dataset, DatasetStatus, User
from app.settings import Settings
from trainer.contract import Message, Scalar


@dataclass(frozen=True, slots=True)
class Share:
    """What one person's data takes of what it may take; `quota_bytes` 0 is no limit."""

    dataset_bytes: int
    reserved_bytes: int  # for unfinished uploads
    quota_bytes: int
    largest: str = ""  # the name of the data set that takes most
    largest_bytes: int = 0

    @property
    def used_bytes(self) -> int:
        return self.dataset_bytes + self.reserved_bytes


class Quota:
    """Keeps count of what is being uploaded, by person; what was uploaded is in the database."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.folder = settings.data_dir / "incoming"
        self._settings = settings
        self._database = database
        self._reserved: dict[str, dict[str, int]] = {}

    async def share_of(self, user: User) -> Share:
        return await self._share_of(user.id)

    async def _share_of(self, user_id: str) -> Share:
        sizes = await self._database.read(lambda session: _read_sizes(session, user_id))
        largest, largest_bytes = max(sizes, key=lambda named: named[1], default=("", 0))
        total = sum(size for _name, size in sizes)
        return Share(total, self.reserved_bytes(user_id), self._settings.user_quota_bytes, largest, largest_bytes)

    def reserved_bytes(self, user_id: str) -> int:
        return sum(self._reserved.get(user_id, {}).values())

    async def reserve(self, user: User, key: str, announced_bytes: int | None, spare_bytes: int = 0) -> Room:
        """Set room aside for an upload named `key`; without an announcement, all that this person may still send.

        The announcement may be up to `spare_bytes` more than the file. Release the room when the upload is a data set, or gone.

        Raises:
            TooLarge: above the limit or the quota. Unavailable: the disk would be too full.
        """
        least_bytes = max(0, (announced_bytes or 0) - spare_bytes)
        limit, floor = self._settings.max_upload_bytes, self._settings.free_space_bytes
        if least_bytes > limit:
            raise too_large(limit)
        await self._check_disk(least_bytes)
        room = Room(limit, too_large(limit), floor)
        taken = limit if announced_bytes is None else min(announced_bytes, limit)
        if self._settings.user_quota_bytes:
            share = await self.share_of(user)
            left = share.quota_bytes - share.used_bytes
            if max(1, least_bytes) > left:
                raise _quota_exceeded(share, announced_bytes)
            taken = min(taken, left)
            room = Room(left, _quota_exceeded(share), floor) if left < limit else room
        self.set_aside(user.id, key, taken)
        return room

    async def _check_disk(self, more_bytes: int) -> None:
        floor = self._settings.free_space_bytes
        if floor and await asyncio.to_thread(free_bytes, self._settings.data_dir) - more_bytes < floor:
            raise disk_nearly_full()

    @asynccontextmanager
    async def rereading(self, user: User, record: Dataset, *, in_place: bool) -> AsyncIterator[None]:
        """Room for reading an original once more: for another table, and as a version of its own for everything.

        Another table takes as much as the one there is, as far as one can know before.

        Raises:
            TooLarge: above what is left of its owner's quota. Unavailable: the disk would be too full.
        """
        owner_id = record.owner_id or user.id
        needed = max(0, record.disk_bytes - record.size) if in_place else max(record.disk_bytes, record.size)
        await self._check_disk(needed)
        if self._settings.user_quota_bytes:
            share = await self._share_of(owner_id)
            if max(1, needed) > share.quota_bytes - share.used_bytes:
                raise _no_room_to_read(share, needed, is_own=owner_id == user.id)
        key = secrets.token_hex(16)
        self.set_aside(owner_id, key, needed)
        try:
            yield
        finally:
            self.release(owner_id, key)

    def set_aside(self, user_id: str, key: str, size_bytes: int) -> None:
        """Count an upload without asking whether there is room: it had room when it began."""
        self._reserved.setdefault(user_id, {})[key] = size_bytes

    def release(self, user_id: str, key: str) -> None:
        reserved = self._reserved.get(user_id, {})
        reserved.pop(key, None)
        if not reserved:
            self._reserved.pop(user_id, None)

    @asynccontextmanager
    async def receiving(self, user: User, announced_bytes: int | None, spare_bytes: int = 0) -> AsyncIterator[IncomingFile]:
        """A file for an upload that comes in one piece; nothing of it stays unless somebody moved it away.

        Raises:
            TooLarge, Unavailable: there is no room for it.
        """
        key = secrets.token_hex(16)
        room = await self.reserve(user, key, announced_bytes, spare_bytes)
        try:
            incoming = await asyncio.to_thread(IncomingFile, self.folder / f"{key}{PART_ENDING}", room)
            try:
                yield incoming
            finally:
                await asyncio.to_thread(incoming.discard)
        finally:
            self.release(user.id, key)


def taken_bytes() -> ColumnElement[int]:
    """What a data set takes of its owner's quota: while it is first read, its upload still has the room set aside for it."""
    return case(
        (col(Dataset.disk_bytes) > 0, col(Dataset.disk_bytes)),
        (col(Dataset.status) == DatasetStatus.READING, 0),
        else_=col(Dataset.size),
    )


def _read_sizes(session: DatabaseSession, user_id: str) -> list[tuple[str, int]]:
    """(name, bytes of all versions) of this person's data sets."""
    sums = select(func.max(Dataset.name), func.sum(taken_bytes())).where(Dataset.owner_id == user_id)
    return [(name, int(size)) for name, size in session.exec(sums.group_by(col(Dataset.series_id))).all()]


def _quota_exceeded(share: Share, file_bytes: int | None = None) -> TooLarge:
    """What there is no room for, as far as that is known, what takes the room, and what makes some."""
    params = _describe(share)
    text = "There is no room for this file: you use {used} of your {quota}{reserved}. {advice}"
    if file_bytes is not None:
        text = "There is no room for this file of {size}: you use {used} of your {quota}{reserved}. {advice}"
        params["size"] = in_words(file_bytes)
    return TooLarge("quota_exceeded", Message(text, params), "file")


def _no_room_to_read(share: Share, needed_bytes: int, *, is_own: bool) -> TooLarge:
    text = (
        "There is no room to read this file again, which takes about {size}: you use {used} of your {quota}{reserved}. {advice}"
    )
    if not is_own:
        text = "There is no room to read this file again, which takes about {size}: its owner uses {used} of {quota}."
    return TooLarge("quota_exceeded", Message(text, {**_describe(share), "size": in_words(needed_bytes)}))


def _describe(share: Share) -> dict[str, Scalar | Message]:
    reserved: str | Message = ""
    if share.reserved_bytes:
        reserved = Message(", {size} of it reserved for unfinished uploads", {"size": in_words(share.reserved_bytes)})
    used, quota = in_words(share.used_bytes), in_words(share.quota_bytes)
    return {"used": used, "quota": quota, "reserved": reserved, "advice": _advise(share)}


def _advise(share: Share) -> Message:
    if share.largest:
        text = "Delete a data set you no longer need, such as “{name}” ({size}), then try again."
        return Message(text, {"name": share.largest, "size": in_words(share.largest_bytes)})
    if share.reserved_bytes:
        return Message("Finish an unfinished upload or give it up, or upload a smaller file.")
    return Message("Upload a smaller file, or ask the administrator for more room.")

"""Uploads that arrive in several requests: begun, continued where the last byte lies, made a data set, or given up.

They survive a restart of the server, and are given up when nothing has come for a day. Refused: what there is no room
for, more than was announced, and what is somebody else's.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from sqlmodel import select

from app.database import Database
from app.datasets.arrivals import Arrivals
from app.datasets.partial_upload import PartialUpload, Superseded, UploadPlan, read_plans
from app.datasets.quota import Quota
from app.datasets.uploads import check_name, clean_filename, type_of
from app.errors import Conflict, NotFound, PlatformError
from app.records import Dataset, DatasetStatus, User
from app.settings import Settings
from trainer.contract import Message

UNTOUCHED_SECONDS = 24 * 3600
SWEEP_SECONDS = 600
ANSWERED_SECONDS = 600  # for so long whoever missed the answer may ask again
MOST_UNFINISHED = 100  # of one person
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Announcement:
    """What somebody says of a file before it comes."""

    length: int
    filename: str
    name: str = ""
    modified: str = ""
    metadata: str = ""


class UploadParts:
    """All uploads that are on their way in parts."""

    def __init__(self, settings: Settings, database: Database, quota: Quota, arrivals: Arrivals) -> None:
        self._floor_bytes = settings.free_space_bytes
        self._database = database
        self._quota = quota
        self._arrivals = arrivals
        self._uploads: dict[str, PartialUpload] = {}
        self._is_stopping = False

    async def restore(self) -> None:
        """Find what an earlier life of the server left unfinished, and remove what nobody can finish."""
        owners = set(await self._database.read(lambda session: session.exec(select(User.id)).all()))
        for plan in await asyncio.to_thread(read_plans, self._quota.folder):
            upload = await asyncio.to_thread(PartialUpload, plan, self._quota.folder, self._floor_bytes)
            self._uploads[plan.id] = upload
            self._quota.set_aside(plan.owner_id, plan.id, plan.length)
            if plan.owner_id not in owners or upload.offset > plan.length:
                await self._drop(upload)
        await self._sweep()

    async def run(self) -> None:
        """Give up again and again what nobody goes on with, until cancelled."""
        try:
            while True:
                await asyncio.sleep(SWEEP_SECONDS)
                await self._sweep()
        finally:
            self._is_stopping = True
            for upload in self._uploads.values():
                if upload.finishing:
                    upload.finishing.cancel()

    async def begin(self, user: User, announced: Announcement) -> PartialUpload:
        """Set room aside for an upload.

        Raises:
            WrongType, Refusal: no such file can be read. TooLarge, Unavailable: there is no room. Conflict: too many at once.
        """
        filename = clean_filename(announced.filename)
        type_of(filename)
        name = check_name(announced.name, filename)
        if len(self.list(user)) >= MOST_UNFINISHED:
            text = "You have {count} unfinished uploads. Finish one of them or give one up first."
            raise Conflict("too_many_uploads", Message(text, {"count": MOST_UNFINISHED}), "file")
        plan = UploadPlan(
            secrets.token_hex(16), user.id, announced.length, filename, name, announced.modified, announced.metadata
        )
        await self._quota.reserve(user, plan.id, announced.length)
        try:
            upload = await asyncio.to_thread(PartialUpload, plan, self._quota.folder, self._floor_bytes)
        except OSError:
            self._quota.release(user.id, plan.id)
            raise
        self._uploads[plan.id] = upload
        return upload

    def list(self, user: User) -> Sequence[PartialUpload]:
        """The unfinished uploads of this person."""
        return [upload for upload in self._uploads.values() if upload.plan.owner_id == user.id and upload.finishing is None]

    def get(self, user: User, upload_id: str) -> PartialUpload:
        """An unfinished upload of this person's.

        Raises:
            NotFound: there is none, or it is somebody else's.
        """
        upload = self._find(user, upload_id)
        if upload.finishing is not None:
            raise _unknown_upload(upload_id)
        return upload

    @asynccontextmanager
    async def appending(
        self, user: User, upload_id: str, offset: int, more_bytes: int | None
    ) -> AsyncIterator[Callable[[Iterable[bytes]], None]]:
        """What takes the next bytes, in a thread; `more_bytes` is how many are announced.

        Raises:
            Conflict: the upload does not end at `offset`, or another request goes on with it.
            TooLarge, Unavailable: there is no room, and the upload is gone.
        """
        upload = self.get(user, upload_id)
        turn = await asyncio.to_thread(upload.take_turn, offset)
        try:
            if more_bytes is not None and offset + more_bytes > upload.plan.length:
                raise upload.longer_than_announced()
            yield partial(upload.append, turn)
        except Superseded:
            raise
        except (PlatformError, OSError):
            await self._drop(upload)
            raise
        finally:
            await asyncio.to_thread(upload.end_turn, turn)

    async def give_up(self, user: User, upload_id: str) -> None:
        """Remove what arrived; of a file that is being read already, also what was made of it.

        Raises:
            NotFound: there is no such upload of this person's, or it is a data set by now.
        """
        if upload_id not in self._uploads:
            await self._take_back(user, upload_id)
            return
        upload = self._find(user, upload_id)
        if upload.finishing is None:
            await self._drop(upload)
            return
        begun = asyncio.create_task(upload.is_being_read.wait(), name=f"upload {upload_id} is being read")
        await asyncio.wait({upload.finishing, begun}, return_when=asyncio.FIRST_COMPLETED)
        begun.cancel()
        if upload.finishing.done():
            raise _unknown_upload(upload_id)
        await self._arrivals.take_back(user, upload.dataset_id)

    async def finish(self, user: User, upload_id: str, *, keeps_unreadable: bool = False) -> Dataset:
        """Make a data set of an upload that has arrived; whoever missed the answer may ask again, as long as it is there.

        `keeps_unreadable` keeps a file that another way of reading may mend, for the person to choose one.

        Raises:
            Conflict: bytes are missing. Refusal: it cannot be read, and is gone.
        """
        if upload_id not in self._uploads:
            record = await self._arrivals.made_of(user, upload_id, keeps_unreadable=keeps_unreadable)
            if record is None:
                raise _unknown_upload(upload_id)
            return record
        upload = self._find(user, upload_id)
        if upload.finishing is None:
            if not upload.is_complete:
                text = "{arrived} of {length} bytes have arrived. Send the rest first."
                raise Conflict("upload_incomplete", Message(text, {"arrived": upload.offset, "length": upload.plan.length}))
            upload.finishing = asyncio.create_task(self._finish(user, upload, keeps_unreadable), name=f"upload {upload_id}")
        return await asyncio.shield(upload.finishing)

    async def turns(self, user: User, upload_id: str) -> AsyncIterator[int | None]:
        """How many files are begun before this one, as soon as it is to be read; None while it is read and looked at."""
        if upload_id in self._uploads:
            upload = self._find(user, upload_id)
            await upload.is_being_read.wait()
            dataset_id = upload.dataset_id
        else:  # it arrived some time ago
            record = await self._arrivals.find(user, upload_id)
            dataset_id = record.id if record is not None else ""
        async for before in self._arrivals.turns(dataset_id):
            yield before

    async def _finish(self, user: User, upload: PartialUpload, keeps_unreadable: bool) -> Dataset:
        plan, is_over = upload.plan, True
        try:
            await asyncio.to_thread(upload.close)
            return await self._arrivals.accept(
                user,
                upload.file,
                plan.filename,
                plan.name,
                keeps_unreadable=keeps_unreadable,
                upload_id=plan.id,
                on_begun=upload.begin_reading,
            )
        except asyncio.CancelledError:  # by `run`: the next life of the server finds the upload, or what was made of it
            is_over = not self._is_stopping
            raise
        finally:
            if is_over:
                await asyncio.to_thread(upload.discard)
                self._quota.release(user.id, plan.id)
                upload.finished_at = time.monotonic()

    async def _take_back(self, user: User, upload_id: str) -> None:
        """Give up what was being read when the server stopped."""
        record = await self._arrivals.find(user, upload_id)
        if record is None or record.status != DatasetStatus.READING:
            raise _unknown_upload(upload_id)
        await self._arrivals.take_back(user, record.id)

    async def _drop(self, upload: PartialUpload) -> None:
        self._uploads.pop(upload.plan.id, None)
        await asyncio.to_thread(upload.discard)
        self._quota.release(upload.plan.owner_id, upload.plan.id)

    async def _sweep(self) -> None:
        for upload in list(self._uploads.values()):
            if upload.finished_at is not None and time.monotonic() - upload.finished_at > ANSWERED_SECONDS:
                del self._uploads[upload.plan.id]
            elif upload.finishing is None and await asyncio.to_thread(_untouched_seconds, upload) > UNTOUCHED_SECONDS:
                _log.info("Giving up upload %s: nothing has come for a day", upload.plan.id)
                await self._drop(upload)

    def _find(self, user: User, upload_id: str) -> PartialUpload:
        upload = self._uploads.get(upload_id)
        if upload is None or upload.plan.owner_id != user.id:
            raise _unknown_upload(upload_id)
        return upload


def _untouched_seconds(upload: PartialUpload) -> float:
    try:
        return time.time() - upload.file.path.stat().st_mtime
    except FileNotFoundError:  # removed under our hands
        return float("inf")


def _unknown_upload(upload_id: str) -> NotFound:
    text = "There is no unfinished upload “{upload}”. It may have been given up: begin it again."
    return NotFound("upload_not_found", Message(text, {"upload": upload_id[:80]}))

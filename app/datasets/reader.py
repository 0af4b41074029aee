"""Has data sets read by workers: a record enters, its table and profile leave, stage by stage; or a preview of them.

The web process never parses an uploaded file. What a worker leaves behind lies in a folder of that reading alone, so
that the table in use is never half replaced.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any

from app.datasets.catalogue import unknown_dataset
from app.datasets.folders import DatasetFolders
from app.errors import Conflict
from app.jobs.launchers.local import LocalLauncher, is_keeper_alive
from app.jobs.outcome import failure_of
from app.records import Dataset
from app.settings import Settings
from trainer.contract import (
    ExitRecord,
    IngestOrder,
    Limits,
    Message,
    Problem,
    ReadingChoices,
    Refusal,
    RunFolder,
    WorkerExit,
    read_events,
    read_order,
)

READ_SECONDS = 3600.0
PREVIEW_SECONDS = 60.0
END_SECONDS = 30.0
CONCURRENT_PREVIEWS = 2
LOOK_SECONDS = 0.02
MOST_THREADS = 4
PROCESS_MB = 1024  # beyond DuckDB's own limit: the worker's libraries, and rows on their way through Python
TABLE_STAGE = "table"
COLUMNS_STAGE = "columns"
LAST_STAGE = "warnings"


class Reader:
    """Starts workers that read, and tells how far they are."""

    def __init__(self, settings: Settings, folders: DatasetFolders, launcher: LocalLauncher) -> None:
        self._settings = settings
        self._folders = folders
        self._launcher = launcher
        self._previews = asyncio.Semaphore(CONCURRENT_PREVIEWS)

    def is_going_on(self, dataset_id: str, reading: int) -> bool:
        """Whether a worker reads it, or has read it, so that its stages can be followed. Blocking."""
        run = RunFolder(self._folders.reading(dataset_id, reading).resolve())
        return run.read_exit() is not None or is_keeper_alive(run)

    async def read(
        self, record: Dataset, reading: int, choices: ReadingChoices, *, resumes: bool = False
    ) -> AsyncGenerator[str, None]:
        """Have the original read; yields each stage of the profile as it is done.

        `resumes` goes on with what a worker did, if it was to read by these `choices`.

        Raises:
            Refusal: the file cannot be read so, or the worker ended before its time.
        """
        run = RunFolder(self._folders.reading(record.id, reading).resolve())
        if not (resumes and await asyncio.to_thread(self._is_read_by, record.id, reading, choices)):
            await self.end(record.id, reading)
            await asyncio.to_thread(shutil.rmtree, run.path, ignore_errors=True)
            await self._launcher.launch(run, self._order(record, run, choices).as_dict(), limits=self._limits(READ_SECONDS))
        async for stage in self._stages(run, READ_SECONDS):
            yield stage

    async def follow(self, record: Dataset, reading: int) -> AsyncGenerator[str, None]:
        """Every stage of a reading that `is_going_on`.

        Raises:
            Refusal: the worker ended before its time.
        """
        async for stage in self._stages(RunFolder(self._folders.reading(record.id, reading).resolve()), READ_SECONDS):
            yield stage

    async def end(self, dataset_id: str, reading: int) -> None:
        """End a reading that nobody wants any more."""
        run = RunFolder(self._folders.reading(dataset_id, reading).resolve())
        if await asyncio.to_thread(is_keeper_alive, run):
            run.stop.touch()
            await self._launcher.wait(run, END_SECONDS)

    async def preview(self, record: Dataset, choices: ReadingChoices) -> Mapping[str, Any]:
        """What the beginning of the original looks like, read so.

        Raises:
            Refusal: it cannot be read so. NotFound: it has just been deleted.
        """
        run = RunFolder((self._folders.of(record.id) / f"preview-{secrets.token_hex(4)}").resolve())
        order = self._order(record, run, choices, is_preview=True)
        try:
            async with self._previews:
                await self._launcher.launch(run, order.as_dict(), limits=self._limits(PREVIEW_SECONDS))
                async for _stage in self._stages(run, PREVIEW_SECONDS):
                    pass
            preview: dict[str, Any] = json.loads(await asyncio.to_thread((run.path / "preview.json").read_text, encoding="utf-8"))
            return preview
        except OSError:
            if await asyncio.to_thread(self._folders.original(record.id).exists):
                raise
            raise unknown_dataset(record.id) from None  # it has been deleted meanwhile
        finally:
            await asyncio.to_thread(shutil.rmtree, run.path, ignore_errors=True)

    def _is_read_by(self, dataset_id: str, reading: int, choices: ReadingChoices) -> bool:
        """Whether a worker reads it, or has read it, by these choices and no others. Blocking."""
        spec = self._folders.reading(dataset_id, reading) / "spec.json"
        order = read_order(spec) if spec.exists() else None
        return isinstance(order, IngestOrder) and order.choices == choices and self.is_going_on(dataset_id, reading)

    def _order(self, record: Dataset, run: RunFolder, choices: ReadingChoices, *, is_preview: bool = False) -> IngestOrder:
        return IngestOrder(
            original=str(self._folders.original(record.id).resolve()),
            format="" if record.type == record.packing else record.type,
            packing=record.packing,
            output=str(run.path),
            choices=choices,
            memory_mb=self._settings.ingest_memory_mb,
            threads=min(MOST_THREADS, os.cpu_count() or 1),
            most_mb=self._settings.max_unpacked_mb,
            sha256=record.sha256,
            is_preview=is_preview,
        )

    def _limits(self, seconds: float) -> Limits:
        return Limits(memory_mb=self._settings.ingest_memory_mb + PROCESS_MB, wall_seconds=seconds)

    async def _stages(self, run: RunFolder, seconds: float) -> AsyncGenerator[str, None]:
        """Every stage that the worker tells of, until it has ended well."""
        deadline = asyncio.get_running_loop().time() + seconds
        end = number = 0
        is_late = False
        while True:
            outcome = await asyncio.to_thread(run.read_exit)
            is_over = outcome is not None or not await asyncio.to_thread(is_keeper_alive, run)
            log = await asyncio.to_thread(read_events, run.events, end, number)
            end, number = log.end, log.last_number
            for event in log.events:
                if event["type"] == "stage":
                    yield str(event["stage"])
            if is_over:
                outcome = outcome or await asyncio.to_thread(run.read_exit)
                if outcome is None or outcome.code != WorkerExit.COMPLETED:
                    if is_late:
                        raise Refusal(_too_long(seconds))
                    raise await asyncio.to_thread(failure_of_reading, run, outcome, self._settings.ingest_memory_mb)
                return
            if asyncio.get_running_loop().time() > deadline:  # the keeper has not seen to it
                is_late = True
                run.stop.touch()
            await asyncio.sleep(LOOK_SECONDS)


def failure_of_reading(run: RunFolder, outcome: ExitRecord | None, memory_mb: int) -> Refusal:
    """Why a file could not be read. What its worker was told to say comes first. Blocking: reads files."""
    refusal = failure_of(run, outcome)
    if outcome is None or outcome.code == WorkerExit.REFUSED or refusal.problems[0].code == "disk_full":
        return refusal
    if outcome.limit == "time":
        return Refusal(_too_long(outcome.limit_value or 0))
    if outcome.limit == "memory" or outcome.code == WorkerExit.OUT_OF_MEMORY or outcome.is_system_out_of_memory:
        return Refusal(too_large_for_memory(memory_mb))
    return reader_failed(outcome.signal or Message("exit code {code}", {"code": outcome.code}))


def reader_failed(end: str | Message) -> Refusal:
    text = "The file could not be read: the process that read it ended unexpectedly ({end}). Save the table as CSV and try that."
    return Refusal(Problem("reader_failed", Message(text, {"end": end}), "file"))


def _too_long(seconds: float) -> Problem:
    if seconds <= PREVIEW_SECONDS:
        text = "The preview took longer than {seconds} seconds and was ended. The whole file may be read like this all the same."
        return Problem("preview_too_long", Message(text, {"seconds": round(seconds)}), "file")
    text = "Reading the file took longer than {minutes} minutes and was ended. Split it into smaller files."
    return Problem("reading_too_long", Message(text, {"minutes": round(seconds / 60)}), "file")


def too_large_for_memory(memory_mb: int) -> Problem:
    text = "Reading the file takes more than {memory} MB of memory (INGEST_MEMORY_MB). Split it into smaller files."
    return Problem("too_large_for_memory", Message(text, {"memory": memory_mb}), "file")


def still_reading(name: str) -> Conflict:
    text = "The data set “{name}” is not ready: it is still being read, or could not be. Try again in a moment."
    return Conflict("dataset_not_ready", Message(text, {"name": name}), "dataset")


def read_profile(path: Path) -> dict[str, Any] | None:
    """The profile as far as it is done; blocking. None: there is none yet."""
    try:
        profile: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return profile

"""What is said of a reading that did not end well, by real workers and by what their keepers wrote."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.datasets import reader
from app.datasets.folders import DatasetFolders
from app.datasets.reader import Reader, failure_of_reading
from app.jobs.launchers.local import LocalLauncher
from app.records import Dataset
from app.settings import Settings
from locales import Translator
from trainer.contract import ExitRecord, ReadingChoices, Refusal, RunFolder

MEMORY_MB = 512


def an_exit(code: int | None, signal: str | None = None, limit: str | None = None, value: float = 0) -> ExitRecord:
    return ExitRecord(code, signal, False, False, 0.0, (), limit=limit, limit_value=value)


def said(record: ExitRecord, folder: Path, language: str = "en") -> str:
    return Translator(language).message(failure_of_reading(RunFolder(folder), record, MEMORY_MB).problems[0].message)


@pytest.fixture
async def launcher() -> AsyncIterator[LocalLauncher]:
    """One that starts cold; its keeper is waited for when the test is over."""
    launcher = LocalLauncher(2.0)
    yield launcher
    while launcher._children:
        launcher.reap()
        await asyncio.sleep(0)


async def test_a_preview_that_takes_too_long_says_how_long(
    settings: Settings, launcher: LocalLauncher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "PREVIEW_SECONDS", 0.1)  # shorter than a worker needs to load
    folders = DatasetFolders(settings.data_dir)
    record = Dataset(name="slow", filename="slow.csv", type="csv", size=4, sha256="x")
    folders.of(record.id).mkdir(parents=True)
    folders.original(record.id).write_text("a,b\n1,2\n")
    with pytest.raises(Refusal, match="The preview took longer than") as refused:
        await Reader(settings, folders, launcher).preview(record, ReadingChoices())
    assert refused.value.problems[0].code == "preview_too_long"


def test_a_limit_of_time_is_told_in_its_own_unit(tmp_path: Path) -> None:
    assert "longer than 60 seconds" in said(an_exit(None, "SIGKILL", "time", 60), tmp_path)
    assert "longer than 60 minutes" in said(an_exit(None, "SIGKILL", "time", 3600), tmp_path)


def test_an_end_nobody_expected_is_told_in_the_readers_language(tmp_path: Path) -> None:
    assert "ended unexpectedly (exit code 3)" in said(an_exit(3), tmp_path)
    assert "کد خروج ۳" in said(an_exit(3), tmp_path, "fa")
    assert "exit" not in said(an_exit(3), tmp_path, "fa")
    assert "(SIGSEGV)" in said(an_exit(None, "SIGSEGV"), tmp_path)

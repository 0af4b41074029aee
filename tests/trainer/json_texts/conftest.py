"""JSON texts, read as rows; through windows of any size, for the reader sees no more of a file at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.trainer.json_texts.tables import Read, Rows, read_text
from trainer.reading import json_stream
from trainer.reading.json_rows import JsonTable


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """The table and its rows of a text."""

    def run(content: str | bytes, file_format: str = "json", records: str | None = None) -> tuple[JsonTable, Rows]:
        return read_text(tmp_path, content, file_format, records)

    return run


@pytest.fixture(params=[1, 7, 1 << 18], ids=["windows of 1 byte", "windows of 7 bytes", "one window"])
def _window(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "CHUNK_BYTES", request.param)

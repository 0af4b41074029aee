"""Small real tables and run folders."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy
import pytest

from tests.trainer.keepers import Keepers
from tests.trainer.typed_columns import TypedColumns
from trainer.contract import EventWriter, IngestOrder, RunFolder

Ingest = Callable[..., dict[str, Any]]


@pytest.fixture
def ingest_text(tmp_path: Path) -> Ingest:
    """Ingest a text, or bytes, as if it had been uploaded; table.parquet lands in `tmp_path`/data."""

    def run(content: str | bytes, file_format: str = "csv") -> dict[str, Any]:
        original = tmp_path / f"original.{file_format}"
        original.write_bytes(content if isinstance(content, bytes) else content.encode())
        from trainer.reading.ingest import ingest  # noqa: PLC0415

        profile = ingest(IngestOrder(str(original), file_format, str(tmp_path / "data")))
        assert profile == json.loads((tmp_path / "data" / "profile.json").read_text())
        return profile

    return run


def write_flowers(path: Path, rows: int = 150) -> Path:
    """Three kinds that size and colour tell apart; some sizes are missing."""
    generator = numpy.random.default_rng(5)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["size", "colour", "height", "kind"])
        for row in range(rows):
            kind = row % 3
            size = "" if row % 17 == 0 else f"{kind * 2 + generator.normal(0, 0.3):.3f}"
            writer.writerow(
                [size, ["red", "blue", "white"][(kind + (row % 11 == 0)) % 3], round(generator.normal(0, 1), 3), f"kind {kind}"]
            )
    return path


def write_houses(path: Path, rows: int = 200) -> Path:
    """A price that follows from area, age and town."""
    generator = numpy.random.default_rng(6)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["area", "age", "town", "price"])
        for _ in range(rows):
            area, age, town = generator.uniform(40, 200), int(generator.integers(0, 80)), int(generator.integers(0, 2))
            price = 1000 * area - 500 * age + 30_000 * town + generator.normal(0, 2000)
            writer.writerow([round(area, 1), age, ["Yazd", "Tabriz"][town], round(price, 2)])
    return path


def write_visits(path: Path, rows: int = 120) -> Path:
    """A column of every kind that networks read, with gaps: a mood that words and waiting tell, and a tip that follows it."""
    generator = numpy.random.default_rng(7)
    fillers = ["the", "soup", "came", "with", "bread", "and", "we", "sat", "near", "a", "window", "نان", "بود"]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["waited", "town", "is_guest", "day", "review", "mood", "tip"])
        for row in range(rows):
            is_praise, is_quick = int(generator.integers(2)), int(generator.integers(2))
            words = [*generator.choice(fillers, 6), "lovely" if is_praise else "awful", f"table {row}"]
            generator.shuffle(words)
            waited = "" if row % 13 == 0 else f"{(10 if is_quick else 40) + generator.normal(0, 3):.1f}"
            rest = [["Yazd", "Tabriz", ""][row % 3], ["true", "false"][row % 2], f"2026-03-{row % 28 + 1:02}"]
            review = "" if row % 19 == 0 else " ".join(words)
            writer.writerow([waited, *rest, review, ["good", "bad"][is_praise], round(2 * is_praise + is_quick + 0.01 * row, 2)])
    return path


def ingest_file(path: Path, output: Path) -> Path:
    """The table.parquet of a CSV file."""
    from trainer.reading.ingest import ingest  # noqa: PLC0415

    ingest(IngestOrder(str(path), "csv", str(output)))
    return output / "table.parquet"


@pytest.fixture
def flowers(tmp_path: Path) -> Path:
    return ingest_file(write_flowers(tmp_path / "flowers.csv"), tmp_path / "flowers")


@pytest.fixture
def houses(tmp_path: Path) -> Path:
    return ingest_file(write_houses(tmp_path / "houses.csv"), tmp_path / "houses")


@pytest.fixture
def visits(tmp_path: Path) -> Path:
    return ingest_file(write_visits(tmp_path / "visits.csv"), tmp_path / "visits")


@pytest.fixture(scope="module")
def columns() -> Iterator[TypedColumns]:
    with duckdb.connect() as connection:
        yield TypedColumns(connection)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    path = tmp_path / "run"
    path.mkdir()
    return RunFolder(path)


@pytest.fixture
def events(folder: RunFolder) -> Iterator[EventWriter]:
    writer = EventWriter(folder.events)
    yield writer
    writer.close()


@pytest.fixture
def keepers(tmp_path: Path) -> Iterator[Keepers]:
    made = Keepers(tmp_path)
    yield made
    made.clean_up()

"""Where the files of data sets lie below the data folder; every name on disk is ours."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from pathlib import Path

from app.records import Dataset

SAMPLE_PREFIX = "sample_"


class DatasetFolders:
    """The folders of one server."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir

    def of(self, dataset_id: str) -> Path:
        """The folder of an uploaded version or a sample."""
        sample = dataset_id.removeprefix(SAMPLE_PREFIX)
        if sample != dataset_id:
            return self._data_dir / "samples" / sample
        return self._data_dir / "datasets" / dataset_id

    def original(self, dataset_id: str) -> Path:
        """The file as it was uploaded."""
        return self.of(dataset_id) / "original"

    def reading(self, dataset_id: str, reading: int) -> Path:
        """The folder of one reading: its table, its profile, and what its worker left."""
        return self.of(dataset_id) / f"reading-{reading}" if reading else self.of(dataset_id)

    def table(self, record: Dataset) -> Path:
        return self.reading(record.id, record.reading) / "table.parquet"

    def profile(self, record: Dataset) -> Path:
        return self.reading(record.id, record.reading) / "profile.json"

    def remove(self, dataset_id: str) -> None:
        """Blocking."""
        shutil.rmtree(self.of(dataset_id), ignore_errors=True)

    def remove_other_readings(self, record: Dataset) -> None:
        """Remove what earlier and unfinished readings left. Blocking."""
        for folder in self.of(record.id).glob("reading-*"):
            if folder != self.reading(record.id, record.reading):
                shutil.rmtree(folder, ignore_errors=True)

    def size(self, dataset_id: str) -> int:
        """Bytes on disk, a file that two versions share counted in both. Blocking."""
        return sum(_size(Path(folder) / name) for folder, _folders, names in os.walk(self.of(dataset_id)) for name in names)

    def sweep(self, known: Collection[str]) -> None:
        """Remove folders that no record names, and previews that were cut off. Blocking."""
        for folder in (self._data_dir / "datasets").glob("data_*"):
            if folder.name not in known:
                shutil.rmtree(folder, ignore_errors=True)
            for preview in folder.glob("preview-*"):
                shutil.rmtree(preview, ignore_errors=True)

    def share_original(self, source_id: str, target_id: str) -> None:
        """Give a new version the original of another: the same file under a second name. Blocking."""
        self.of(target_id).mkdir(parents=True)
        try:
            self.original(target_id).hardlink_to(self.original(source_id))
        except OSError:  # a disk that knows no second names
            shutil.copyfile(self.original(source_id), self.original(target_id))
            os.sync()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # a worker renames what it writes
        return 0

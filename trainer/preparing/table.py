"""table.parquet and profile.json enter, columns as pandas has them and what is known of them leave.

A small table is held in memory; of a large one only the columns that are asked for are, one after the other.
"""

# ruff: noqa: S608 what a file says becomes SQL only through quote_name and quote_text

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
import pandas

from trainer.contract.messages import Message
from trainer.preparing.folds import Positions
from trainer.reading.duckdb_session import open_duckdb, quote_name, quote_path
from trainer.reading.ingest import PROFILE_FILE

MEMORY_MB = 2048
MOST_CELLS_HELD = 20_000_000


@dataclass(frozen=True, slots=True)
class ColumnKnowledge:
    """What the profile says of a column."""

    name: str
    kind: str
    reason: Message


class Table(ABC):
    """Its columns by name in their order, and the profile they come from."""

    def __init__(self, columns: Mapping[str, ColumnKnowledge], profile: Mapping[str, Any]) -> None:
        self.columns = dict(columns)
        self.profile = profile

    @abstractmethod
    def read(self, name: str) -> pandas.Series[Any]:
        """A column, of all rows."""

    def everything(self) -> Selection:
        return self.select(numpy.arange(self.profile["rows"]))

    def select(self, positions: Positions) -> Selection:
        return Selection(self, positions)


@dataclass(frozen=True, slots=True)
class Selection:
    """Some rows of a table, whose columns are read when they are asked for."""

    table: Table
    positions: Positions

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def columns(self) -> Mapping[str, ColumnKnowledge]:
        return self.table.columns

    def __getitem__(self, name: str) -> pandas.Series[Any]:
        return self.table.read(name).iloc[self.positions]


# Rows of a table, or those that somebody wants predictions for.
Cells = pandas.DataFrame | Selection


class HeldTable(Table):
    """All of it is in memory."""

    def __init__(self, frame: pandas.DataFrame, columns: Mapping[str, ColumnKnowledge], profile: Mapping[str, Any]) -> None:
        super().__init__(columns, profile)
        self.frame = frame

    def read(self, name: str) -> pandas.Series[Any]:
        return self.frame[name]


class StoredTable(Table):
    """It stays on the disk."""

    def __init__(self, path: Path, threads: int, columns: Mapping[str, ColumnKnowledge], profile: Mapping[str, Any]) -> None:
        super().__init__(columns, profile)
        self._path, self._threads = path, threads

    def read(self, name: str) -> pandas.Series[Any]:
        query = f"SELECT {quote_name(name)} FROM read_parquet({quote_path(self._path)})"
        with open_duckdb([self._path], None, MEMORY_MB, self._threads) as connection:
            return connection.execute(query).df()[name]


def load_table(path: Path, threads: int = 1) -> Table:
    """The table at `path` with the profile beside it, both written by `ingest`."""
    path = path.absolute()
    profile = json.loads((path.parent / PROFILE_FILE).read_text(encoding="utf-8"))
    columns = {
        entry["name"]: ColumnKnowledge(entry["name"], entry["kind"], Message.from_dict(entry["reason"]))
        for entry in profile["columns"]
    }
    if profile["rows"] * len(columns) > MOST_CELLS_HELD:
        return StoredTable(path, threads, columns, profile)
    with open_duckdb([path], None, MEMORY_MB, threads) as connection:
        frame = connection.execute(f"SELECT * FROM read_parquet({quote_path(path)})").df()
    return HeldTable(frame, columns, profile)

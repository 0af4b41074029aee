"""table.parquet and profile.json enter, a pandas frame and what is known of its columns leave."""

# ruff: noqa: S608 what a file says becomes SQL only through quote_name and quote_text

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas

from trainer.contract.messages import Message
from trainer.reading.duckdb_session import open_duckdb, quote_path
from trainer.reading.ingest import PROFILE_FILE

MEMORY_MB = 2048


@dataclass(frozen=True, slots=True)
class ColumnKnowledge:
    """What the profile says of a column."""

    name: str
    kind: str
    reason: Message


@dataclass(frozen=True, slots=True)
class Table:
    """All rows, its columns by name in their order, and the profile they come from."""

    frame: pandas.DataFrame
    columns: dict[str, ColumnKnowledge]
    profile: Mapping[str, Any]


def load_table(path: Path, threads: int = 1) -> Table:
    """Read the table at `path` and the profile beside it, both written by `ingest`."""
    path = path.absolute()
    profile = json.loads((path.parent / PROFILE_FILE).read_text(encoding="utf-8"))
    with open_duckdb([path], None, MEMORY_MB, threads) as connection:
        frame = connection.execute(f"SELECT * FROM read_parquet({quote_path(path)})").df()
    columns = {
        entry["name"]: ColumnKnowledge(entry["name"], entry["kind"], Message.from_dict(entry["reason"]))
        for entry in profile["columns"]
    }
    return Table(frame, columns, profile)

"""A Parquet table enters, what its columns hold leaves as plain JSON values, in stages, so that the first come soon.

Stages: `columns` (kinds with reasons, counts, examples, what to predict), `distributions`, `associations`, `warnings`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from trainer.contract.messages import Message
from trainer.reading.associations import associate_with
from trainer.reading.column_counts import ColumnCounts, count_columns
from trainer.reading.correlations import correlate_numbers, find_alike
from trainer.reading.distributions import describe_distributions
from trainer.reading.likely_target import suggest_target
from trainer.reading.profiled_table import ProfiledTable
from trainer.reading.sampled_values import read_sample
from trainer.reading.schema import Column, describe_column
from trainer.reading.warnings import find_warnings

MOST_DESCRIBED = 2_000  # columns; what is counted of all columns is there for the others, too
Piece = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FormatFacts:
    """What reading knows of a column beside its values: the kind that a person chose, and how its cells were written.

    `strays` tells which few cells keep it from being numbers or dates.
    """

    chosen_kind: str | None = None
    note: Message | None = None
    unit: str | None = None
    strays: Message | None = None


NO_FACTS = FormatFacts()


def profile_table(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    target: str | None = None,
    facts: Mapping[str, FormatFacts] | None = None,
) -> Piece:
    """All stages at once: the part of profile.json that the table itself gives.

    `target` names the column to predict where it is known, as it is for the sample tables.
    """
    profile: Piece = {}
    for _stage, piece in profile_stages(connection, path, target, facts):
        profile |= piece
    return profile


def profile_stages(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    target: str | None = None,
    facts: Mapping[str, FormatFacts] | None = None,
) -> Iterator[tuple[str, Piece]]:
    """The name of each stage and its piece of profile.json, as soon as it is known; pieces have different keys.

    `facts` are by the name of the column. The work of a stage is done when it is asked for.
    """
    table = ProfiledTable(connection, path)
    counted = count_columns(table)
    known = [(facts or {}).get(counts.statistics.name, NO_FACTS) for counts in counted]
    columns = [describe_column(counts.statistics, fact.chosen_kind) for counts, fact in zip(counted, known, strict=True)]
    first = _describe_columns(counted, columns, known, target)
    yield "columns", first
    described = columns[:MOST_DESCRIBED]
    distributions = describe_distributions(table, counted, described)
    yield "distributions", {"distributions": distributions}
    associations = _associate(table, described, first["suggested"])
    yield "associations", associations
    strays = {column.statistics.name: fact.strays for column, fact in zip(columns, known, strict=True) if fact.strays}
    yield "warnings", find_warnings(table, columns, {**first, "distributions": distributions, **associations}, strays)


def _describe_columns(
    counted: Sequence[ColumnCounts], columns: Sequence[Column], known: Sequence[FormatFacts], target: str | None
) -> Piece:
    suggestion = suggest_target(columns, target)
    return {
        "columns": [_as_dict(*column) for column in zip(counted, columns, known, strict=True)],
        "suggested": {
            "target": suggestion.target,
            "task": suggestion.task,
            "reason": suggestion.reason.as_dict(),
        },
        "memory_bytes": int(sum(counts.memory_bytes for counts in counted)),
    }


def _as_dict(counts: ColumnCounts, column: Column, facts: FormatFacts) -> Piece:
    statistics, smallest = counts.statistics, counts.smallest_class
    return {
        "name": statistics.name,
        "kind": column.kind,
        "reason": (column.reason if column.is_chosen or not facts.strays else facts.strays).as_dict(),
        "is_chosen": column.is_chosen,
        "guessed_kind": column.guessed_kind,
        "note": facts.note.as_dict() if facts.note else None,
        "unit": facts.unit,
        "missing": statistics.missing,
        "distinct": statistics.distinct,
        "distinct_is_exact": statistics.distinct_is_exact,
        "examples": list(statistics.examples),
        "smallest_class": {"value": smallest.value, "rows": smallest.rows, "others": smallest.others} if smallest else None,
        "min": statistics.low,
        "max": statistics.high,
        "mean": statistics.mean,
        "task": column.task,
        "task_reason": column.task_reason.as_dict(),
    }


def _associate(table: ProfiledTable, columns: Sequence[Column], suggested: Mapping[str, Any]) -> Piece:
    """What the columns tell about the suggested target and about each other, in a sample of the rows."""
    sample = read_sample(table, columns)
    basis = {"rows": sample.rows, "is_sample": sample.rows < table.rows}
    target = sample.columns.get(suggested["target"])
    others = [column for column in sample.columns.values() if column is not target]
    associated = associate_with(target, others, suggested["task"]) if target else []
    ranking = [target.name, *(entry["name"] for entry in associated)] if target else []
    correlations = correlate_numbers(sample.columns.values(), ranking)
    return {
        "associations": {"target": target.name if target else None, "columns": associated, **basis},
        "correlations": {**correlations, **basis},
        "alike": find_alike(others, correlations),
    }

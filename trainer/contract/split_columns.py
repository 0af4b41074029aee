"""Columns that rows are divided by, in time or by what belongs together: a choice enters, what is wrong with it leaves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainer.contract.messages import Message, Problem, Scalar
from trainer.contract.spec import TrainingSpec

LISTED_COLUMNS = 10
KINDS_OF_TIME = frozenset({"date", "number", "integer"})
FEWEST_GROUPS = 3  # one to learn from, one to choose by, one for the test


def check_split(spec: TrainingSpec, columns: Mapping[str, Mapping[str, Any]], target: str) -> list[Problem]:
    """`column_not_found`, `splits_by_target`, `two_splits`, `not_a_time`, `folds_in_time`, `too_few_groups`."""
    problems = []
    for field in ("time_column", "group_column"):
        name = getattr(spec, field)
        if name is not None and name not in columns:
            problems.append(not_found(field, name, list(columns)))
        elif name is not None and name == target:
            text = "“{column}” is the column to predict, so rows cannot be divided by it. Choose another column."
            problems.append(Problem("splits_by_target", Message(text, {"column": name}), field))
    if problems:
        return problems
    if spec.time_column is not None and spec.group_column is not None:
        text = "Rows can be divided by time or by what belongs together, not by both. Choose one."
        return [Problem("two_splits", Message(text), "group_column")]
    if spec.time_column is not None:
        return _check_time(columns[spec.time_column], spec.folds)
    return _check_groups(columns[spec.group_column], spec.folds) if spec.group_column is not None else []


def not_found(field: str, name: str, columns: list[str]) -> Problem:
    shown: dict[str, Scalar] = {"column": name[:80], "columns": ", ".join(columns[:LISTED_COLUMNS])}
    if len(columns) > LISTED_COLUMNS:
        text = "There is no column “{column}”. The first columns are: {columns}, and {more} more."
        return Problem("column_not_found", Message(text, {**shown, "more": len(columns) - LISTED_COLUMNS}), field)
    return Problem("column_not_found", Message("There is no column “{column}”. The columns are: {columns}.", shown), field)


def _check_time(column: Mapping[str, Any], folds: int | None) -> list[Problem]:
    is_number = column["kind"] == "identifier" and all(_is_number(example) for example in column["examples"])
    if column["kind"] not in KINDS_OF_TIME and not is_number:
        text = "“{column}” holds “{value}”, which is no time. Choose a column of dates or numbers."
        params: dict[str, Scalar] = {"column": column["name"], "value": next(iter(column["examples"]), "")}
        return [Problem("not_a_time", Message(text, params), "time_column")]
    if folds is not None and folds > 1:
        text = "Rows in time are not divided into folds: each would be judged by what comes before it. Set folds to 1."
        return [Problem("folds_in_time", Message(text), "folds")]
    return []


def _check_groups(column: Mapping[str, Any], folds: int | None) -> list[Problem]:
    least = max(FEWEST_GROUPS, (folds or 1) + 1)
    if column["distinct"] >= least:
        return []
    return [too_few_groups(column["name"], column["distinct"], least)]


def too_few_groups(column: str, groups: int, least: int) -> Problem:
    text = "“{column}” has {groups} different values; at least {least} are needed, so that some are learnt from and others kept."
    return Problem("too_few_groups", Message(text, {"column": column, "groups": groups, "least": least}), "group_column")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True

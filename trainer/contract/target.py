"""What to predict, settled from what the profile of a table says: before a run is queued, and again when it starts.

Refused, each beside its field: a target that is not there, never changes or cannot be learnt; a task that contradicts it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any

from trainer.contract.messages import Message, Problem, Refusal, Scalar
from trainer.contract.spec import TrainingSpec
from trainer.contract.split_columns import check_split, not_found

BINARY_CLASSES = 2
MOST_CLASSES = 1000
LEAST_ROWS_PER_CLASS = 2
LEAST_MEAN_ROWS_PER_CLASS = 3
USELESS_KINDS = frozenset({"identifier", "constant"})
_WHY_USELESS = {
    "identifier": Message("It has another value in every row."),
    "constant": Message("It has the same value in every row."),
}
NUMERIC_KINDS = frozenset({"number", "integer", "boolean"})


def settle_target(spec: TrainingSpec, profile: Mapping[str, Any]) -> TrainingSpec:
    """Fill in the target and the task that the data suggests, and check both.

    Raises:
        Refusal: with every problem: `no_target`, `column_not_found`, `target_excluded`, `target_empty`, `target_constant`,
            `target_not_learnable`, `task_contradicts_target`, `class_too_small`, `no_features`; and those of `check_split`.
    """
    columns = {column["name"]: column for column in profile["columns"]}
    problems = [not_found("exclude", name, list(columns)) for name in spec.exclude if name not in columns]
    target = spec.target if spec.target is not None else profile["suggested"]["target"]
    if target is None:
        text = "No column of this table can be predicted. Add one that repeats or is a number."
        raise Refusal([*problems, Problem("no_target", Message(text), "target")])
    if target in spec.exclude:
        text = "“{column}” is the column to predict, so it cannot be left out."
        problems.append(Problem("target_excluded", Message(text, {"column": target}), "exclude"))
    left_out = {*spec.exclude, spec.group_column}
    if target not in columns:
        problems.append(not_found("target", target, list(columns)))
    elif problem := _check_task(columns[target], spec.task, profile["rows"]) or _check_inputs(columns, target, left_out):
        problems.append(problem)
    problems += check_split(spec, columns, target)
    if problems:
        raise Refusal(problems)
    task = columns[target]["task"] if spec.task == "auto" else spec.task
    return dataclasses.replace(spec, target=target, task=task)


def _check_task(column: Mapping[str, Any], task: str, rows: int) -> Problem | None:
    name, distinct, present = column["name"], column["distinct"], rows - column["missing"]
    if distinct <= 1:
        return _no_choice(column)
    if task == "auto" and column["task"] is None:
        return _not_learnable(name, Message.from_dict(column["task_reason"]))
    if (column["task"] if task == "auto" else task) == "regression":
        return None if column["kind"] in NUMERIC_KINDS else _no_numbers(column)
    if task == "binary" and distinct != BINARY_CLASSES:
        text = "“{target}” has {classes} different values, so the task cannot be binary. Choose auto."
        return Problem("task_contradicts_target", Message(text, {"target": name, "classes": distinct}), "task")
    if distinct > MOST_CLASSES or present < LEAST_MEAN_ROWS_PER_CLASS * distinct:
        reason = Message("{classes} classes are too many for {rows} rows.", {"classes": distinct, "rows": present})
        return _not_learnable(name, reason)
    return _check_smallest_class(column)


def _no_choice(column: Mapping[str, Any]) -> Problem:
    name = column["name"]
    if column["distinct"] == 0:
        text = "“{target}” has no value in any row. Choose another target."
        return Problem("target_empty", Message(text, {"target": name}), "target")
    text = "“{target}” has the same value in every row, so there is nothing to learn. Choose another target."
    return Problem("target_constant", Message(text, {"target": name}), "target")


def _check_inputs(columns: Mapping[str, Mapping[str, Any]], target: str, exclude: Collection[str | None]) -> Problem | None:
    """Whether anything is left to predict from: what names a row or never changes tells a network nothing."""
    others = [column for name, column in columns.items() if name != target and name not in exclude]
    useless = [column for column in others if column["kind"] in USELESS_KINDS]
    if len(useless) < len(others):
        return None
    if not useless:
        text = "No column is left to predict “{target}” from. Leave out fewer columns."
        return Problem("no_features", Message(text, {"target": target}), "exclude")
    text = (
        "No column is left to predict “{target}” from: “{column}” cannot be used. {reason}"
        " Add columns of numbers, categories or texts."
    )
    params: dict[str, Scalar | Message] = {"target": target, "column": useless[0]["name"]}
    params["reason"] = _WHY_USELESS[useless[0]["kind"]]
    return Problem("no_features", Message(text, params), "exclude")


def _check_smallest_class(column: Mapping[str, Any]) -> Problem | None:
    smallest = column["smallest_class"]
    if smallest["rows"] >= LEAST_ROWS_PER_CLASS:
        return None
    params: dict[str, Scalar] = {"target": column["name"], "label": smallest["value"], "others": smallest["others"]}
    if smallest["others"]:
        text = (
            "The class “{label}” of “{target}”, like {others} others, has one row; two are needed."
            " Leave those rows out or merge the classes."
        )
    else:
        text = "The class “{label}” of “{target}” has one row; two are needed. Leave that row out or merge the class."
    return Problem("class_too_small", Message(text, params), "target")


def _no_numbers(column: Mapping[str, Any]) -> Problem:
    text = "“{target}” holds “{value}”, which is no number, so the task cannot be regression. Choose multiclass, binary or auto."
    params: dict[str, Scalar] = {"target": column["name"], "value": next(iter(column["examples"]), "")}
    return Problem("task_contradicts_target", Message(text, params), "task")


def _not_learnable(name: str, reason: Message) -> Problem:
    text = "“{target}” cannot be predicted: {reason} Choose another target."
    return Problem("target_not_learnable", Message(text, {"target": name, "reason": reason}), "target")

"""What a person left open enters, a specification that says everything leaves: by what the profile of the table tells.

The web process settles a run when it is submitted, so that everybody sees what will be done, and the worker settles it again;
what is settled once stays as it is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trainer.contract.messages import Message, Problem, Refusal, Scalar
from trainer.contract.recipes import RECIPES, Settings, suggest_settings
from trainer.contract.spec import AUTO, FIELDS, TrainingSpec
from trainer.contract.target import USELESS_KINDS, settle_target

TRAINING_SHARE = 0.64  # of the rows with a target
LARGE_TABLE_CELLS = 10_000_000
FEW_ROWS, FEW_TEXTS, FEW_ROWS_FOLDS = 3_000, 20_000, 5
LEAST_MINUTES, ROWS_PER_MINUTE = 1.2, 40_000  # that "auto" takes unless somebody allows it more
TEXT, TEXT_FAST = "text", "text_fast"
YOU_CHOSE_IT = Message("You chose it.")


@dataclass(frozen=True, slots=True)
class SettledSpec(TrainingSpec):
    """The settings of one run, none of them open; `family` is the network that is trained, and `reason` says why that one."""

    target: str = ""
    epochs: int = 1
    batch_size: int = 1
    lr: float = 1.0
    hidden: tuple[int, ...] = ()
    dropout: float = 0.0
    weight_decay: float = 0.0
    schedule: str = "one_cycle"
    clip: float = 0.0
    label_smoothing: float = 0.0
    folds: int = 1
    family: str = "mlp"
    reason: Message = YOU_CHOSE_IT


def settle(spec: TrainingSpec, profile: Mapping[str, Any]) -> SettledSpec:
    """Fill in what the data and the family's recipe suggest, and check what was chosen.

    Raises:
        Refusal: as `settle_target`; `no_texts`, `needs_classes`, `needs_two_classes`, `clock_in_deterministic`.
    """
    spec = settle_target(spec, profile)
    if spec.network.startswith(TEXT) and TEXT not in _input_kinds(spec, profile):
        text = "“{network}” reads texts, and there is no column of texts. Choose another network, or make a column one of texts."
        raise Refusal(Problem("no_texts", Message(text, {"network": spec.network}), "network"))
    _refuse_contradictions(spec)
    family, reason, settings = suggest(spec, profile)
    values = {field.name: getattr(spec, field.name) for field in dataclasses.fields(TrainingSpec)}
    values |= {name: value for name, value in settings.items() if values[name] is None}
    return SettledSpec(**values, family=family, reason=reason)


def suggest(spec: TrainingSpec, profile: Mapping[str, Any]) -> tuple[str, Message, Settings]:
    """The family for a target and a task that are settled, why that one, and how it is trained unless somebody says otherwise."""
    family, reason = _choose_family(spec, profile)
    missing = next((column["missing"] for column in profile["columns"] if column["name"] == spec.target), 0)
    rows = profile["rows"] - missing
    settings = suggest_settings(round(rows * TRAINING_SHARE), family, is_regression=spec.task == "regression")
    is_auto = spec.network == AUTO
    are_few = rows < (FEW_TEXTS if family == TEXT_FAST else FEW_ROWS)
    folds = FEW_ROWS_FOLDS if is_auto and are_few and spec.time_column is None else 1
    if spec.group_column is not None:
        folds = min(folds, max(1, _distinct(spec.group_column, profile) - 1))
    # Where a clock ends training, equal runs may end differently.
    is_limited = is_auto and spec.deterministic == "no"
    minutes = round(max(LEAST_MINUTES, rows / ROWS_PER_MINUTE), 1) if is_limited else None
    recipe = RECIPES[family]
    habits = {"schedule": recipe.schedule, "clip": recipe.clip or 0.0}
    habits["label_smoothing"] = recipe.label_smoothing if spec.task != "regression" else 0.0
    return family, reason, {**settings, **habits, "folds": folds, "max_minutes": minutes}


def _choose_family(spec: TrainingSpec, profile: Mapping[str, Any]) -> tuple[str, Message]:
    """The family that `spec` names, or the one that suits the table, and why."""
    if spec.network != AUTO:
        return spec.network, YOU_CHOSE_IT
    if _input_kinds(spec, profile) == {TEXT}:
        text = "There are only texts to predict from: these are read by words, runs of words and runs of letters."
        return TEXT_FAST, Message(text)
    rows, columns = profile["rows"], len(profile["columns"])
    if rows * columns > LARGE_TABLE_CELLS:
        text = (
            "The table is large ({rows} rows, {columns} columns), and RealMLP takes a fraction of TabM’s time for nearly as much."
        )
        return "realmlp", Message(text, {"rows": rows, "columns": columns})
    text = "On tables of this size ({rows} rows, {columns} columns) TabM predicts best among the networks here."
    return "tabm", Message(text, {"rows": rows, "columns": columns})


def _input_kinds(spec: TrainingSpec, profile: Mapping[str, Any]) -> set[str]:
    """The kinds of all columns that there is something to learn from."""
    left_out = {spec.target, spec.group_column, *spec.exclude}
    return {column["kind"] for column in profile["columns"] if column["name"] not in left_out} - USELESS_KINDS


def _distinct(name: str, profile: Mapping[str, Any]) -> int:
    return next((int(column["distinct"]) for column in profile["columns"] if column["name"] == name), 0)


def _refuse_contradictions(spec: TrainingSpec) -> None:
    problems = []
    if spec.task == "regression" and spec.label_smoothing:
        problems.append(_needs_classes("label_smoothing", "0"))
    if spec.task == "regression" and spec.class_weight != FIELDS["class_weight"].default:
        problems.append(_needs_classes("class_weight", "none"))
    has_threshold = spec.threshold != FIELDS["threshold"].default
    if spec.task == "regression" and has_threshold:
        problems.append(_needs_classes("threshold", "half"))
    elif spec.task != "binary" and has_threshold:
        text = "“{field}” is for two classes, and “{target}” has others. Set it to “half”."
        params: dict[str, Scalar] = {"field": "threshold", "target": spec.target or ""}
        problems.append(Problem("needs_two_classes", Message(text, params), "threshold"))
    if spec.deterministic == "yes" and spec.max_minutes is not None:
        text = "Equal runs cannot be promised where a clock ends them. Leave “{field}” empty, or let runs differ."
        problems.append(Problem("clock_in_deterministic", Message(text, {"field": "max_minutes"}), "max_minutes"))
    if problems:
        raise Refusal(problems)


def _needs_classes(field: str, instead: str) -> Problem:
    text = "“{field}” is for classes, and a number is predicted here. Set it to “{instead}”."
    return Problem("needs_classes", Message(text, {"field": field, "instead": instead}), field)

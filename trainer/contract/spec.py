"""What a person may choose for one training run, with its bounds: one table drives the form, the API and the command line.

`TrainingSpec.parse` takes plain JSON values, refuses unknown keys and reports every problem at once. What it leaves open, None,
contract.settling fills in.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trainer.contract.messages import Message, Problem, Refusal, Scalar

TASKS = ("auto", "binary", "multiclass", "regression")
NETWORKS = ("linear", "mlp", "realmlp", "tabm", "ft_transformer", "text_fast", "text_cnn", "text_transformer")
AUTO = "auto"
DEVICES = ("auto", "cpu", "gpu")
THRESHOLDS = ("half", "accuracy", "balanced_accuracy", "f1")
OPTIMISERS = ("adamw", "nadam", "sgd")
SCHEDULES = ("one_cycle", "cosine", "flat_cosine", "four_cosines", "plateau", "constant")
PRECISIONS = ("auto", "float32", "bfloat16")
MAX_HIDDEN_LAYERS = 8
MAX_HIDDEN_WIDTH = 4096
MAX_FOLDS = 10
MAX_MINUTES = 10_080  # a week
MAX_SEED = 2**32 - 1
SHOWN_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class SpecField:
    """One setting of a run: its JSON name, kind, default, bounds (inclusive) and what it means."""

    name: str
    kind: str  # "integer" | "number" | "choice" | "text" | "names" | "widths"
    default: Any
    help: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()


FIELDS: Mapping[str, SpecField] = {
    spec_field.name: spec_field
    for spec_field in (
        SpecField("target", "text", None, "The column to predict; when absent, the one the data suggests."),
        SpecField("task", "choice", "auto", "What kind of prediction; 'auto' decides from the target.", choices=TASKS),
        SpecField(
            "network", "choice", "mlp", "The network family; 'auto' takes what suits the table.", choices=(AUTO, *NETWORKS)
        ),
        SpecField("epochs", "integer", None, "How many times the network sees every training row.", low=1, high=1000),
        SpecField("batch_size", "integer", None, "Rows per optimiser step.", low=1),
        SpecField("lr", "number", None, "Learning rate at its peak.", low=1e-5, high=1.0),
        SpecField("hidden", "widths", None, "Widths of the hidden layers.", low=1, high=MAX_HIDDEN_WIDTH),
        SpecField("dropout", "number", None, "Share of hidden units silenced per step.", low=0.0, high=0.9),
        SpecField("weight_decay", "number", None, "AdamW's decoupled weight decay.", low=0.0, high=10.0),
        SpecField("optimiser", "choice", "adamw", "What takes the steps.", choices=OPTIMISERS),
        SpecField("schedule", "choice", None, "How the learning rate changes over the steps.", choices=SCHEDULES),
        SpecField("clip", "number", None, "The longest gradient of a step; longer ones are shortened. 0: none is.", low=0.0),
        SpecField("accumulation", "integer", 1, "Parts that a batch is learnt from in, to save memory.", low=1, high=1024),
        SpecField(
            "ema",
            "number",
            0.0,
            "Share that each step keeps of averaged weights; 0: none are.",
            low=0.0,
            high=0.9999,
        ),
        SpecField("precision", "choice", "auto", "Of what a step computes; 'auto' takes what is fast.", choices=PRECISIONS),
        SpecField("label_smoothing", "number", None, "Share of certainty taken from the right class.", low=0.0, high=0.5),
        SpecField(
            "class_weight", "choice", "none", "'balanced': rows of rare classes count for more.", choices=("none", "balanced")
        ),
        SpecField(
            "threshold",
            "choice",
            "half",
            "Of two classes, how probable the second must be: 0.5, or what is best by a metric on the validation rows.",
            choices=THRESHOLDS,
        ),
        SpecField(
            "folds",
            "integer",
            None,
            "Networks that each leave another part of the rows out; the model is all of them.",
            low=1,
            high=MAX_FOLDS,
        ),
        SpecField("max_minutes", "number", None, "Minutes after which training ends.", low=0.1, high=MAX_MINUTES),
        SpecField(
            "deterministic",
            "choice",
            "no",
            "'yes': equal runs, on one thread, whatever it costs.",
            choices=("no", "yes"),
        ),
        SpecField("seed", "integer", 0, "Equal seeds give equal runs.", low=0, high=MAX_SEED),
        SpecField("exclude", "names", (), "Columns the network must not see."),
        SpecField("time_column", "text", None, "The column to divide the rows by in time: the latest are tested."),
        SpecField("group_column", "text", None, "The column whose equal values stay together in one part."),
        SpecField("device", "choice", "auto", "Where to train; 'auto' takes a GPU for large networks only.", choices=DEVICES),
    )
}


@dataclass(frozen=True, slots=True)
class TrainingSpec:
    """The settings of one run, as far as somebody chose them. Defaults and bounds are those of `FIELDS`."""

    target: str | None = None
    task: str = "auto"
    network: str = "mlp"
    epochs: int | None = None
    batch_size: int | None = None
    lr: float | None = None
    hidden: tuple[int, ...] | None = None
    dropout: float | None = None
    weight_decay: float | None = None
    optimiser: str = "adamw"
    schedule: str | None = None
    clip: float | None = None
    accumulation: int = 1
    ema: float = 0.0
    precision: str = "auto"
    label_smoothing: float | None = None
    class_weight: str = "none"
    threshold: str = "half"
    folds: int | None = None
    max_minutes: float | None = None
    deterministic: str = "no"
    seed: int = 0
    exclude: tuple[str, ...] = ()
    time_column: str | None = None
    group_column: str | None = None
    device: str = "auto"

    def as_dict(self) -> dict[str, Any]:
        values = {name: getattr(self, name) for name in FIELDS}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}

    @classmethod
    def parse(cls, data: Mapping[str, Any], required: tuple[str, ...] = ()) -> TrainingSpec:
        """Check plain values against `FIELDS`.

        Raises:
            Refusal: with one problem per unknown key, missing required key or value out of bounds.
        """
        problems = [_unknown(key) for key in data if key not in FIELDS]
        problems += [_missing(key) for key in required if data.get(key) is None]
        values: dict[str, Any] = {}
        for key, spec_field in FIELDS.items():
            if data.get(key) is None:
                continue
            try:
                values[key] = _CHECKS[spec_field.kind](spec_field, data[key])
            except Refusal as refusal:
                problems += refusal.problems
        if problems:
            raise Refusal(problems)
        return cls(**values)


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


def _refuse(spec_field: SpecField, code: str, message: Message) -> Refusal:
    return Refusal(Problem(code, message, spec_field.name))


def _unknown(key: str) -> Problem:
    known = ", ".join(FIELDS)
    message = Message("There is no setting named “{name}”. The settings are: {known}.", {"name": _shown(key), "known": known})
    return Problem("unknown_field", message, _shown(key))


def _missing(key: str) -> Problem:
    return Problem("missing_field", Message("“{field}” is missing. Give it a value.", {"field": key}), key)


def _check_integer(spec_field: SpecField, value: object) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        message = Message("“{field}” must be a whole number, not “{value}”.", {"field": spec_field.name, "value": _shown(value)})
        raise _refuse(spec_field, "not_a_whole_number", message)
    _check_bounds(spec_field, value)
    return value


def _check_number(spec_field: SpecField, value: object) -> float:
    # Whole numbers may be too long for a float: they meet their bounds as they are.
    is_infinite = isinstance(value, float) and not math.isfinite(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or is_infinite:
        message = Message("“{field}” must be a number, not “{value}”.", {"field": spec_field.name, "value": _shown(value)})
        raise _refuse(spec_field, "not_a_number", message)
    _check_bounds(spec_field, value)
    return float(value)


def _check_bounds(spec_field: SpecField, value: float) -> None:
    low, high = spec_field.low, spec_field.high
    if (low is None or value >= low) and (high is None or value <= high):
        return
    params: dict[str, Scalar] = {"field": spec_field.name, "low": _plain(low), "high": _plain(high), "value": _shown(value)}
    if high is None:
        raise _refuse(spec_field, "out_of_bounds", Message("“{field}” must be at least {low}, not {value}.", params))
    raise _refuse(spec_field, "out_of_bounds", Message("“{field}” must be between {low} and {high}, not {value}.", params))


def _plain(bound: float | None) -> str:
    """A bound as people write it: 0.00001 rather than 1e-05."""
    return f"{bound:.10f}".rstrip("0").rstrip(".") if bound else "0"


def _check_choice(spec_field: SpecField, value: object) -> str:
    if not isinstance(value, str) or value not in spec_field.choices:
        text = "“{field}” cannot be “{value}”. Choose one of: {choices}."
        params: dict[str, Scalar] = {"field": spec_field.name, "value": _shown(value), "choices": ", ".join(spec_field.choices)}
        raise _refuse(spec_field, "not_a_choice", Message(text, params))
    return value


def _check_text(spec_field: SpecField, value: object) -> str:
    if not isinstance(value, str):
        message = Message("“{field}” must be text, not “{value}”.", {"field": spec_field.name, "value": _shown(value)})
        raise _refuse(spec_field, "not_text", message)
    return value


def _check_names(spec_field: SpecField, value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        text = "“{field}” must be a list of column names, not “{value}”."
        raise _refuse(spec_field, "not_names", Message(text, {"field": spec_field.name, "value": _shown(value)}))
    return tuple(dict.fromkeys(value))


def _check_widths(spec_field: SpecField, value: object) -> tuple[int, ...]:
    if not isinstance(value, list | tuple) or len(value) > MAX_HIDDEN_LAYERS:
        text = "“{field}” must be a list of at most {most} layer widths, not “{value}”."
        params: dict[str, Scalar] = {"field": spec_field.name, "most": MAX_HIDDEN_LAYERS, "value": _shown(value)}
        raise _refuse(spec_field, "not_widths", Message(text, params))
    return tuple(_check_integer(spec_field, width) for width in value)


_CHECKS = {
    "integer": _check_integer,
    "number": _check_number,
    "choice": _check_choice,
    "text": _check_text,
    "names": _check_names,
    "widths": _check_widths,
}

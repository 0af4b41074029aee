"""What states, kinds, tasks and measures are called on the pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.datasets.samples import SAMPLE_NAMES
from app.jobs.snapshot import describe_state
from app.records import DatasetStatus, Job, JobStatus
from locales import Translator
from trainer.contract import Message

STATES: Mapping[str, tuple[Message, str]] = {
    JobStatus.QUEUED: (Message("Waiting"), ""),
    JobStatus.STARTING: (Message("Starting"), "busy"),
    JobStatus.LOADING: (Message("Loading data"), "busy"),
    JobStatus.RUNNING: (Message("Training"), "busy"),
    JobStatus.PAUSED: (Message("Paused"), "warn"),
    JobStatus.COMPLETED: (Message("Completed"), "good"),
    JobStatus.FAILED: (Message("Failed"), "bad"),
    JobStatus.STOPPED: (Message("Stopped"), "warn"),
}
DATASET_STATES: Mapping[str, tuple[Message, str]] = {
    DatasetStatus.READING: (Message("Being read"), "busy"),
    DatasetStatus.READY: (Message("Ready"), "good"),
    DatasetStatus.FAILED: (Message("Unreadable"), "bad"),
}
TASKS: Mapping[str, Message] = {
    "binary": Message("Classification, two classes"),
    "multiclass": Message("Classification, several classes"),
    "regression": Message("Regression (a number)"),
}
NETWORKS: Mapping[str, Message] = {
    "tabm": Message("Many networks in one (TabM)"),
    "realmlp": Message("Neural network with proven defaults (RealMLP)"),
    "mlp": Message("Neural network (MLP)"),
    "linear": Message("Linear model"),
    "ft_transformer": Message("Transformer over columns (FT-Transformer)"),
    "text_fast": Message("Words and letters (text_fast)"),
    "text_cnn": Message("Sliding windows over text (TextCNN)"),
    "text_transformer": Message("Transformer over text"),
}
ABOUT_NETWORKS: Mapping[str, Message] = {
    "tabm": Message("Sixteen networks that share most of their weights: the most accurate here, and the slowest."),
    "realmlp": Message("One network with defaults found on a hundred tables: nearly as accurate, and faster on large tables."),
    "mlp": Message("Plain layers of the widths that you choose."),
    "linear": Message("Simpler than the others, and a good yardstick."),
    "ft_transformer": Message("Every column looks at all others. Slow on a processor, at home on a GPU."),
    "text_fast": Message("For texts: reads words, runs of words and runs of letters, within seconds."),
    "text_cnn": Message("For texts whose word order matters. Learns from scratch: give it many rows."),
    "text_transformer": Message("For texts whose word order matters. Learns from scratch: give it very many rows, and a GPU."),
}
OPTIMISERS: Mapping[str, Message] = {"adamw": Message("AdamW"), "nadam": Message("NAdam"), "sgd": Message("SGD with momentum")}
SCHEDULES: Mapping[str, Message] = {
    "one_cycle": Message("Up, then down (one cycle)"),
    "cosine": Message("Down (cosine)"),
    "flat_cosine": Message("Level, then down (flat cosine)"),
    "four_cosines": Message("Four hills, each longer"),
    "plateau": Message("Down where nothing gets better (plateau)"),
    "constant": Message("Always the same"),
}
PRECISIONS: Mapping[str, Message] = {
    "auto": Message("As is fast here"),
    "float32": Message("Whole (float32)"),
    "bfloat16": Message("Half (bfloat16)"),
}
CLASS_WEIGHTS: Mapping[str, Message] = {
    "none": Message("Every row counts the same"),
    "balanced": Message("Every class counts the same"),
}
THRESHOLDS: Mapping[str, Message] = {
    "half": Message("One half"),
    "accuracy": Message("Where most are right (accuracy)"),
    "balanced_accuracy": Message("Where both classes are right alike (balanced accuracy)"),
    "f1": Message("Where F1 is best"),
}
CERTAINTIES: Mapping[str, Message] = {"no": Message("As far as it costs nothing"), "yes": Message("Whatever it costs")}
DEVICES: Mapping[str, Message] = {"cpu": Message("Processor (CPU)"), "gpu": Message("GPU")}
# Settings whose values are words, by the name of the setting.
CHOICES: Mapping[str, Mapping[str, Message]] = {
    "task": TASKS,
    "network": NETWORKS,
    "optimiser": OPTIMISERS,
    "schedule": SCHEDULES,
    "precision": PRECISIONS,
    "class_weight": CLASS_WEIGHTS,
    "threshold": THRESHOLDS,
    "deterministic": CERTAINTIES,
    "device": DEVICES,
}
KINDS: Mapping[str, Message] = {
    "number": Message("Number"),
    "integer": Message("Whole number"),
    "boolean": Message("Yes or no"),
    "category": Message("Category"),
    "text": Message("Free text"),
    "date": Message("Date"),
    "identifier": Message("Identifier"),
    "constant": Message("Constant"),
}
MEASURES: Mapping[str, Message] = {
    "accuracy": Message("Accuracy"),
    "balanced_accuracy": Message("Balanced accuracy"),
    "roc_auc": Message("ROC AUC"),
    "f1": Message("F1 score"),
    "log_loss": Message("Log loss"),
    "r2": Message("R²"),
    "rmse": Message("Root mean squared error"),
    "mae": Message("Mean absolute error"),
}
SHORT_MEASURES: Mapping[str, Message] = {"accuracy": Message("Accuracy"), "rmse": Message("RMSE")}
PARTS: Mapping[str, Message] = {
    "test": Message("Test rows"),
    "validation": Message("Validation rows"),
    "boosting": Message("Boosted trees"),
    "words": Message("Linear model on words"),
    "trivial": Message("Guessing blindly"),
}
SHARES = frozenset({"accuracy", "balanced_accuracy"})
SCORES = frozenset({"roc_auc", "f1", "r2"})  # between 0 and 1, where a millionth means nothing
SCORE_DECIMALS = 4


def name_of(_: Translator, names: Mapping[str, Message], key: str | None) -> str:
    """The name in the reader's language; a key that nobody named yet as it is."""
    if key is None:
        return "–"
    return _.message(names[key]) if key in names else key


def dataset_name(_: Translator, dataset_id: str, name: str) -> str:
    """A built-in sample's name in the reader's language; anybody's own data set as they named it."""
    return _.message(SAMPLE_NAMES[dataset_id]) if dataset_id in SAMPLE_NAMES else name


def state_of(_: Translator, job: Job) -> tuple[str, str]:
    """(name, tone) of a job's state."""
    if job.state.is_live and job.stop_requested:
        return _("Stopping"), "warn"
    if job.state.is_live and job.pause_requested:
        return _("Pausing"), "warn"
    message, tone = STATES[job.status]
    return _.message(message), tone


def sentence_of(_: Translator, job: Job) -> str:
    return _.message(describe_state(job))


def measure(_: Translator, name: str, value: object) -> str:
    """A metric's value: shares as percentages."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "–"
    if name in SHARES:
        return _.percent(value, 1)
    return _.number(round(float(value), SCORE_DECIMALS) if name in SCORES else float(value))


def parts_of(metrics: Mapping[str, Any] | None) -> dict[str, Mapping[str, Any]]:
    """Metrics by part of the data; a flat mapping counts as the test rows'."""
    if not metrics:
        return {}
    parts = {name: metrics[name] for name in PARTS if isinstance(metrics.get(name), Mapping)}
    return parts or {"test": metrics}


def primary_figure(_: Translator, job: Job) -> str:
    """The one number that says how good a run is: on test rows when there are, else on validation rows."""
    parts = parts_of(job.metrics)
    best = parts.get("test") or parts.get("validation") or {}
    for name in ((job.metrics or {}).get("primary"), "accuracy", "rmse"):
        if isinstance(name, str) and isinstance(best.get(name), int | float):
            return f"{name_of(_, SHORT_MEASURES, name)} {measure(_, name, best[name])}"
    return _("Validation loss {value}", value=job.validation_loss) if job.validation_loss is not None else "–"

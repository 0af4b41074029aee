"""True values and predictions of one part of the rows enter, named metrics leave; None where one is undefined.

From scikit-learn. Classes that are absent from a part neither fail nor warn: they are left out of the averages.
"""

from __future__ import annotations

import math
from typing import Any

import numpy
from numpy.typing import NDArray
from sklearn import metrics

from trainer.preparing.targets import REGRESSION, TargetCoding

Metrics = dict[str, float | None]
MIN_CLASSES = 2


def measure(coding: TargetCoding, true: NDArray[Any], predicted: NDArray[Any]) -> Metrics:
    """Measure one part.

    `true` is [rows]: class numbers, or values in the target's own units. `predicted` is [rows, classes] probabilities,
    or [rows] values.
    """
    if coding.task == REGRESSION:
        return measure_numbers(true, predicted)
    return measure_classes(true, predicted, coding.decide(predicted))


def primary_metric(task: str) -> str:
    """The metric a run is named by."""
    return "rmse" if task == REGRESSION else "accuracy"


def measure_numbers(true: NDArray[Any], predicted: NDArray[Any]) -> Metrics:
    """RMSE and MAE in the target's own units, and R²."""
    spread = len(true) > 1 and numpy.ptp(true) > 0
    return {
        "rmse": _finite(metrics.root_mean_squared_error(true, predicted)),
        "mae": _finite(metrics.mean_absolute_error(true, predicted)),
        "r2": _finite(metrics.r2_score(true, predicted)) if spread else None,
    }


def measure_classes(true: NDArray[Any], probabilities: NDArray[Any], chosen: NDArray[Any]) -> Metrics:
    """Accuracy, balanced accuracy, macro F1, ROC AUC (one class against the rest, macro) and log loss; `chosen` is [rows]."""
    present = sorted(set(true.tolist()))
    seen = sorted(set(true.tolist()) | set(chosen.tolist()))
    classes = list(range(probabilities.shape[1]))
    return {
        "accuracy": _finite(metrics.accuracy_score(true, chosen)),
        "balanced_accuracy": _finite(metrics.recall_score(true, chosen, labels=present, average="macro", zero_division=0.0)),
        "f1": _finite(metrics.f1_score(true, chosen, labels=seen, average="macro", zero_division=0.0)),
        "roc_auc": _roc_auc(true, probabilities, present),
        "log_loss": _finite(metrics.log_loss(true, probabilities, labels=classes)),
    }


def confusion(true: NDArray[Any], chosen: NDArray[Any], classes: int) -> list[list[int]]:
    """Rows are true classes, columns predicted ones."""
    counts = metrics.confusion_matrix(true, chosen, labels=list(range(classes)))
    return [[int(count) for count in row] for row in counts]


def measure_each_class(true: NDArray[Any], chosen: NDArray[Any], classes: int) -> list[dict[str, float | int]]:
    """For each class: how many rows are of it, how many were taken for it, precision, recall and F1 (0 where undefined)."""
    labels = list(range(classes))
    precision, recall, f1, rows = metrics.precision_recall_fscore_support(true, chosen, labels=labels, zero_division=0.0)
    predicted = numpy.bincount(chosen, minlength=classes)
    return [
        {
            "rows": int(rows[label]),
            "predicted": int(predicted[label]),
            "precision": float(precision[label]),
            "recall": float(recall[label]),
            "f1": float(f1[label]),
        }
        for label in labels
    ]


def _roc_auc(true: NDArray[Any], probabilities: NDArray[Any], present: list[int]) -> float | None:
    if len(present) < MIN_CLASSES:
        return None
    if probabilities.shape[1] == MIN_CLASSES:
        return _finite(metrics.roc_auc_score(true, probabilities[:, 1]))
    areas = [metrics.roc_auc_score(true == label, probabilities[:, label]) for label in present]
    return _finite(sum(areas) / len(areas))


def _finite(number: float) -> float | None:
    number = float(number)  # scikit-learn gives NumPy scalars
    return number if math.isfinite(number) else None

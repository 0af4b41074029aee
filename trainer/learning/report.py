"""What was learnt and how well enters, report.json leaves: metrics beside those of a trivial predictor, on the same rows."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from typing import Any

import numpy
import pandas
import sklearn
import torch
from numpy.typing import NDArray

from trainer.learning.metrics import Metrics, confusion, measure, primary_metric
from trainer.preparing.targets import REGRESSION, TargetCoding

MAX_CONFUSION_CLASSES = 50


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the rows: true values and predictions as `measure` takes them."""

    true: NDArray[Any]
    predicted: NDArray[Any]


def write_metrics(coding: TargetCoding, validation: Part, test: Part, train_true: NDArray[Any]) -> dict[str, Any]:
    """The metrics of the network and of the trivial predictor, and the confusion matrix of the test rows."""
    few_classes = coding.task != REGRESSION and coding.outputs <= MAX_CONFUSION_CLASSES
    return {
        "primary": primary_metric(coding.task),
        "test": measure(coding, test.true, test.predicted),
        "validation": measure(coding, validation.true, validation.predicted),
        "trivial": measure_trivial(coding, train_true, test.true),
        "confusion": {"labels": list(coding.classes), "counts": confusion(test.true, test.predicted)} if few_classes else None,
    }


def measure_trivial(coding: TargetCoding, train_true: NDArray[Any], test_true: NDArray[Any]) -> Metrics:
    """What one learns without looking at any column: the mean of the training rows, or how common each class is there."""
    if coding.task == REGRESSION:
        return measure(coding, test_true, numpy.full(len(test_true), train_true.mean()))
    shares = numpy.bincount(train_true, minlength=coding.outputs) / len(train_true)
    return measure(coding, test_true, numpy.tile(shares, (len(test_true), 1)))


def describe_versions() -> dict[str, str]:
    """What the numbers were computed with."""
    return {
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "numpy": numpy.__version__,
        "pandas": pandas.__version__,
        "scikit-learn": sklearn.__version__,
    }

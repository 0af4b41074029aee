"""What was learnt and how well enters, what report.json says of it leaves: metrics beside those of a trivial predictor.

With how far they may be off, each class by itself, and what all of it was computed with.
"""

from __future__ import annotations

import dataclasses
import os
import platform
import resource
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
import pandas
import sklearn
import torch
from numpy.typing import NDArray

from trainer.learning.bootstrap import find_intervals
from trainer.learning.metrics import Metrics, confusion, measure, measure_each_class, primary_metric
from trainer.learning.thresholds import HALF
from trainer.preparing.targets import BINARY_CLASSES, REGRESSION, TargetCoding

MAX_CONFUSION_CLASSES = 50
STATUS = Path("/proc/self/status")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the rows: true values and predictions as `measure` takes them."""

    true: NDArray[Any]
    predicted: NDArray[Any]


def write_metrics(coding: TargetCoding, validation: Part, test: Part, train_true: NDArray[Any], seed: int) -> dict[str, Any]:
    """The metrics of the model and of the trivial predictor; intervals, classes and confusion matrix of the test rows."""
    return {
        "primary": primary_metric(coding.task),
        "test": measure(coding, test.true, test.predicted),
        "intervals": {
            name: ends and list(ends) for name, ends in find_intervals(coding, test.true, test.predicted, seed).items()
        },
        "classes": _write_classes(coding, test),
        "validation": measure(coding, validation.true, validation.predicted),
        "trivial": measure_trivial(coding, train_true, test.true),
        "confusion": _write_confusion(coding, test),
        "threshold": coding.threshold if coding.outputs == BINARY_CLASSES else None,
    }


def measure_trivial(coding: TargetCoding, train_true: NDArray[Any], test_true: NDArray[Any]) -> Metrics:
    """What one learns without looking at any column: the mean of the training rows, or how common each class is there."""
    coding = dataclasses.replace(coding, threshold=HALF)
    if coding.task == REGRESSION:
        return measure(coding, test_true, numpy.full(len(test_true), train_true.mean()))
    shares = numpy.bincount(train_true, minlength=coding.outputs) / len(train_true)
    return measure(coding, test_true, numpy.tile(shares, (len(test_true), 1)))


def _write_confusion(coding: TargetCoding, test: Part) -> dict[str, Any] | None:
    if coding.task == REGRESSION or coding.outputs > MAX_CONFUSION_CLASSES:
        return None
    counts = confusion(test.true, coding.decide(test.predicted), coding.outputs)
    return {"labels": list(coding.classes), "counts": counts}


def _write_classes(coding: TargetCoding, test: Part) -> list[dict[str, Any]] | None:
    if coding.task == REGRESSION:
        return None
    each = measure_each_class(test.true, coding.decide(test.predicted), coding.outputs)
    return [{"label": label, **found} for label, found in zip(coding.classes, each, strict=True)]


def describe_machine(device: str, threads: int) -> dict[str, Any]:
    """Where it was computed, and with what."""
    name = torch.cuda.get_device_name() if device == "cuda" else platform.processor() or platform.machine()
    return {
        "system": f"{platform.system()} {platform.release()}",
        "device": device,
        "device_name": name,
        "cores": os.cpu_count() or 1,
        "threads": threads,
        "versions": _describe_versions(),
    }


def peak_memory_mb() -> float:
    """The most memory this process has had."""
    if STATUS.exists():  # getrusage also counts what the process was before it became this program
        kilobytes = next(line.split()[1] for line in STATUS.read_text("utf-8").splitlines() if line.startswith("VmHWM"))
        return round(int(kilobytes) * 1024 / 1_000_000, 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak * (1 if sys.platform == "darwin" else 1024) / 1_000_000, 1)


def _describe_versions() -> dict[str, str]:
    """What the numbers were computed with."""
    return {
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "numpy": numpy.__version__,
        "pandas": pandas.__version__,
        "scikit-learn": sklearn.__version__,
    }

"""The column to predict: enters as values, leaves as class numbers or standardised numbers, and back again.

Refused: numbers too large to compute with. What else a target must be is settled before (trainer.contract.target).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy
import pandas
from numpy.typing import NDArray

from trainer.contract.messages import Message, Problem, Refusal
from trainer.preparing.labels import as_written

REGRESSION = "regression"
BINARY_CLASSES = 2


@dataclass(frozen=True, slots=True)
class TargetCoding:
    """How the target is written for the network: `classes` in order, or `mean` and `scale` for numbers.

    Of two classes, the second is predicted where it is more probable than `threshold`.
    """

    name: str
    task: str
    classes: tuple[str, ...] = ()
    mean: float = 0.0
    scale: float = 1.0
    threshold: float = 0.5

    @property
    def outputs(self) -> int:
        """How many numbers the network gives per row."""
        return 1 if self.task == REGRESSION else len(self.classes)

    def encode(self, values: pandas.Series[Any]) -> NDArray[Any]:
        """Class numbers (int64) or standardised values (float32), shape [rows]; no value may be missing."""
        if self.task == REGRESSION:
            numbers = pandas.to_numeric(values).to_numpy(dtype=numpy.float64)
            return ((numbers - self.mean) / self.scale).astype(numpy.float32)
        positions = {label: position for position, label in enumerate(self.classes)}
        return as_written(values).map(positions).to_numpy(dtype=numpy.int64, copy=True)  # pandas lends read-only views

    def decide(self, probabilities: NDArray[Any]) -> NDArray[numpy.int64]:
        """The number of the class [rows] that is predicted of probabilities [rows, classes]."""
        if len(self.classes) == BINARY_CLASSES:
            return (probabilities[:, 1] > self.threshold).astype(numpy.int64)
        chosen: NDArray[numpy.int64] = probabilities.argmax(axis=1)
        return chosen

    def to_plain(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "task": self.task,
            "classes": list(self.classes),
            "mean": self.mean,
            "scale": self.scale,
            "threshold": self.threshold,
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> TargetCoding:
        return cls(**{**plain, "classes": tuple(plain["classes"])})


def fit_target(name: str, task: str, values: pandas.Series[Any], training: pandas.Series[Any]) -> TargetCoding:
    """Classes come from all rows with a target (`values`), so that none is unknown; numbers from the training rows alone."""
    if task != REGRESSION:
        return TargetCoding(name, task, classes=sorted_classes(values))
    numbers = pandas.to_numeric(training).to_numpy(dtype=numpy.float64)
    with numpy.errstate(over="ignore", invalid="ignore"):
        mean, scale = float(numbers.mean()), float(numbers.std())
    if not (numpy.isfinite(mean) and numpy.isfinite(scale)):
        text = "“{target}” cannot be predicted: its values are too large (up to {largest}). Choose another target."
        message = Message(text, {"target": name, "largest": f"{numpy.abs(numbers).max():.3g}"})
        raise Refusal(Problem("target_not_learnable", message, "target"))
    return TargetCoding(name, task, mean=mean, scale=scale or 1.0)


def sorted_classes(values: pandas.Series[Any]) -> tuple[str, ...]:
    """The labels of all classes; numbers in their own order, everything else alphabetically."""
    return tuple(dict.fromkeys(as_written(pandas.Series(sorted(values.unique())))))

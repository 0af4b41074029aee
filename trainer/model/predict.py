"""A bundle and rows of a table enter, predictions leave, with a note on everything that had to be taken as missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy
import torch
from numpy.typing import NDArray

from trainer.contract.messages import Message, Scalar
from trainer.model.bundle import Bundle
from trainer.networks import predict as predict_outputs
from trainer.networks.members import settle_members
from trainer.preparing.features import FeatureReading
from trainer.preparing.table import Cells
from trainer.preparing.targets import REGRESSION, TargetCoding


@dataclass(frozen=True, slots=True)
class Prediction:
    """One value per row, and what could not be read.

    For classes also the probability [rows, classes] of each, and that of the predicted one [rows].
    """

    values: list[str] | list[float]
    probabilities: NDArray[numpy.float64] | None
    notes: list[Message]
    chosen_probability: list[float] | None = None


def predict(bundle: Bundle, frame: Cells) -> Prediction:
    """Predict every row of `frame`; the target may be absent, columns that were not learnt from are ignored."""
    reading = bundle.features.read(frame)
    decoded = decode_outputs(predict_outputs(bundle.trained.network, reading.rows), bundle.coding)
    notes = _describe(reading)
    if bundle.coding.task == REGRESSION:
        return Prediction([float(value) for value in decoded], None, notes)
    chosen = bundle.coding.decide(decoded)
    values, probability = [bundle.coding.classes[place] for place in chosen], decoded[numpy.arange(len(chosen)), chosen]
    return Prediction(values, decoded, notes, probability.tolist())


def decode_outputs(outputs: torch.Tensor, coding: TargetCoding) -> NDArray[numpy.float64]:
    """Raw outputs as probabilities [rows, classes], or as values [rows] in the target's own units."""
    outputs = settle_members(outputs, is_regression=coding.task == REGRESSION)
    if coding.task == REGRESSION:
        values: NDArray[Any] = outputs[:, 0].double().numpy() * coding.scale + coding.mean
        return values
    probabilities: NDArray[Any] = torch.softmax(outputs.double(), dim=1).numpy()
    return probabilities


def _describe(reading: FeatureReading) -> list[Message]:
    notes = [
        Message("The rows have no column “{column}”; it was taken as missing.", {"column": column})
        for column in reading.missing_columns
    ]
    for column, (count, example) in reading.unread.items():
        params: dict[str, Scalar] = {"column": column, "count": count, "example": example}
        notes.append(
            Message(
                "“{column}”: {count} values not known from training, such as “{example}”, were taken as other or missing.", params
            )
        )
    return notes

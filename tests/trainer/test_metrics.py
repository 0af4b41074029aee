from __future__ import annotations

import numpy
import pytest

from trainer.learning.metrics import confusion, measure_classes, measure_numbers
from trainer.learning.report import measure_trivial
from trainer.preparing.targets import TargetCoding


def test_perfect_and_opposite_predictions() -> None:
    true = numpy.array([0, 1, 0, 1])
    right = numpy.array([[0.9, 0.1], [0.1, 0.9], [0.8, 0.2], [0.2, 0.8]])
    assert measure_classes(true, right, true)["accuracy"] == 1.0
    assert measure_classes(true, right, true)["roc_auc"] == 1.0
    assert measure_classes(true, right[:, ::-1], 1 - true)["roc_auc"] == 0.0
    assert confusion(true, true, 2) == [[2, 0], [0, 2]]


@pytest.mark.parametrize("true", [[0], [1, 1, 1], [0, 2, 2]])
def test_absent_classes_neither_fail_nor_warn(true: list[int]) -> None:
    measured = measure_classes(numpy.array(true), numpy.full((len(true), 3), 1 / 3), numpy.zeros(len(true), dtype=int))
    assert measured["log_loss"] == pytest.approx(numpy.log(3))
    assert (measured["roc_auc"] is None) == (len(set(true)) == 1)
    assert all(value is not None for name, value in measured.items() if name != "roc_auc")


def test_numbers_are_measured_in_their_own_units() -> None:
    measured = measure_numbers(numpy.array([1.0, 3.0]), numpy.array([2.0, 5.0]))
    assert measured == {"rmse": pytest.approx(2.5**0.5), "mae": 1.5, "r2": pytest.approx(-1.5)}
    assert measure_numbers(numpy.array([1.0]), numpy.array([2.0]))["r2"] is None


def test_trivial_predictor_knows_the_training_rows_alone() -> None:
    coding = TargetCoding("t", "binary", classes=("no", "yes"))
    assert measure_trivial(coding, numpy.array([0, 0, 1]), numpy.array([1, 1, 0]))["accuracy"] == pytest.approx(1 / 3)
    number = TargetCoding("t", "regression")
    assert measure_trivial(number, numpy.array([1.0, 3.0]), numpy.array([2.0, 4.0]))["mae"] == 1.0

"""Intervals say how far a metric may be off: they hold what they promise, and measure as scikit-learn does."""

from __future__ import annotations

from typing import Any

import numpy
import pytest
from numpy.typing import NDArray

from trainer.learning import bootstrap
from trainer.learning.bootstrap import find_intervals
from trainer.learning.metrics import measure
from trainer.preparing.targets import TargetCoding

NUMBER, BINARY = TargetCoding("y", "regression"), TargetCoding("y", "binary", ("a", "b"))


def coding_of(classes: int) -> TargetCoding:
    return TargetCoding("y", "multiclass", tuple(map(str, range(classes)))) if classes else NUMBER


@pytest.mark.parametrize("classes", [0, 2, 3, 7])
@pytest.mark.parametrize("seed", range(4))
def test_each_draw_is_measured_as_scikit_learn_measures_its_rows(classes: int, seed: int) -> None:
    generator = numpy.random.default_rng(seed)
    rows = 60
    true: NDArray[Any]
    if classes:
        true = generator.integers(max(2, classes - 1), size=rows)  # one class may be absent
        predicted = generator.dirichlet(numpy.ones(classes), size=rows).round(2) + 0.01  # with equal scores
        predicted /= predicted.sum(axis=1, keepdims=True)
        weigh = bootstrap._classes(true, predicted, coding_of(classes).decide(predicted))
    else:
        true = generator.normal(size=rows)
        predicted = true + generator.normal(size=rows)
        weigh = bootstrap._numbers(true, predicted)
    drawn = generator.integers(rows, size=rows)
    wanted = measure(coding_of(classes), true[drawn], predicted[drawn])
    found = weigh(numpy.bincount(drawn, minlength=rows))
    assert found == pytest.approx(wanted, abs=1e-9)


def test_intervals_hold_the_truth_about_as_often_as_they_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "MOST_DRAWS", 200)
    generator = numpy.random.default_rng(0)
    held = 0
    for seed in range(200):
        true = generator.integers(2, size=150)
        is_right = generator.random(150) < 0.8
        predicted = numpy.where(is_right, true, 1 - true)
        interval = find_intervals(BINARY, true, numpy.stack([1 - predicted, predicted], axis=1).astype(float), seed)["accuracy"]
        assert interval is not None
        held += interval[0] <= 0.8 <= interval[1]
    assert 0.88 <= held / 200 <= 0.99


def test_more_rows_make_narrower_intervals_and_equal_seeds_equal_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "MOST_DRAWS", 200)
    generator = numpy.random.default_rng(1)
    widths = []
    for rows in (50, 5000):
        true = generator.normal(size=rows)
        predicted = true + generator.normal(size=rows)
        low, high = find_intervals(NUMBER, true, predicted, 3)["rmse"] or (0.0, 0.0)
        assert (low, high) == find_intervals(NUMBER, true, predicted, 3)["rmse"]
        assert low < measure(NUMBER, true, predicted)["rmse"] < high  # type: ignore[operator]
        widths.append(high - low)
    assert widths[1] < widths[0] / 5


def test_what_is_undefined_has_no_interval() -> None:
    alone = find_intervals(BINARY, numpy.zeros(9, dtype=int), numpy.full((9, 2), 0.5), 0)
    assert alone["roc_auc"] is None
    assert alone["accuracy"] == (1.0, 1.0)
    assert find_intervals(NUMBER, numpy.ones(1), numpy.ones(1), 0)["r2"] is None

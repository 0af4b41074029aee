"""Where one class is rare: its rows count for more, and the threshold is what suits it, found on the validation rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
import torch
from sklearn import metrics

from tests.trainer.conftest import ingest_file
from tests.trainer.test_loop import run_training
from trainer.contract import AUTO, Message, Refusal, RunFolder, TrainingSpec, settle
from trainer.learning.losses import balance_classes, compute_loss
from trainer.learning.thresholds import find_threshold
from trainer.model.bundle import load_bundle
from trainer.model.predict import predict
from trainer.preparing.targets import TargetCoding

GOALS: dict[str, Any] = {
    "accuracy": metrics.accuracy_score,
    "balanced_accuracy": metrics.balanced_accuracy_score,
    "f1": lambda true, chosen: metrics.f1_score(true, chosen, average="macro"),
}


@pytest.fixture
def frauds(tmp_path: Path) -> Path:
    """One row in ten is a fraud, and amounts tell them apart only so far."""
    generator = numpy.random.default_rng(0)
    is_fraud = generator.random(600) < 0.1
    amounts = generator.normal(numpy.where(is_fraud, 1.2, 0.0), 1.0)
    verdicts = numpy.where(is_fraud, "fraud", "none")
    rows = zip(amounts, generator.random(600), verdicts, strict=True)
    lines = [f"{amount:.4f},{noise:.3f},{verdict}" for amount, noise, verdict in rows]
    (tmp_path / "frauds.csv").write_text("amount,noise,verdict\n" + "\n".join(lines))
    return ingest_file(tmp_path / "frauds.csv", tmp_path / "frauds")


@pytest.mark.parametrize("goal", GOALS)
@pytest.mark.parametrize("seed", range(5))
def test_no_other_threshold_is_better(goal: str, seed: int) -> None:
    generator = numpy.random.default_rng(seed)
    is_second = generator.random(80) < 0.3
    scores = (0.3 * is_second + generator.random(80) * 0.7).round(2)
    found = find_threshold(is_second, scores, goal)
    best = max(GOALS[goal](is_second, scores > threshold) for threshold in numpy.linspace(-0.005, 1.005, 102))
    assert GOALS[goal](is_second, scores > found) == pytest.approx(best)
    assert not numpy.isclose(scores, found).any(), "no row stands on the edge"


def test_among_equal_thresholds_the_one_nearest_to_a_half_is_taken() -> None:
    is_second = numpy.array([False, False, True, True])
    assert find_threshold(is_second, numpy.array([0.1, 0.2, 0.9, 0.95]), "f1") == pytest.approx(0.55)
    assert find_threshold(is_second, numpy.array([0.9, 0.95, 0.1, 0.2]), "half") == 0.5
    assert find_threshold(numpy.array([False, False]), numpy.array([0.1, 0.2]), "f1") == 0.5


def test_balanced_classes_count_the_same_and_a_row_one_on_average() -> None:
    targets = torch.tensor([0] * 8 + [1] * 2)
    weights = balance_classes(targets, 2)
    assert weights[targets].mean() == pytest.approx(1.0)
    assert weights[0] * 8 == weights[1] * 2
    coding, outputs = TargetCoding("y", "binary", ("a", "b")), torch.randn(10, 2, generator=torch.Generator().manual_seed(0))
    each = [compute_loss(outputs[targets == label], targets[targets == label], coding) for label in (0, 1)]
    assert compute_loss(outputs, targets, coding, class_weights=weights).item() == pytest.approx(sum(each).item() / 2)  # type: ignore[union-attr]


def test_a_threshold_is_found_saved_and_used(frauds: Path, folder: RunFolder) -> None:
    settings: dict[str, Any] = {"target": "verdict", "network": AUTO, "epochs": 5, "folds": 2}
    plain = run_training(frauds, folder, **settings)[0].report
    tuned = run_training(frauds, folder, **settings, threshold="balanced_accuracy")[0].report
    assert plain is not None
    assert tuned is not None
    assert plain["threshold"] == 0.5
    assert tuned["threshold"] > 0.5, "classes are in the order of their names: the second is the common one"
    assert tuned["test"]["balanced_accuracy"] > plain["test"]["balanced_accuracy"] + 0.1
    assert tuned["test"]["roc_auc"] == pytest.approx(plain["test"]["roc_auc"], abs=0.05)
    bundle = load_bundle(folder.model)
    assert bundle.coding.threshold == tuned["threshold"]
    found = predict(bundle, pandas.DataFrame({"amount": numpy.linspace(-3, 4, 60), "noise": [0.5] * 60}))
    assert found.probabilities is not None
    is_common = found.probabilities[:, 1] > tuned["threshold"]
    assert [value == "none" for value in found.values] == is_common.tolist()
    assert not is_common.all()
    of_chosen = [row[int(value == "none")] for row, value in zip(found.probabilities, found.values, strict=True)]
    assert found.chosen_probability == pytest.approx(of_chosen)
    assert sum(row["predicted"] for row in tuned["classes"]) == tuned["rows"]["test"]


@pytest.mark.parametrize("network", ["mlp", "realmlp"])
def test_rows_of_a_rare_class_count_for_more_in_networks_and_trees(frauds: Path, folder: RunFolder, network: str) -> None:
    settings: dict[str, Any] = {"target": "verdict", "network": network, "epochs": 12}
    plain = run_training(frauds, folder, **settings)[0].report
    balanced = run_training(frauds, folder, **settings, class_weight="balanced")[0].report
    assert plain is not None
    assert balanced is not None
    for name in ("network", "boosting"):
        before, after = (report["compared"][name]["test"]["balanced_accuracy"] for report in (plain, balanced))
        assert after > before + 0.05, name


def test_smoothed_labels_cost_as_torch_says() -> None:
    coding, targets = TargetCoding("y", "multiclass", ("a", "b", "c")), torch.tensor([0, 2, 1])
    outputs = torch.randn(3, 3, generator=torch.Generator().manual_seed(0))
    wanted = -(0.7 * outputs.log_softmax(1)[torch.arange(3), targets] + 0.1 * outputs.log_softmax(1).sum(1)).mean()
    assert compute_loss(outputs, targets, coding, 0.3).item() == pytest.approx(wanted.item())


@pytest.mark.parametrize(
    ("settings", "codes"),
    [
        ({"target": "price", "class_weight": "balanced"}, [("needs_classes", "class_weight")]),
        ({"target": "price", "label_smoothing": 0.1}, [("needs_classes", "label_smoothing")]),
        ({"target": "price", "threshold": "f1"}, [("needs_classes", "threshold")]),
        ({"target": "three", "threshold": "f1"}, [("needs_two_classes", "threshold")]),
    ],
)
def test_what_is_for_classes_is_refused_elsewhere(settings: dict[str, Any], codes: list[tuple[str, str]]) -> None:
    columns = [
        {"name": name, "kind": kind, "distinct": distinct, "missing": 0, "task": task, "smallest_class": {"rows": 9, "others": 0}}
        for name, kind, distinct, task in (("price", "number", 90, "regression"), ("three", "category", 3, "multiclass"))
    ]
    profile = {"rows": 100, "columns": columns}
    with pytest.raises(Refusal) as refused:
        settle(TrainingSpec.parse(settings), profile)
    assert [(problem.code, problem.field) for problem in refused.value.problems] == codes
    assert isinstance(refused.value.problems[0].message, Message)

"""What could be the model beside the network: boosted trees, which predict as scikit-learn does, and both; and which it is."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from trainer.contract import AUTO, EventWriter, RunFolder, TrainingSpec, TrainOrder
from trainer.learning import candidates as candidates_module
from trainer.learning.candidates import BOTH, NETWORK, Candidate, choose
from trainer.learning.metrics import measure
from trainer.learning.report import Part
from trainer.learning.training import train
from trainer.model.bundle import load_bundle
from trainer.model.predict import decode_outputs, predict
from trainer.networks import BOOSTING, FAMILIES, NetworkShape, Trained, blend, build_network
from trainer.networks import predict as predict_outputs
from trainer.networks.boosting import fit_boosting
from trainer.preparing.preparation import prepare
from trainer.preparing.rows import Rows
from trainer.preparing.table import load_table
from trainer.preparing.targets import TargetCoding

NUMBER = TargetCoding("y", "regression")
GUESS: Any = None  # a network that is not asked


def make_rows(rows: int, seed: int) -> tuple[Rows, torch.Tensor]:
    """Two numbers and two categories, of which the second has more levels than scikit-learn takes as a category."""
    generator = torch.Generator().manual_seed(seed)
    numbers = torch.randn(rows, 2, generator=generator)
    categories = torch.stack([torch.randint(levels, (rows,), generator=generator) for levels in (5, 300)], dim=1)
    signal = numbers[:, 0] * (categories[:, 0] - 2) + (categories[:, 1] > 40).float()
    return Rows(numbers, categories), signal + 0.1 * torch.randn(rows, generator=generator)


@pytest.mark.parametrize("classes", [0, 2, 4])
def test_boosted_trees_predict_as_scikit_learn_does(classes: int) -> None:
    (rows, signal), (other, other_signal) = make_rows(600, 0), make_rows(300, 1)
    edges = torch.linspace(-1.5, 1.5, classes + 1)[1:-1] if classes else torch.empty(0)
    targets, other_targets = (torch.bucketize(s, edges) if classes else s for s in (signal, other_signal))
    shape = NetworkShape(2, 0, (7, 302), classes or 1, is_regression=not classes)
    trees, fitted = fit_boosting((rows, targets), (other, other_targets), shape, 0)
    cells, other_cells = (torch.cat([part.numbers, part.categories], dim=1).double().numpy() for part in (rows, other))
    kind = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
    wanted: Any = kind(categorical_features=[2], early_stopping=False, max_iter=fitted.fitted["steps"], random_state=0)
    wanted.fit(cells, targets.numpy())
    built = Trained.from_plain(Trained(BOOSTING, fitted, trees).to_plain()).network
    found = built(other)
    if classes:
        assert numpy.allclose(found.softmax(dim=1).numpy(), wanted.predict_proba(other_cells), atol=1e-6)
    else:
        assert numpy.allclose(found[:, 0].numpy(), wanted.predict(other_cells), atol=1e-6)


@pytest.mark.parametrize("folds", [1, 3])
@pytest.mark.parametrize("table", ["flowers", "houses"])
def test_a_model_of_both_predicts_the_mean_and_is_as_saved(
    table: str, folds: int, folder: RunFolder, events: EventWriter, request: pytest.FixtureRequest
) -> None:
    path: Path = request.getfixturevalue(table)
    spec = TrainingSpec(network=AUTO, epochs=2, folds=folds)
    outcome = train(TrainOrder(str(path), spec), folder, events, lambda: False)
    assert outcome.report is not None
    compared, name = outcome.report["compared"], outcome.report["model"]["is"]
    assert set(compared) == {NETWORK, BOOSTING, BOTH}
    assert outcome.report["test"] == compared[name]["test"]
    assert outcome.report["boosting"] == compared[BOOSTING]["test"]
    assert json.loads(folder.report.read_text())["model"] == outcome.report["model"]
    prepared = prepare(load_table(path), spec, events)
    predicted = predict(load_bundle(folder.model), prepared.rows(prepared.split.test))
    shown = numpy.array(predicted.values) if predicted.probabilities is None else predicted.probabilities
    measured = measure(prepared.coding, prepared.true(prepared.split.test), shown)
    assert measured == pytest.approx(outcome.report["test"])


@pytest.mark.parametrize("classes", [0, 3])
def test_a_blend_predicts_the_mean_of_what_its_members_predict(classes: int) -> None:
    (rows, signal), (other, _) = make_rows(200, 0), make_rows(50, 1)
    targets = torch.bucketize(signal, torch.tensor([-0.5, 0.5])) if classes else signal
    shape = NetworkShape(2, 0, (7, 302), classes or 1, is_regression=not classes, hidden=(8,))
    fitted = dataclasses.replace(shape, fitted=FAMILIES["tabm"].fit(rows, targets, shape))
    trees, trees_shape = fit_boosting((rows, targets), (rows, targets), shape, 0)
    members = [
        Trained("mlp", shape, build_network("mlp", shape, 0)),
        Trained("tabm", fitted, build_network("tabm", fitted, 0)),
        Trained(BOOSTING, trees_shape, trees),
    ]
    coding = TargetCoding("y", "multiclass", ("a", "b", "c")) if classes else NUMBER
    together = Trained.from_plain(blend(members).to_plain())
    single = [decode_outputs(predict_outputs(member.network, other), coding) for member in members]
    assert numpy.allclose(decode_outputs(predict_outputs(together.network, other), coding), numpy.mean(single, axis=0), atol=1e-6)


def test_cells_and_levels_that_were_never_seen_go_where_scikit_learn_sends_what_is_missing() -> None:
    rows, signal = make_rows(600, 0)
    shape = NetworkShape(2, 0, (7, 302), 1, is_regression=True)
    trees, fitted = fit_boosting((rows, signal), (rows[:200], signal[:200]), shape, 0)
    unseen = Rows(rows.numbers[:50], torch.stack([torch.full((50,), 5), rows.categories[:50, 1]], dim=1))
    wanted = HistGradientBoostingRegressor(
        categorical_features=[2], early_stopping=False, max_iter=fitted.fitted["steps"], random_state=0
    )
    wanted.fit(torch.cat([rows.numbers, rows.categories], dim=1).double().numpy(), signal.numpy())
    cells = torch.cat([unseen.numbers, unseen.categories], dim=1).double().numpy()
    assert numpy.allclose(trees(unseen)[:, 0].numpy(), wanted.predict(cells), atol=1e-6)


def test_trees_end_where_there_is_no_more_time() -> None:
    (rows, signal), (other, other_signal) = make_rows(600, 0), make_rows(300, 1)
    shape = NetworkShape(2, 0, (7, 302), 1, is_regression=True)
    data = (rows, signal), (other, other_signal)
    assert fit_boosting(*data, shape, 0, lambda: False)[1].fitted["steps"] < fit_boosting(*data, shape, 0)[1].fitted["steps"]


def test_large_tables_are_sampled_with_every_class(flowers: Path, events: EventWriter) -> None:
    prepared = prepare(load_table(flowers), TrainingSpec(target="kind"), events)
    chosen = candidates_module._choose_rows(prepared, prepared.split.train, 1)
    assert len(chosen) == 3
    assert sorted(prepared.true(chosen).tolist()) == [0, 1, 2]


def test_classes_are_judged_by_how_often_they_are_right() -> None:
    true = numpy.zeros(100, dtype=numpy.int64)
    right, wrong = numpy.tile([0.9, 0.1], (100, 1)), numpy.tile([0.4, 0.6], (100, 1))
    parts = {NETWORK: Part(true, wrong), BOOSTING: Part(true, right), BOTH: Part(true, wrong)}
    coding = TargetCoding("y", "binary", ("a", "b"))
    chosen, reason = choose({name: Candidate(GUESS, part, part, coding) for name, part in parts.items()}, TrainingSpec())
    assert chosen == BOOSTING
    assert reason.english().startswith("Accuracy")


def candidates(**predicted: float) -> dict[str, Candidate]:
    true = numpy.zeros(100)
    noise = numpy.random.default_rng(0).normal(0, 0.1, 100)
    parts = {name: Part(true, noise + offset) for name, offset in predicted.items()}
    return {name: Candidate(GUESS, part, part, NUMBER) for name, part in parts.items()}


@pytest.mark.parametrize(
    ("offsets", "best"),
    [
        ({NETWORK: 0.0, BOOSTING: 1.0, BOTH: 0.5}, NETWORK),
        ({NETWORK: 1.0, BOOSTING: 0.0, BOTH: 0.5}, BOOSTING),
        ({NETWORK: 0.3, BOOSTING: -0.3, BOTH: 0.0}, BOTH),
        ({NETWORK: 0.0, BOOSTING: 0.01, BOTH: 0.005}, BOTH),
    ],
)
def test_both_are_taken_unless_one_alone_is_clearly_better(offsets: dict[str, float], best: str) -> None:
    chosen, reason = choose(candidates(**offsets), TrainingSpec())
    assert chosen == best
    assert "{" not in reason.english()


def test_a_stopped_run_is_compared_with_nothing() -> None:
    assert choose(candidates(network=0.0), TrainingSpec())[0] == NETWORK


def test_a_stop_after_the_last_step_leaves_the_network_as_model(flowers: Path, folder: RunFolder, events: EventWriter) -> None:
    def should_stop() -> bool:  # once the trees are announced
        events.flush()
        return "Boosted trees learn" in folder.events.read_text(encoding="utf-8")

    spec = TrainingSpec(network=AUTO, epochs=2, target="kind")
    outcome = train(TrainOrder(str(flowers), spec), folder, events, should_stop)
    assert not outcome.stopped
    assert outcome.report is not None
    assert (outcome.report["model"]["is"], outcome.report["boosting"]) == (NETWORK, None)
    assert folder.model.is_file()


def test_a_stop_while_training_leaves_the_network_as_model(flowers: Path, folder: RunFolder, events: EventWriter) -> None:
    calls = iter(range(10**6))
    stop: Callable[[], bool] = lambda: next(calls) > 40  # noqa: E731
    outcome = train(TrainOrder(str(flowers), TrainingSpec(network=AUTO, epochs=50)), folder, events, stop)
    assert outcome.stopped
    assert outcome.report is not None
    assert (outcome.report["model"]["is"], outcome.report["boosting"]) == (NETWORK, None)


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to …")])
def test_a_network_is_not_lost_where_memory_bears_no_comparison(
    flowers: Path, folder: RunFolder, events: EventWriter, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fit(*_given: Any, **_more: Any) -> None:
        raise error

    monkeypatch.setattr(candidates_module, "fit_boosting", fit)
    outcome = train(TrainOrder(str(flowers), TrainingSpec(network=AUTO, epochs=1)), folder, events, lambda: False)
    assert outcome.report is not None
    assert (outcome.report["model"]["is"], outcome.report["boosting"]) == (NETWORK, None)
    assert folder.model.exists()
    events.flush()
    assert "not enough memory for" in folder.events.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("settings", "best"),
    [({}, NETWORK), ({"class_weight": "balanced"}, BOOSTING), ({"threshold": "f1"}, BOOSTING)],
)
def test_where_classes_count_the_same_what_misses_the_rare_one_is_not_the_model(settings: dict[str, str], best: str) -> None:
    true = numpy.array([0] * 95 + [1] * 5)
    sees_none = numpy.tile([0.9, 0.1], (100, 1))
    sees_all = numpy.where((true == 1)[:, None] | (numpy.arange(100) < 10)[:, None], [0.1, 0.9], [0.9, 0.1])
    coding = TargetCoding("y", "binary", ("a", "b"))
    parts = {NETWORK: Part(true, sees_none), BOOSTING: Part(true, sees_all)}
    found = {name: Candidate(GUESS, part, part, coding) for name, part in parts.items()}
    chosen, reason = choose(found, TrainingSpec.parse(settings))
    assert chosen == best
    assert reason.english().startswith("Accuracy" if best == NETWORK else "Balanced accuracy")

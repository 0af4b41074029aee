from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from trainer.contract import EventWriter, JsonObject, Refusal, RunFolder, SettledSpec, TrainingSpec, TrainOrder, read_events
from trainer.learning.checkpoint import list_checkpoints, load_checkpoint
from trainer.learning.learner import Learner, TrainingData
from trainer.learning.loop import Checkpoints, TrainingLoop
from trainer.learning.losses import compute_loss
from trainer.learning.schedule import one_cycle
from trainer.learning.training import Outcome, train
from trainer.networks import NetworkShape, build_network, forward
from trainer.networks.dropout import MaskedDropout
from trainer.preparing.rows import Rows
from trainer.preparing.targets import TargetCoding

BINARY = TargetCoding("t", "binary", classes=("no", "yes"))
NUMBER = TargetCoding("t", "regression", mean=10.0, scale=2.0)
FAST = SettledSpec(epochs=4, batch_size=16, hidden=(8,), lr=0.01)


def never() -> bool:
    return False


def after(calls: int) -> Callable[[], bool]:
    """Turns true at the given call, which is made once per step."""
    countdown: Iterator[bool] = iter([False] * (calls - 1) + [True])
    return lambda: next(countdown)


def make_data(coding: TargetCoding, rows: int = 100, noise: float = 0.3) -> TrainingData:
    generator = torch.Generator().manual_seed(1)
    features = torch.randn(rows + 50, 3, generator=generator)
    signal = features[:, 0] - features[:, 1] + noise * torch.randn(rows + 50, generator=generator)
    targets = signal if coding.task == "regression" else (signal > 0).long()
    encoded = Rows(features, torch.zeros(rows + 50, 0, dtype=torch.int64))
    return TrainingData(encoded, targets, torch.arange(rows), torch.arange(rows, rows + 50))


def make_loop(
    folder: RunFolder,
    events: EventWriter,
    spec: SettledSpec = FAST,
    coding: TargetCoding = BINARY,
    should_stop: Callable[[], bool] = never,
    noise: float = 0.3,
    rows: int = 100,
) -> TrainingLoop:
    is_regression = coding.task == "regression"
    shape = NetworkShape(3, 0, (), coding.outputs, is_regression, spec.hidden, spec.dropout)
    network = build_network(spec.network, shape, spec.seed)
    learner = Learner(network, make_data(coding, rows, noise), spec, coding)
    return TrainingLoop([learner], spec, coding, events, Checkpoints(folder.checkpoint), should_stop)


def metrics_of(folder: RunFolder, events: EventWriter) -> list[JsonObject]:
    events.flush()
    return [event for event in read_events(folder.events).events if event["type"] == "metric"]


@pytest.mark.parametrize(("epochs", "batch_size", "steps"), [(1, 16, 7), (3, 100, 3), (2, 1, 200), (2, 10**9, 2)])
def test_exactly_epochs_times_batches_steps_are_taken(
    folder: RunFolder, events: EventWriter, epochs: int, batch_size: int, steps: int
) -> None:
    loop = make_loop(folder, events, dataclasses.replace(FAST, epochs=epochs, batch_size=batch_size))
    result = loop.run()
    assert (result.steps, loop.total_steps, result.epochs, result.stopped) == (steps, steps, epochs, False)


def test_every_epoch_ends_with_losses_and_the_primary_metric(folder: RunFolder, events: EventWriter) -> None:
    make_loop(folder, events).run()
    ends = [event for event in metrics_of(folder, events) if "validation_loss" in event["values"]]
    assert [event["epoch"] for event in ends] == [1, 2, 3, 4]
    assert [event["step"] for event in ends] == [7, 14, 21, 28]
    assert all(event["values"].keys() == {"train_loss", "validation_loss", "accuracy"} for event in ends)
    assert ends[-1]["values"]["train_loss"] < ends[0]["values"]["train_loss"]


def test_regression_tells_rmse_in_the_units_of_the_target(folder: RunFolder, events: EventWriter) -> None:
    make_loop(folder, events, coding=NUMBER).run()
    values = metrics_of(folder, events)[-1]["values"]
    assert values["rmse"] == pytest.approx(2.0 * values["validation_loss"] ** 0.5, rel=1e-5)


def test_learning_rate_rises_to_its_peak_and_falls_to_nearly_nothing() -> None:
    rates = [0.01 * one_cycle(step, 100) for step in range(100)]
    assert max(rates) == pytest.approx(0.01)
    assert rates.index(max(rates)) in {9, 10}
    assert rates[0] < 0.002
    assert rates[-1] < 1e-5
    assert one_cycle(0, 1) == 1.0


def test_a_larger_learning_rate_moves_the_weights_further(folder: RunFolder, events: EventWriter) -> None:
    def distance(rate: float) -> float:
        loop = make_loop(folder, events, dataclasses.replace(FAST, lr=rate, epochs=1, weight_decay=0.0))
        before = torch.cat([parameter.detach().flatten().clone() for parameter in loop.learners[0].network.parameters()])
        loop.run()
        moved = torch.cat([parameter.detach().flatten() for parameter in loop.learners[0].network.parameters()]) - before
        return float(moved.norm().item())

    assert distance(1e-5) < distance(1e-3) / 50


def test_best_epoch_is_kept_not_the_last(folder: RunFolder, events: EventWriter) -> None:
    spec = dataclasses.replace(FAST, epochs=40, hidden=(64,), dropout=0.0, lr=0.03)
    loop = make_loop(folder, events, spec, noise=3.0)
    best = loop.run().best
    assert best is not None
    losses = [event["values"]["validation_loss"] for event in metrics_of(folder, events) if "validation_loss" in event["values"]]
    assert best.epoch == losses.index(min(losses)) + 1 < 40
    loop.learners[0].network.load_state_dict(best.weights[0])
    data = make_data(BINARY, noise=3.0)
    again = compute_loss(forward(loop.learners[0].network, data.rows[data.validation]), data.validation_targets, BINARY).item()
    assert again == pytest.approx(min(losses))


def test_equal_seeds_give_equal_weights_and_other_seeds_others(folder: RunFolder, events: EventWriter) -> None:
    def weights(seed: int) -> torch.Tensor:
        loop = make_loop(folder, events, dataclasses.replace(FAST, seed=seed))
        loop.run()
        return torch.cat([parameter.detach().flatten() for parameter in loop.learners[0].network.parameters()])

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


def test_stop_ends_after_the_running_step_and_keeps_a_checkpoint(folder: RunFolder, events: EventWriter) -> None:
    result = make_loop(folder, events, should_stop=after(10)).run()
    assert (result.steps, result.epochs, result.stopped) == (10, 1, True)
    assert result.best is not None
    state = load_checkpoint(list_checkpoints(folder.checkpoint)[0])
    assert (state["step"], state["epoch"], state["step_in_epoch"]) == (10, 1, 3)
    assert state["best"]["epoch"] == 1


def test_infinite_loss_is_refused_with_epoch_step_and_a_smaller_rate(folder: RunFolder, events: EventWriter) -> None:
    spec = dataclasses.replace(FAST, lr=1.0, weight_decay=10.0, epochs=200)
    with pytest.raises(Refusal) as caught:
        make_loop(folder, events, spec, coding=NUMBER).run()
    (problem,) = caught.value.problems
    assert (problem.code, problem.field) == ("diverged", "lr")
    assert "learning rate 1;" in problem.message.english()
    assert "0.1" in problem.message.english()


def test_dropout_silences_its_share_and_keeps_the_mean() -> None:
    dropout = MaskedDropout(64, 0.25)
    dropout.draw(torch.Generator().manual_seed(0), 512, 0, torch.device("cpu"))
    first, second = dropout(torch.ones(512, 64)), dropout(torch.ones(512, 64))
    assert (first == 0).float().mean().item() == pytest.approx(0.25, abs=0.01)
    assert first.mean().item() == pytest.approx(1.0, abs=0.02)
    assert not torch.equal(first, second)
    dropout.eval()
    assert torch.equal(dropout(torch.ones(4, 64)), torch.ones(4, 64))


def run_training(table: Path, folder: RunFolder, **settings: Any) -> tuple[Outcome, list[JsonObject]]:
    events = EventWriter(folder.events)
    try:
        outcome = train(TrainOrder(str(table), TrainingSpec.parse(settings)), folder, events, never)
    finally:
        events.close()
    return outcome, read_events(folder.events).events


@pytest.mark.parametrize(("network", "rate"), [("linear", 0.1), ("mlp", 0.03), ("realmlp", 0.04), ("tabm", 0.002)])
def test_classes_are_learnt_far_better_than_by_guessing(flowers: Path, folder: RunFolder, network: str, rate: float) -> None:
    outcome, events = run_training(flowers, folder, network=network, epochs=30, batch_size=16, lr=rate, target="kind")
    assert outcome.report is not None
    assert outcome.report["test"]["accuracy"] >= 0.9
    assert outcome.report["trivial"]["accuracy"] < 0.5
    low, high = outcome.report["intervals"]["accuracy"]
    assert low <= outcome.report["test"]["accuracy"] <= high
    counts = outcome.report["confusion"]["counts"]
    assert [sum(row) for row in counts] == [found["rows"] for found in outcome.report["classes"]]
    assert sum(map(sum, counts)) == outcome.report["rows"]["test"]
    assert [event["type"] for event in events][-2:] == ["artefact", "result"]
    assert next(event for event in events if event["type"] == "plan")["rows"] == {"train": 96, "validation": 24, "test": 30}


@pytest.mark.parametrize(("network", "rate"), [("linear", 0.1), ("mlp", 0.03), ("realmlp", 0.2), ("tabm", 0.002)])
def test_numbers_are_learnt_in_their_own_units(houses: Path, folder: RunFolder, network: str, rate: float) -> None:
    outcome, _ = run_training(houses, folder, network=network, epochs=60, batch_size=16, lr=rate)
    assert outcome.report is not None
    assert outcome.report["target"] == "price"
    assert outcome.report["test"]["r2"] > 0.95
    assert outcome.report["test"]["rmse"] < outcome.report["trivial"]["rmse"] / 4


def test_equal_orders_give_equal_reports(flowers: Path, folder: RunFolder) -> None:
    first, second = (run_training(flowers, folder, epochs=3, target="kind")[0].report for _ in range(2))
    assert first is not None
    assert second is not None
    assert {**first, "seconds": 0, "effort": None} == {**second, "seconds": 0, "effort": None}


def test_excluding_an_unknown_column_is_refused(flowers: Path, folder: RunFolder) -> None:
    with pytest.raises(Refusal, match="no column “nothing”"):
        run_training(flowers, folder, exclude=["nothing"])

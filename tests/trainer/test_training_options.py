"""Optimisers, schedules, clipping, parts of batches, averaged weights, precision: each does what its name says."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.trainer.test_loop import BINARY, FAST, make_data, make_loop, metrics_of, run_training
from trainer.contract import (
    NETWORKS,
    OPTIMISERS,
    SCHEDULES,
    EventWriter,
    Refusal,
    RunFolder,
    SettledSpec,
    TrainingSpec,
    read_events,
    settle,
)
from trainer.learning.learner import Learner
from trainer.learning.schedule import SHAPES, Schedule
from trainer.networks import NetworkShape, build_network
from trainer.preparing.rows import Rows


def make_learner(spec: SettledSpec) -> Learner:
    shape = NetworkShape(3, 0, (), 2, hidden=spec.hidden, dropout=spec.dropout)
    return Learner(build_network("mlp", shape, 0), make_data(BINARY), spec, BINARY)


def take_steps(learner: Learner, steps: int, watch: Callable[[], None] = lambda: None) -> list[float]:
    losses = []
    generator = torch.Generator().manual_seed(0)
    for step in range(steps):
        rows, targets = learner.start_epoch(generator, 0, 0)[:30]
        losses.append(learner.take_step(rows, targets, step).item())
        watch()
    return losses


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_every_optimiser_learns(flowers: Path, folder: RunFolder, optimiser: str) -> None:
    outcome, _ = run_training(flowers, folder, optimiser=optimiser, lr=0.03, epochs=20, batch_size=16, target="kind")
    assert outcome.report is not None
    assert outcome.report["compared"]["network"]["test"]["accuracy"] >= 0.9
    assert outcome.report["settings"]["optimiser"] == optimiser


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_schedule_is_followed(folder: RunFolder, events: EventWriter, schedule: str) -> None:
    assert set(SCHEDULES) == set(SHAPES)
    loop = make_loop(folder, events, dataclasses.replace(FAST, schedule=schedule, epochs=10))
    learner = loop.learners[0]
    rates: list[float] = []
    take_step = learner.take_step

    def watched(rows: Rows, targets: torch.Tensor, step: int) -> torch.Tensor:
        loss = take_step(rows, targets, step)
        rates.append(float(learner.optimiser.param_groups[0]["lr"]))
        return loss

    learner.take_step = watched  # type: ignore[method-assign]
    loop.run()
    assert rates == [learner.schedule.rate(step) for step in range(len(rates))]
    assert max(rates) <= FAST.lr


def test_a_rate_that_brings_nothing_better_is_lowered(folder: RunFolder, events: EventWriter) -> None:
    spec = dataclasses.replace(FAST, schedule="plateau", epochs=40, lr=0.05)
    loop = make_loop(folder, events, spec, noise=3.0)
    loop.run()
    schedule = loop.learners[0].schedule
    losses = [event["values"]["validation_loss"] for event in metrics_of(folder, events) if "validation_loss" in event["values"]]
    best = losses.index(min(losses[: schedule.drops[0] // 7])) + 1
    assert schedule.drops[0] == (best + 5) * loop.steps_per_epoch, "five epochs after the best so far"
    assert schedule.rate(schedule.drops[0]) == spec.lr / 2
    assert len(schedule.drops) > 1
    assert Schedule.from_plain(schedule.to_plain()).rate(10_000) == spec.lr / 2 ** len(schedule.drops)


@pytest.mark.parametrize("settings", [{}, {"class_weight": "balanced"}, {"label_smoothing": 0.2}])
@pytest.mark.parametrize("accumulation", [2, 7, 30])
def test_a_batch_in_parts_gives_the_steps_of_a_whole_one(accumulation: int, settings: dict[str, Any]) -> None:
    spec = dataclasses.replace(FAST, batch_size=30, **settings)
    whole, parts = make_learner(spec), make_learner(dataclasses.replace(spec, accumulation=accumulation))
    assert take_steps(whole, 5) == pytest.approx(take_steps(parts, 5), abs=1e-5)
    for one, other in zip(whole.network.parameters(), parts.network.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-5)


def test_no_gradient_is_longer_than_wanted() -> None:
    lengths: dict[float, list[float]] = {0.0: [], 0.01: []}
    for clip, found in lengths.items():
        learner = make_learner(dataclasses.replace(FAST, clip=clip))

        def watch(learner: Learner = learner, found: list[float] = found) -> None:
            gradients = [parameter.grad for parameter in learner.network.parameters() if parameter.grad is not None]
            found.append(torch.nn.utils.get_total_norm(gradients).item())

        take_steps(learner, 5, watch)
    assert min(lengths[0.0]) > 0.02
    assert max(lengths[0.01]) <= 0.0101


def test_averaged_weights_follow_those_of_the_steps_and_are_what_predicts() -> None:
    learner = make_learner(dataclasses.replace(FAST, ema=0.8))
    wanted: list[torch.Tensor] = []

    def watch() -> None:
        weight = learner.network.get_parameter("output.weight").detach()
        kept = min(0.8, (1 + len(wanted)) / (10 + len(wanted)))
        wanted.append(weight.clone() if not wanted else wanted[-1] * kept + weight * (1 - kept))

    take_steps(learner, 6, watch)
    assert torch.allclose(learner.copy_weights()["output.weight"], wanted[-1])
    assert not torch.allclose(learner.network.get_parameter("output.weight"), wanted[-1])
    expected = learner.predict_validation()
    learner.network.load_state_dict(learner.copy_weights())
    learner.network.eval()
    with torch.no_grad():
        assert torch.allclose(learner.network(learner.data.rows[learner.data.validation]), expected, atol=1e-6)


def test_halved_precision_learns_and_leaves_whole_weights(flowers: Path, folder: RunFolder) -> None:
    seen: list[torch.dtype] = []
    learner = make_learner(dataclasses.replace(FAST, precision="bfloat16"))
    learner.network.get_submodule("output").register_forward_hook(lambda _module, _given, outputs: seen.append(outputs.dtype))
    take_steps(learner, 1)
    assert set(seen) == {torch.bfloat16}
    assert {parameter.dtype for parameter in learner.network.parameters()} == {torch.float32}
    outcome, _ = run_training(flowers, folder, precision="bfloat16", lr=0.03, epochs=20, batch_size=16, target="kind")
    assert outcome.report is not None
    assert outcome.report["test"]["accuracy"] >= 0.9


def test_a_deterministic_run_has_one_thread_and_no_clock(flowers: Path, folder: RunFolder, ingest_text: Any) -> None:
    profile = ingest_text("size,kind\n" + "1.5,a\n2.5,b\n" * 20)
    assert settle(TrainingSpec(network="auto", target="kind"), profile).max_minutes is not None
    assert settle(TrainingSpec(network="auto", target="kind", deterministic="yes"), profile).max_minutes is None
    outcome, _ = run_training(flowers, folder, deterministic="yes", hidden=[4096], batch_size=256, epochs=1, target="kind")
    assert outcome.report is not None
    assert outcome.report["machine"]["threads"] == 1
    torch.use_deterministic_algorithms(mode=False)


def test_a_batch_that_memory_does_not_bear_is_learnt_from_in_parts(
    folder: RunFolder, events: EventWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = make_loop(folder, events)
    network = loop.learners[0].network
    forward = network.forward

    def little_memory(rows: Rows) -> torch.Tensor:
        if network.training and len(rows) > 5:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        outputs: torch.Tensor = forward(rows)
        return outputs

    monkeypatch.setattr(network, "forward", little_memory)
    result = loop.run()
    events.flush()
    assert (result.epochs, loop.learners[0].part_rows) == (4, 4)
    told = [event["message"]["params"]["rows"] for event in read_events(folder.events).events if event["type"] == "log"]
    assert told == [8, 4]


def test_what_not_even_one_row_has_memory_for_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    learner = make_learner(FAST)

    def no_memory(_rows: Rows) -> torch.Tensor:
        raise MemoryError

    monkeypatch.setattr(learner.network, "forward", no_memory)
    with pytest.raises(MemoryError):
        take_steps(learner, 1)
    assert learner.part_rows == 1


@pytest.mark.parametrize("network", NETWORKS)
def test_every_family_learns_in_halved_precision(visits: Path, folder: RunFolder, network: str) -> None:
    outcome, _ = run_training(visits, folder, precision="bfloat16", network=network, epochs=1, target="mood")
    assert outcome.report is not None


def test_weights_are_averaged_over_few_steps_too(flowers: Path, folder: RunFolder) -> None:
    outcome, _ = run_training(flowers, folder, ema=0.9999, lr=0.03, epochs=15, batch_size=16, target="kind")
    assert outcome.report is not None
    assert outcome.report["compared"]["network"]["test"]["accuracy"] >= 0.9


def test_a_clock_and_equal_runs_are_not_promised_together(flowers: Path, folder: RunFolder) -> None:
    with pytest.raises(Refusal) as refused:
        run_training(flowers, folder, deterministic="yes", max_minutes=1.0, target="kind")
    assert [(problem.code, problem.field) for problem in refused.value.problems] == [("clock_in_deterministic", "max_minutes")]

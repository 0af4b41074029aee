"""Interrupted and resumed is uninterrupted, to the last bit; trained longer goes on the same curves."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from trainer.contract import NETWORKS, EventWriter, JsonObject, RunFolder, TrainingSpec, TrainOrder, read_events
from trainer.learning.checkpoint import list_checkpoints, load_checkpoint
from trainer.learning.schedule import Schedule
from trainer.learning.training import Outcome, train

SPEC = TrainingSpec(target="kind", epochs=6, batch_size=20, hidden=(16, 8), dropout=0.3)
SOON_LEARNT: dict[str, Any] = {"network": "tabm", "lr": 0.05, "dropout": 0.0}


def never() -> bool:
    return False


def after(calls: int) -> Callable[[], bool]:
    left = iter([False] * (calls - 1) + [True] * 1000)
    return lambda: next(left)


@dataclasses.dataclass
class Laboratory:
    """Attempts of one run, each in a folder of its own."""

    path: Path
    table: Path
    folders: list[RunFolder] = dataclasses.field(default_factory=list)

    def attempt(self, spec: TrainingSpec, should_stop: Callable[[], bool] = never, resumes: bool = True) -> Outcome:
        earlier = tuple(str(folder.checkpoint) for folder in reversed(self.folders)) if resumes else ()
        folder = RunFolder(self.path / f"attempt-{len(self.folders) + 1}")
        folder.path.mkdir(parents=True)
        self.folders.append(folder)
        order = TrainOrder(str(self.table), spec, attempt=len(self.folders), resume_from=earlier)
        events = EventWriter(folder.events)
        try:
            return train(order, folder, events, should_stop)
        finally:
            events.close()

    def events(self, kind: str) -> list[list[JsonObject]]:
        """Those of each attempt."""
        return [[event for event in read_events(folder.events).events if event["type"] == kind] for folder in self.folders]

    def newest_state(self) -> dict[str, Any]:
        state = load_checkpoint(list_checkpoints(self.folders[-1].checkpoint)[0])
        del state["seconds"]
        return state

    def ends_of_epochs(self) -> dict[float, tuple[float, float]]:
        """(train loss, validation loss) at the end of every epoch, of the latest attempt that finished it."""
        metrics = [event for events in self.events("metric") for event in events]
        whole = [event for event in metrics if "validation_loss" in event["values"]]
        return {event["epoch"]: (event["values"]["train_loss"], event["values"]["validation_loss"]) for event in whole}


@pytest.fixture
def laboratory(tmp_path: Path, flowers: Path) -> Callable[[str], Laboratory]:
    return lambda name: Laboratory(tmp_path / name, flowers)


@pytest.fixture
def text_laboratory(tmp_path: Path, visits: Path) -> Callable[[str], Laboratory]:
    return lambda name: Laboratory(tmp_path / name, visits)


def assert_same(expected: Any, found: Any) -> None:
    """Equal to the last bit, however deep."""
    if isinstance(expected, torch.Tensor):
        assert torch.equal(expected, found)
    elif isinstance(expected, dict):
        assert expected.keys() == found.keys()
        for key in expected:
            assert_same(expected[key], found[key])
    elif isinstance(expected, list | tuple):
        assert len(expected) == len(found)
        for one, other in zip(expected, found, strict=True):
            assert_same(one, other)
    else:
        assert expected == found


@pytest.mark.parametrize(("network", "folds"), [*((network, 1) for network in NETWORKS), ("mlp", 3)])
def test_interrupted_at_a_random_step_and_resumed_equals_uninterrupted(
    text_laboratory: Callable[[str], Laboratory], network: str, folds: int
) -> None:
    spec = dataclasses.replace(SPEC, target="mood", network=network, folds=folds, epochs=4)
    laboratory = text_laboratory
    whole = laboratory("whole")
    whole.attempt(spec)
    expected = whole.newest_state()
    chance = random.Random(network)
    parts = laboratory("parts")
    cuts = sorted(chance.sample(range(1, expected["step"]), 3))
    for done, cut in zip([0, *cuts], cuts, strict=False):
        assert parts.attempt(spec, after(cut - done + 2)).stopped  # preparing looks twice
    outcome = parts.attempt(spec)
    assert not outcome.stopped
    assert_same(expected, parts.newest_state())
    assert parts.ends_of_epochs() == whole.ends_of_epochs()
    begins = [events[0] for events in parts.events("attempt")]
    assert [(begin["resumed"], begin["step"]) for begin in begins] == [(cut > 0, cut) for cut in [0, *cuts]]


@pytest.mark.parametrize("settings", [{"ema": 0.9, "accumulation": 3}, {"optimiser": "nadam", "schedule": "plateau", "lr": 0.5}])
def test_whatever_was_chosen_is_resumed_exactly(laboratory: Callable[[str], Laboratory], settings: dict[str, Any]) -> None:
    spec = dataclasses.replace(SPEC, epochs=14, **settings)
    whole, parts = laboratory("whole"), laboratory("parts")
    whole.attempt(spec)
    for cut in (13, 36):
        parts.attempt(spec, after(cut + 2))
    parts.attempt(spec)
    assert_same(whole.newest_state(), parts.newest_state())


@pytest.mark.parametrize("cut", [1, 4, 5, 6, 29, 30])
def test_every_kind_of_place_in_an_epoch_can_be_gone_on_from(laboratory: Callable[[str], Laboratory], cut: int) -> None:
    """In the middle, after the last step before the epoch is judged, and after the first of the next."""
    whole, parts = laboratory("whole"), laboratory("parts")
    whole.attempt(SPEC)
    parts.attempt(SPEC, after(cut + 2))
    assert parts.newest_state()["step"] == cut
    parts.attempt(SPEC)
    assert_same(whole.newest_state(), parts.newest_state())


def test_trained_longer_goes_on_the_same_curves_and_can_be_interrupted_too(laboratory: Callable[[str], Laboratory]) -> None:
    longer = dataclasses.replace(SPEC, epochs=10)
    whole, parts = laboratory("whole"), laboratory("parts")
    for runs in (whole, parts):
        runs.attempt(SPEC)
    whole.attempt(longer)
    parts.attempt(longer, after(15 + 2))
    parts.attempt(longer)
    assert list(whole.ends_of_epochs()) == [float(epoch) for epoch in range(1, 11)]
    assert whole.events("attempt")[1][0]["epoch"] == 6
    assert_same(whole.newest_state(), parts.newest_state())


def test_a_run_that_ended_early_is_trained_for_as_many_epochs_more_as_are_asked_for(
    laboratory: Callable[[str], Laboratory],
) -> None:
    spec = dataclasses.replace(SPEC, **SOON_LEARNT, epochs=200)
    runs = laboratory("runs")
    runs.attempt(spec)
    ended = int(max(runs.ends_of_epochs()))
    assert ended < 100
    runs.folders[-1].report.unlink()  # as if it had been interrupted while it was being written
    runs.attempt(spec)
    assert max(runs.ends_of_epochs()) == ended
    runs.attempt(dataclasses.replace(spec, epochs=ended + 20))
    assert list(runs.ends_of_epochs()) == [float(epoch) for epoch in range(1, ended + 21)]


def test_a_run_is_trained_longer_by_what_was_planned_and_not_needed(laboratory: Callable[[str], Laboratory]) -> None:
    spec = dataclasses.replace(SPEC, **SOON_LEARNT, epochs=150)
    runs = laboratory("runs")
    runs.attempt(spec)
    assert max(runs.ends_of_epochs()) < 150
    runs.attempt(spec)
    assert max(runs.ends_of_epochs()) == 150


def test_a_run_that_is_stopped_where_it_would_have_ended_early_ends_there(laboratory: Callable[[str], Laboratory]) -> None:
    spec = dataclasses.replace(SPEC, **SOON_LEARNT, epochs=200)
    whole, parts = laboratory("whole"), laboratory("parts")
    whole.attempt(spec)
    expected = whole.newest_state()
    assert parts.attempt(spec, after(expected["step"] + 2)).stopped
    parts.folders[-1].report.unlink()
    parts.attempt(spec)
    assert_same(expected, parts.newest_state())


def test_added_steps_get_a_cycle_of_their_own_that_neither_jumps_nor_stands_still() -> None:
    schedule = Schedule.over(100, 0.01)
    before = [schedule.rate(step) for step in range(100)]
    schedule.extend_to(100)
    schedule.extend_to(150)
    assert [schedule.rate(step) for step in range(100)] == before
    added = [schedule.rate(step) for step in range(100, 150)]
    assert min(added) > 0.0
    assert max(added) == pytest.approx(0.003)
    assert Schedule.from_plain(schedule.to_plain()).to_plain() == schedule.to_plain()


def test_a_torn_checkpoint_is_passed_over_for_the_one_before_it(laboratory: Callable[[str], Laboratory]) -> None:
    runs = laboratory("runs")
    runs.attempt(SPEC, after(12))
    runs.attempt(SPEC, after(12))
    (newest,) = list_checkpoints(runs.folders[1].checkpoint)
    newest.write_bytes(newest.read_bytes()[:-100])
    runs.attempt(SPEC)
    assert runs.events("attempt")[2][0]["step"] == 10
    assert any("cannot be used" in event["message"]["text"] for event in runs.events("log")[2])


@pytest.mark.parametrize(("change", "reason"), [({"lr": 0.5}, "other settings"), ({"exclude": ("colour",)}, "other settings")])
def test_what_another_specification_wrote_is_not_gone_on_from(
    laboratory: Callable[[str], Laboratory], change: dict[str, Any], reason: str
) -> None:
    runs = laboratory("runs")
    runs.attempt(SPEC, after(12))
    runs.attempt(dataclasses.replace(SPEC, **change), after(12))
    assert not runs.events("attempt")[1][0]["resumed"]
    warnings = [str(event["message"]) for event in runs.events("log")[1] if event["level"] == "warning"]
    assert any(reason in warning for warning in warnings)
    assert any("begins again" in warning for warning in warnings)


def test_a_pause_publishes_nothing(laboratory: Callable[[str], Laboratory]) -> None:
    runs = laboratory("runs")
    stop = after(20)

    def pause() -> bool:
        runs.folders[0].pause.touch()
        return stop()

    assert runs.attempt(SPEC, pause).report is None
    assert not runs.folders[0].model.exists()
    assert list_checkpoints(runs.folders[0].checkpoint)

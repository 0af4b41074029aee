"""A run that may take only so long plans as much as there is time for, and always leaves a model."""

from __future__ import annotations

import pytest

from tests.trainer.test_loop import FAST, make_loop
from trainer.contract import EventWriter, RunFolder, SettledSpec, read_events
from trainer.learning import loop as loop_module
from trainer.learning.allowed_time import AllowedTime
from trainer.learning.schedule import Schedule

NO_TIME = 1e-9  # minutes
MUCH_TIME = 1000.0


def limited(minutes: float, batch_size: int, epochs: int = 1000) -> SettledSpec:
    return SettledSpec(epochs=epochs, batch_size=batch_size, hidden=(8,), lr=0.01, max_minutes=minutes)


def test_without_time_for_a_second_epoch_the_first_is_the_model(
    folder: RunFolder, events: EventWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However slow the machine is, nobody looks at the time within an epoch.
    monkeypatch.setattr(loop_module, "REPORT_SECONDS", 3600.0)
    monkeypatch.setattr(loop_module, "LONGEST_REPORT_SECONDS", 3600.0)
    loop = make_loop(folder, events, limited(NO_TIME, batch_size=5))
    result = loop.run()
    assert (result.epochs, result.steps, result.stopped) == (1, loop.steps_per_epoch, False)
    assert loop.is_ended
    events.flush()
    said = [event["message"]["text"] for event in read_events(folder.events).events if event["type"] == "log"]
    assert any("time allowed" in text for text in said)


def test_without_time_for_one_epoch_what_was_learnt_is_the_model(folder: RunFolder, events: EventWriter) -> None:
    loop = make_loop(folder, events, limited(NO_TIME, batch_size=1), rows=20_000)
    result = loop.run()
    assert result.best is not None
    assert 0 < result.steps < loop.steps_per_epoch
    events.flush()
    last = [event for event in read_events(folder.events).events if event["type"] == "metric"][-1]
    assert "validation_loss" in last["values"]
    assert (last["step"], last["total_steps"]) == (result.steps, result.steps)


def test_enough_time_changes_nothing(folder: RunFolder, events: EventWriter) -> None:
    loop = make_loop(folder, events, limited(MUCH_TIME, FAST.batch_size, FAST.epochs))
    result = loop.run()
    assert (result.epochs, result.steps) == (FAST.epochs, FAST.epochs * loop.steps_per_epoch)


def test_time_that_earlier_attempts_took_counts() -> None:
    time = AllowedTime(1.0)
    time.begin(100, spent=59.9999)
    assert time.fit(steps_done=1100, steps_planned=10**12) < 10**9
    time.begin(100, spent=60.0)
    assert time.is_over
    assert time.fit(steps_done=1100, steps_planned=5000) == 1100
    assert AllowedTime(None).fit(steps_done=1100, steps_planned=5000) == 5000


@pytest.mark.parametrize("shape", ["one_cycle", "four_cosines"])
def test_a_shortened_schedule_ends_as_low_as_the_planned_one(shape: str) -> None:
    schedule = Schedule.over(1000, 0.1, shape)
    schedule.shorten_to(300)
    assert schedule.rate(299) < 0.01 * max(schedule.rate(step) for step in range(300))
    schedule.shorten_to(1000)
    assert schedule.to_plain() == Schedule.over(1000, 0.1, shape).to_plain()

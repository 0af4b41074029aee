"""What a run page gathers from events."""

from __future__ import annotations

from typing import Any

from pages.run_story import RunStory


def metric(number: int, step: int, **values: float) -> dict[str, Any]:
    return {
        "n": number,
        "at": 100.0 + number,
        "type": "metric",
        "epoch": step / 10,
        "step": step,
        "total_steps": 100,
        "values": values,
    }


def test_an_event_that_comes_twice_counts_once() -> None:
    story = RunStory()
    story.absorb([metric(1, 10, train_loss=1.0), metric(2, 20, train_loss=0.5, validation_loss=0.7)])
    story.absorb([metric(2, 20, train_loss=0.5, validation_loss=0.7), metric(3, 30, train_loss=0.4)])
    assert story.take_points() == [[(1.0, 1.0), (2.0, 0.5), (3.0, 0.4)], [(2.0, 0.7)]]
    assert story.take_points() == [[], []]


def test_remaining_time_follows_the_speed_so_far() -> None:
    story = RunStory()
    story.absorb([metric(1, 10, train_loss=1.0)])
    assert story.remaining_seconds(100) is None
    story.absorb([metric(2, 20, train_loss=1.0)])
    assert story.remaining_seconds(100) == 8.0


def test_logs_and_problems_are_entries() -> None:
    story = RunStory()
    story.absorb(
        [
            {"n": 1, "at": 1.0, "type": "log", "level": "warning", "message": {"text": "It never changes.", "params": {}}},
            {"n": 2, "at": 2.0, "type": "problem", "problem": {"code": "x", "field": None, "text": "Failed.", "params": {}}},
            {"n": 3, "at": 3.0, "type": "something new"},
        ]
    )
    assert [(entry.level, entry.message.text) for entry in story.take_entries()] == [
        ("warning", "It never changes."),
        ("error", "Failed."),
    ]

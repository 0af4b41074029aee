"""What a run page gathers from events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.records import Job
from components.line_chart import MOST_POINTS
from pages.run_speed import RunSpeed
from pages.run_story import RunStory, StoryShelf


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


def attempt(number: int, at_number: int, step: int) -> dict[str, Any]:
    return {
        "n": at_number,
        "at": 100.0 + at_number,
        "type": "attempt",
        "number": number,
        "resumed": step > 0,
        "step": step,
        "epoch": step / 10,
    }


def test_what_did_not_survive_an_attempt_is_no_longer_shown() -> None:
    told = [attempt(1, 1, 0), metric(2, 10, train_loss=1.0), metric(3, 20, train_loss=0.5, validation_loss=0.7)]
    more = [attempt(2, 4, 10), metric(5, 20, train_loss=0.6)]
    story = RunStory()
    story.absorb(told)
    story.take_points()
    story.absorb(more)
    assert story.was_cut
    story.begin_again()
    story.absorb([*told, *more])
    assert story.take_points() == [[(1.0, 1.0), (2.0, 0.6)], []]
    story.absorb([metric(6, 30, train_loss=0.4)])
    assert story.take_points() == [[(3.0, 0.4)], []]


def test_an_entry_is_told_once_also_when_the_points_are_told_again() -> None:
    told = [attempt(1, 1, 0), metric(2, 10, train_loss=1.0), attempt(2, 3, 0)]
    story = RunStory()
    story.absorb(told[:2])
    story.take_points()
    story.absorb(told)
    assert len(story.take_entries()) == 1
    story.begin_again()
    story.absorb(told)
    assert story.take_entries() == []


def test_a_story_holds_little_however_long_the_run() -> None:
    story = RunStory()
    for step in range(1, 50_000):
        story.absorb([metric(step, step, train_loss=1.0)])
    (train, _validation) = story.take_points()
    assert len(train) <= 2 * MOST_POINTS
    assert (train[0][0], train[-1][0]) == (0.1, 4999.9)


def test_an_attempt_that_goes_on_where_the_last_one_was_cuts_nothing_and_measures_its_own_speed() -> None:
    story = RunStory()
    story.absorb([metric(1, 10, train_loss=1.0), metric(2, 20, train_loss=0.5)])
    story.absorb([attempt(2, 3, 20)])
    assert not story.was_cut
    assert story.remaining_seconds(100) is None
    assert [entry.message.english() for entry in story.take_entries()] == ["Attempt 2 goes on from epoch 2.0."]


def test_a_retry_begins_with_empty_curves() -> None:
    told = [metric(1, 10, train_loss=1.0), attempt(2, 2, 0)]
    story = RunStory()
    story.absorb(told[:1])
    story.take_points()
    story.absorb(told)
    assert story.was_cut
    story.begin_again()
    story.absorb(told)
    assert story.take_points() == [[], []]
    assert [entry.message.english() for entry in story.take_entries()] == ["Attempt 2 begins again with the first step."]


def test_the_speed_is_that_of_the_latest_attempt() -> None:
    story = RunStory()
    fast = [metric(number, number, train_loss=1.0) | {"rows_per_second": 900.0} for number in (1, 2)]
    slow = [metric(number, number, train_loss=1.0) | {"rows_per_second": 10.0} for number in (4, 5, 6)]
    story.absorb([*fast, attempt(2, 3, 2), *slow])
    assert story.speed.take_points() == [(1.0, 10.0), (2.0, 10.0)]


def test_a_speed_is_a_mean_over_a_second_and_hiccups_do_not_show() -> None:
    speed = RunSpeed()
    speed.absorb(100.0, 3.0)  # with the preparation in it
    for tenth in range(1, 31):
        speed.absorb(100.0 + tenth / 10, 500.0 if tenth % 2 else 1500.0)
    assert speed.take_points() == [(1.0, 1000.0), (2.0, 1000.0), (3.0, 1000.0)]
    assert speed.take_points() == []
    speed.absorb(105.0, 4000.0)
    assert speed.latest == 4000.0
    assert speed.mean == pytest.approx((3 * 1000 + 2 * 4000) / 5)


async def test_a_shelf_reads_only_what_is_new_and_gives_each_page_a_story_of_its_own() -> None:
    told = [metric(1, 10, train_loss=1.0), metric(2, 20, train_loss=0.5)]
    asked: list[int] = []

    async def read_logs(_job: Job, after: int) -> AsyncIterator[list[dict[str, Any]]]:
        asked.append(after)
        yield [event for event in told if event["n"] > after]

    job, shelf = Job(owner_id="u", dataset_id="d", dataset_name="D", spec={}), StoryShelf(read_logs)
    first = await shelf.story_of(job)
    assert first.take_points() == [[(1.0, 1.0), (2.0, 0.5)], []]
    told.append(metric(3, 30, train_loss=0.4))
    assert (await shelf.story_of(job)).take_points() == [[(1.0, 1.0), (2.0, 0.5), (3.0, 0.4)], []]
    assert asked == [0, 2]
    assert first.take_points() == [[], []]

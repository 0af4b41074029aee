"""Who starts when: the queue played forward gives the order that `claim` gives, and never a guess."""

from __future__ import annotations

from app.jobs.forecast import Occupied, QueuePlace, forecast
from app.records import Job


def job(name: str, owner: str, rank: float, priority: int = 0) -> Job:
    return Job(id=name, owner_id=owner, dataset_id="d", dataset_name="D", spec={}, queue_rank=rank, priority=priority)


def test_a_free_place_is_taken_at_once() -> None:
    assert forecast([], [job("a", "sara", 1)], {"a": 10.0}, places=1) == {"a": QueuePlace(1, 1, 0.0)}


def test_each_waits_for_the_first_place_that_gets_free() -> None:
    occupied = [Occupied("sara", 30.0), Occupied("omid", 10.0)]
    waiting = [job("a", "mina", 1), job("b", "mina", 2), job("c", "mina", 3)]
    found = forecast(occupied, waiting, {"a": 5.0, "b": 100.0, "c": 1.0}, places=2)
    assert {name: (place.position, place.starts_in_seconds) for name, place in found.items()} == {
        "a": (1, 10.0),
        "b": (2, 15.0),
        "c": (3, 30.0),
    }


def test_people_take_turns_and_priority_goes_before_that() -> None:
    waiting = [job("a", "sara", 1), job("b", "omid", 2), job("c", "sara", 3, priority=1)]
    found = forecast([Occupied("sara", 1.0)], waiting, dict.fromkeys("abc", 1.0), places=1)
    assert sorted(found, key=lambda name: found[name].position) == ["c", "b", "a"]


def test_what_depends_on_an_unknown_duration_is_unknown() -> None:
    waiting = [job("a", "omid", 1), job("b", "omid", 2)]
    found = forecast([Occupied("sara", 5.0)], waiting, {"a": None, "b": 1.0}, places=1)
    assert (found["a"].starts_in_seconds, found["b"].starts_in_seconds) == (5.0, None)


def test_a_limit_per_person_lets_others_pass() -> None:
    waiting = [job("a", "sara", 1), job("b", "omid", 2)]
    found = forecast([Occupied("sara", 60.0)], waiting, {"a": 1.0, "b": 1.0}, places=2, most_per_user=1)
    assert (found["b"].position, found["b"].starts_in_seconds) == (1, 0.0)
    assert (found["a"].position, found["a"].starts_in_seconds) == (2, 60.0)

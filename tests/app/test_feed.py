"""The feed: every subscriber gets every event once and in order, at its own pace."""

from __future__ import annotations

from app.jobs.feed import KEPT_EVENTS, Feed, News
from app.records import Job, JobStatus
from trainer.contract import JsonObject


def a_job(status: JobStatus = JobStatus.RUNNING) -> Job:
    return Job(id="job_1", owner_id="u", dataset_id="d", dataset_name="D", spec={"epochs": 1}, status=status)


def events(first: int, last: int) -> list[JsonObject]:
    return [{"n": number, "type": "log"} for number in range(first, last + 1)]


def numbers(taken: News) -> list[int]:
    return [event["n"] for event in taken.events]


def test_two_subscribers_get_every_event_once_at_their_own_pace() -> None:
    feed = Feed()
    fast, slow = feed.subscribe("job_1"), feed.subscribe("job_1")
    feed.publish(a_job(), events(1, 3))
    assert numbers(fast.take()) == [1, 2, 3]
    feed.publish(a_job(), events(4, 5))
    assert numbers(fast.take()) == [4, 5]
    assert numbers(slow.take()) == [1, 2, 3, 4, 5]
    assert numbers(slow.take()) == []


def test_a_subscriber_starts_after_the_number_it_names() -> None:
    feed = Feed()
    feed.subscribe("job_1")
    feed.publish(a_job(), events(1, 5))
    assert numbers(feed.subscribe("job_1", after=3).take()) == [4, 5]


def test_the_record_comes_once_per_change() -> None:
    feed = Feed()
    subscription = feed.subscribe("job_1")
    feed.publish(a_job())
    assert subscription.take().job is not None
    assert subscription.take().job is None


def test_a_viewer_that_fell_behind_is_told_so() -> None:
    feed = Feed()
    subscription = feed.subscribe("job_1")
    feed.publish(a_job(), events(1, KEPT_EVENTS + 10))
    news = subscription.take()
    assert news.missed
    assert numbers(news)[-1] == KEPT_EVENTS + 10
    assert not subscription.take().missed


def test_an_ended_jobs_channel_goes_with_its_last_subscriber() -> None:
    feed = Feed()
    subscription = feed.subscribe("job_1")
    feed.publish(a_job(JobStatus.COMPLETED))
    assert feed.latest("job_1") is not None
    subscription.close()
    assert feed.latest("job_1") is None

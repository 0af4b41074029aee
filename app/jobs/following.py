"""Follows one job from any event number on: first what its logs hold, then what comes, each event once and in order.

Leaves batches, a few a second at most: whoever takes them slowly gets fewer and larger ones, and delays nobody else.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.jobs.feed import Feed, Subscription
from app.jobs.work_orders import WorkOrders
from app.records import Job
from trainer.contract import EventLog, JsonObject, find_event, read_events

MOST_EVENTS = 500
READ_BYTES = 1 << 18
REST_SECONDS = 0.1
LONGEST_REST_SECONDS = 1.0
RESTS_PER_DELAY = 5.0
BATCHES_PER_SECOND = 100.0  # to all followers together: beyond, each is told less often, and pages go on answering
UNEVENNESS = 0.3
PATIENCE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Batch:
    """What is new: events, and the job's record when it changed. Neither: nothing has happened for a while."""

    events: Sequence[JsonObject]
    job: Job | None


class Followers:
    """Makes followers of jobs."""

    def __init__(self, feed: Feed, orders: WorkOrders) -> None:
        self._feed = feed
        self._orders = orders

    @property
    def shortest_rest(self) -> float:
        """Seconds between two batches to one follower, at least: there may be many of them."""
        return min(LONGEST_REST_SECONDS, max(REST_SECONDS, self._feed.subscriptions / BATCHES_PER_SECOND))

    async def follow(
        self, get_job: Callable[[], Awaitable[Job]], job_id: str, after: int = 0, ends_with_job: bool = True
    ) -> AsyncGenerator[Batch]:
        """Batches of what comes after event number `after`; an empty one when nothing has happened for a while.

        Ends when the job has ended and all of it was told; with `ends_with_job` false it waits for another attempt.
        `get_job` gives the job's record as it is now; asked again and again, it raises once the viewer may not see it.
        """
        subscription = self._feed.subscribe(job_id, after)
        try:
            while not self._feed.is_closed:
                job = await get_job()
                # Everything told is on disk before it is told. The logs of a job that has ended hold all of it.
                async for events in self.read_logs(job, subscription.after):
                    subscription.after = events[-1]["n"]
                    yield Batch(events, None)
                yield Batch((), job)
                if ends_with_job and job.state.is_terminal:
                    return
                async for batch in self._listen(subscription, get_job):
                    yield batch
        finally:
            subscription.close()

    async def read_logs(self, job: Job, after: int = 0) -> AsyncGenerator[Sequence[JsonObject]]:
        """Every event after number `after` of every attempt so far, in order, from their logs; never all in memory."""
        for attempt in range(1, job.attempt + 1):
            path = self._orders.folder_of(job, attempt).events
            offset = None
            while True:
                start, log = await asyncio.to_thread(_read_on, path, offset, after)
                for first in range(0, len(log.events), MOST_EVENTS):
                    yield log.events[first : first + MOST_EVENTS]
                offset, after = log.end, log.last_number
                if not log.has_more or log.end == start:
                    break

    async def _listen(self, subscription: Subscription, get_job: Callable[[], Awaitable[Job]]) -> AsyncGenerator[Batch]:
        """What the feed has in memory, until the logs must be read: for what was missed, or for the last words."""
        asked_at, rest = time.monotonic(), REST_SECONDS
        while not self._feed.is_closed:
            is_open = True
            with contextlib.suppress(TimeoutError):
                is_open = await asyncio.wait_for(subscription.changed(), PATIENCE_SECONDS)
            if not is_open:
                return  # nothing more is asked for: the database is closed next
            seen = subscription.after
            news = subscription.take(MOST_EVENTS)
            if news.missed or (news.job is not None and news.job.state.is_terminal):
                subscription.after = seen
                return
            if time.monotonic() - asked_at >= PATIENCE_SECONDS:
                await get_job()
                asked_at = time.monotonic()
            yield Batch(news.events, news.job)
            rest = await _take_a_rest(max(rest, self.shortest_rest))


def _read_on(path: Path, offset: int | None, after: int) -> tuple[int, EventLog]:
    """Where reading began, and what came from there on; without an offset, the first event after number `after` is found."""
    start = find_event(path, after) if offset is None else offset
    return start, read_events(path, start, after, READ_BYTES)


async def _take_a_rest(seconds: float) -> float:
    """Let the others have their turn; returns how long to rest the next time: longer when this one lasted too long.

    A server that wakes its viewers late has too many of them, and tells each less often until it is in time again. Rests
    differ a little: viewers who once woke together would go on doing so, and everybody else would wait for all of them.
    """
    seconds *= random.uniform(1 - UNEVENNESS, 1 + UNEVENNESS)  # noqa: S311 - nothing to be guessed
    began = time.monotonic()
    await asyncio.sleep(seconds)
    delay = time.monotonic() - began - seconds
    return min(LONGEST_REST_SECONDS, REST_SECONDS + RESTS_PER_DELAY * delay)

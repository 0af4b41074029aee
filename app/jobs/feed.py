"""The feed: hands each event of a live job to every subscriber, in order and once.

A subscriber is a cursor into the job's channel, so that a slow viewer delays neither a worker nor another viewer. One
that falls behind what the channel keeps in memory is told so and reads the event log instead.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from app.records import Job
from trainer.contract import JsonObject

KEPT_EVENTS = 5_000


@dataclass(slots=True)
class Channel:
    """What is known of one job: its latest record, and its latest events."""

    job: Job | None = None
    version: int = 0
    events: deque[JsonObject] = field(default_factory=lambda: deque(maxlen=KEPT_EVENTS))
    subscribers: int = 0


@dataclass(frozen=True, slots=True)
class News:
    """What a subscriber has not seen yet; `missed` when events before these are in the log alone."""

    events: Sequence[JsonObject]
    job: Job | None
    missed: bool = False


class Subscription:
    """One viewer's place in a job's channel; close it when the viewer leaves."""

    def __init__(self, feed: Feed, job_id: str, channel: Channel, after: int) -> None:
        self._feed = feed
        self._job_id = job_id
        self._channel = channel
        self._after = after
        self._seen_version = -1

    def take(self) -> News:
        """Everything since the last call: events, and the job's record if it changed."""
        events = self._channel.events
        fresh: Sequence[JsonObject] = ()
        if events and events[-1]["n"] > self._after:
            missed = events[0]["n"] > self._after + 1
            fresh = [event for event in events if event["n"] > self._after]
            self._after = events[-1]["n"]
        else:
            missed = False
        changed = self._channel.version != self._seen_version
        self._seen_version = self._channel.version
        return News(fresh, self._channel.job if changed else None, missed)

    def close(self) -> None:
        self._feed.unsubscribe(self._job_id)


class Feed:
    """All channels."""

    def __init__(self) -> None:
        self._channels: dict[str, Channel] = {}

    def subscribe(self, job_id: str, after: int = 0) -> Subscription:
        """Follow a job from the event after number `after`."""
        channel = self._channels.setdefault(job_id, Channel())
        channel.subscribers += 1
        return Subscription(self, job_id, channel, after)

    def unsubscribe(self, job_id: str) -> None:
        channel = self._channels.get(job_id)
        if channel is None:
            return
        channel.subscribers -= 1
        self._drop_if_done(job_id, channel)

    def publish(self, job: Job, events: Sequence[JsonObject] = ()) -> None:
        """Tell the subscribers of `job` what is new; an ended job's channel goes with its last subscriber."""
        channel = self._channels.setdefault(job.id, Channel())
        channel.events.extend(events)
        channel.job = job
        channel.version += 1
        self._drop_if_done(job.id, channel)

    def latest(self, job_id: str) -> Job | None:
        """The freshest record of a live job: newer than the database's snapshot."""
        channel = self._channels.get(job_id)
        return channel.job if channel else None

    def _drop_if_done(self, job_id: str, channel: Channel) -> None:
        is_done = channel.job is None or channel.job.state.is_terminal
        if channel.subscribers <= 0 and is_done:
            self._channels.pop(job_id, None)

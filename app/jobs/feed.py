"""The feed: hands each event of a live job to every subscriber, in order and once, and each change to its owner's watchers.

A subscriber is a cursor into the job's channel, so that a slow viewer delays neither a worker nor another viewer. One
that falls behind what the channel keeps in memory is told so and reads the event logs instead (app.jobs.following).
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice, takewhile

from app.records import Job, JobStatus
from trainer.contract import JsonObject

KEPT_EVENTS = 500  # per job: about a minute; the logs have them all


@dataclass(slots=True)
class Channel:
    """What is known of one job: its latest record, and its latest events."""

    job: Job | None = None
    is_ended: bool = False  # as told by `publish`: the record itself changes in its owner's hands before that
    version: int = 0
    last_number: int = 0
    events: deque[JsonObject] = field(default_factory=lambda: deque(maxlen=KEPT_EVENTS))
    subscriptions: set[Subscription] = field(default_factory=set)

    def add(self, job: Job, events: Sequence[JsonObject]) -> None:
        fresh = [event for event in events if event["n"] > self.last_number]
        self.events.extend(fresh)
        if fresh:
            self.last_number = fresh[-1]["n"]
        self.job = job
        self.is_ended = job.state.is_terminal
        self.version += 1

    def forget_what_all_have(self) -> None:
        """An ended job says nothing more: its events are let go once every subscriber has them."""
        if self.is_ended and self.events and all(viewer.after >= self.last_number for viewer in self.subscriptions):
            self.events.clear()


@dataclass(frozen=True, slots=True)
class News:
    """What a subscriber has not seen yet; `missed` when events before these are in the log alone."""

    events: Sequence[JsonObject]
    job: Job | None
    missed: bool = False
    has_more: bool = False
    is_ended: bool = False


class Subscription:
    """One viewer's place in a job's channel; close it when the viewer leaves.

    Several subscriptions may share one `bell`, which rings at any news, for a viewer that waits for all of them at once.
    """

    def __init__(self, feed: Feed, job_id: str, channel: Channel, after: int, bell: asyncio.Event | None = None) -> None:
        self.after = after  # the number of the last event seen; whoever reads further in the log may move it on
        self.bell = bell or asyncio.Event()
        self._feed = feed
        self._job_id = job_id
        self._channel = channel
        self._seen_version = 0

    @property
    def has_news(self) -> bool:
        return self._channel.version != self._seen_version or self._channel.last_number > self.after

    def take(self, most: int | None = None) -> News:
        """What came since the last call, at most `most` events of it: all in one, however often the job spoke.

        The record, if it changed, comes with the last of the events that it speaks of, never before them.
        """
        channel = self._channel
        # From the newest back to the first unseen one: the cost is that of the news, not of everything kept.
        fresh = list(takewhile(lambda event: event["n"] > self.after, reversed(channel.events)))
        missed = channel.last_number > self.after and len(fresh) == len(channel.events) and not self._follows(fresh)
        fresh.reverse()
        has_more = most is not None and len(fresh) > most
        events = fresh[:most]
        self.after = events[-1]["n"] if has_more else max(self.after, channel.last_number)
        job = None
        if not has_more and channel.version != self._seen_version:
            self._seen_version = channel.version
            job = channel.job
        channel.forget_what_all_have()
        return News(events, job, missed, has_more, channel.is_ended)

    def _follows(self, newest_first: Sequence[JsonObject]) -> bool:
        return bool(newest_first) and newest_first[-1]["n"] == self.after + 1

    async def changed(self) -> bool:
        """Wait until there is something to take; False once the feed is closed. Any number of tasks may wait."""
        while not (self.has_news or self._feed.is_closed):
            self.bell.clear()
            await self.bell.wait()
        return not self._feed.is_closed

    def close(self) -> None:
        self._feed.unsubscribe(self._job_id, self)


class OwnerWatch:
    """One viewer's view of all jobs of one person: which of them changed. Close it when the viewer leaves."""

    def __init__(self, feed: Feed, owner_id: str, bell: asyncio.Event | None = None) -> None:
        self.bell = bell or asyncio.Event()
        self._feed = feed
        self._owner_id = owner_id
        self._changed: dict[str, Job] = {}

    def note(self, job: Job) -> None:
        self._changed[job.id] = job
        self.bell.set()

    def take(self, most: int | None = None) -> list[Job]:
        """The latest records of jobs that changed since they were last taken, at most `most` of them."""
        taken = list(islice(self._changed, most))
        return [self._changed.pop(job_id) for job_id in taken]

    def close(self) -> None:
        self._feed.unwatch(self._owner_id, self)


class Feed:
    """All channels."""

    def __init__(self) -> None:
        self._channels: dict[str, Channel] = {}
        self._watches: defaultdict[str, set[OwnerWatch]] = defaultdict(set)
        self.is_closed = False

    @property
    def subscriptions(self) -> int:
        """How many viewers' places are open, those of owners included."""
        watches = sum(map(len, self._watches.values()))
        return watches + sum(len(channel.subscriptions) for channel in self._channels.values())

    def subscribe(self, job_id: str, after: int = 0, bell: asyncio.Event | None = None) -> Subscription:
        """Follow a job from the event after number `after`."""
        channel = self._channels.setdefault(job_id, Channel())
        subscription = Subscription(self, job_id, channel, after, bell)
        channel.subscriptions.add(subscription)
        return subscription

    def unsubscribe(self, job_id: str, subscription: Subscription) -> None:
        channel = self._channels.get(job_id)
        if channel is not None:
            channel.subscriptions.discard(subscription)
            self._drop_if_done(job_id, channel)

    def watch(self, owner_id: str, bell: asyncio.Event | None = None) -> OwnerWatch:
        """Follow all jobs of a person, their records alone."""
        watch = OwnerWatch(self, owner_id, bell)
        self._watches[owner_id].add(watch)
        return watch

    def unwatch(self, owner_id: str, watch: OwnerWatch) -> None:
        self._watches[owner_id].discard(watch)
        if not self._watches[owner_id]:
            del self._watches[owner_id]

    def publish(self, job: Job, events: Sequence[JsonObject] = ()) -> None:
        """Tell the subscribers of `job` what is new; an ended job's channel goes with its last subscriber."""
        channel = self._channels.setdefault(job.id, Channel())
        channel.add(job, events)
        for subscription in channel.subscriptions:
            subscription.bell.set()
        for watch in self._watches.get(job.owner_id, ()):
            watch.note(job)
        self._drop_if_done(job.id, channel)

    def latest(self, job_id: str) -> Job | None:
        """The freshest record of a live job: newer than the database's snapshot."""
        channel = self._channels.get(job_id)
        return channel.job if channel else None

    def close(self) -> None:
        """The server is about to stop: everything that waits for news is told to leave."""
        self.is_closed = True
        for channel in self._channels.values():
            for subscription in channel.subscriptions:
                subscription.bell.set()
        for watches in self._watches.values():
            for watch in watches:
                watch.bell.set()

    def _drop_if_done(self, job_id: str, channel: Channel) -> None:
        is_at_rest = channel.job is None or channel.is_ended or channel.job.status == JobStatus.PAUSED
        if is_at_rest and not channel.subscriptions:
            self._channels.pop(job_id, None)

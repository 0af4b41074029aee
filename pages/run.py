"""/runs/{id}: one run, live: what it does, how far it is, how the loss falls, what it uses, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from fastapi import Request
from nicegui import ui

from app.errors import NotFound
from app.jobs.feed import News, Subscription
from app.jobs.forecast import QueuePlace
from app.platform import Platform
from app.records import Job, JobStatus, User
from components.elements import box, foreign_heading, text
from components.run_view import LogLine, RunView
from pages.run_actions import Offer, RunActions, may_set_priority
from pages.run_story import RunStory
from pages.run_words import describe, describe_settings, describe_usage, usage_points
from pages.visitor import Visitor, framed, page_at, welcome
from pages.words import MEASURES, PARTS, dataset_name, measure, name_of, parts_of
from trainer.contract import JsonObject

LOOK_SECONDS = 0.05
USAGE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Moment:
    """What is known of a run beside its events: asked for when its state changes, and once a second while it waits."""

    offer: Offer
    place: QueuePlace | None


@dataclass(frozen=True, slots=True)
class Opening:
    """What is known of a run when its page is opened."""

    job: Job
    events: Sequence[JsonObject]
    moment: Moment
    usage: Sequence[JsonObject]


def register(platform: Platform) -> None:
    """Offer /runs/{job_id}."""

    @page_at("/runs/{job_id}")
    async def run(request: Request, job_id: str) -> None:
        visitor = welcome(platform, request)
        _ = visitor.translator
        page = RunPage(visitor, job_id)
        with framed(visitor, _("Run"), "/runs"):
            await visitor.load(page.fetch, page.build)


@dataclass
class RunPage:
    """One window's view of one run."""

    visitor: Visitor
    job_id: str
    story: RunStory = field(default_factory=RunStory)
    job: Job = field(init=False)
    view: RunView = field(init=False)
    actions: RunActions = field(init=False)
    moment: Moment = field(init=False)
    subscription: Subscription | None = None
    _shown_second: int = -1
    _usage_at: float = 0.0
    _usage_seen: tuple[int, int] = (0, 0)  # (attempt, samples)

    async def fetch(self, user: User) -> Opening:
        jobs = self.visitor.platform.jobs
        # The state is read before the log, so that the log of a run that has ended is read to its end.
        job = await jobs.get(user, self.job_id)
        events = await jobs.events(user, self.job_id)
        return Opening(job, events, await self._ask(user, job), await jobs.usage(user, self.job_id))

    def build(self, opening: Opening) -> None:
        _ = self.visitor.translator
        self.job, self.moment = opening.job, opening.moment
        self.story.absorb(opening.events)
        ui.page_title(f"{self._data_name()} · {_('Run')} · {_('Tamrin')}")
        with box("heading"):
            with box("heading-text"):
                foreign_heading(self._data_name())
                text("code", self.job.id, "soft")
            self.actions = RunActions(self.visitor, self.job)
        points = self.story.take_points()
        self.view = RunView(_, points, describe_settings(_, self.job), f"/runs/{self.job.id}/log")
        self._show()
        self._show_usage(opening.usage)
        ui.context.client.on_delete(self._unsubscribe)
        ui.timer(LOOK_SECONDS, self.look)

    async def look(self) -> None:
        """Take what is new and show it; without news, only the clocks move on, once a second."""
        with self.visitor.telling_problems():
            user = await self.visitor.watching_user()
            is_first = self.subscription is None
            if self.subscription is None:
                self.subscription = await self._subscribe(user)
            news = self.subscription.take()
            second = int(time.monotonic())
            is_moving = self.job.state.is_live or self.job.status == JobStatus.QUEUED
            if is_first or news.events or news.job is not None or (is_moving and second != self._shown_second):
                self._shown_second = second
                await self._digest(user, news, has_changed=is_first or news.job is not None)
            if self.job.state.is_live and time.monotonic() - self._usage_at >= USAGE_SECONDS:
                self._show_usage(await self.visitor.platform.jobs.usage(user, self.job_id))
            self.view.chart.send_when_free()
            self.view.usage.send_when_free()

    async def _subscribe(self, user: User) -> Subscription:
        """Follow the run from what the page holds; what happened since it was built is read once more."""
        jobs = self.visitor.platform.jobs
        subscription = await jobs.follow(user, self.job_id, self.story.last_number)
        self.job = await jobs.get(user, self.job_id)
        if not self.job.state.is_live:
            self.story.absorb(await jobs.events(user, self.job_id))
        return subscription

    async def _digest(self, user: User, news: News, *, has_changed: bool) -> None:
        if news.missed:
            self.story.absorb(await self.visitor.platform.jobs.events(user, self.job_id))
        self.story.absorb(news.events)
        is_cut = self.story.was_cut
        (self.view.chart.replace if is_cut else self.view.chart.add)(self.story.take_points())
        self.job = news.job or self.job
        if has_changed or self.job.status == JobStatus.QUEUED:
            self.moment = await self._ask(user, self.job)
        self._show()
        if has_changed and not self.job.state.is_live:
            self.view.chart.flush()
            self._show_usage(await self.visitor.platform.jobs.usage(user, self.job_id))

    async def _ask(self, user: User, job: Job) -> Moment:
        control = self.visitor.platform.job_control
        offer = Offer(
            actions=await control.possible_actions(job),
            has_model=await self._has_model(user, job),
            can_move=await control.can_move(job),
            priority=job.priority if may_set_priority(user, job) else None,
        )
        return Moment(offer, await control.queue_place(job))

    async def _has_model(self, user: User, job: Job) -> bool:
        if not job.state.is_terminal:
            return False
        try:
            await self.visitor.platform.jobs.model_file(user, job.id)
        except NotFound:
            return False
        return True

    def _unsubscribe(self) -> None:
        if self.subscription is not None:
            self.subscription.close()
            self.subscription = None

    def _data_name(self) -> str:
        return dataset_name(self.visitor.translator, self.job.dataset_id, self.job.dataset_name)

    def _show(self) -> None:
        _ = self.visitor.translator
        self.actions.show(self.job, self.moment.offer)
        self.view.show(describe(_, self.job, self.story, self.moment.place))
        entries = self.story.take_entries()
        self.view.add_log(
            [LogLine(_.time_of_day(datetime.fromtimestamp(e.at, UTC)), _.message(e.message), e.level) for e in entries]
        )
        self._show_results()

    def _show_usage(self, samples: Sequence[JsonObject]) -> None:
        self._usage_at = time.monotonic()
        attempt, seen = self._usage_seen
        is_another = attempt != self.job.attempt
        self._usage_seen = (self.job.attempt, len(samples))
        if samples:
            fresh = samples if is_another else samples[seen:]
            points = usage_points(fresh, samples[0]["at"])
            self.view.usage.show(describe_usage(self.visitor.translator, samples), points, is_whole=is_another)

    def _show_results(self) -> None:
        _ = self.visitor.translator
        parts = parts_of(self.job.metrics) if self.job.state.is_terminal else {}
        names = [name for name in MEASURES if any(name in part for part in parts.values())]
        rows = [(name_of(_, MEASURES, name), [measure(_, name, part.get(name)) for part in parts.values()]) for name in names]
        self.view.show_results([name_of(_, PARTS, part) for part in parts], rows)

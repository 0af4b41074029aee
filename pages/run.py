"""/runs/{id}: one run, live: what it does, how far it is, how the loss falls, what it uses, and what came of it."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime

from fastapi import Request
from nicegui import ui

from app.errors import NotFound
from app.jobs.following import Batch
from app.jobs.forecast import QueuePlace
from app.jobs.usage import Usage
from app.platform import Platform
from app.records import Job, JobStatus, User
from components.elements import box, foreign_heading, text
from components.run_view import LogLine, RunView
from components.usage_view import SPEED_CHART
from pages.run_actions import Offer, RunActions, may_set_priority
from pages.run_story import RunStory, StoryShelf
from pages.run_words import describe, describe_settings, describe_usage, usage_lines
from pages.visitor import Visitor, framed, is_login_lost, page_at, welcome, while_open
from pages.words import MEASURES, PARTS, dataset_name, measure, name_of, parts_of
from trainer.contract import AUTO, Message, Refusal

USAGE_SECONDS = 2.0
USAGE_RESTS = 10.0
RETRY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Moment:
    """What is known of a run beside its events: asked for when its record changes, and once a second while it waits."""

    offer: Offer
    place: QueuePlace | None


@dataclass(frozen=True, slots=True)
class Opening:
    """What is known of a run when its page is opened, beside its story."""

    job: Job
    moment: Moment
    usage: Usage


def register(platform: Platform) -> None:
    """Offer /runs/{job_id}."""
    shelf = StoryShelf(platform.followers.read_logs)

    @page_at("/runs/{job_id}")
    async def run(request: Request, job_id: str) -> None:
        visitor = welcome(platform, request)
        _ = visitor.translator
        page = RunPage(visitor, job_id, shelf)
        with framed(visitor, _("Run"), "/runs"):
            await visitor.load(page.fetch, page.build)


@dataclass
class RunPage:
    """One window's view of one run."""

    visitor: Visitor
    job_id: str
    shelf: StoryShelf
    story: RunStory = field(init=False)
    user: User = field(init=False)
    job: Job = field(init=False)
    view: RunView = field(init=False)
    actions: RunActions = field(init=False)
    moment: Moment = field(init=False)
    _usage: Usage | None = None
    _usage_at: float = 0.0

    async def fetch(self, user: User) -> Opening:
        self.user = user
        jobs = self.visitor.platform.jobs
        # The state is read before the log, so that the log of a run that has ended is read to its end.
        job = await jobs.get(user, self.job_id)
        self.story, moment, usage = await asyncio.gather(self.shelf.story_of(job), self._ask(job), jobs.usage(user, self.job_id))
        return Opening(job, moment, usage)

    def build(self, opening: Opening) -> None:
        _ = self.visitor.translator
        self.job, self.moment = opening.job, opening.moment
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
        while_open(self.follow)

    async def follow(self) -> None:
        """Show what comes, as long as the window is open; what is refused for the moment is asked for again."""
        followers = self.visitor.platform.followers
        while True:
            try:
                batches = followers.follow(self._job_now, self.job_id, self.story.last_number, ends_with_job=False)
                async with aclosing(batches):
                    async for batch in batches:
                        await self._digest(batch)
                return  # the server is about to stop
            except Refusal as refusal:
                self.visitor.tell(refusal)
                if is_login_lost(refusal):
                    return
                await asyncio.sleep(RETRY_SECONDS)

    async def _job_now(self) -> Job:
        self.user = await self.visitor.watching_user()
        return await self.visitor.platform.jobs.get(self.user, self.job_id)

    async def _digest(self, batch: Batch) -> None:
        """Show what is new; without news, only the clocks move on."""
        self.story.absorb(batch.events)
        self.job = batch.job or self.job
        if self.story.was_cut:
            self.story.begin_again()
            async for events in self.visitor.platform.followers.read_logs(self.job):
                self.story.absorb(events)
            self.view.chart.replace(self.story.take_points())
        else:
            self.view.chart.add(self.story.take_points())
        if batch.job is not None or self.job.status == JobStatus.QUEUED:
            self.moment = await self._ask(self.job)
        self._show()
        is_live = self.job.state.is_live
        if batch.job is not None and not is_live:
            self.view.chart.flush()
        if time.monotonic() - self._usage_at >= self._usage_rest() if is_live else batch.job is not None:
            self._show_usage(await self.visitor.platform.jobs.usage(self.user, self.job_id, self._usage))
        self.view.usage.send_when_free()

    def _usage_rest(self) -> float:
        """Seconds between two looks at what the run uses: more of them when there are many viewers."""
        return max(USAGE_SECONDS, USAGE_RESTS * self.visitor.platform.followers.shortest_rest)

    async def _ask(self, job: Job) -> Moment:
        control = self.visitor.platform.job_control
        offer = Offer(
            actions=await control.possible_actions(job),
            has_model=await self._has_model(job),
            can_move=await control.can_move(job),
            priority=job.priority if may_set_priority(self.user, job) else None,
        )
        return Moment(offer, await control.queue_place(job))

    async def _has_model(self, job: Job) -> bool:
        if not job.state.is_terminal:
            return False
        try:
            await self.visitor.platform.jobs.model_file(self.user, job.id)
        except NotFound:
            return False
        return True

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

    def _show_usage(self, usage: Usage) -> None:
        self._usage, self._usage_at = usage, time.monotonic()
        _ = self.visitor.translator
        if usage.is_whole and not usage.samples:
            if self.job.state.is_terminal:
                self.view.usage.say(_("This run was over before it could be measured."))
            return
        # Of a new attempt, the log and the usage are heard of one after the other: speeds wait until both are the same one's.
        speeds = self.story.speed.take_points() if self.story.speed.attempt == usage.attempt else []
        if usage.samples:
            self.view.usage.say(describe_usage(_, usage.samples[-1]))
        if usage.samples or speeds:
            lines = usage_lines(usage) | ({SPEED_CHART: speeds} if speeds else {})  # a run of less than a second has none
            self.view.usage.show(lines, is_whole=usage.is_whole)

    def _show_results(self) -> None:
        _ = self.visitor.translator
        parts = parts_of(self.job.metrics) if self.job.state.is_terminal else {}
        names = [name for name in MEASURES if any(name in part for part in parts.values())]
        rows = [(name_of(_, MEASURES, name), [measure(_, name, part.get(name)) for part in parts.values()]) for name in names]
        model = (self.job.metrics or {}).get("model") if rows else None
        was_chosen = self.job.spec.get("network") == AUTO
        sentence = _.message(Message.from_dict(model["reason"])) if model and was_chosen else ""
        self.view.show_results([name_of(_, PARTS, part) for part in parts], rows, sentence)

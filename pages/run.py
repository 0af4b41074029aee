"""/runs/{id}: one run, live: what it does, how far it is, how the loss falls, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from fastapi import Request
from nicegui import ui
from nicegui.element import Element

from app.errors import NotFound
from app.jobs.feed import News, Subscription
from app.platform import Platform
from app.records import Job, User
from components.confirm import confirm
from components.elements import Button, box, foreign_heading, link_button, text
from components.run_view import LogLine, RunFigures, RunView
from locales import Translator
from pages.run_story import RunStory
from pages.visitor import Visitor, framed, welcome
from pages.words import MEASURES, NETWORKS, PARTS, TASKS, dataset_name, measure, name_of, parts_of, sentence_of, state_of
from trainer.contract import JsonObject

LOOK_SECONDS = 0.05
SETTINGS = ("target", "task", "network", "epochs", "batch_size", "lr", "hidden", "dropout", "weight_decay", "seed", "exclude")


@dataclass(frozen=True, slots=True)
class Opening:
    """What is known of a run when its page is opened."""

    job: Job
    events: Sequence[JsonObject]
    has_model: bool


def register(platform: Platform) -> None:
    """Offer /runs/{job_id}."""

    @ui.page("/runs/{job_id}")
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
    actions: Element = field(init=False)
    subscription: Subscription | None = None
    timer: ui.timer | None = None
    _shown_second: int = -1

    async def fetch(self, user: User) -> Opening:
        jobs = self.visitor.platform.jobs
        # The state is read before the log, so that the log of a run that has ended is read to its end.
        job = await jobs.get(user, self.job_id)
        return Opening(job, await jobs.events(user, self.job_id), await self._has_model(user, job))

    def build(self, opening: Opening) -> None:
        _ = self.visitor.translator
        self.job = opening.job
        self.story.absorb(opening.events)
        ui.page_title(f"{self._data_name()} · {_('Run')} · {_('Tamrin')}")
        self._draw_heading(opening.has_model)
        self.view = RunView(_, self.story.take_points(), describe_settings(_, self.job))
        self._show(opening.has_model)
        if not self.job.state.is_terminal:
            ui.context.client.on_delete(self._unsubscribe)
            self.timer = ui.timer(LOOK_SECONDS, self.look)

    async def look(self) -> None:
        """Take what is new and show it; without news, only the clocks move on, once a second."""
        with self.visitor.telling_problems():
            user = await self.visitor.watching_user()
            if self.subscription is None:
                self.subscription = await self._subscribe(user)
            news = self.subscription.take()
            second = int(time.monotonic())
            if news.events or news.job is not None or second != self._shown_second:
                self._shown_second = second
                await self._digest(user, news)
            self.view.chart.send_when_free()

    async def _subscribe(self, user: User) -> Subscription:
        """Follow the run; one that ended since the page was built has no news to give, so its log is read instead."""
        jobs = self.visitor.platform.jobs
        subscription = await jobs.follow(user, self.job_id, self.story.last_number)
        self.job = await jobs.get(user, self.job_id)
        if self.job.state.is_terminal:
            self.story.absorb(await jobs.events(user, self.job_id))
        return subscription

    async def _digest(self, user: User, news: News) -> None:
        if news.missed:
            self.story.absorb(await self.visitor.platform.jobs.events(user, self.job_id))
        self.story.absorb(news.events)
        self.view.chart.add(self.story.take_points())
        self.job = news.job or self.job
        has_ended = self.job.state.is_terminal
        self._show(has_ended and await self._has_model(user, self.job))
        if has_ended:
            self.view.chart.flush()
            self._unsubscribe()
            if self.timer:
                self.timer.cancel()

    async def stop(self) -> None:
        """Ask, then stop."""
        _ = self.visitor.translator
        sentence = _("Training ends after the current step. What was learnt so far is kept.")
        if await confirm(_("Stop this run?"), sentence, yes=_("Stop"), no=_("Go on")):
            with self.visitor.telling_problems():
                await self.visitor.platform.job_control.stop(await self.visitor.user(), self.job_id)

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

    def _draw_heading(self, has_model: bool) -> None:
        _ = self.visitor.translator
        with box("heading"):
            with box("heading-text"):
                foreign_heading(self._data_name())
                text("code", self.job.id, "soft")
            with box("actions") as self.actions:
                if self.job.state.is_terminal:
                    self._draw_final_actions(has_model)
                else:
                    Button(_("Stop"), self.stop, kind="danger")

    def _draw_final_actions(self, has_model: bool) -> None:
        _ = self.visitor.translator
        if has_model:
            download = link_button(_("Download model"), f"/api/training/{self.job.id}/download", is_primary=True)
            download.props["download"] = f"{self.job.id}.pt"
        link_button(_("New run with this data"), f"/runs/new?dataset={self.job.dataset_id}")

    def _show(self, has_model: bool) -> None:
        _ = self.visitor.translator
        self.view.show(describe(_, self.job, self.story))
        entries = self.story.take_entries()
        self.view.add_log(
            [LogLine(_.time_of_day(datetime.fromtimestamp(e.at, UTC)), _.message(e.message), e.level) for e in entries]
        )
        if self.job.state.is_terminal:
            if self.timer is not None:
                self.actions.clear()
                with self.actions:
                    self._draw_final_actions(has_model)
            self._show_results()

    def _show_results(self) -> None:
        _ = self.visitor.translator
        parts = parts_of(self.job.metrics)
        names = [name for name in MEASURES if any(name in part for part in parts.values())]
        if names:
            rows = [(name_of(_, MEASURES, name), [measure(_, name, part.get(name)) for part in parts.values()]) for name in names]
            self.view.show_results([name_of(_, PARTS, part) for part in parts], rows)


def describe(_: Translator, job: Job, story: RunStory) -> RunFigures:
    """The figures that change, in words."""
    status, tone = state_of(_, job)
    sentence = sentence_of(_, job)
    stats = (
        _("{done} / {total}", done=job.epoch, total=job.spec["epochs"]),
        _("{done} / {total}", done=job.step, total=job.total_steps) if job.total_steps else "–",
        _elapsed(_, job),
        _remaining(_, job, story),
        _.number(job.loss) if job.loss is not None else "–",
        _.number(job.validation_loss) if job.validation_loss is not None else "–",
    )
    fraction = job.progress / 100
    return RunFigures(status, tone, sentence, sentence if job.problem else "", fraction, _.percent(fraction), stats)


def describe_settings(_: Translator, job: Job) -> list[tuple[str, str]]:
    """(label, value) of every setting, as it was used."""
    separator = "، " if _.is_persian else ", "
    shown: list[tuple[str, str]] = []
    for name in SETTINGS:
        value = job.spec.get(name)
        match value:
            case list():
                words = (
                    separator.join(_.number(item) if isinstance(item, int) else f"\u2068{item}\u2069" for item in value) or "–"
                )
            case float() | int():
                words = _.typed(value) if name == "seed" else _.number(value)
            case _ if name == "task":
                words = name_of(_, TASKS, None if value == "auto" else value)
            case _ if name == "network":
                words = name_of(_, NETWORKS, value)
            case _:
                words = str(value) if value else "–"
        shown.append((_.field_name(name), words))
    return shown


def _elapsed(_: Translator, job: Job) -> str:
    if job.started_at is None:
        return "–"
    return _.clock(((job.finished_at or datetime.now(UTC)) - job.started_at).total_seconds())


def _remaining(_: Translator, job: Job, story: RunStory) -> str:
    seconds = story.remaining_seconds(job.total_steps) if job.total_steps and not job.state.is_terminal else None
    if seconds is None or story.latest_metric is None:
        return "–"
    return _.clock(seconds - (time.time() - story.latest_metric[0]))

"""/runs/{id}/log: everything a run's worker wrote, from disk, page by page, searched and downloaded."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from urllib.parse import quote

from fastapi import Request
from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from app.jobs.logbook import LogPage, size_of
from app.platform import Platform
from app.records import Job, User
from components.elements import Button, box, card, link_button, text
from pages.visitor import Visitor, framed, page_at, welcome
from pages.words import dataset_name

REFRESH_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Opening:
    """The run, and the last page of its log."""

    job: Job
    page: LogPage


def register(platform: Platform) -> None:
    """Offer /runs/{job_id}/log."""

    @page_at("/runs/{job_id}/log")
    async def run_log(request: Request, job_id: str) -> None:
        visitor = welcome(platform, request)
        _ = visitor.translator
        view = RunLogPage(visitor, job_id)
        with framed(visitor, _("Complete log"), "/runs"):
            await visitor.load(view.fetch, view.build)


@dataclass
class RunLogPage:
    """The log in one window: the last page, which grows, or an earlier one, which stays."""

    visitor: Visitor
    job_id: str
    attempt: int | None = None
    search: str = ""
    before: int | None = None  # None: the last page
    page: LogPage = field(init=False)
    lines: TextElement = field(init=False)
    earlier: Button = field(init=False)
    later: Button = field(init=False)

    async def fetch(self, user: User) -> Opening:
        jobs = self.visitor.platform.jobs
        return Opening(await jobs.get(user, self.job_id), await self._read(user))

    def build(self, opening: Opening) -> None:
        _ = self.visitor.translator
        job = opening.job
        with box("heading"):
            with box("heading-text"):
                text("h1", _("Complete log"))
                text("bdi", dataset_name(_, job.dataset_id, job.dataset_name), "soft")
            with box("actions"):
                link_button(_("Back to the run"), f"/runs/{quote(job.id)}")
                self._draw_download(job)
        with card():
            with box("field-row"):
                self._draw_choices(job)
            with box("actions"):
                self.earlier = Button(_("Earlier lines"), self._show_earlier)
                self.later = Button(_("Later lines"), self._show_later)
            self.lines = text("pre", "", "log-lines")
            self.lines.props.update({"dir": "ltr", "tabindex": "0", "role": "log", "aria-label": _("Complete log")})
        self._show(opening.page)
        ui.timer(REFRESH_SECONDS, self._look_again)

    def _draw_download(self, job: Job) -> None:
        _ = self.visitor.translator
        link = link_button(_("Download log"), f"/api/training/{quote(job.id)}/log/download")
        link.props["download"] = f"{job.id}.log"

    def _draw_choices(self, job: Job) -> None:
        _ = self.visitor.translator
        search = ui.input(_("Search")).props("outlined clearable debounce=300 name=search").classes("setting")

        async def find() -> None:
            self.search, self.before = search.value or "", None
            await self._refresh()

        search.on_value_change(find)
        if job.attempt > 1:
            options = {number: _("Attempt {number}", number=number) for number in range(job.attempt, 0, -1)}
            chooser = ui.select(options, label=_("Attempt"), value=job.attempt).props("outlined options-dense behavior=menu")
            chooser.classes("setting")

            async def choose() -> None:
                self.attempt, self.before = chooser.value, None
                await self._refresh()

            chooser.on_value_change(choose)

    async def _read(self, user: User) -> LogPage:
        return await self.visitor.platform.jobs.log_page(user, self.job_id, self.attempt, self.search, self.before)

    async def _refresh(self) -> None:
        with self.visitor.telling_problems():
            self._show(await self._read(await self.visitor.watching_user()))

    async def _look_again(self) -> None:
        """Only the last page changes, and only when the log has grown: a search of all that did not would find the same."""
        with self.visitor.telling_problems():
            user = await self.visitor.watching_user()
            path = await self.visitor.platform.jobs.log_file(user, self.job_id, self.attempt)
            if self.before is None and await asyncio.to_thread(size_of, path) != self.page.size:
                self._show(await self._read(user))

    def _show(self, page: LogPage) -> None:
        _ = self.visitor.translator
        self.page = page
        empty = _("No line holds these words.") if self.search else _("Nothing was written yet.")
        self.lines.set_text("\n".join(line.text for line in page.lines) or empty)
        self.earlier.set_enabled(page.earlier is not None)
        self.later.set_enabled(self.before is not None)

    async def _show_earlier(self) -> None:
        self.before = self.page.earlier
        await self._refresh()

    async def _show_later(self) -> None:
        """The page after this one; at the end of the log, the page that grows."""
        with self.visitor.telling_problems():
            user = await self.visitor.user()
            jobs, after = self.visitor.platform.jobs, self.before or 0
            following = await jobs.log_page(user, self.job_id, self.attempt, self.search, after=after)
            self.before = following.later
            self._show(following if following.later is not None else await self._read(user))

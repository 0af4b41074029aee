"""/runs: all runs of a person, newest first, brought up to date every second."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from fastapi import Request
from nicegui import ui

from app.jobs.forecast import QueuePlace
from app.platform import Platform
from app.records import Job, JobStatus, User
from components.data_table import Cell, DataTable, TableColumn, TableRow
from components.elements import box, link_button, text
from components.pager import Pager
from components.states import empty_state
from locales import Translator
from pages.visitor import Visitor, framed, page_at, welcome
from pages.words import dataset_name, primary_figure, state_of

PAGE_SIZE = 20
REFRESH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class RunsPage:
    """One page of runs, and how many there are in all."""

    jobs: Sequence[Job]
    total: int
    places: Mapping[str, QueuePlace | None]  # of those that wait


def register(platform: Platform) -> None:
    """Offer /runs."""

    @page_at("/runs")
    async def runs(request: Request) -> None:
        visitor = welcome(platform, request)
        _ = visitor.translator
        view = RunsView(visitor)
        with framed(visitor, _("Runs"), "/runs"):
            with box("heading"):
                text("h1", _("Runs"))
                link_button(_("New run"), "/runs/new", is_primary=True)
            await visitor.load(view.fetch, view.build)


@dataclass
class RunsView:
    """The list in one window."""

    visitor: Visitor
    offset: int = 0
    table: DataTable = field(init=False)
    pager: Pager = field(init=False)

    async def fetch(self, user: User) -> RunsPage:
        jobs = self.visitor.platform.jobs
        page, total = await asyncio.gather(jobs.list(user, self.offset, PAGE_SIZE), jobs.count(user))
        control = self.visitor.platform.job_control
        places = {job.id: await control.queue_place(job) for job in page if job.status == JobStatus.QUEUED}
        return RunsPage(page, total, places)

    def build(self, page: RunsPage) -> None:
        _ = self.visitor.translator
        if page.total == 0:
            empty_state(
                _("No runs yet"),
                _("Upload a table or take a built-in sample, choose what to predict, and watch the model learn."),
                [(_("Choose data"), "/datasets"), (_("New run"), "/runs/new")],
            )
            return
        columns = [
            TableColumn(_("Run")),
            TableColumn(_("Column to predict")),
            TableColumn(_("State")),
            TableColumn(_("Progress")),
            TableColumn(_("Result")),
            TableColumn(_("Started")),
            TableColumn(_("Duration"), is_numeric=True),
        ]
        self.table = DataTable(columns, caption=_("Runs"), is_stacked=True)
        self.pager = Pager(_, PAGE_SIZE, self.move)
        self.show(page)
        ui.timer(REFRESH_SECONDS, self.refresh)

    def show(self, page: RunsPage) -> None:
        _ = self.visitor.translator
        self.table.show([describe_run(_, job, page.places.get(job.id)) for job in page.jobs])
        self.pager.show(self.offset, len(page.jobs), page.total)

    async def refresh(self) -> None:
        with self.visitor.telling_problems():
            self.show(await self.fetch(await self.visitor.watching_user()))

    async def move(self, offset: int) -> None:
        self.offset = offset
        await self.refresh()


def describe_run(_: Translator, job: Job, place: QueuePlace | None) -> TableRow:
    """A run as a row."""
    state, tone = state_of(_, job)
    if place is not None:
        state = _("{state}: {position} of {waiting}", state=state, position=place.position, waiting=place.waiting)
    fraction = job.progress / 100
    started = _.moment(job.started_at) if job.started_at else "–"
    cells = (
        Cell(dataset_name(_, job.dataset_id, job.dataset_name), detail=job.id),
        Cell(job.spec.get("target") or "–"),
        Cell(state, tone=tone or "calm"),
        Cell(_.percent(fraction), progress=fraction),
        Cell(primary_figure(_, job)),
        Cell(started),
        Cell(duration(_, job)),
    )
    return TableRow(job.id, cells, href=f"/runs/{job.id}")


def duration(_: Translator, job: Job) -> str:
    if job.started_at is None or job.status in {JobStatus.QUEUED, JobStatus.PAUSED}:
        return "–"
    return _.clock(((job.finished_at or datetime.now(UTC)) - job.started_at).total_seconds())

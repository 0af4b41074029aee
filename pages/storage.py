"""/storage: who uses how much of the disk, for administrators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fastapi import Request

from app.datasets.storage import StorageReport, Use
from app.platform import Platform
from components.data_table import Cell, DataTable, TableColumn, TableRow
from components.elements import box, card, notice, text
from components.pager import Pager
from locales import Translator
from pages.visitor import Visitor, framed, page_at, welcome

PAGE_SIZE = 20


def register(platform: Platform) -> None:
    """Offer /storage."""

    @page_at("/storage")
    async def storage(request: Request) -> None:
        visitor = welcome(platform, request)
        _ = visitor.translator
        with framed(visitor, _("Storage"), "/machine"):
            text("h1", _("Storage"))
            await visitor.load(platform.storage.report, StoragePage(visitor).build)


@dataclass
class StoragePage:
    """The report as it was when the page was opened, a page at a time."""

    visitor: Visitor
    people: Sequence[TableRow] = ()
    table: DataTable = field(init=False)
    pager: Pager = field(init=False)

    def build(self, report: StorageReport) -> None:
        _ = self.visitor.translator
        with card(), box("stats", "dl"):
            for label, value in _describe_disk(_, report).items():
                with box("stat"):
                    text("dt", label)
                    text("dd", value)
        if not report.is_complete:
            notice(_("There are so many runs that not all of them could be measured in time: their figures are too low."), "warn")
        self.people = [_describe_use(_, use, report.quota_bytes) for use in report.people]
        with box("form", "section"):
            text("h2", _("Who uses what"))
            self.table = DataTable(_columns(_, bool(report.quota_bytes)), caption=_("Who uses what"), is_stacked=True)
            self.pager = Pager(_, PAGE_SIZE, self.move)
        self.show(0)

    def show(self, offset: int) -> None:
        shown = self.people[offset : offset + PAGE_SIZE]
        self.table.show(shown)
        self.pager.show(offset, len(shown), len(self.people))

    async def move(self, offset: int) -> None:
        self.show(offset)


def _describe_disk(_: Translator, report: StorageReport) -> dict[str, str]:
    return {
        _("Free disk space"): _.file_size(report.disk_free_bytes),
        _("Disk"): _.file_size(report.disk_total_bytes),
        _("Data sets"): _.file_size(sum(use.dataset_bytes for use in report.people)),
        _("Runs"): _.file_size(sum(use.run_bytes for use in report.people)),
        _("Reserved for uploads"): _.file_size(sum(use.reserved_bytes for use in report.people)),
        _("Quota of each person"): _.file_size(report.quota_bytes) if report.quota_bytes else _("unlimited"),
    }


def _columns(_: Translator, has_quota: bool) -> list[TableColumn]:
    columns = [
        TableColumn(_("Person")),
        TableColumn(_("Data sets"), is_numeric=True),
        TableColumn(_("Size of data sets"), is_numeric=True),
        TableColumn(_("Size of runs"), is_numeric=True),
        TableColumn(_("In all"), is_numeric=True),
        TableColumn(_("Reserved for uploads"), is_numeric=True),
    ]
    return [*columns, TableColumn(_("Used of the quota"))] if has_quota else columns


def _describe_use(_: Translator, use: Use, quota_bytes: int) -> TableRow:
    cells = [
        Cell(use.name, detail=use.email),
        Cell(_.number(use.datasets)),
        Cell(_.file_size(use.dataset_bytes)),
        Cell(_.file_size(use.run_bytes)),
        Cell(_.file_size(use.total_bytes)),
        Cell(_.file_size(use.reserved_bytes)),
    ]
    if quota_bytes:
        share = use.quota_used_bytes / quota_bytes
        cells.append(Cell(_.percent(share), progress=min(1.0, share)))
    return TableRow(use.user_id, cells)

"""/datasets: where tables are uploaded, the tables one has, and the built-in samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from fastapi import Request
from nicegui.elements.mixins.text_element import TextElement

from app.platform import Platform
from app.records import Dataset, DatasetStatus, User
from components.data_table import Cell, DataTable, RowAction, TableColumn, TableRow
from components.elements import box, notice, text
from components.pager import Pager
from locales import Translator
from pages.dataset_deletion import confirm_deletion
from pages.upload import draw_upload, fetch_intake
from pages.visitor import Visitor, framed, page_at, welcome
from pages.words import DATASET_STATES, dataset_name
from trainer.contract import Message

PAGE_SIZE = 20
# A window that was cut off for longer than it is remembered begins anew, and uploads with it.
LONGEST_OFFLINE_SECONDS = 300.0
GONE = "gone"  # somebody comes from the page of a data set that is not there for them any more
GONE_ADDRESS = f"/datasets?{GONE}"
WAITING = Message("Waiting to be read")


@dataclass(frozen=True, slots=True)
class Shelf:
    """A page of data sets, and how many there are in all."""

    records: Sequence[Dataset]
    total: int


@dataclass(frozen=True, slots=True)
class Tables:
    """One's own data sets, those that others share, and those for everybody."""

    own: Shelf
    shared: Shelf
    samples: Sequence[Dataset]


def register(platform: Platform) -> None:
    """Offer /datasets."""

    @page_at("/datasets", reconnect_seconds=LONGEST_OFFLINE_SECONDS)
    async def datasets(request: Request) -> None:
        visitor = welcome(platform, request)
        _ = visitor.translator

        async def fetch(user: User) -> Tables:
            return Tables(await own.fetch(user), await shared.fetch(user), await platform.samples.list())

        with framed(visitor, _("Data"), "/datasets"):
            text("h1", _("Data"))
            if GONE in request.query_params:
                gone = _("The data set you were looking at is gone: it was deleted, or is no longer shared with you.")
                notice(gone, "warn").props["role"] = "status"
            own, shared = OwnTables(visitor), SharedTables(visitor)
            await visitor.load(partial(fetch_intake, platform), lambda intake: draw_upload(visitor, intake, own.refresh))
            await visitor.load(fetch, lambda tables: _draw_tables(visitor, own, shared, tables))


def _draw_tables(visitor: Visitor, own: OwnTables, shared: SharedTables, tables: Tables) -> None:
    _ = visitor.translator
    with box("form", "section"):
        text("h2", _("Your data sets"))
        own.draw(tables.own, has_samples=bool(tables.samples))
    if tables.shared.records:
        with box("form", "section"):
            text("h2", _("Shared with you"))
            shared.draw(tables.shared)
    if tables.samples:
        with box("form", "section"):
            text("h2", _("Built-in samples"))
            table = DataTable(_columns(_), caption=_("Built-in samples"), is_stacked=True)
            table.show([_describe(visitor, record) for record in tables.samples])


@dataclass
class SharedTables:
    """What others share with the team, a page at a time."""

    visitor: Visitor
    offset: int = 0
    table: DataTable = field(init=False)
    pager: Pager = field(init=False)

    async def fetch(self, user: User) -> Shelf:
        datasets = self.visitor.platform.datasets
        return Shelf(await datasets.list_shared(user, self.offset, PAGE_SIZE), await datasets.count_shared(user))

    def draw(self, shelf: Shelf) -> None:
        _ = self.visitor.translator
        self.table = DataTable(_columns(_), caption=_("Shared with you"), is_stacked=True)
        self.pager = Pager(_, PAGE_SIZE, self.move)
        self.show(shelf)

    def show(self, shelf: Shelf) -> None:
        self.table.show([_describe(self.visitor, record, is_own=False) for record in shelf.records])
        self.pager.show(self.offset, len(shelf.records), shelf.total)

    async def move(self, offset: int) -> None:
        self.offset = offset
        with self.visitor.telling_problems():
            self.show(await self.fetch(await self.visitor.user()))


@dataclass
class OwnTables:
    """One's own data sets, a page at a time."""

    visitor: Visitor
    offset: int = 0
    records: dict[str, Dataset] = field(default_factory=dict)
    hint: TextElement = field(init=False)
    table: DataTable = field(init=False)
    pager: Pager = field(init=False)

    async def fetch(self, user: User) -> Shelf:
        datasets = self.visitor.platform.datasets
        return Shelf(await datasets.list_latest(user, self.offset, PAGE_SIZE), await datasets.count_latest(user))

    def draw(self, shelf: Shelf, *, has_samples: bool) -> None:
        _ = self.visitor.translator
        sentence = _("You have not uploaded anything yet. Upload a table above, or begin with a sample below.")
        if not has_samples:  # a new server makes them when nobody else has work for it
            sentence = _("You have not uploaded anything yet. Upload a table above.")
        self.hint = text("p", sentence, "soft")
        self.table = DataTable(_columns(_), caption=_("Your data sets"), is_stacked=True, on_action=self.act)
        self.pager = Pager(_, PAGE_SIZE, self.move)
        self.show(shelf)

    def show(self, shelf: Shelf) -> None:
        self.hint.set_visibility(not shelf.total)
        self.table.set_visibility(bool(shelf.total))
        self.records = {record.id: record for record in shelf.records}
        self.table.show([_describe(self.visitor, record) for record in shelf.records])
        self.pager.show(self.offset, len(shelf.records), shelf.total)

    async def refresh(self) -> None:
        """Show what has been added."""
        await self.move(0)

    async def act(self, _action: str, dataset_id: str) -> None:
        record = self.records.get(dataset_id)
        if record is not None and await confirm_deletion(self.visitor, record):
            is_last_of_page = len(self.records) == 1
            await self.move(max(0, self.offset - PAGE_SIZE) if is_last_of_page else self.offset)

    async def move(self, offset: int) -> None:
        self.offset = offset
        with self.visitor.telling_problems():
            self.show(await self.fetch(await self.visitor.user()))


def _columns(_: Translator) -> list[TableColumn]:
    return [
        TableColumn(_("Name")),
        TableColumn(_("Rows"), is_numeric=True),
        TableColumn(_("Columns"), is_numeric=True),
        TableColumn(_("Size"), is_numeric=True),
        TableColumn(_("Uploaded")),
        TableColumn(_("State")),
        TableColumn(""),
    ]


def _describe(visitor: Visitor, record: Dataset, *, is_own: bool = True) -> TableRow:
    _, is_waiting = visitor.translator, visitor.platform.datasets.count_before(record) is not None
    state, tone = (WAITING, "") if is_waiting else DATASET_STATES[record.status]
    is_sample = record.owner_id is None
    name = dataset_name(_, record.id, record.name)
    details = [] if is_sample or record.filename == name else [f"\u2068{record.filename}\u2069"]
    details += [_("version {number}", number=record.version)] if record.version > 1 else []
    details += [_("shared with the team")] if record.is_shared and is_own else []
    cells = (
        Cell(name, detail=" · ".join(details)),
        Cell(_.number(record.rows) if record.rows is not None else "–"),
        Cell(_.number(record.columns) if record.columns is not None else "–"),
        Cell(_.file_size(record.size) if record.size else "–"),
        Cell("–" if is_sample else _.moment(record.uploaded_at)),
        Cell(_.message(state), tone=tone),
    )
    actions: list[RowAction] = []
    if record.status == DatasetStatus.READY:
        description = _("New run with “{name}”", name=name)
        actions.append(RowAction("run", _("New run"), description, href=f"/runs/new?dataset={record.id}"))
    if is_own and not is_sample:
        actions.append(RowAction("delete", _("Delete"), _("Delete “{name}”", name=name), is_dangerous=True))
    return TableRow(record.id, cells, href=f"/datasets/{record.id}", actions=actions)

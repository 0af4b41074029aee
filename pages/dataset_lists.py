"""The lists of /datasets: one's own data sets, what others share, and the built-in samples; a page at a time, kept up to date."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

from app.records import Dataset, DatasetStatus, User
from components.data_table import Cell, DataTable, RowAction, TableColumn, TableRow
from components.elements import box, text
from components.pager import Pager
from locales import Translator
from pages.dataset_deletion import confirm_deletion
from pages.visitor import Visitor, is_login_lost
from pages.words import DATASET_STATES, dataset_name
from trainer.contract import Message, Refusal

PAGE_SIZE = 20
# However much happens, and however many windows are open: each looks at the database at most once in this time.
REST_SECONDS = 1.0
WAITING = Message("Waiting to be read")


@dataclass(frozen=True, slots=True)
class Shelf:
    """A page of data sets, where it begins, and how many there are in all."""

    offset: int
    records: Sequence[Dataset]
    total: int


Fetch = Callable[[User, int], Awaitable[Shelf]]


@dataclass
class DatasetList:
    """A section that is there while there is something in it, or something is said where there is nothing."""

    visitor: Visitor
    title: str
    fetch_page: Fetch
    is_own: bool = False
    offset: int = 0
    records: dict[str, Dataset] = field(default_factory=dict)
    section: Element = field(init=False)
    hint: TextElement = field(init=False)
    table: DataTable = field(init=False)
    pager: Pager = field(init=False)

    async def fetch(self, user: User) -> Shelf:
        """The page one is on; the last one when so many were deleted that it is gone."""
        offset = self.offset
        shelf = await self.fetch_page(user, offset)
        if shelf.records or not shelf.total:
            return shelf
        last = (shelf.total - 1) // PAGE_SIZE * PAGE_SIZE
        if self.offset == offset:  # nobody has turned the page meanwhile
            self.offset = last
        return await self.fetch_page(user, last)

    def draw(self) -> None:
        with box("form", "section") as self.section:
            text("h2", self.title)
            self.hint = text("p", "", "soft")
            columns = _columns(self.visitor.translator)
            self.table = DataTable(columns, caption=self.title, is_stacked=True, on_action=self.act)
            self.pager = Pager(self.visitor.translator, PAGE_SIZE, self.move)

    def show(self, shelf: Shelf, hint: str = "") -> None:
        """`hint` is what to say where there is nothing. What differs is patched: focus and selection stay where they are."""
        if shelf.offset != self.offset:  # it was asked for before the page was turned
            return
        is_empty = not shelf.total
        self.section.set_visibility(not is_empty or bool(hint))
        self.hint.set_text(hint)
        self.hint.set_visibility(is_empty and bool(hint))
        self.table.set_visibility(not is_empty)
        self.records = {record.id: record for record in shelf.records}
        self.table.show([_describe(self.visitor, record, is_own=self.is_own) for record in shelf.records])
        self.pager.show(shelf.offset, len(shelf.records), shelf.total)

    async def act(self, _action: str, dataset_id: str) -> None:
        record = self.records.get(dataset_id)
        if record is not None and await confirm_deletion(self.visitor, record):
            await self.move(self.offset)

    async def move(self, offset: int) -> None:
        self.offset = offset
        with self.visitor.telling_problems():
            self.show(await self.fetch(await self.visitor.user()))


class DatasetLists:
    """All lists in one window."""

    def __init__(self, visitor: Visitor) -> None:
        _, datasets, samples = visitor.translator, visitor.platform.datasets, visitor.platform.samples
        self.visitor = visitor

        async def fetch_own(user: User, offset: int) -> Shelf:
            records = await datasets.list_latest(user, offset, PAGE_SIZE)
            return Shelf(offset, records, await datasets.count_latest(user))

        async def fetch_shared(user: User, offset: int) -> Shelf:
            records = await datasets.list_shared(user, offset, PAGE_SIZE)
            return Shelf(offset, records, await datasets.count_shared(user))

        async def fetch_samples(_user: User, offset: int) -> Shelf:
            records = await samples.list()
            return Shelf(offset, records, len(records))

        self.own = DatasetList(visitor, _("Your data sets"), fetch_own, is_own=True)
        self.shared = DatasetList(visitor, _("Shared with you"), fetch_shared)
        self.samples = DatasetList(visitor, _("Built-in samples"), fetch_samples)

    async def fetch(self, user: User) -> tuple[Shelf, Shelf, Shelf]:
        """What each list shows."""
        return await self.own.fetch(user), await self.shared.fetch(user), await self.samples.fetch(user)

    def draw(self) -> None:
        for one in (self.own, self.shared, self.samples):
            one.draw()

    def show(self, shelves: tuple[Shelf, Shelf, Shelf]) -> None:
        own, shared, samples = shelves
        self.own.show(own, _hint(self.visitor.translator, has_samples=bool(samples.total)))
        self.shared.show(shared)
        self.samples.show(samples)

    async def show_added(self) -> None:
        """Show the newest, whatever page one is on."""
        await self.own.move(0)

    async def follow(self) -> None:
        """Show what changes, as long as the window is open."""
        with self.visitor.telling_problems():
            user = await self.visitor.watching_user()
            with self.visitor.platform.datasets.watch.watching_list(user.id) as changed:
                changed.set()  # something may have changed since the page was drawn
                while True:
                    await changed.wait()
                    changed.clear()
                    await self._show_change()
                    await asyncio.sleep(REST_SECONDS)

    async def _show_change(self) -> None:
        """A database that is busy for the moment ends nothing, the end of the login everything."""
        try:
            self.show(await self.fetch(await self.visitor.watching_user()))
        except Refusal as refusal:
            if is_login_lost(refusal):
                raise
            self.visitor.tell(refusal)


def _hint(_: Translator, *, has_samples: bool) -> str:
    if has_samples:
        return _("You have not uploaded anything yet. Upload a table above, or begin with a sample below.")
    return _("You have not uploaded anything yet. Upload a table above.")  # a new server makes them when nobody has other work


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


def _describe(visitor: Visitor, record: Dataset, *, is_own: bool) -> TableRow:
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
    if is_own:
        actions.append(RowAction("delete", _("Delete"), _("Delete “{name}”", name=name), is_dangerous=True))
    return TableRow(record.id, cells, href=f"/datasets/{record.id}", actions=actions)

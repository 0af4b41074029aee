"""/datasets: upload a table, the tables one has, and the built-in samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request
from nicegui import ui

from app.platform import Platform
from app.records import Dataset, DatasetStatus, User
from components.confirm import confirm
from components.data_table import Cell, DataTable, RowAction, TableColumn, TableRow
from components.elements import box, card, text
from components.pager import Pager
from components.upload_form import UploadForm
from locales import Translator
from pages.visitor import Visitor, framed, login_address, page_at, welcome
from pages.words import DATASET_STATES, dataset_name
from trainer.contract import Message, Refusal

FORM_FIELDS = ("file", "name")
PAGE_SIZE = 20
LOGIN_LOST = frozenset({"not_authenticated", "invalid_token"})


@dataclass(frozen=True, slots=True)
class Tables:
    """One's own data sets, and those for everybody."""

    own: Sequence[Dataset]
    total: int
    samples: Sequence[Dataset]


def register(platform: Platform) -> None:
    """Offer /datasets."""

    @page_at("/datasets")
    async def datasets(request: Request) -> None:
        visitor = welcome(platform, request)
        _ = visitor.translator

        async def fetch(user: User) -> Tables:
            own = await platform.datasets.list(user, 0, PAGE_SIZE)
            return Tables(own, await platform.datasets.count(user), await platform.samples.list())

        with framed(visitor, _("Data"), "/datasets"):
            text("h1", _("Data"))
            with card(_("Upload a table")):
                _draw_upload(visitor)
            await visitor.load(fetch, lambda tables: _draw_tables(visitor, tables))


def _draw_upload(visitor: Visitor) -> None:
    _ = visitor.translator

    def uploaded(dataset_id: str) -> None:
        ui.navigate.to(f"/datasets/{dataset_id}")

    def refused(answer: Mapping[str, Any]) -> None:
        if answer.get("code") in LOGIN_LOST:
            ui.navigate.to(login_address(visitor.address))
            return
        errors: dict[str, str] = {}
        for detail in answer.get("details") or []:
            place = detail.get("field") if detail.get("field") in FORM_FIELDS else "file"
            errors[place] = f"{errors.get(place, '')} {_.message(Message.from_dict(detail))}".strip()
        form.show_errors(errors)

    limit = visitor.platform.datasets.max_upload_bytes
    form = UploadForm(_, limit_bytes=limit, on_uploaded=uploaded, on_refused=refused)


def _draw_tables(visitor: Visitor, tables: Tables) -> None:
    _ = visitor.translator
    with box("form", "section"):
        text("h2", _("Your data sets"))
        if tables.own:
            OwnTables(visitor).draw(tables.own, tables.total)
        else:
            text("p", _("You have not uploaded anything yet. Upload a table above, or begin with a sample below."), "soft")
    if tables.samples:
        with box("form", "section"):
            text("h2", _("Built-in samples"))
            table = DataTable(_columns(_), caption=_("Built-in samples"), is_stacked=True)
            table.show([_describe(_, record) for record in tables.samples])


@dataclass
class OwnTables:
    """One's own data sets, a page at a time."""

    visitor: Visitor
    offset: int = 0
    records: dict[str, Dataset] = field(default_factory=dict)
    table: DataTable = field(init=False)
    pager: Pager = field(init=False)

    def draw(self, own: Sequence[Dataset], total: int) -> None:
        _ = self.visitor.translator
        self.table = DataTable(_columns(_), caption=_("Your data sets"), is_stacked=True, on_action=self.act)
        self.pager = Pager(_, PAGE_SIZE, self.move)
        self.show(own, total)

    def show(self, own: Sequence[Dataset], total: int) -> None:
        self.records = {record.id: record for record in own}
        self.table.show([_describe(self.visitor.translator, record) for record in own])
        self.pager.show(self.offset, len(own), total)

    async def act(self, _action: str, dataset_id: str) -> None:
        record = self.records.get(dataset_id)
        if record is not None and await confirm_deletion(self.visitor, record):
            is_last_of_page = len(self.records) == 1
            await self.move(max(0, self.offset - PAGE_SIZE) if is_last_of_page else self.offset)

    async def move(self, offset: int) -> None:
        self.offset = offset
        with self.visitor.telling_problems():
            user, datasets = await self.visitor.user(), self.visitor.platform.datasets
            self.show(await datasets.list(user, offset, PAGE_SIZE), await datasets.count(user))


async def confirm_deletion(visitor: Visitor, record: Dataset) -> bool:
    """Ask, then delete; whether it was deleted."""
    _ = visitor.translator
    sentence = _("“{name}” and everything read from it will be deleted. Models trained on it stay.", name=record.name)
    if not await confirm(_("Delete this data set?"), sentence, yes=_("Delete"), no=_("Keep")):
        return False
    try:
        await visitor.platform.datasets.delete(await visitor.user(), record.id)
    except Refusal as refusal:
        visitor.tell(refusal)
        return False
    ui.notify(_("“{name}” was deleted.", name=record.name), type="positive")
    return True


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


def _describe(_: Translator, record: Dataset) -> TableRow:
    state, tone = DATASET_STATES[record.status]
    is_sample = record.owner_id is None
    name = dataset_name(_, record.id, record.name)
    cells = (
        Cell(name, detail="" if is_sample or record.filename == name else record.filename),
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
    if not is_sample:
        actions.append(RowAction("delete", _("Delete"), _("Delete “{name}”", name=name), is_dangerous=True))
    return TableRow(record.id, cells, href=f"/datasets/{record.id}", actions=actions)

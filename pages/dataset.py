"""/datasets/{id}: what was found out about a table's columns, what could not be read, and its rows, page by page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from nicegui import ui

from app.datasets.table_pages import TablePage
from app.platform import Platform
from app.records import Dataset, DatasetStatus, User
from components.data_table import Cell, DataTable, TableColumn, TableRow
from components.elements import Button, box, foreign_heading, link_button, notice, text
from components.pager import Pager
from components.states import error_state
from locales import Translator
from pages.datasets import confirm_deletion
from pages.visitor import Visitor, framed, page_at, welcome
from pages.words import KINDS, dataset_name, name_of
from trainer.contract import Message

PAGE_SIZE = 25
MOST_COLUMNS = 60
SHOWN_REJECTED = 20
SHOWN_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Contents:
    """A data set, and what was read from it once it is ready."""

    record: Dataset
    profile: Mapping[str, Any]
    page: TablePage | None


def register(platform: Platform) -> None:
    """Offer /datasets/{dataset_id}."""

    @page_at("/datasets/{dataset_id}")
    async def dataset(request: Request, dataset_id: str) -> None:
        visitor = welcome(platform, request)
        _ = visitor.translator

        async def fetch(user: User) -> Contents:
            record = await platform.datasets.get(user, dataset_id)
            if record.status != DatasetStatus.READY:
                return Contents(record, {}, None)
            profile = await platform.datasets.profile(record)
            return Contents(record, profile, await platform.datasets.rows(record, 0, PAGE_SIZE))

        with framed(visitor, _("Data set"), "/datasets"):
            await visitor.load(fetch, lambda contents: _draw(visitor, contents))


def _draw(visitor: Visitor, contents: Contents) -> None:
    _ = visitor.translator
    record = contents.record
    ui.page_title(f"{dataset_name(_, record.id, record.name)} · {_('Tamrin')}")
    if record.status == DatasetStatus.FAILED and record.problem:
        sentence = _.message(Message.from_dict(record.problem))
        error_state(_("This file could not be read"), [sentence], [(_("To your data"), "/datasets")])
        return
    if contents.page is None:
        error_state(_("This file is still being read"), [_("Come back in a moment.")], [(_("To your data"), "/datasets")])
        return
    _draw_heading(visitor, record)
    _draw_notices(_, contents.profile)
    with box("form", "section"):
        text("h2", _("Columns"))
        _draw_profile(_, contents.profile)
    with box("form", "section"):
        text("h2", _("Rows"))
        _draw_rows(visitor, record, contents.page)


def _draw_heading(visitor: Visitor, record: Dataset) -> None:
    _ = visitor.translator

    async def delete() -> None:
        if await confirm_deletion(visitor, record):
            ui.navigate.to("/datasets")

    with box("heading"):
        with box("heading-text"):
            foreign_heading(dataset_name(_, record.id, record.name))
            shape = _("{rows} rows, {columns} columns", rows=record.rows, columns=record.columns)
            size = f" · {_.file_size(record.size)}" if record.size else ""
            text("p", shape + size, "soft")
        with box("actions"):
            link_button(_("New run"), f"/runs/new?dataset={record.id}", is_primary=True)
            if record.owner_id is not None:
                Button(_("Delete"), delete, kind="danger")


def _draw_notices(_: Translator, profile: Mapping[str, Any]) -> None:
    for note in profile.get("notes") or []:
        notice(_.message(Message.from_dict(note)))
    rejected = profile.get("rejected") or {}
    if not rejected.get("count"):
        return
    with box("notice") as element:
        element.props["data-tone"] = "warn"
        text(
            "p",
            _.plural(
                "{count} row could not be read and was left out.",
                "{count} rows could not be read and were left out.",
                rejected["count"],
            ),
        )
        with box("", "ul"):
            for row in rejected["rows"][:SHOWN_REJECTED]:
                reason = _.message(Message.from_dict(row["reason"]))
                text("li", _("Line {line}: {reason}", line=row["line"], reason=reason))


def _draw_profile(_: Translator, profile: Mapping[str, Any]) -> None:
    headings = [
        TableColumn(_("Column")),
        TableColumn(_("Kind")),
        TableColumn(_("Missing"), is_numeric=True),
        TableColumn(_("Distinct"), is_numeric=True),
        TableColumn(_("Examples")),
    ]
    table = DataTable(headings, caption=_("Columns"), is_stacked=True)
    rows = []
    for index, column in enumerate(profile["columns"]):
        reason = _.message(Message.from_dict(column["reason"])) if column.get("reason") else ""
        examples = "، " if _.is_persian else ", "
        cells = (
            Cell(column["name"]),
            Cell(name_of(_, KINDS, column["kind"]), detail=reason),
            Cell(_.number(column["missing"])),
            Cell(_.number(column["distinct"])),
            Cell(examples.join(f"\u2068{example}\u2069" for example in (column.get("examples") or [])[:SHOWN_EXAMPLES])),
        )
        rows.append(TableRow(str(index), cells))
    table.show(rows)


def _draw_rows(visitor: Visitor, record: Dataset, first: TablePage) -> None:
    _ = visitor.translator
    shown = first.columns[:MOST_COLUMNS]
    if len(shown) < len(first.columns):
        text(
            "p",
            _("The first {shown} of {columns} columns are shown.", shown=len(shown), columns=len(first.columns)),
            "soft small",
        )
    table = DataTable([TableColumn(name) for name in shown], caption=_("Rows"), is_dense=True)

    def show(page: TablePage) -> None:
        rows = enumerate(page.rows, start=page.offset)
        table.show([TableRow(str(number), [_cell(_, value) for value in row[:MOST_COLUMNS]]) for number, row in rows])
        pager.show(page.offset, len(page.rows), page.total)

    async def move(offset: int) -> None:
        with visitor.telling_problems():
            user = await visitor.user()
            current = await visitor.platform.datasets.get_ready(user, record.id)
            show(await visitor.platform.datasets.rows(current, offset, PAGE_SIZE))

    pager = Pager(_, PAGE_SIZE, move)
    show(first)


def _cell(_: Translator, value: object) -> Cell:
    """A value of the user's table: as it is, for it is data and no sentence of ours."""
    if value is None:
        return Cell(_("missing"), is_absent=True)
    return Cell(str(value))

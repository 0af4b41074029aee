"""The top of /datasets/{id}: what it is called and how large it is, and what can be done with it as a whole."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from nicegui import ui
from nicegui.element import Element

from app.records import Dataset, DatasetStatus, User
from components.dataset_dialog import DatasetFacts, edit_dataset
from components.elements import Button, Menu, box, foreign_heading, link_button, text
from pages.visitor import Visitor
from pages.words import dataset_name
from trainer.contract import Refusal


def draw_heading(visitor: Visitor, user: User, record: Dataset, on_delete: Callable[[], Awaitable[None]]) -> None:
    """Buttons are those that this person may use: what is shared with them can be used, not changed."""
    _ = visitor.translator
    with box("heading"):
        with box("heading-text"):
            foreign_heading(dataset_name(_, record.id, record.name))
            text("p", " · ".join(_facts(visitor, record)), "soft")
            if record.description:
                text("p", record.description, "as-written").props["dir"] = "auto"
        with box("actions"):
            _draw_actions(visitor, user, record, on_delete)


def _facts(visitor: Visitor, record: Dataset) -> list[str]:
    _ = visitor.translator
    facts = []
    if record.rows is not None:
        facts.append(_("{rows} rows, {columns} columns", rows=record.rows, columns=record.columns))
    if record.size:
        facts.append(_.file_size(record.size))
    if record.owner_id is not None:
        facts.append(_("version {number}", number=record.version))
    if record.is_shared:
        facts.append(_("shared with the team"))
    return facts


def _draw_actions(visitor: Visitor, user: User, record: Dataset, on_delete: Callable[[], Awaitable[None]]) -> None:
    _ = visitor.translator
    is_own = record.owner_id == user.id
    if record.status == DatasetStatus.READY:
        link_button(_("New run"), f"/runs/new?dataset={record.id}", is_primary=True)
        _draw_downloads(visitor, record)
    if is_own:

        async def edit() -> None:
            await _edit(visitor, record)

        Button(_("Edit"), edit)
        Button(_("Delete"), on_delete, kind="danger")


def _draw_downloads(visitor: Visitor, record: Dataset) -> None:
    _ = visitor.translator
    address = f"/api/datasets/{record.id}"
    as_csv = f"{address}/table?format=csv"

    async def write_csv() -> None:
        """A link that is refused would only fail to download: the sentence is told here."""
        with visitor.telling_problems():
            await visitor.platform.exports.check(await visitor.user())
            ui.download.from_url(as_csv)

    with Menu(_("Download")):
        if record.owner_id is not None:
            _draw_download(_("Original file"), f"{address}/original")
        _draw_download(_("Clean table, CSV"), as_csv).on("click.prevent", write_csv, args=[])
        _draw_download(_("Clean table, Parquet"), f"{address}/table?format=parquet")


def _draw_download(label: str, href: str) -> Element:
    element = text("a", label)
    element.props["href"] = href
    element.props["download"] = True
    return element


async def _edit(visitor: Visitor, record: Dataset) -> None:
    _ = visitor.translator

    async def save(facts: DatasetFacts) -> Mapping[str, str]:
        datasets = visitor.platform.datasets
        try:
            await datasets.edit(
                await visitor.user(), record.id, name=facts.name, description=facts.description, is_shared=facts.is_shared
            )
        except Refusal as refusal:
            return {problem.field or "name": _.message(problem.message) for problem in refusal.problems}
        return {}

    if await edit_dataset(_, DatasetFacts(record.name, record.description, record.is_shared), save):
        ui.navigate.reload()

"""/datasets/{id}: a table and what was found out about it, as it is found out; how it was read, its rows and its versions."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request
from nicegui import ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

from app.errors import NotFound
from app.platform import Platform
from app.records import Dataset, DatasetStatus, User
from components.elements import Button, box, notice, text
from components.states import loading_state
from pages.dataset_deletion import confirm_deletion, confirm_deletion_of_all
from pages.dataset_heading import draw_heading
from pages.dataset_profile import ProfileSection
from pages.dataset_reading import ReadingPanel, draw_decision
from pages.dataset_rows import TableOpening, draw_rows, open_table
from pages.dataset_versions import draw_versions
from pages.datasets import GONE_ADDRESS
from pages.visitor import Visitor, framed, is_login_lost, page_at, welcome, while_open
from pages.words import dataset_name
from trainer.contract import Message, ReadingChoices, Refusal


@dataclass(frozen=True, slots=True)
class Contents:
    """A data set, who looks at it, and what was read from it so far."""

    user: User
    record: Dataset
    profile: Mapping[str, Any]
    table: TableOpening | None
    versions: Sequence[tuple[Dataset, int]]
    before: int | None = None  # how many files are begun first, while it waits to be read

    @property
    def may_change(self) -> bool:
        return self.record.owner_id == self.user.id


def register(platform: Platform) -> None:
    """Offer /datasets/{dataset_id}."""

    @page_at("/datasets/{dataset_id}")
    async def dataset(request: Request, dataset_id: str) -> None:
        visitor = welcome(platform, request)
        page = DatasetPage(visitor, dataset_id)
        with framed(visitor, visitor.translator("Data set"), "/datasets"):
            await visitor.load(page.fetch, page.build)


@dataclass
class DatasetPage:
    """One window: drawn anew when the table changes, and filled in while the profile grows."""

    visitor: Visitor
    dataset_id: str
    contents: Contents = field(init=False)
    region: Element = field(init=False)
    profile: ProfileSection | None = field(default=None, init=False)
    turn: TextElement | None = field(default=None, init=False)
    is_deleting: bool = field(default=False, init=False)
    is_gone: bool = field(default=False, init=False)  # deleted by somebody else, or no longer shared

    async def fetch(self, user: User) -> Contents:
        datasets = self.visitor.platform.datasets
        record = await datasets.get(user, self.dataset_id)
        versions = await datasets.list_versions(user, record.id)
        if record.status != DatasetStatus.READY:
            unread = Contents(user, record, {}, None, versions, datasets.count_before(record))
            is_mendable = record.status == DatasetStatus.FAILED and unread.may_change
            return dataclasses.replace(unread, profile=await self._look_at(record)) if is_mendable else unread
        table = await open_table(self.visitor.platform, record)
        return Contents(user, record, await self._profile(record), table, versions)

    async def _look_at(self, record: Dataset) -> Mapping[str, Any]:
        """How a file without a table begins, so that it can be read another way: its sheets, for one."""
        user, choices = await self.visitor.user(), ReadingChoices.parse(record.choices)
        try:
            return await self.visitor.platform.datasets.preview(user, record.id, choices)
        except Refusal:
            return {"dialect": {"format": record.type, "encoding": "", "decimal": ""}}

    async def _profile(self, record: Dataset) -> Mapping[str, Any]:
        """The profile as far as it is known; when nobody computes it any more, it is as whole as it will be."""
        profile = await self.visitor.platform.datasets.partial_profile(record)
        return {name: value for name, value in profile.items() if name != "stages"} if record.is_profiled else profile

    def build(self, contents: Contents) -> None:
        self.region = box("form")
        self.draw(contents)
        while_open(self.follow)

    async def follow(self) -> None:
        """Show what changes, as long as the window is open."""
        with self.visitor.platform.datasets.watch.watching(self.dataset_id) as changed:
            changed.set()  # something may have changed since the page was drawn
            while True:
                await changed.wait()
                changed.clear()
                try:
                    await self._show_change()
                except NotFound:
                    self.is_gone = True
                    self.leave()
                    return
                except Refusal as refusal:
                    self.visitor.tell(refusal)
                    if is_login_lost(refusal):
                        return

    def leave(self) -> None:
        """Go to the list, which says why; but whoever is just deleting it knows."""
        if not self.is_deleting:
            ui.navigate.to(GONE_ADDRESS)

    async def delete(self) -> None:
        await self._leave_after(confirm_deletion)

    async def delete_all(self) -> None:
        await self._leave_after(confirm_deletion_of_all)

    async def _leave_after(self, confirm: Callable[[Visitor, Dataset], Awaitable[bool]]) -> None:
        self.is_deleting = True
        if await confirm(self.visitor, self.contents.record):
            ui.navigate.to("/datasets")
            return
        self.is_deleting = False
        if self.is_gone:
            self.leave()

    async def _show_change(self) -> None:
        user = await self.visitor.watching_user()
        before, after = self.contents.record, await self.visitor.platform.datasets.get(user, self.dataset_id)
        is_same = (before.status, before.reading, before.choices) == (after.status, after.reading, after.choices)
        with self.region:
            if not is_same:
                self.draw(await self.fetch(user))
            elif self.profile is not None:
                self.profile.show(await self._profile(after))
            elif self.turn is not None:
                self.turn.set_text(self._tell_turn(self.visitor.platform.datasets.count_before(after)))

    def draw(self, contents: Contents) -> None:
        _ = self.visitor.translator
        self.contents, self.profile, self.turn = contents, None, None
        record = contents.record
        ui.page_title(f"{dataset_name(_, record.id, record.name)} · {_('Tamrin')}")
        self.region.clear()
        with self.region:
            draw_heading(self.visitor, contents.user, record, self.delete)
            if contents.table is None:
                self._draw_unread()
                return
            self._draw_notices()
            draw_decision(self.visitor, record, contents.profile, may_change=contents.may_change)
            panel = self._draw_reading(contents.profile.get("dialect") or {})
            self.profile = ProfileSection(self.visitor.translator, panel.choose_kind if panel else None)
            self.profile.show(contents.profile)
            with box("form", "section"):
                text("h2", _("Rows"))
                draw_rows(self.visitor, record, contents.table)
            draw_versions(self.visitor, record, contents.versions, self.delete_all if contents.may_change else None)

    def _draw_unread(self) -> None:
        """There is no table: it is still being made, or the file has to be read another way."""
        _ = self.visitor.translator
        record = self.contents.record
        if record.status == DatasetStatus.READING:
            self.turn = text("p", self._tell_turn(self.contents.before), "soft")
            self.turn.props["role"] = "status"
            loading_state(_("Loading…"))
            if self.contents.may_change:
                with box("actions"):
                    Button(_("Stop reading"), self._stop)
            return
        if record.problem:
            notice(_.message(Message.from_dict(record.problem)), "bad", is_alert=True)
        if self.contents.may_change:
            text("p", _("Perhaps another way of reading it mends this. Otherwise delete it and upload a corrected file."), "soft")
            self._draw_reading(self.contents.profile["dialect"], first=self.contents.profile, is_open=True)
        draw_versions(self.visitor, record, self.contents.versions, self.delete_all if self.contents.may_change else None)

    def _tell_turn(self, before: int | None) -> str:
        _ = self.visitor.translator
        if before is None:
            return _("The file is being read. The table appears here by itself.")
        if not before:
            return _("Waiting for its turn to be read: this file is next. The table appears here by itself.")
        return _.plural(
            "Waiting for its turn to be read: {count} file before it. The table appears here by itself.",
            "Waiting for its turn to be read: {count} files before it. The table appears here by itself.",
            before,
        )

    async def _stop(self) -> None:
        with self.visitor.telling_problems():
            await self.visitor.platform.datasets.stop_reading(await self.visitor.user(), self.dataset_id)

    def _draw_notices(self) -> None:
        _ = self.visitor.translator
        for note in self.contents.profile.get("notes") or []:
            notice(_.message(Message.from_dict(note)))
        if self.contents.record.problem:
            notice(_.message(Message.from_dict(self.contents.record.problem)), "warn")

    def _draw_reading(
        self, dialect: Mapping[str, Any], *, first: Mapping[str, Any] | None = None, is_open: bool = False
    ) -> ReadingPanel | None:
        """Only its owner reads a file another way; a built-in sample has no file."""
        record = self.contents.record
        if not self.contents.may_change or record.owner_id is None:
            return None

        def moved(version: Dataset) -> None:
            if version.id != record.id:
                ui.navigate.to(f"/datasets/{version.id}")

        panel = ReadingPanel(self.visitor, record, dialect, moved, first or {}, is_open=is_open)
        panel.draw()
        return panel

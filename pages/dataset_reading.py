"""The part of /datasets/{id} that says how the file was read, lets a person change it with a preview, and decide on lost rows."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nicegui import background_tasks, ui

from app.datasets.catalogue import LEAVE_OUT
from app.datasets.table_source import Value
from app.records import Dataset
from components.data_table import Cell, DataTable, TableColumn, TableRow
from components.elements import Button, box, notice, text
from components.reading_form import ReadingForm
from components.table_view import direction_of
from locales import Translator
from pages.reading_words import reading_options
from pages.table_words import shown_cell, told_writing
from pages.visitor import Visitor, is_login_lost
from pages.words import KINDS, name_of
from trainer.contract import Message, ReadingChoices, Refusal

PREVIEW_SECONDS = 0.25  # of rest after the latest change
SHOWN_COLUMNS = 30


@dataclass
class ReadingPanel:
    """How the file is read; a draft of other choices, its preview, and the button that reads the file so."""

    visitor: Visitor
    record: Dataset
    dialect: Mapping[str, Any]
    on_read: Callable[[Dataset], None]
    first: Mapping[str, Any] = field(default_factory=dict)  # a preview that is there already
    kinds: dict[str, str] = field(default_factory=dict)  # chosen in the list of columns
    is_open: bool = False
    _previewing: asyncio.Task[None] | None = field(default=None, init=False)

    def draw(self) -> None:
        _ = self.visitor.translator
        self.kinds = dict(self.record.choices.get("kinds", {}))
        with box("card more", "details") as self.panel:
            self.panel.props["open"] = self.is_open
            with box("", "summary"):
                text("span", _("How the file is read"))
                if count := len(self.record.choices.keys() - {LEAVE_OUT}):
                    text("span", _.plural("{count} choice of yours", "{count} choices of yours", count), "soft small")
            with box("form reading"):
                self._draw_form()

    def _draw_form(self) -> None:
        _ = self.visitor.translator
        text("p", _("What is not chosen was found in the file. Every change shows at once what it does."), "soft small")
        self.form = ReadingForm(_, reading_options(_, self.dialect), self.record.choices, self.refresh)
        with box("form") as self.preview:
            self.preview.props["aria-live"] = "polite"
            if self.first.get("rows"):
                _draw_preview(self.visitor, self.first)
        with box("actions"):
            Button(_("Read the file like this"), self.read, kind="primary")
            Button(_("As found"), self.forget)

    def choose_kind(self, column: str, kind: str | None) -> None:
        """What a column is, as chosen in the list of columns; None is what was found."""
        if kind is None:
            self.kinds.pop(column, None)
        else:
            self.kinds[column] = kind
        self.panel.props["open"] = True
        self.refresh()

    def choices(self) -> ReadingChoices:
        """The draft.

        Raises:
            Refusal: something typed cannot be used.
        """
        return ReadingChoices.parse({**self.form.choices(), "kinds": self.kinds})

    def refresh(self) -> None:
        """Show anew what the file looks like, read so; of several changes in a row only the last one is read."""
        if self._previewing is not None:
            self._previewing.cancel()
        self._previewing = background_tasks.create(self._refresh(), name="previewing a data set")

    async def _refresh(self) -> None:
        await asyncio.sleep(PREVIEW_SECONDS)
        _ = self.visitor.translator
        self.preview.clear()
        with self.preview:
            waiting = box("skeleton")
            with waiting:
                text("span", _("Reading the beginning of the file…"), "sr-only")
        try:
            choices = self.choices()
            self.form.show_errors({})
            shown = await self.visitor.platform.datasets.preview(await self.visitor.user(), self.record.id, choices)
        except Refusal as refusal:
            self._show_refusal(refusal)
            return
        self.preview.clear()
        with self.preview:
            _draw_preview(self.visitor, shown)

    def _show_refusal(self, refusal: Refusal) -> None:
        if is_login_lost(refusal):
            self.visitor.leave()
            return
        _ = self.visitor.translator
        errors = {problem.field: _.message(problem.message) for problem in refusal.problems if problem.field in self.form.fields}
        self.form.show_errors({str(name): sentence for name, sentence in errors.items()})
        self.preview.clear()
        with self.preview:
            for problem in refusal.problems:
                if problem.field not in errors:  # which stands below its field
                    notice(_.message(problem.message), "bad", is_alert=True)

    async def read(self) -> None:
        """Read the whole file so."""
        _ = self.visitor.translator
        try:
            choices = self.choices()
            record = await self.visitor.platform.datasets.read_again(await self.visitor.user(), self.record.id, choices)
        except Refusal as refusal:
            self._show_refusal(refusal)
            return
        if record.id != self.record.id:
            ui.notify(_("Runs have used this version, so a new one was made."), type="positive")
        self.on_read(record)

    async def forget(self) -> None:
        self.kinds.clear()
        self.form.forget()
        self.refresh()


def _draw_preview(visitor: Visitor, shown: Mapping[str, Any]) -> None:
    _ = visitor.translator
    for note in shown["notes"]:
        notice(_.message(Message.from_dict(note)))
    columns = shown["columns"][:SHOWN_COLUMNS]
    text("h3", _("The first rows, read like this"))
    headings = [_heading(_, column, [row[at] for row in shown["rows"]]) for at, column in enumerate(columns)]
    table = DataTable(headings, caption=_("The first rows, read like this"), is_dense=True)
    rows = []
    for number, (values, written) in enumerate(zip(shown["rows"], shown["written"], strict=False)):
        cells = [_cell(_, *cell) for cell in zip(columns, values, written, strict=False)]
        rows.append(TableRow(str(number), cells))
    table.show(rows)


def _heading(_: Translator, column: Mapping[str, Any], values: Sequence[str | None]) -> TableColumn:
    is_numeric = _holds_numbers(column)
    direction = "ltr" if is_numeric or _holds_times(column) else direction_of(values)
    name, kind = column["name"], name_of(_, KINDS, column["kind"])
    return TableColumn(name, is_numeric, note=kind, direction=direction, heading_direction=direction_of([name]))


def _cell(_: Translator, column: Mapping[str, Any], told: str | None, written: str | None) -> Cell:
    """As the table will show it: the worker tells all values as text."""
    value: Value = told
    if told is not None and _holds_numbers(column):
        with contextlib.suppress(ValueError):
            value = int(told) if told.removeprefix("-").isdecimal() else float(told)
    is_time = _holds_times(column)
    shown = shown_cell(_, value, is_time=is_time)
    if shown is None:
        return Cell(_("missing"), is_absent=True, detail=written or "")
    return Cell(shown, detail=told_writing(_, value, written, is_time=is_time) or "")


def _holds_numbers(column: Mapping[str, Any]) -> bool:
    return isinstance(column.get("min"), int | float)


def _holds_times(column: Mapping[str, Any]) -> bool:
    return isinstance(column.get("min"), str)


def draw_decision(visitor: Visitor, record: Dataset, profile: Mapping[str, Any], *, may_change: bool) -> None:
    """Rows that could not be read, each with its line and reason; whether to leave them out is the person's decision."""
    _ = visitor.translator
    rejected = profile.get("rejected") or {}
    count = rejected.get("count", 0)
    if not count:
        return
    is_decided = bool(record.choices.get(LEAVE_OUT))

    async def leave_out() -> None:
        with visitor.telling_problems():
            await visitor.platform.datasets.leave_out_unreadable(await visitor.user(), record.id)

    with box("card", "section"):
        text("h2", _("Rows that could not be read"))
        notice(_describe_decision(_, count, is_decided=is_decided, may_decide=may_change), "" if is_decided else "warn")
        headings = [TableColumn(_("Line"), is_numeric=True), TableColumn(_("Why")), TableColumn(_("What stands there"))]
        table = DataTable(headings, caption=_("Rows that could not be read"), is_stacked=True)
        table.show([_rejected_row(visitor, position, row) for position, row in enumerate(rejected["rows"])])
        if count > len(rejected["rows"]):
            text("p", _("The first {shown} are shown.", shown=len(rejected["rows"])), "soft small")
        if not is_decided and may_change:
            with box("actions"):
                Button(_.plural("Leave this row out", "Leave these {count} rows out", count), leave_out, kind="primary")


def _describe_decision(_: Translator, count: int, *, is_decided: bool, may_decide: bool) -> str:
    if is_decided:
        return _.plural(
            "{count} row could not be read and is left out.", "{count} rows could not be read and are left out.", count
        )
    if not may_decide:
        return _.plural(
            "{count} row could not be read. The data set’s owner has to decide what becomes of it before anybody trains.",
            "{count} rows could not be read. The data set’s owner has to decide what becomes of them before anybody trains.",
            count,
        )
    return _.plural(
        "{count} row could not be read. Decide what becomes of it before you train.",
        "{count} rows could not be read. Decide what becomes of them before you train.",
        count,
    )


def _rejected_row(visitor: Visitor, position: int, row: Mapping[str, Any]) -> TableRow:
    _ = visitor.translator
    reason = _.message(Message.from_dict(row["reason"]))
    return TableRow(str(position), (Cell(_.number(row["line"])), Cell(reason), Cell(row["text"])))

"""The rows of a data set on its page: searched, filtered, sorted, column by column and page by page."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from nicegui import background_tasks, ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

from app.datasets.table_conditions import check_filter
from app.datasets.table_pages import TablePage
from app.datasets.table_query import LONGEST_TEXT, TableQuery
from app.datasets.table_source import TIMES
from app.errors import Unavailable
from app.platform import Platform
from app.records import Dataset
from components.elements import Button, box, notice, text
from components.states import empty_state
from components.table_filters import Choice, TableFilters
from components.table_pager import TablePager
from components.table_view import READ_CHARACTERS, SENT_CHARACTERS, TableView, ViewColumn, ViewRow, show_whole_text
from locales import Translator
from pages.table_words import choice_for, filter_from, sentence_for, shown_cell, told_writing
from pages.visitor import Visitor, is_login_lost
from trainer.contract import Refusal

PAGE_SIZES = (25, 50, 100)
MOST_COLUMNS = 60
SHOWN_CHARACTERS = SENT_CHARACTERS + 1  # one more tells that there are more
NUMBERS = frozenset({"BIGINT", "DOUBLE"})
# A column is chosen by a box to tick; its name is text and never HTML.
COLUMN_OPTION = """<q-item v-bind="props.itemProps">
  <q-item-section side>
    <q-checkbox dense tabindex="-1" :model-value="props.selected" @update:model-value="props.toggleOption(props.opt)" />
  </q-item-section>
  <q-item-section><div><bdi>{{ props.opt.label }}</bdi></div></q-item-section>
</q-item>"""


@dataclass(frozen=True, slots=True)
class TableOpening:
    """The type of each column of a table, and its first rows, or why they cannot be shown."""

    columns: dict[str, str]
    query: TableQuery
    first: TablePage | Unavailable


async def open_table(platform: Platform, record: Dataset) -> TableOpening:
    """Read what `draw_rows` shows first."""
    columns = await platform.datasets.table_columns(record)
    query = TableQuery(limit=PAGE_SIZES[0], columns=tuple(columns)[:MOST_COLUMNS], longest=SHOWN_CHARACTERS)
    try:
        return TableOpening(columns, query, await platform.datasets.rows(record, query))
    except Unavailable as problem:  # the rest of the page is there all the same
        return TableOpening(columns, query, problem)


def draw_rows(visitor: Visitor, record: Dataset, opening: TableOpening) -> None:
    """Draw the table, and all that it is asked with."""
    RowsView(visitor, record.id, opening.columns, opening.query).build(opening.first)


@dataclass
class RowsView:
    """A table in one window. `query` is what was asked last; the next question ends the reading for this one."""

    visitor: Visitor
    dataset_id: str
    columns: dict[str, str]
    query: TableQuery
    reading: asyncio.Task[TablePage] | None = None
    chooser: ui.select = field(init=False)
    filters: TableFilters = field(init=False)
    matches: TextElement = field(init=False)
    problem: Element = field(init=False)
    nothing: Element = field(init=False)
    frame: Element = field(init=False)
    table: TableView = field(init=False)
    note: TextElement = field(init=False)
    calendar_note: TextElement = field(init=False)
    pager: TablePager = field(init=False)

    def build(self, first: TablePage | Unavailable) -> None:
        _ = self.visitor.translator
        with box("form table-tools"):
            with box("field-row"):
                self._draw_search()
                self._draw_chooser()
            self.filters = TableFilters(_, list(self.columns), self._choice_for, self._add_filter, self._remove_filter)
            self.matches = text("p", "", "soft")
            self.matches.props["role"] = "status"
        self.problem = box("form")
        self.problem.set_visibility(False)
        self._draw_nothing()
        with box("table-frame") as self.frame:
            self.table = TableView(_, _("Rows"), self._sort_by, self._read_cell)
            self.note = text("p", _("A second line in a cell is how it stands in the file."), "soft small")
            calendar = _("Dates are shown in the Persian calendar. Point at one to see the Gregorian date that the table holds.")
            self.calendar_note = text("p", calendar, "soft small")
        self.pager = TablePager(_, PAGE_SIZES, self._move)
        ui.context.client.on_delete(self._end_reading)
        if isinstance(first, TablePage):
            self._show(first)
        else:
            self.pager.show(0, 0, 0)
            self._show_problem(first)

    def _choice_for(self, column: str) -> Choice:
        return choice_for(self.visitor.translator, self.columns[column])

    def _draw_search(self) -> None:
        _ = self.visitor.translator
        search = ui.input(_("Search in the shown columns")).props(f"outlined clearable debounce=300 maxlength={LONGEST_TEXT}")
        search.props("name=search autocomplete=off").classes("setting")

        async def find() -> None:
            await self._ask(replace(self.query, offset=0, search=search.value or ""))

        search.on_value_change(find)

    def _draw_chooser(self) -> None:
        _ = self.visitor.translator
        shown = list(self.query.columns)
        self.chooser = ui.select(
            list(self.columns), label=_("Columns"), value=shown, multiple=True, with_input=True, clearable=True
        )
        self.chooser.props(f"outlined options-dense behavior=menu name=columns max-values={MOST_COLUMNS}").classes("setting")
        self.chooser.add_slot("option", COLUMN_OPTION)
        self._describe_chooser()
        self.chooser.on_value_change(self._choose_columns)

    def _draw_nothing(self) -> None:
        _ = self.visitor.translator
        with box("") as self.nothing:
            empty_state(_("No row matches"), _("Change what you search for, or remove a filter."), [])

    async def _choose_columns(self) -> None:
        chosen = set(self.chooser.value or ())
        self._describe_chooser()
        if chosen:  # without any there would be no table
            await self._ask(replace(self.query, columns=tuple(name for name in self.columns if name in chosen)))

    def _describe_chooser(self) -> None:
        _ = self.visitor.translator
        count, limit = len(self.chooser.value or ()), ""
        if not count:
            limit = _("Choose at least one column.")
        elif len(self.columns) > MOST_COLUMNS:
            limit = _("At most {most} are shown at once.", most=MOST_COLUMNS)
        self.chooser.props["display-value"] = _("{count} of {all} shown", count=count, all=len(self.columns))
        self.chooser.props["hint"] = self.chooser.props["aria-description"] = limit

    async def _add_filter(self, column: str, operator: str, typed: str) -> str:
        rule = filter_from(column, operator, typed)
        try:
            check_filter(rule, self.columns[column])
        except Refusal as refusal:
            return " ".join(self.visitor.translator.message(problem.message) for problem in refusal.problems)
        if rule not in self.query.filters:
            await self._ask(replace(self.query, offset=0, filters=(*self.query.filters, rule)))
        return ""

    async def _remove_filter(self, position: int) -> None:
        kept = self.query.filters[:position] + self.query.filters[position + 1 :]
        await self._ask(replace(self.query, offset=0, filters=kept))

    async def _sort_by(self, name: str) -> None:
        """Upwards, then downwards, then as in the table again."""
        if self.query.sort != name:
            await self._ask(replace(self.query, offset=0, sort=name, descending=False))
        elif not self.query.descending:
            await self._ask(replace(self.query, offset=0, descending=True))
        else:
            await self._ask(replace(self.query, offset=0, sort=None, descending=False))

    async def _move(self, offset: int, limit: int) -> None:
        await self._ask(replace(self.query, offset=offset, limit=limit))

    async def _ask(self, query: TableQuery) -> None:
        self.query = query
        self._end_reading()
        self.frame.props["aria-busy"] = "true"
        self.filters.show([sentence_for(self.visitor.translator, rule) for rule in query.filters])
        reading = self.reading = background_tasks.create(self._read(query), name="rows for a window", handle_exceptions=False)
        outcome: TablePage | BaseException = (await asyncio.gather(reading, return_exceptions=True))[0]
        if self.reading is not reading or self.frame.is_deleted:  # somebody asked anew meanwhile, or has left
            return
        self.reading = None
        self.frame.props["aria-busy"] = "false"
        if isinstance(outcome, TablePage):
            self._show(outcome)
        elif isinstance(outcome, Refusal):
            self._show_problem(outcome)
        else:
            raise outcome

    async def _read(self, query: TableQuery) -> TablePage:
        datasets = self.visitor.platform.datasets
        return await datasets.rows(await datasets.get_ready(await self.visitor.user(), self.dataset_id), query)

    def _end_reading(self) -> None:
        if self.reading is not None:
            self.reading.cancel()
            self.reading = None

    def _show(self, page: TablePage) -> None:
        _ = self.visitor.translator
        is_narrowed = bool(self.query.search.strip() or self.query.filters)
        sentence = _.plural("{count} of {all} rows matches.", "{count} of {all} rows match.", page.total, all=page.table_rows)
        self.matches.set_text(sentence if is_narrowed else "")
        self.problem.set_visibility(False)
        self.nothing.set_visibility(is_narrowed and page.total == 0)
        self.frame.set_visibility(not is_narrowed or page.total > 0)
        rows = _rows_of(_, page, self.columns)
        self.note.set_visibility(any(row.written for row in rows))
        self.calendar_note.set_visibility(any(row.stored for row in rows))
        self.table.show([self._heading(name) for name in page.columns], rows)
        self.pager.show(page.offset, len(page.rows), page.total)

    def _heading(self, name: str) -> ViewColumn:
        order = ("descending" if self.query.descending else "ascending") if name == self.query.sort else "none"
        return ViewColumn(name, self.columns[name] in NUMBERS, self.columns[name] == "VARCHAR", order)

    def _show_problem(self, refusal: Refusal) -> None:
        if is_login_lost(refusal):
            self.visitor.leave()
            return
        _ = self.visitor.translator

        async def try_again() -> None:
            await self._ask(self.query)

        for element in (self.frame, self.nothing):
            element.set_visibility(False)
        self.matches.set_text("")
        self.problem.clear()
        self.problem.set_visibility(True)
        with self.problem:
            notice(" ".join(_.message(problem.message) for problem in refusal.problems), "bad", is_alert=True)
            with box("actions"):
                Button(_("Try again"), try_again)

    async def _read_cell(self, number: int, column: str) -> None:
        with self.visitor.telling_problems():
            page = await self._read(TableQuery(number, 1, columns=(column,), longest=READ_CHARACTERS + 1))
            if page.rows:
                _, value, written = self.visitor.translator, page.rows[0][0], page.written.get(column, [None])[0]
                is_time = self.columns[column] in TIMES
                told = told_writing(_, value, written, is_time=is_time)
                show_whole_text(_, column, shown_cell(_, value, is_time=is_time) or "", told)


def _rows_of(_: Translator, page: TablePage, types: Mapping[str, str]) -> list[ViewRow]:
    rows = []
    are_times = [types[name] in TIMES for name in page.columns]
    for at, (number, values) in enumerate(zip(page.numbers, page.rows, strict=True)):
        shown = [shown_cell(_, value, is_time=is_time) for value, is_time in zip(values, are_times, strict=True)]
        told, stored = dict[int, str](), dict[int, str]()
        for position, name in enumerate(page.columns):
            written = page.written[name][at] if name in page.written else None
            writing = told_writing(_, values[position], written, is_time=are_times[position])
            if writing is not None:
                told[position] = writing
            if are_times[position] and shown[position] != values[position]:
                stored[position] = str(values[position])
        rows.append(ViewRow(number, shown, told, stored))
    return rows

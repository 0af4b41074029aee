"""Filters of a table: a form that adds one (column, condition, value), and those in use, each with a way to remove it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement
from nicegui.elements.mixins.value_element import ValueElement

from components.elements import Button, box, notice, text
from locales import Translator

# Without a transition: Quasar gives a field its focus back when its options are gone, wherever the person is by then.
SELECT = "outlined options-dense behavior=menu transition-duration=0"


@dataclass(frozen=True, slots=True)
class Choice:
    """What a column can be filtered by: conditions by name, which of them need no value, and what values there are."""

    operators: Mapping[str, str]
    valueless: frozenset[str]
    values: Mapping[str, str] | None = None  # None: whatever is typed
    hints: Mapping[str, str] = field(default_factory=dict)  # by condition


class TableFilters:
    """`on_add` hears column, condition and value, and answers with what is wrong with them, or nothing."""

    def __init__(
        self,
        _: Translator,
        columns: Sequence[str],
        choice_of: Callable[[str], Choice],
        on_add: Callable[[str, str, str], Awaitable[str]],
        on_remove: Callable[[int], Awaitable[None]],
    ) -> None:
        self._ = _
        self._choice_of = choice_of
        self._on_add = on_add
        self._on_remove = on_remove
        self._value: ValueElement[Any] | None = None
        with box("more table-filters", "details"):
            with box("", "summary") as self._summary:
                ui.label(_("Add filter"))
            self._draw_form(columns)
        self._used = box("filter-chips", "ul")
        self._used.props["aria-label"] = _("Filters in use")
        self._used.set_visibility(False)

    def show(self, sentences: Sequence[str]) -> None:
        """Replace what is said of the filters in use."""
        self._used.clear()
        self._used.set_visibility(bool(sentences))
        with self._used:
            for position, sentence in enumerate(sentences):
                self._draw_chip(position, sentence)

    def _draw_form(self, columns: Sequence[str]) -> None:
        _ = self._
        with box("form"):
            with box("field-row"):
                self._column = ui.select(list(columns), label=_("Column"), value=columns[0], with_input=True)
                self._column.props(SELECT).classes("setting")
                self._operator = ui.select({}, label=_("Condition"))
                self._operator.props(SELECT).classes("setting")
                self._place = box("setting")
            self._error: TextElement = notice("", "bad", is_alert=True)
            self._error.set_visibility(False)
            with box("actions"):
                self._add = Button(_("Add"), self._ask)
        self._column.on_value_change(self._offer_operators)
        self._operator.on_value_change(self._offer_value)
        self._offer_operators()

    def _draw_chip(self, position: int, sentence: str) -> None:
        async def remove() -> None:
            self._summary.run_method("focus")  # the button that had it goes away
            await self._on_remove(position)

        with box("filter-chip", "li"):
            text("span", sentence)
            button = text("button", "×", "plain-button").props("type=button")
            button.props["aria-label"] = self._("Remove the filter: {filter}", filter=sentence)
            button.on("click", remove, args=[])

    def _offer_operators(self) -> None:
        if self._column.value is None:
            return
        operators = dict(self._choice_of(self._column.value).operators)
        kept = self._operator.value if self._operator.value in operators else next(iter(operators))
        self._operator.set_options(operators, value=kept)
        self._offer_value()

    def _offer_value(self) -> None:
        if self._column.value is None:
            return
        choice, typed = self._choice_of(self._column.value), self._typed()
        self._place.clear()
        self._value = None
        self._show_error("")
        if self._operator.value in choice.valueless:
            return
        with self._place:
            if choice.values is not None:
                options = dict(choice.values)
                self._value = ui.select(options, label=self._("Value"), value=typed if typed in options else next(iter(options)))
                self._value.props(SELECT)
                return
            self._value = ui.input(self._("Value"), value=typed).props("outlined autocomplete=off")
            self._value.on("keydown.enter", self._add.press, args=[])
            if hint := choice.hints.get(self._operator.value):
                self._value.props["hint"] = self._value.props["aria-description"] = hint

    async def _ask(self) -> None:
        if self._column.value is None:
            self._show_error(self._("Choose a column."))
            return
        self._show_error(await self._on_add(self._column.value, self._operator.value, self._typed()))

    def _typed(self) -> str:
        return str(self._value.value or "") if self._value is not None else ""

    def _show_error(self, sentence: str) -> None:
        self._error.set_text(sentence)
        self._error.set_visibility(bool(sentence))

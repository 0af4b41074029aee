"""Where one is in a long table, and ways to move: first, previous, next, last, a row by its number, and rows per page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from nicegui import ui

from components.elements import Button, box, text
from locales import Translator, parse_number


class TablePager:
    """`on_move` hears where a page shall begin and how long it shall be; hidden while everything fits on the shortest page."""

    def __init__(self, _: Translator, page_sizes: Sequence[int], on_move: Callable[[int, int], Awaitable[None]]) -> None:
        self._ = _
        self._shortest = page_sizes[0]
        self._size = page_sizes[0]
        self._on_move = on_move
        self._offset = 0
        self._total = 0
        with box("pager table-pager", "nav") as self._box:
            self._box.props["aria-label"] = _("Pages")
            with box("actions"):
                self._first = Button(_("First"), self._go_first)
                self._back = Button(_("Previous"), self._go_back)
                self._where = text("span", "", "tabular soft")
                self._where.props["aria-live"] = "polite"
                self._forward = Button(_("Next"), self._go_forward)
                self._last = Button(_("Last"), self._go_last)
            with box("actions"):
                self._wanted = ui.input(_("Go to row")).props(
                    "outlined dense autocomplete=off inputmode=numeric input-class=tabular"
                )
                self._wanted.classes("row-field").on("keydown.enter", self._go_to_row, args=[])
                Button(_("Go"), self._go_to_row)
                options = {size: _.number(size) for size in page_sizes}
                self._sizes = ui.select(options, label=_("Rows per page"), value=self._size)
                self._sizes.props("outlined dense options-dense behavior=menu").classes("row-field")
                self._sizes.on_value_change(self._change_size)

    def show(self, offset: int, shown: int, total: int) -> None:
        self._offset, self._total = offset, total
        self._box.set_visibility(total > self._shortest)
        where = self._("{first} to {last} of {total}", first=offset + min(1, shown), last=offset + shown, total=total)
        self._where.set_text(where)
        for button in (self._first, self._back):
            button.set_enabled(offset > 0)
        for button in (self._forward, self._last):
            button.set_enabled(offset + shown < total)

    async def _go_first(self) -> None:
        await self._on_move(0, self._size)

    async def _go_back(self) -> None:
        await self._on_move(max(0, self._offset - self._size), self._size)

    async def _go_forward(self) -> None:
        if self._offset + self._size < self._total:
            await self._on_move(self._offset + self._size, self._size)

    async def _go_last(self) -> None:
        await self._on_move(max(0, self._total - self._size), self._size)

    async def _go_to_row(self) -> None:
        number = parse_number(self._wanted.value or "")
        is_there = isinstance(number, int) and 1 <= number <= self._total
        self._wanted.error = None if is_there else self._("Type a number from 1 to {most}.", most=self._total)
        self._wanted.props["aria-invalid"] = str(not is_there).lower()
        if isinstance(number, int) and is_there:
            await self._on_move(number - 1, self._size)

    async def _change_size(self) -> None:
        self._size = self._sizes.value
        await self._on_move(self._offset, self._size)

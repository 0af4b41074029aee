"""Earlier and later, for tables that come in pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from components.elements import Button, box, text
from locales import Translator


class Pager:
    """Shows where one is and moves by whole pages; hidden while everything fits on one."""

    def __init__(self, _: Translator, page_size: int, on_move: Callable[[int], Awaitable[None]]) -> None:
        self._ = _
        self._page_size = page_size
        self._on_move = on_move
        self._offset = 0
        self._total = 0
        with box("pager", "nav") as self._box:
            self._box.props["aria-label"] = _("Pages")
            self._back = Button(_("Previous"), self._go_back)
            self._where = text("span", "", "tabular soft")
            self._where.props["aria-live"] = "polite"
            self._forward = Button(_("Next"), self._go_forward)

    def show(self, offset: int, shown: int, total: int) -> None:
        self._offset, self._total = offset, total
        self._box.set_visibility(total > self._page_size)
        self._where.set_text(
            self._("{first} to {last} of {total}", first=offset + min(1, shown), last=offset + shown, total=total)
        )
        self._back.set_enabled(offset > 0)
        self._forward.set_enabled(offset + shown < total)

    async def _go_back(self) -> None:
        await self._on_move(max(0, self._offset - self._page_size))

    async def _go_forward(self) -> None:
        if self._offset + self._page_size < self._total:
            await self._on_move(self._offset + self._page_size)

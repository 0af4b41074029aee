"""The rows of somebody's table: headings that sort, texts in the direction they read, and how cells were written in the file.

Values are shown as they are, and never as HTML. A long text is clipped into a button that asks for all of it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from nicegui import ui
from nicegui.element import Element
from nicegui.events import GenericEventArguments

from components.elements import Button, box, text
from locales import Translator

LONGEST_CELL = 40  # characters that surely fit into a column
SENT_CHARACTERS = 200
READ_CHARACTERS = 100_000
RIGHT_TO_LEFT = frozenset({"R", "AL"})


@dataclass(frozen=True, slots=True)
class ViewColumn:
    """A heading; `order` as in `aria-sort`: ascending, descending or none. Only texts have directions of their own."""

    name: str
    is_numeric: bool = False
    is_text: bool = True
    order: str = "none"


@dataclass(frozen=True, slots=True)
class ViewRow:
    """Cells of a row, None for a missing value.

    By position, where that differs: `written` has how a cell stood in the file, `stored` what the table holds of it.
    """

    number: int  # its place in the table, from 0
    texts: Sequence[str | None]
    written: Mapping[int, str]
    stored: Mapping[int, str]


class TableView(Element, component="table_view.js"):
    """`on_sort` hears the name of a heading that was pressed, `on_read` the row's place and the column of a long text."""

    def __init__(
        self,
        _: Translator,
        caption: str,
        on_sort: Callable[[str], Awaitable[None]],
        on_read: Callable[[int, str], Awaitable[None]],
    ) -> None:
        super().__init__()
        self._ = _
        self._props["columns"] = []
        self._props["rows"] = []
        self._props["longest"] = LONGEST_CELL
        self._props["words"] = {
            "caption": caption,
            "row": _("Row"),
            "missing": _("missing"),
            "written": _("In the file:"),
        }

        async def sort(event: GenericEventArguments) -> None:
            await on_sort(str(event.args))

        async def read(event: GenericEventArguments) -> None:
            await on_read(int(event.args["number"]), str(event.args["column"]))

        self.on("sort", sort)
        self.on("read", read)

    def show(self, columns: Sequence[ViewColumn], rows: Sequence[ViewRow]) -> None:
        """Replace what is shown."""
        self._props["columns"] = [
            {**asdict(column), "direction": direction_of(row.texts[at] for row in rows) if column.is_text else "ltr"}
            for at, column in enumerate(columns)
        ]
        self._props["rows"] = [self._describe(row) for row in rows]
        self.update()

    def _describe(self, row: ViewRow) -> dict[str, object]:
        shown = [None if value is None else _clip(value) for value in row.texts]
        return {
            "number": row.number,
            "label": self._.number(row.number + 1),
            "texts": shown,
            "long": [at for at, value in enumerate(row.texts) if value is not None and _is_long(value, row.written.get(at, ""))],
            "written": {at: _clip(written) for at, written in row.written.items()},
            "stored": dict(row.stored),
        }


def show_whole_text(_: Translator, column: str, content: str, written: str | None) -> None:
    """Open a dialog with all of a cell's text, and how it stood in the file."""
    with ui.dialog() as dialog, box("card whole-text") as panel:
        # Not before it is hidden: only then has the browser given the focus back to what opened it.
        dialog.on("hide", dialog.delete, args=[])
        panel.props["role"] = "dialog"
        panel.props["aria-label"] = column
        with box("", "h2"):
            text("bdi", column)
        _draw_text(content)
        if len(content) > READ_CHARACTERS:
            text("p", _("The first {count} characters are shown.", count=READ_CHARACTERS), "soft small")
        if written is not None:
            text("p", _("In the file:"), "soft small")
            _draw_text(written)

        async def close() -> None:
            dialog.close()

        with box("actions"):
            Button(_("Close"), close).props("autofocus")
    dialog.open()


def _draw_text(content: str) -> None:
    shown = text("p", content[:READ_CHARACTERS], "whole-text-body")
    shown.props["dir"] = "auto"
    shown.props["tabindex"] = "0"  # it may be longer than the window


def _is_long(value: str, written: str) -> bool:
    return len(value) > LONGEST_CELL or "\n" in value or len(written) > SENT_CHARACTERS


def _clip(value: str) -> str:
    return value if len(value) <= SENT_CHARACTERS else f"{value[:SENT_CHARACTERS]}…"


def direction_of(values: Iterable[str | None]) -> str | None:
    """Where most texts of a column begin, so that its cells stand below each other; None: as the page."""
    starts = [start for value in values if value and (start := _first_strong(value))]
    if not starts:
        return None
    return "rtl" if starts.count("rtl") * 2 > len(starts) else "ltr"


def _first_strong(value: str) -> str | None:
    """The direction of the first letter that has one (Unicode TR 9, P2)."""
    for character in value[:SENT_CHARACTERS]:
        kind = unicodedata.bidirectional(character)
        if kind in RIGHT_TO_LEFT:
            return "rtl"
        if kind == "L":
            return "ltr"
    return None

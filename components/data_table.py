"""A table whose rows can change in place: the browser patches what differs, so focus and scrolling stay where they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from nicegui.element import Element
from nicegui.events import GenericEventArguments


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A heading, with a `note` beside it; `is_numeric` aligns its cells to the end.

    `direction` is that of the cells, ltr, rtl, or the page's, and decides the side; the heading itself may have another one.
    """

    label: str
    is_numeric: bool = False
    note: str = ""
    direction: str | None = None
    heading_direction: str | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """Text, shown as it is and never as HTML; with a `tone` as a chip, with `progress` (0 to 1) as a bar beside it."""

    text: str
    tone: str = ""
    progress: float | None = None
    is_absent: bool = False
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RowAction:
    """A button or, with `href`, a link at the end of a row; `description` says it to screen readers."""

    name: str
    label: str
    description: str
    href: str = ""
    is_dangerous: bool = False


@dataclass(frozen=True, slots=True)
class TableRow:
    """`href` makes the whole row a link, through its first cell."""

    key: str
    cells: Sequence[Cell]
    href: str = ""
    actions: Sequence[RowAction] = ()


class DataTable(Element, component="data_table.js"):
    """`is_stacked` turns rows into blocks on narrow screens; `is_dense` keeps cells on one line."""

    def __init__(
        self,
        columns: Sequence[TableColumn],
        *,
        caption: str,
        is_stacked: bool = False,
        is_dense: bool = False,
        on_action: Callable[[str, str], Any] | None = None,
    ) -> None:
        super().__init__()
        self._props["columns"] = [asdict(column) for column in columns]
        self._props["rows"] = []
        self._props["caption"] = caption
        self._props["stacked"] = is_stacked
        self._props["dense"] = is_dense
        if on_action:

            async def act(event: GenericEventArguments) -> None:
                await on_action(event.args["action"], event.args["key"])

            self.on("action", act)

    def show(self, rows: Sequence[TableRow]) -> None:
        """Replace the rows; nothing is sent when they are as they were."""
        described = [asdict(row) for row in rows]
        if described != self._props["rows"]:
            self._props["rows"] = described
            self.update()

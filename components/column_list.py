"""The columns of a table, each with its kind, a small picture of its values, and details that open below it.

Everything comes in as words; the browser patches what differs, so that what was opened stays open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from nicegui.element import Element
from nicegui.events import GenericEventArguments

from locales import Translator

SMALL_VALUES = 3  # of the most frequent ones, in the small picture


@dataclass(frozen=True, slots=True)
class Bar:
    """A bin of a histogram: its height from 0 to 1, and what it stands for. One for what lies outside is drawn differently."""

    height: float
    title: str
    is_outside: bool = False


@dataclass(frozen=True, slots=True)
class Tick:
    """A label of the axis, at `place` from 0 to 1."""

    place: float
    label: str


@dataclass(frozen=True, slots=True)
class FrequentValue:
    """One of the most frequent values: `share` from 0 to 1 is the length of its bar."""

    label: str
    share: float
    count: str
    percent: str


@dataclass(frozen=True, slots=True)
class ColumnEntry:
    """One column. Its picture is a histogram (`bars`), or its frequent `values`, or else a `remark`; unless it `is_waiting`."""

    name: str
    kind: str
    kind_name: str
    kind_label: str  # of the field in which the kind is chosen
    reason: str
    missing: str
    missing_share: float
    distinct: str
    is_waiting: bool = False
    bars: Sequence[Bar] = ()
    alternative: str = ""  # the histogram in words
    low: str = ""
    high: str = ""
    ticks: Sequence[Tick] = ()
    outside: str = ""
    values: Sequence[FrequentValue] = ()
    others: str = ""
    remark: str = ""
    facts: Sequence[tuple[str, str]] = ()
    examples: Sequence[str] = ()
    notes: Sequence[str] = ()


class ColumnList(Element, component="column_list.js"):
    """`kinds` (value: label) are what a person may choose; `on_change_kind` hears a column's name and the chosen kind."""

    def __init__(self, _: Translator, kinds: Mapping[str, str], on_change_kind: Callable[[str, str], None] | None = None) -> None:
        super().__init__()
        self._props["columns"] = []
        self._props["shown"] = SMALL_VALUES
        self._props["kinds"] = [{"value": value, "label": label} for value, label in kinds.items()] if on_change_kind else []
        self._props["words"] = {
            "waiting": _("Being computed…"),
            "missing": _("Missing"),
            "distinct": _("Distinct"),
            "details": _("Details"),
            "top": _("Most frequent values"),
            "examples": _("Examples"),
        }
        if on_change_kind:

            def change(event: GenericEventArguments) -> None:
                on_change_kind(str(event.args["name"]), str(event.args["kind"]))

            self.on("kind", change)

    def show(self, columns: Sequence[ColumnEntry]) -> None:
        """Replace the columns; nothing is sent when they are as they were."""
        described: list[dict[str, Any]] = [asdict(column) for column in columns]
        if described != self._props["columns"]:
            self._props["columns"] = described
            self.update()

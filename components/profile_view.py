"""What is known of a table: figures, warnings, its columns, what they tell about the target and about each other.

Everything comes in as words. What is not known yet says so, and is filled in by showing it again with more.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from nicegui import ui
from nicegui.element import Element

from components.column_list import ColumnEntry, ColumnList
from components.correlation_map import Coefficients, CorrelationMap
from components.data_table import Cell, DataTable, TableColumn, TableRow
from components.elements import box, card, text
from components.pager import Pager
from locales import Translator

MOST_WARNINGS = 6  # the others are a click away
Content = TypeVar("Content")


@dataclass(frozen=True, slots=True)
class WarningLine:
    """A sentence, how serious it is in a word, and its tone: bad, warn or empty."""

    sentence: str
    severity: str
    tone: str


@dataclass(frozen=True, slots=True)
class AssociationLine:
    """How much a column tells about the target: a share from 0 to 1, how it is written, and by which measure."""

    name: str
    share: float
    value: str
    measure: str


@dataclass(frozen=True, slots=True)
class Associations:
    """The strongest lines, under a heading that names the target, with what is to be known about them."""

    title: str
    note: str
    lines: Sequence[AssociationLine]


@dataclass(frozen=True, slots=True)
class Correlations:
    """The names of the columns and their coefficients by each measure, with what is to be known about them."""

    names: Sequence[str]
    note: str
    measures: Sequence[Coefficients]


@dataclass(frozen=True, slots=True)
class Summary:
    """All but the columns: (label, value) of the table's figures, and the sections; None for one that is not known yet."""

    figures: Sequence[tuple[str, str]]
    warnings: Sequence[WarningLine] | None = None
    associations: Associations | None = None
    correlations: Correlations | None = None
    is_growing: bool = False


@dataclass
class ProfileView:
    """Draws itself on creation, empty; then only sections that differ are drawn anew."""

    _: Translator
    page_size: int
    kinds: Mapping[str, str]
    on_move: Callable[[int], Awaitable[None]]
    on_find: Callable[[str], None]
    on_change_kind: Callable[[str, str], None] | None
    shown: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _ = self._
        self.figures = card()
        self.warnings = box("card", "section")
        with box("form", "section"):
            with box("heading"):
                text("h2", _("Columns"))
                self.find = ui.input(_("Find a column")).props("outlined dense clearable debounce=300").classes("profile-find")
                self.find.on_value_change(lambda: self.on_find(self.find.value or ""))
            self.note = text("p", "", "soft small")
            self.columns = ColumnList(_, self.kinds, self.on_change_kind)
            self.pager = Pager(_, self.page_size, self.on_move)
        self.associations = box("card", "section")
        self.correlations = box("card", "section")

    def show_columns(self, entries: Sequence[ColumnEntry], offset: int, total: int, *, note: str, has_search: bool) -> None:
        """One page of the columns, of `total` that were found; `note` is what is to be known about all of them."""
        self.find.set_visibility(has_search)
        self.note.set_text(note)
        self.note.set_visibility(bool(note))
        self.columns.show(entries)
        self.pager.show(offset, len(entries), total)

    def show(self, summary: Summary) -> None:
        """The other sections; one that is not known is waited for while the profile grows, and left out afterwards."""
        self._show_section("figures", self.figures, summary.figures, summary.is_growing, self._draw_figures)
        self._show_section("warnings", self.warnings, summary.warnings, summary.is_growing, self._draw_warnings)
        self._show_section("associations", self.associations, summary.associations, summary.is_growing, self._draw_associations)
        self._show_section("correlations", self.correlations, summary.correlations, summary.is_growing, self._draw_correlations)

    def _show_section(
        self, name: str, region: Element, content: Content | None, is_growing: bool, draw: Callable[[Content], None]
    ) -> None:
        """Draw a section unless it shows this content already."""
        if name in self.shown and self.shown[name] == (content, is_growing):
            return
        self.shown[name] = (content, is_growing)
        region.set_visibility(content is not None or is_growing)
        region.clear()
        with region:
            if content is not None:
                draw(content)
            elif is_growing:
                text("p", self._("Being computed…"), "soft").props["role"] = "status"

    def _draw_figures(self, figures: Sequence[tuple[str, str]]) -> None:
        with box("stats", "dl"):
            for label, value in figures:
                with box("stat"):
                    text("dt", label)
                    text("dd", value)

    def _draw_warnings(self, warnings: Sequence[WarningLine]) -> None:
        text("h2", self._("Warnings"))
        if not warnings:
            text("p", self._("Nothing stands out."), "soft")
            return
        _draw_lines(warnings[:MOST_WARNINGS])
        if others := warnings[MOST_WARNINGS:]:
            with box("more", "details"):
                with box("", "summary"):
                    text("span", self._.plural("{count} more warning", "{count} more warnings", len(others)))
                _draw_lines(others)

    def _draw_associations(self, associations: Associations) -> None:
        text("h2", associations.title)
        text("p", associations.note, "soft small")
        headings = [TableColumn(self._("Column")), TableColumn(self._("Strength")), TableColumn(self._("Measure"))]
        table = DataTable(headings, caption=associations.title, is_stacked=True)
        table.show(
            [
                TableRow(line.name, (Cell(line.name), Cell(line.value, progress=line.share), Cell(line.measure)))
                for line in associations.lines
            ]
        )

    def _draw_correlations(self, correlations: Correlations) -> None:
        text("h2", self._("Correlations"))
        text("p", correlations.note, "soft small")
        CorrelationMap(self._, correlations.names, correlations.measures)


def _draw_lines(warnings: Sequence[WarningLine]) -> None:
    with box("profile-warnings", "ul") as lines:
        lines.props["role"] = "list"
        for warning in warnings:
            with box("notice", "li") as line:
                line.props["data-tone"] = warning.tone
                text("strong", warning.severity)
                text("span", f" {warning.sentence}")

"""The part of /datasets/{id} that shows a table's profile: its columns in pages, and what is known of the table as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from components.column_list import ColumnEntry
from components.profile_view import ProfileView
from locales import Translator
from pages.column_words import describe_column
from pages.profile_words import is_growing, summarise
from pages.words import KINDS

COLUMNS_PER_PAGE = 25
ChangeKind = Callable[[str, str | None], None]


class ProfileSection:
    """Draws itself into the open region; `show` may be called again with more, and keeps what is open and found.

    `on_change_kind` hears the name of a column and the kind that a person chose for it, None for the one that was found;
    without it, kinds cannot be changed.
    """

    def __init__(self, _: Translator, on_change_kind: ChangeKind | None = None) -> None:
        self._ = _
        self._on_change_kind = on_change_kind
        self._profile: Mapping[str, Any] = {}
        self._offset = 0
        self._wanted = ""
        kinds = {kind: _.message(name) for kind, name in KINDS.items()}
        change = self._change_kind if on_change_kind else None
        self._view = ProfileView(_, COLUMNS_PER_PAGE, kinds, self._move, self._find, change)

    def show(self, profile: Mapping[str, Any]) -> None:
        """Show a profile as far as it is computed."""
        self._profile = profile
        self._view.show(summarise(self._, profile))
        self._show_columns()

    def _show_columns(self) -> None:
        columns = self._profile.get("columns") or []
        found = [column for column in columns if self._wanted in column["name"].casefold()]
        if self._offset >= len(found):
            self._offset = 0
        entries = [self._describe(column) for column in found[self._offset : self._offset + COLUMNS_PER_PAGE]]
        has_search = len(columns) > COLUMNS_PER_PAGE
        self._view.show_columns(entries, self._offset, len(found), note=self._note(columns, found), has_search=has_search)

    def _describe(self, column: Mapping[str, Any]) -> ColumnEntry:
        name, distributions = column["name"], self._profile.get("distributions")
        known = None if distributions is None and is_growing(self._profile) else (distributions or {}).get("columns", {})
        associations = self._profile.get("associations") or {"target": None, "columns": []}
        entry = next((entry for entry in associations["columns"] if entry["name"] == name), None)
        association = (associations["target"], entry) if entry else None
        distribution = None if known is None else known.get(name, {})
        return describe_column(self._, column, self._profile["rows"], distribution, association)

    def _note(self, columns: Sequence[Any], found: Sequence[Any]) -> str:
        _ = self._
        distributions = self._profile.get("distributions") or {}
        notes = []
        if not columns:
            notes.append(_("Being computed…"))
        elif not found:
            notes.append(_("No column is called so."))
        if distributions.get("is_sample"):
            notes.append(_("Quantiles and histograms are from a sample of {rows} rows.", rows=distributions["rows"]))
        if distributions.get("left_out"):
            notes.append(
                _("Quantiles and histograms are computed for the first {shown} columns.", shown=len(distributions["columns"]))
            )
        return " ".join(notes)

    async def _move(self, offset: int) -> None:
        self._offset = offset
        self._show_columns()

    def _find(self, wanted: str) -> None:
        self._wanted, self._offset = wanted.strip().casefold(), 0
        self._show_columns()

    def _change_kind(self, name: str, kind: str) -> None:
        column = next((column for column in self._profile.get("columns") or [] if column["name"] == name), None)
        if column is not None and kind in KINDS and self._on_change_kind:
            self._on_change_kind(name, None if kind == column.get("guessed_kind") else kind)

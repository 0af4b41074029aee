"""The part of /datasets/{id} that lists a data set's versions: when each came, how it was read, and how many runs used it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from app.records import Dataset, DatasetStatus
from components.data_table import Cell, DataTable, RowAction, TableColumn, TableRow
from components.elements import Button, box, text
from pages.run_words import SHORT_HASH
from pages.visitor import Visitor
from pages.words import DATASET_STATES


def draw_versions(
    visitor: Visitor,
    shown: Dataset,
    versions: Sequence[tuple[Dataset, int]],
    on_delete_all: Callable[[], Awaitable[None]] | None,
) -> None:
    """Nothing while there is one version only; `on_delete_all` is for whoever may delete them."""
    if len(versions) <= 1:
        return
    _ = visitor.translator
    with box("form", "section"):
        text("h2", _("Versions"))
        headings = [
            TableColumn(_("Version")),
            TableColumn(_("From")),
            TableColumn(_("Rows"), is_numeric=True),
            TableColumn(_("Content")),
            TableColumn(_("Runs"), is_numeric=True),
            TableColumn(_("State")),
            TableColumn(""),
        ]
        table = DataTable(headings, caption=_("Versions"), is_stacked=True)
        table.show([_row(visitor, record, runs, is_shown=record.id == shown.id) for record, runs in versions])
        if on_delete_all is not None:
            with box("actions"):
                Button(_("Delete all versions"), on_delete_all, kind="danger")


def _row(visitor: Visitor, record: Dataset, runs: int, *, is_shown: bool) -> TableRow:
    _ = visitor.translator
    state, tone = DATASET_STATES[record.status]
    number = _("Version {number}", number=record.version)
    cells = (
        Cell(number, detail=_("shown here") if is_shown else ""),
        Cell(_.moment(record.uploaded_at), detail=record.filename),
        Cell(_.number(record.rows) if record.rows is not None else "–"),
        Cell(record.content_hash[:SHORT_HASH] or "–"),
        Cell(_.number(runs)),
        Cell(_.message(state), tone=tone),
    )
    actions = []
    if record.status == DatasetStatus.READY:
        description = _("New run with “{name}”", name=f"{record.name}, {number}")
        actions.append(RowAction("run", _("New run"), description, href=f"/runs/new?dataset={record.id}"))
    return TableRow(record.id, cells, href=f"/datasets/{record.id}", actions=actions)

"""A profile enters, what a page says of the table as a whole leaves: figures, warnings, associations and correlations.

A part of the profile that is not computed yet is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

from components.correlation_map import Coefficients
from components.profile_view import AssociationLine, Associations, Correlations, Summary, WarningLine
from locales import Translator
from pages.column_words import MEASURES
from pages.words import name_of
from trainer.contract import Message

LAST_STAGE = "warnings"
SEVERITIES: Mapping[str, tuple[Message, str]] = {
    "bad": (Message("Problem:"), "bad"),
    "warn": (Message("Caution:"), "warn"),
    "info": (Message("Note:"), ""),
}
STRONGEST = 12
PAIRS = 3
Profile = Mapping[str, Any]


def summarise(_: Translator, profile: Profile) -> Summary:
    """All but the columns."""
    return Summary(
        figures=_describe_figures(_, profile),
        warnings=_describe_warnings(_, profile),
        associations=_describe_associations(_, profile),
        correlations=_describe_correlations(_, profile),
        is_growing=is_growing(profile),
    )


def is_growing(profile: Profile) -> bool:
    """Whether a worker is still at it; profiles without stages are whole."""
    return LAST_STAGE not in profile.get("stages", [LAST_STAGE])


def _describe_figures(_: Translator, profile: Profile) -> list[tuple[str, str]]:
    columns = profile.get("columns")
    figures = [(_("Rows"), _.number(profile["rows"]))]
    if columns is not None:
        missing = sum(column["missing"] for column in columns) / max(1, profile["rows"] * len(columns))
        figures += [(_("Columns"), _.number(len(columns))), (_("Missing cells"), _.percent(missing, 1 if missing else 0))]
    figures.append((_("File size"), _.file_size(profile["bytes"])))
    if "memory_bytes" in profile:
        figures.append((_("In memory, about"), _.file_size(profile["memory_bytes"])))
    if "duplicate_rows" in profile or is_growing(profile):
        duplicates = _.number(profile["duplicate_rows"]) if "duplicate_rows" in profile else "…"
        figures.append((_("Duplicate rows"), duplicates))
    return figures


def _describe_warnings(_: Translator, profile: Profile) -> list[WarningLine] | None:
    if "warnings" not in profile:
        return None
    lines = []
    for entry in profile["warnings"]:
        severity, tone = SEVERITIES[entry["severity"]]
        lines.append(WarningLine(_.message(Message.from_dict(entry["message"])), _.message(severity), tone))
    return lines


def _describe_associations(_: Translator, profile: Profile) -> Associations | None:
    found = profile.get("associations")
    if not found or not found["columns"]:
        return None
    note = _("From 0, nothing, to 1, everything; by the measure that fits the two columns.")
    lines = [
        AssociationLine(entry["name"], entry["value"], _score(_, entry["value"]), name_of(_, MEASURES, entry["measure"]))
        for entry in found["columns"][:STRONGEST]
    ]
    title = _("What tells about “{target}”", target=found["target"])
    return Associations(title, f"{note} {_describe_basis(_, found)}".strip(), lines)


def _describe_correlations(_: Translator, profile: Profile) -> Correlations | None:
    found = profile.get("correlations")
    if not found or len(found["columns"]) < len(("a", "b")):
        return None
    note = _("From −1 to 1: how far numbers rise and fall together.")
    if found["left_out"]:
        note += " " + _.plural(
            "{count} column of numbers is not shown.", "{count} columns of numbers are not shown.", found["left_out"]
        )
    measures = [
        _describe_coefficients(_, _("Along a line (Pearson)"), found["columns"], found["pearson"]),
        _describe_coefficients(_, _("In order (Spearman)"), found["columns"], found["spearman"]),
    ]
    return Correlations(found["columns"], f"{note} {_describe_basis(_, found)}".strip(), measures)


def _describe_coefficients(_: Translator, name: str, columns: list[str], values: list[list[float | None]]) -> Coefficients:
    """The strongest pairs as a sentence for those who see no colours, too."""
    pairs = [(i, j) for i, j in combinations(range(len(columns)), 2) if values[i][j] is not None]
    pairs.sort(key=lambda pair: -abs(values[pair[0]][pair[1]] or 0))
    said = [
        _("“{first}” and “{second}” {value}", first=columns[i], second=columns[j], value=_score(_, values[i][j]))
        for i, j in pairs[:PAIRS]
    ]
    summary = _("The strongest: {pairs}.", pairs=("؛ " if _.is_persian else "; ").join(said)) if said else ""
    written = {value: _score(_, value) for row in values for value in row}
    return Coefficients(name, summary, [[(value or 0.0, written[value]) for value in row] for row in values])


def _score(_: Translator, value: float | None) -> str:
    return "–" if value is None else _.number(round(float(value), 2) + 0.0)  # never -0


def _describe_basis(_: Translator, found: Profile) -> str:
    return _("Computed from a sample of {rows} rows.", rows=found["rows"]) if found["is_sample"] else ""

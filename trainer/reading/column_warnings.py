"""A described column enters, what a statistician would warn of leaves: empty, unchanging, made-up or cut-off values.

Each is a sentence with figures, and what one can do about it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from trainer.contract.messages import Message, Scalar
from trainer.reading.schema import Column

MOSTLY_MISSING, NEARLY_EMPTY = 0.5, 0.95
MANY_LEVELS, FEW_ROWS_PER_LEVEL = 64, 20
FAR_OFF = frozenset(sign * value for sign in (1.0, -1.0) for value in (99, 999, 9999, 99_999, 999_999, 9_999_999))
BELOW_ZERO = frozenset({-1.0, -9.0})  # made up where everything else is counted from zero
LEAST_DISTINCT = 20  # among fewer values, -1 or 99 is an answer like others
LEAST_MADE_UP_ROWS = 2
CUT_OFF_DISTINCT, CUT_OFF_SHARE, CUT_OFF_TIMES = 100, 0.01, 5
Described = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """What is amiss, with which column (None: with the table), and how bad it is: bad, warn or info."""

    code: str
    severity: str
    message: Message
    column: str | None = None

    def as_dict(self) -> dict[str, Any]:
        return {"code": self.code, "column": self.column, "severity": self.severity, "message": self.message.as_dict()}


def find_in_column(column: Column, distribution: Described, count_rows: Callable[[float], int]) -> Iterator[Finding]:
    """What is amiss with a column that is not the target; `count_rows` counts the rows that have a value."""
    name = column.statistics.name
    if column.kind == "constant":
        yield _unchanging(column)
        return
    yield from _missing(column)
    if column.kind == "identifier":
        text = "“{column}” names the rows or what they belong to; nothing is learnt from it."
        yield Finding("identifier", "info", Message(text, {"column": name}), name)
    elif column.kind == "category":
        yield from _many_levels(column)
    elif distribution.get("highest"):
        yield from find_in_numbers(column, distribution, count_rows)


def find_in_numbers(column: Column, distribution: Described, count_rows: Callable[[float], int]) -> Iterator[Finding]:
    """Values that stand for missing ones, and a highest value at which others seem to have been cut off."""
    lowest, highest = distribution["lowest"], distribution["highest"]
    made_up = [end["value"] for end, other in ((lowest, highest), (highest, lowest)) if _is_made_up(column, end, other)]
    for value in made_up:
        text = (
            "“{column}” is {value} in {count} rows, far from all its other values."
            " If that stands for “not known”, name it among the words for missing values."
        )
        params = {"column": column.statistics.name, "value": value, "count": count_rows(value)}
        yield Finding("made_up_value", "warn", Message(text, params), column.statistics.name)
    value = highest["value"]
    if value not in made_up and _is_cut_off(column, distribution):
        text = (
            "“{column}” is {value}, its highest value, in {count} rows: larger values seem to have been cut off there."
            " Predictions will not go beyond it."
        )
        params = {"column": column.statistics.name, "value": value, "count": count_rows(value)}
        yield Finding("cut_off", "info", Message(text, params), column.statistics.name)


def _unchanging(column: Column) -> Finding:
    name = column.statistics.name
    if column.statistics.distinct == 0:
        text = "“{column}” is missing in every row. See whether it was read rightly, or leave it out."
        return Finding("empty", "warn", Message(text, {"column": name}), name)
    text = "“{column}” never changes where it is known, so nothing can be learnt from it."
    return Finding("constant", "info", Message(text, {"column": name}), name)


def _missing(column: Column) -> Iterator[Finding]:
    statistics = column.statistics
    share = statistics.missing / max(1, statistics.rows)
    params: dict[str, Scalar] = {"column": statistics.name, "missing": statistics.missing, "rows": statistics.rows}
    if share > NEARLY_EMPTY:
        text = "“{column}” is missing in {missing} of {rows} rows. Leave it out, unless the gap itself means something."
        yield Finding("nearly_empty", "warn", Message(text, params), statistics.name)
    elif share > MOSTLY_MISSING:
        text = "“{column}” is missing in {missing} of {rows} rows. Find out why, and fill it in if you can."
        yield Finding("mostly_missing", "warn", Message(text, params), statistics.name)


def _many_levels(column: Column) -> Iterator[Finding]:
    statistics = column.statistics
    if statistics.distinct > MANY_LEVELS and statistics.present < FEW_ROWS_PER_LEVEL * statistics.distinct:
        text = (
            "“{column}” has {distinct} different values in {rows} rows, so most are too rare to learn from."
            " Group them if you can."
        )
        params: dict[str, Scalar] = {"column": statistics.name, "distinct": statistics.distinct, "rows": statistics.present}
        yield Finding("many_levels", "info", Message(text, params), statistics.name)


def _is_made_up(column: Column, end: Described, other: Described) -> bool:
    value, following, statistics = end["value"], end["next"], column.statistics
    if following is None or end["rows"] < LEAST_MADE_UP_ROWS or statistics.distinct <= LEAST_DISTINCT:
        return False
    if value in BELOW_ZERO:
        return statistics.are_whole and bool(following >= 0)
    return value in FAR_OFF and bool(abs(value - following) > abs(following - other["value"]) / 2)


def _is_cut_off(column: Column, distribution: Described) -> bool:
    rows, distinct = distribution["rows"], column.statistics.distinct
    usual = CUT_OFF_TIMES * rows / max(1, distinct)
    return distinct > CUT_OFF_DISTINCT and distribution["highest"]["rows"] >= max(CUT_OFF_SHARE * rows, usual)

"""What each column is, and why: enters what was counted of a column, leaves its kind, its task as a target, and reasons.

Kinds: number, integer, boolean, category, text, date, identifier, constant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trainer.contract.messages import Message
from trainer.contract.target import LEAST_MEAN_ROWS_PER_CLASS, MOST_CLASSES

FEW_ROWS = 20
TEXT_WORDS = 3.0
CATEGORY_SHARE = 0.5  # a category repeats: fewer than half of its values are distinct
MANY_ROWS = 1000
CLASS_SHARE_MANY_ROWS = 0.05
CLASS_SHARE_FEW_ROWS = 0.1
MAX_NUMERIC_CLASSES = 20
IDENTIFIER_WORDS = frozenset({"id", "uuid", "guid", "key", "index", "idx", "no", "number", "nr", "serial", "rownum", "unnamed"})
TARGET_NAMES = (
    "target", "label", "labels", "outcome", "survived", "species", "diagnosis", "churn", "churned", "exited", "default",
    "price", "sentiment", "quality", "class", "income", "salary", "rating", "result", "response", "value", "y",
)  # fmt: skip
TARGET_WORDS = ("target", "label", "outcome", "diagnosis", "churn", "price", "value")  # as a part: "median_house_value"
UNPREDICTABLE: Mapping[str, Message] = {
    "constant": Message("It never changes, so there is nothing to predict."),
    "identifier": Message("It names the row, which cannot be predicted from other rows."),
    "text": Message("Free text cannot be predicted."),
    "date": Message("Dates cannot be predicted."),
}
NUMERIC_TYPES = frozenset({"BIGINT", "DOUBLE"})


@dataclass(frozen=True, slots=True)
class ColumnStatistics:
    """What was counted of one column of a table of `rows` rows."""

    name: str
    sql_type: str  # BOOLEAN | BIGINT | DOUBLE | DATE | TIMESTAMP | VARCHAR
    rows: int
    missing: int
    distinct: int
    low: float | int | str | None = None
    high: float | int | str | None = None
    mean: float | int | str | None = None
    are_whole: bool = False  # every number is a whole one
    mean_words: float = 0.0

    @property
    def present(self) -> int:
        return self.rows - self.missing


@dataclass(frozen=True, slots=True)
class Column:
    """A column's kind and, were it the target, its task (None when it cannot be one), each with the reason."""

    statistics: ColumnStatistics
    kind: str
    reason: Message
    task: str | None
    task_reason: Message


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The column to predict; None where no column can be."""

    target: str | None
    task: str | None
    reason: Message


def describe_column(statistics: ColumnStatistics) -> Column:
    """Decide kind and task by the rules of this module."""
    kind, reason = find_kind(statistics)
    task, task_reason = find_task(kind, statistics)
    return Column(statistics, kind, reason, task, task_reason)


def find_kind(statistics: ColumnStatistics) -> tuple[str, Message]:
    """The kind of a column and the reason."""
    if statistics.distinct <= 1:
        return "constant", _why_constant(statistics)
    if statistics.sql_type == "BOOLEAN":
        return "boolean", Message("Every value is true or false.")
    if statistics.sql_type in {"DATE", "TIMESTAMP"}:
        return "date", Message("Every value is a date.")
    return _numeric_kind(statistics) if statistics.sql_type in NUMERIC_TYPES else _text_kind(statistics)


def _why_constant(statistics: ColumnStatistics) -> Message:
    return Message("Every value that is there is the same.") if statistics.distinct else Message("Every value is missing.")


def _numeric_kind(statistics: ColumnStatistics) -> tuple[str, Message]:
    if statistics.sql_type == "DOUBLE":
        return "number", Message("Every value is a number.")
    if _is_unique(statistics) and (_counts_rows(statistics) or has_word(statistics.name, IDENTIFIER_WORDS)):
        return "identifier", Message("Every row has its own value, which names the row rather than tells about it.")
    return "integer", Message("Every value is a whole number.")


def _text_kind(statistics: ColumnStatistics) -> tuple[str, Message]:
    share = statistics.distinct / statistics.present
    if statistics.mean_words >= TEXT_WORDS and share >= CATEGORY_SHARE:
        return "text", Message("The values are sentences, {distinct} different ones.", {"distinct": statistics.distinct})
    if share < CATEGORY_SHARE:
        return "category", Message("{distinct} values that repeat.", {"distinct": statistics.distinct})
    if _is_unique(statistics):
        return "identifier", Message("Every row has its own value, which names the row rather than tells about it.")
    if statistics.present < FEW_ROWS:
        return "category", Message("{distinct} short values in a small table.", {"distinct": statistics.distinct})
    return "text", Message("Too many different values for a category ({distinct}).", {"distinct": statistics.distinct})


def _is_unique(statistics: ColumnStatistics) -> bool:
    return statistics.present >= FEW_ROWS and statistics.distinct == statistics.present


def _counts_rows(statistics: ColumnStatistics) -> bool:
    """Whether the column is 0, 1, 2, ... or 1, 2, 3, ...: a row number."""
    return statistics.missing == 0 and statistics.low in (0, 1) and statistics.high == statistics.rows - 1 + int(statistics.low)


def has_word(name: str, words: frozenset[str]) -> bool:
    """Whether one of `words` is a part of a name such as "customer_id" or "CustomerID"."""
    separated = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    return any(part.casefold() in words for part in re.split(r"[\W_]+", separated))


def find_task(kind: str, statistics: ColumnStatistics) -> tuple[str | None, Message]:
    """What predicting this column would be, and the reason; None when it cannot be predicted."""
    if kind in UNPREDICTABLE:
        return None, UNPREDICTABLE[kind]
    classes = statistics.distinct
    if kind in {"number", "integer"} and not _has_few_whole_values(statistics):
        return "regression", Message("A number with many values.")
    if classes == len(("no", "yes")):
        return "binary", Message("Two values.")
    if classes > MOST_CLASSES or statistics.present < LEAST_MEAN_ROWS_PER_CLASS * classes:
        return None, Message("{classes} classes are too many for {rows} rows.", {"classes": classes, "rows": statistics.present})
    return "multiclass", Message("{classes} classes.", {"classes": classes})


def _has_few_whole_values(statistics: ColumnStatistics) -> bool:
    """Numbers that stand for classes, such as 0 and 1, or a grade from 1 to 5."""
    if not statistics.are_whole:
        return False
    share = CLASS_SHARE_MANY_ROWS if statistics.present > MANY_ROWS else CLASS_SHARE_FEW_ROWS
    few = statistics.distinct <= max(2, min(MAX_NUMERIC_CLASSES, share * statistics.present))
    return few and statistics.distinct <= statistics.present / 2


def suggest_target(columns: Sequence[Column], known: str | None = None) -> Suggestion:
    """The `known` target, else the most telling name, else the last column that can be predicted."""
    usable = {column.statistics.name: column for column in columns if column.task}
    if known in usable:
        return Suggestion(known, usable[known].task, Message("This is what the table was made for."))
    telling = next((name for word in TARGET_NAMES for name in usable if name.casefold() == word), None)
    telling = telling or next((name for word in TARGET_WORDS for name in usable if has_word(name, frozenset({word}))), None)
    if telling:
        return Suggestion(
            telling, usable[telling].task, Message("Its name, “{name}”, is one that targets have.", {"name": telling})
        )
    if usable:
        last = list(usable)[-1]
        return Suggestion(last, usable[last].task, Message("It is the last column that can be predicted."))
    return Suggestion(None, None, Message("No column can be predicted: none is a number or has values that repeat."))

"""What filters of a table are called on the pages, and how a cell of somebody's table is shown.

It is data, and so stays as it is: only the digits of numbers, and the calendar of dates, are the reader's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from app.datasets.table_query import MISSING, Filter, Operator, operators_for
from app.datasets.table_source import Value
from components.table_filters import Choice
from locales import Translator
from locales.numerals import to_persian_digits
from trainer.contract import Message

OPERATORS: Mapping[Operator, Message] = {
    Operator.EQUALS: Message("equals"),
    Operator.CONTAINS: Message("contains"),
    Operator.AT_LEAST: Message("at least"),
    Operator.AT_MOST: Message("at most"),
    Operator.ONE_OF: Message("one of"),
    Operator.IS_MISSING: Message("is missing"),
    Operator.IS_NOT_MISSING: Message("is not missing"),
}
FILTERS: Mapping[Operator, Message] = {
    Operator.EQUALS: Message("“{column}” equals {value}"),
    Operator.CONTAINS: Message("“{column}” contains {value}"),
    Operator.AT_LEAST: Message("“{column}” is at least {value}"),
    Operator.AT_MOST: Message("“{column}” is at most {value}"),
    Operator.ONE_OF: Message("“{column}” is one of {value}"),
    Operator.IS_MISSING: Message("“{column}” is missing"),
    Operator.IS_NOT_MISSING: Message("“{column}” is not missing"),
}
_BETWEEN_VALUES = re.compile("[,،\n]")


def choice_for(_: Translator, sql_type: str) -> Choice:
    """What a column of this type can be filtered by."""
    return Choice(
        operators={operator: _.message(OPERATORS[operator]) for operator in operators_for(sql_type)},
        valueless=frozenset(MISSING),
        values={"true": "true", "false": "false"} if sql_type == "BOOLEAN" else None,
        hints={Operator.ONE_OF: _("Separate the values with commas.")},
    )


def filter_from(column: str, operator: str, typed: str) -> Filter:
    """A filter as the form has it."""
    chosen = Operator(operator)
    values = _BETWEEN_VALUES.split(typed) if chosen == Operator.ONE_OF else [typed]
    return Filter(column, chosen, tuple(value.strip() for value in values if value.strip()))


def sentence_for(_: Translator, rule: Filter) -> str:
    """A filter in words."""
    return _.message(Message(FILTERS[rule.operator].text, {"column": rule.column, "value": _.listed(rule.values)}))


def shown_cell(_: Translator, value: Value, *, is_time: bool = False) -> str | None:
    """A value as text, None for a missing one; `is_time` for days and moments, which come as ISO writes them."""
    if value is None:
        return None
    if is_time:
        return _.exact_time(str(value))
    if isinstance(value, bool):
        return str(value).lower()
    return _.exact(value) if isinstance(value, int | float) else str(value)


def told_writing(_: Translator, value: Value, written: str | None, *, is_time: bool = False) -> str | None:
    """How a cell stood in the file, where that looks different from what is shown of its value."""
    shown = shown_cell(_, value, is_time=is_time) or ""
    if written is None or written.strip() == shown.strip():  # both may have been cut at a space
        return None
    if is_time and to_persian_digits(written.strip()) == shown:
        return None
    if isinstance(value, int | float) and written.isascii():
        try:
            return None if float(written) == value else written  # 1.50 and 1.5 are told apart by nobody
        except ValueError:
            return written
    return written

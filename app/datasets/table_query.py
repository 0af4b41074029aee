"""What may be asked of a table: which rows, in which order, which columns; refused is what the table cannot answer."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.errors import refuse
from trainer.contract import Message, Problem, Refusal

LONGEST_TEXT = 500
MOST_FILTERS = 20
MOST_VALUES = 100
SHOWN_CHARACTERS = 80
EXAMPLE = '[{"column": "price", "operator": "at_least", "value": 5}]'
_SURROGATE = re.compile("[\ud800-\udfff]")  # half a character, which no table holds


class Operator(StrEnum):
    """How a filter compares."""

    EQUALS = "equals"
    CONTAINS = "contains"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    ONE_OF = "one_of"
    IS_MISSING = "is_missing"
    IS_NOT_MISSING = "is_not_missing"


MISSING = (Operator.IS_MISSING, Operator.IS_NOT_MISSING)
_COMPARED = (Operator.EQUALS, Operator.AT_LEAST, Operator.AT_MOST, Operator.ONE_OF, *MISSING)
_TEXT = (Operator.CONTAINS, Operator.EQUALS, Operator.ONE_OF, *MISSING)
_BY_TYPE: Mapping[str, tuple[Operator, ...]] = {
    "BOOLEAN": (Operator.EQUALS, *MISSING),
    **dict.fromkeys(("BIGINT", "DOUBLE", "DATE", "TIMESTAMP"), _COMPARED),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """Keeps rows by one column; `values` as typed: none for the operators of `MISSING`, several for `ONE_OF` alone."""

    column: str
    operator: Operator
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TableQuery:
    """`limit` rows from `offset` on, of those that hold `search` in a shown column and pass all filters; missing values last.

    `sort` None is the order of the table; no `columns` means all of them. Of a text come at most `longest` characters.
    """

    offset: int = 0
    limit: int = 50
    sort: str | None = None
    descending: bool = False
    search: str = ""
    filters: tuple[Filter, ...] = ()
    columns: tuple[str, ...] = ()
    longest: int | None = None


def operators_for(sql_type: str) -> tuple[Operator, ...]:
    """The operators that make sense for a column of this type, the usual one first."""
    return _BY_TYPE.get(sql_type, _TEXT)


def read_filters(text: str) -> tuple[Filter, ...]:
    """Filters from a JSON list of objects with `column`, `operator` and `value`, which for `one_of` is a list.

    Raises:
        Refusal: `invalid_filters`: it is something else.
    """
    if not text.strip():
        return ()
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise _no_filters() from None
    if not isinstance(found, list) or _SURROGATE.search(json.dumps(found, ensure_ascii=False)):
        raise _no_filters()
    return tuple(_read_filter(item) for item in found)


def _read_filter(item: object) -> Filter:
    if not isinstance(item, Mapping) or not isinstance(item.get("column"), str) or item.keys() - {"column", "operator", "value"}:
        raise _no_filters()
    try:
        operator = Operator(str(item.get("operator")))
    except ValueError:
        text = "There is no filter “{operator}”. There are: {operators}."
        params = {"operator": str(item.get("operator"))[:SHOWN_CHARACTERS], "operators": ", ".join(Operator)}
        raise refuse("unknown_operator", Message(text, params), "filters") from None
    value = item.get("value")
    values = [] if value is None else value if isinstance(value, list) else [value]
    if not all(isinstance(one, str | int | float) for one in values):
        raise _no_filters()
    return Filter(item["column"], operator, tuple(str(one) for one in values))


def check_shape(query: TableQuery, columns: Mapping[str, str]) -> None:
    """Refuse columns that the table lacks, and more than is reasonable; what filters compare with is checked elsewhere.

    Raises:
        Refusal: with all problems at once.
    """
    asked = [(name, "columns") for name in query.columns]
    asked += [(query.sort, "sort")] if query.sort is not None else []
    asked += [(rule.column, "filters") for rule in query.filters]
    problems = [_unknown_column(name, field) for name, field in asked if name not in columns]
    if len(query.filters) > MOST_FILTERS:
        text = "At most {most} filters can be used at once. Remove some."
        problems.append(Problem("too_many_filters", Message(text, {"most": MOST_FILTERS}), "filters"))
    if len(query.search) > LONGEST_TEXT:
        problems.append(_too_long("search"))
    if problems:
        raise Refusal(problems)


def check_values(rule: Filter) -> tuple[str, ...]:
    """The values of a filter, in number and length as its operator takes them.

    Raises:
        Refusal: there is none, or there are too many.
    """
    values = tuple(_SURROGATE.sub("\ufffd", value) for value in rule.values)
    if rule.operator in MISSING:
        return ()
    if not any(value.strip() for value in values):
        text = "The filter for “{column}” has no value yet. Type one."
        raise refuse("filter_without_value", Message(text, {"column": rule.column[:SHOWN_CHARACTERS]}), "filters")
    most = MOST_VALUES if rule.operator == Operator.ONE_OF else 1
    if len(values) > most:
        text = "The filter for “{column}” compares with {most} values at most. Remove some."
        raise refuse("too_many_values", Message(text, {"column": rule.column[:SHOWN_CHARACTERS], "most": most}), "filters")
    if any(len(value) > LONGEST_TEXT for value in values):
        raise Refusal(_too_long("filters"))
    return tuple(value for value in values if value.strip())


def clean_search(text: str) -> str:
    """Without spaces around it, which people type unseen."""
    return _SURROGATE.sub("\ufffd", text).strip()


def _no_filters() -> Refusal:
    text = "The filters cannot be read. Write them as a JSON list such as {example}."
    return refuse("invalid_filters", Message(text, {"example": EXAMPLE}), "filters")


def _unknown_column(name: str, field: str) -> Problem:
    text = "There is no column “{column}” in this table. Choose one that it has."
    return Problem("column_not_found", Message(text, {"column": name[:SHOWN_CHARACTERS]}), field)


def _too_long(field: str) -> Problem:
    text = "A text to look for may have {most} characters at most. Shorten it."
    return Problem("text_too_long", Message(text, {"most": LONGEST_TEXT}), field)

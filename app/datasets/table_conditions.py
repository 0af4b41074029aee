"""What rows must hold enters, SQL with its parameters leaves; refused is what a column cannot be compared with.

What a person typed is a parameter, never SQL. Columns come as SQL of our own making: c0, c1, ...
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.datasets.table_query import SHOWN_CHARACTERS, Filter, Operator, check_values, operators_for
from app.datasets.table_source import TIMES
from app.datasets.typed_values import (
    DIGITS,
    KAFS,
    YEHS,
    Span,
    read_jalali_period,
    read_number,
    read_time,
    read_truth,
    to_latin_digits,
)
from app.errors import refuse
from trainer.contract import Message, Refusal

# What can stand in a value of such a column as it is shown: a search for anything else need not look there.
_SIGNS = {
    "BIGINT": re.compile(r"[-\d]*", re.ASCII),
    "DOUBLE": re.compile(r"[-+.eE\d]*", re.ASCII),
    "DATE": re.compile(r"[-\d]*", re.ASCII),
    "TIMESTAMP": re.compile(r"[-:. \d]*", re.ASCII),
}
_ALIKE = {letter: letters for letters in (YEHS, KAFS) for letter in letters}
_ALIKE_DIGITS = {digit: digits for digits in DIGITS for digit in digits}
_SCRIPTS = [str.maketrans({sign: digits[script] for digits in DIGITS for sign in digits}) for script in range(3)]


@dataclass(frozen=True, slots=True)
class Condition:
    """SQL that is true for the rows that are wanted, and the parameters for its question marks."""

    sql: str
    params: tuple[object, ...] = ()

    @staticmethod
    def all_of(parts: Sequence[Condition]) -> Condition:
        return _join(" AND ", parts) if parts else Condition("true")

    @staticmethod
    def any_of(parts: Sequence[Condition]) -> Condition:
        return _join(" OR ", parts) if parts else Condition("false")


def search_condition(cell: str, sql_type: str, text: str) -> Condition | None:
    """Rows that hold `text` somewhere in this column, whatever its case, digits, and forms of ی and ک; None: none can."""
    if sql_type == "BOOLEAN":
        truths = [truth for truth in ("true", "false") if text.lower() in truth]
        return Condition.any_of([Condition(f"{cell} = {truth}") for truth in truths]) if truths else None
    if sql_type not in _SIGNS:
        return _contains(cell, text)
    plain, found = to_latin_digits(text), list[Condition]()
    if _SIGNS[sql_type].fullmatch(plain):
        found.append(Condition(f"contains(CAST({cell} AS VARCHAR), ?)", (plain.lower(),)))
    if sql_type in TIMES and (span := read_time(text) or read_jalali_period(text)):  # as Persian pages show it
        found.append(_within(cell, Operator.EQUALS, span))
    return Condition.any_of(found) if found else None


def filter_condition(cell: str, sql_type: str, rule: Filter) -> Condition:
    """Rows that pass a filter.

    Raises:
        Refusal: the operator or a value does not suit the column.
    """
    if rule.operator not in operators_for(sql_type):
        raise _unsuitable(sql_type, rule)
    values = check_values(rule)
    match rule.operator:
        case Operator.IS_MISSING:
            return Condition(f"{cell} IS NULL")
        case Operator.IS_NOT_MISSING:
            return Condition(f"{cell} IS NOT NULL")
        case Operator.CONTAINS:
            return _contains(cell, values[0])
    compare = _COMPARISONS.get(sql_type, _compare_text)
    return Condition.any_of([compare(cell, rule, value) for value in values])


def check_filter(rule: Filter, sql_type: str) -> None:
    """Whether a column of this type can be filtered so.

    Raises:
        Refusal: it cannot.
    """
    filter_condition("", sql_type, rule)


def _compare_text(cell: str, _rule: Filter, value: str) -> Condition:
    equal = Condition(f"{cell} = ?", (value,))
    if not any(letter in _ALIKE for letter in value):
        return equal
    return Condition.any_of([equal, Condition(f"regexp_full_match({cell}, ?)", (_pattern(value, _ALIKE),))])


def _compare_number(cell: str, rule: Filter, value: str) -> Condition:
    number = read_number(value)
    if number is None:
        text = "“{value}” is no number, and “{column}” holds numbers. Type one such as {example}."
        raise _wrong_value(text, rule, value, "12.5")
    return Condition(f"{cell} {_sign(rule.operator)} ?", (number,))


def _compare_time(cell: str, rule: Filter, value: str) -> Condition:
    span = read_time(value)
    if span is None:
        text = "“{value}” is no date, and “{column}” holds dates. Type one such as {example}."
        raise _wrong_value(text, rule, value, "2024-08-07")
    return _within(cell, rule.operator, span)


def _within(cell: str, operator: Operator, span: Span) -> Condition:
    since = Condition(f"{cell} >= CAST(? AS TIMESTAMP)", (span.start,))
    before = Condition(f"{cell} < CAST(? AS TIMESTAMP)", (span.end,))
    if operator == Operator.AT_LEAST:
        return since
    return before if operator == Operator.AT_MOST else Condition.all_of([since, before])


def _compare_truth(cell: str, rule: Filter, value: str) -> Condition:
    truth = read_truth(value)
    if truth is None:
        text = "“{value}” is neither true nor false, and “{column}” holds nothing else. Type one such as {example}."
        raise _wrong_value(text, rule, value, "true")
    return Condition(f"{cell} = ?", (truth,))


_COMPARISONS: dict[str, Callable[[str, Filter, str], Condition]] = {
    "BIGINT": _compare_number,
    "DOUBLE": _compare_number,
    "DATE": _compare_time,
    "TIMESTAMP": _compare_time,
    "BOOLEAN": _compare_truth,
}


def _contains(cell: str, text: str) -> Condition:
    if text.lower() == text.upper() and not any(letter in _ALIKE for letter in text):
        # Three plain searches take half the time of one for a pattern; nobody mixes digits within a number.
        scripts = dict.fromkeys(text.translate(script) for script in _SCRIPTS)
        return Condition.any_of([Condition(f"contains({cell}, ?)", (written,)) for written in scripts])
    return Condition(f"regexp_matches({cell}, ?)", ("(?i)" + _pattern(text, _ALIKE | _ALIKE_DIGITS),))


def _pattern(text: str, alike: dict[str, str]) -> str:
    """A regular expression (RE2) that finds `text` with any of the letters that count as alike; nothing in it is a sign."""
    return "".join(f"[{alike[sign]}]" if sign in alike else f"\\x{{{ord(sign):x}}}" for sign in text)


def _sign(operator: Operator) -> str:
    return {Operator.AT_LEAST: ">=", Operator.AT_MOST: "<="}.get(operator, "=")


def _join(word: str, parts: Sequence[Condition]) -> Condition:
    sql = word.join(f"({part.sql})" for part in parts)
    return Condition(sql, tuple(param for part in parts for param in part.params))


def _wrong_value(text: str, rule: Filter, value: str, example: str) -> Refusal:
    params = {"value": value[:SHOWN_CHARACTERS], "column": rule.column[:SHOWN_CHARACTERS], "example": example}
    return refuse("value_does_not_suit_column", Message(text, params), "filters")


def _unsuitable(sql_type: str, rule: Filter) -> Refusal:
    text = "“{column}” cannot be filtered by “{operator}”. What it can be filtered by: {operators}."
    params = {
        "column": rule.column[:SHOWN_CHARACTERS],
        "operator": str(rule.operator),
        "operators": ", ".join(operators_for(sql_type)),
    }
    return refuse("operator_does_not_suit_column", Message(text, params), "filters")

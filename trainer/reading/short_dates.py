"""Dates in numbers alone, with a year of two digits, such as 98/04/23: what a cell is as such a date, and what its column means.

They may be Gregorian or Jalali, with the year first or last. Only a column tells, and only where nothing else is possible
are they dates without a word from a person.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainer.reading.calendars import gregorian_day, is_jalali_day
from trainer.reading.cell_text import NO_DIGITS, CellRules, clean_cell, latin_digits, let
from trainer.reading.date_forms import ORDERS, TWO_DIGITS_FIRST, TWO_DIGITS_LAST, DateFacts

FIRST_GREGORIAN_YEAR = 1969  # as POSIX has it (strptime): up to 68 is ours
# A hundred years that end a few after 1405, when this was written: dates of birth lie far behind, and what falls due or
# expires a little ahead. Not counted from today, or the same file would be other dates next year.
FIRST_JALALI_YEAR = 1311
_LONGEST_MONTH = 31
_PERSIAN_DIGITS = "[۰-۹٠-٩]"
_IS_DOUBTFUL = f"BETWEEN '{FIRST_JALALI_YEAR % 100}' AND '{_LONGEST_MONTH}'"


def short_date_facts(cell: str, rules: CellRules) -> str:
    """SQL for the `DateFacts` of one cell; NULL for a cell in no such form."""
    latin = latin_digits(clean_cell(cell, rules), rules)
    matches = f"regexp_full_match(latin, '{TWO_DIGITS_FIRST}|{TWO_DIGITS_LAST}')"
    if not rules.is_ascii:
        matches += f" AND NOT regexp_matches({cell}, '{NO_DIGITS}')"
    parts = let("latin", latin, f"CASE WHEN {matches} THEN string_split(replace(latin, '-', '/'), '/') END")
    return let("short", let("short", let("parts", parts, _numbers()), _days(cell, rules)), _found())


def _numbers() -> str:
    """Of the list `parts`: its numbers, and the years that the first and the last may be, NULL for one of a single digit."""
    fields = {name: f"TRY_CAST(parts[{place}] AS INTEGER)" for place, name in enumerate(("first", "month", "last"), start=1)}
    for place, name in ((1, "first"), (3, "last")):
        for calendar, century in (("gregorian", gregorian_century), ("jalali", _jalali_century)):
            year = f"TRY_CAST({century(f'parts[{place}]')} || parts[{place}] AS INTEGER)"
            fields[f"{calendar}_{name}"] = f"CASE WHEN len(parts[{place}]) = 2 THEN {year} END"
    return _struct(fields)


def _days(cell: str, rules: CellRules) -> str:
    """Of the struct of `_numbers`: whether there was such a day, by each way to read it. No Jalali date has its month first."""
    days = {
        "by_day": f"{gregorian_day('short.gregorian_last', 'short.month', 'short.first')} IS NOT NULL",
        "by_month": f"{gregorian_day('short.gregorian_last', 'short.first', 'short.month')} IS NOT NULL",
        "jalali_last": f"short.jalali_last IS NOT NULL AND {is_jalali_day('short.jalali_last', 'short.month', 'short.first')}",
        "jalali_first": f"short.jalali_first IS NOT NULL AND {is_jalali_day('short.jalali_first', 'short.month', 'short.last')}",
        "gregorian_first": f"{gregorian_day('short.gregorian_first', 'short.month', 'short.last')} IS NOT NULL",
    }
    is_persian = "false" if rules.is_ascii else f"regexp_matches({cell}, '{_PERSIAN_DIGITS}')"
    return _struct({**days, "first": "short.first", "is_persian": is_persian})


def _found() -> str:
    """SQL for the facts of the struct of `_days`. Persian digits beside a Gregorian year that stands first are a mistake."""
    is_day = (
        "short.by_day OR short.by_month OR short.jalali_first"
        " OR CASE WHEN short.is_persian THEN short.jalali_last ELSE short.gregorian_first END"
    )
    order = (
        f"CASE WHEN short.by_day AND short.by_month THEN {int(DateFacts.EITHER_ORDER)}"
        f" WHEN short.by_day THEN {int(DateFacts.DAY_FIRST)} WHEN short.by_month THEN {int(DateFacts.MONTH_FIRST)} ELSE 0 END"
    )
    first = (
        f"CASE WHEN short.first = 0 OR short.first > {_LONGEST_MONTH} THEN {int(DateFacts.SHORT_YEAR_FIRST)}"
        f" WHEN short.first >= {FIRST_JALALI_YEAR % 100} THEN {int(DateFacts.SHORT_DOUBT)} ELSE 0 END"
    )
    digits = f"CASE WHEN short.is_persian THEN {int(DateFacts.PERSIAN)} ELSE {int(DateFacts.SHORT_ASCII)} END"
    no_jalali = f"CASE WHEN short.jalali_first THEN 0 ELSE {int(DateFacts.NO_SHORT_JALALI)} END"
    always = int(DateFacts.SHORT_NUMBERS | DateFacts.DAY | DateFacts.ODD)
    facts = " + ".join((order, first, digits, no_jalali, str(always)))
    return f"CASE WHEN short.first IS NOT NULL THEN CASE WHEN {is_day} THEN {facts} ELSE {int(DateFacts.NO_DATE)} END END"


def settle_short_dates(facts: DateFacts) -> DateFacts:
    """The facts of a column with what is decided of its short dates, if they leave no doubt: as Jalali, with the year first.

    Persian digits tell it, or whole Jalali dates beside them; a first number that may be a day does not, until another may not.
    """
    is_told = DateFacts.SHORT_ASCII not in facts or DateFacts.JALALI in facts
    is_doubtful = DateFacts.SHORT_DOUBT in facts and DateFacts.SHORT_YEAR_FIRST not in facts
    others = DateFacts.NO_SHORT_JALALI | DateFacts.GREGORIAN | DateFacts.YEAR_LAST
    if DateFacts.SHORT_NUMBERS in facts and is_told and not is_doubtful and not facts & others:
        return _as_year_first(facts, DateFacts.JALALI | DateFacts.AS_JALALI)
    return facts


def find_readings(facts: DateFacts) -> Iterator[DateFacts]:
    """What a column may mean whose cells are wanted as dates, the likeliest first."""
    settled = settle_short_dates(facts)
    if DateFacts.SHORT_NUMBERS not in facts or settled != facts:
        yield from _in_one_order(settled)
        return
    jalali_first = _as_year_first(facts, DateFacts.JALALI | DateFacts.AS_JALALI)
    jalali_last = facts & ~ORDERS | DateFacts.DAY_FIRST | DateFacts.JALALI | DateFacts.AS_JALALI
    if DateFacts.SHORT_YEAR_FIRST | DateFacts.SHORT_ASCII in facts:
        gregorian_first = _as_year_first(facts, DateFacts.GREGORIAN)
        are_gregorian = DateFacts.GREGORIAN in facts and DateFacts.JALALI not in facts
        yield from (gregorian_first, jalali_first) if are_gregorian else (jalali_first, gregorian_first)
    elif DateFacts.SHORT_ASCII not in facts or (DateFacts.JALALI in facts and DateFacts.GREGORIAN not in facts):
        are_years = facts & (DateFacts.SHORT_YEAR_FIRST | DateFacts.JALALI)
        is_last = DateFacts.YEAR_LAST in facts or (DateFacts.SHORT_DOUBT in facts and not are_years)
        yield from (jalali_last, jalali_first) if is_last else (jalali_first, jalali_last)
    yield from _in_one_order(facts | DateFacts.GREGORIAN)


def _in_one_order(facts: DateFacts) -> Iterator[DateFacts]:
    if DateFacts.DAY_FIRST | DateFacts.MONTH_FIRST in facts:
        yield facts & ~DateFacts.MONTH_FIRST
        yield facts & ~DateFacts.DAY_FIRST
    else:
        yield facts


def _as_year_first(facts: DateFacts, calendar: DateFacts) -> DateFacts:
    orders = facts & ORDERS if DateFacts.YEAR_LAST in facts else DateFacts.NONE  # that of short dates is another one then
    return facts & ~ORDERS | orders | calendar | DateFacts.AS_YEAR_FIRST


def is_short_date(cell: str, facts: DateFacts) -> str:
    """SQL for whether the text `latin` of a cell is a short date such as a column with these facts has."""
    form = TWO_DIGITS_FIRST if DateFacts.AS_YEAR_FIRST in facts else TWO_DIGITS_LAST
    claims = [f"regexp_full_match(latin, '{form}')"]
    if DateFacts.SHORT_ASCII not in facts:
        claims.append(f"regexp_matches({cell}, '{_PERSIAN_DIGITS}')")
    if DateFacts.AS_YEAR_FIRST in facts and not facts & (DateFacts.SHORT_DOUBT | DateFacts.SHORT_YEAR_FIRST):
        claims.append(f"NOT latin[:2] {_IS_DOUBTFUL}")
    return " AND ".join(claims)


def with_century(facts: DateFacts) -> str:
    """SQL for the short date `latin` with its year in four digits."""
    century = _jalali_century if DateFacts.AS_JALALI in facts else gregorian_century
    if DateFacts.AS_YEAR_FIRST in facts:
        return f"{century('latin[:2]')} || latin"
    return f"latin[:-3] || {century('latin[-2:]')} || latin[-2:]"


def gregorian_century(digits: str) -> str:
    """SQL for the two digits before those of a year."""
    return _century(digits, FIRST_GREGORIAN_YEAR)


def _jalali_century(digits: str) -> str:
    return _century(digits, FIRST_JALALI_YEAR)


def _century(digits: str, first_year: int) -> str:
    century, year = divmod(first_year, 100)
    return f"CASE WHEN {digits} < '{year:02}' THEN '{century + 1}' ELSE '{century}' END"


def _struct(fields: dict[str, str]) -> str:
    return "{" + ", ".join(f"{name}: {value}" for name, value in fields.items()) + "}"

"""Dates as people write them, as SQL: what a cell is as a date (`DateFacts`), and its value.

Read are Gregorian and Jalali dates (years 1200-1500), as numbers and with names of months, in English and Persian, with
or without a time, and months as their first day. Not read as dates are days that never were, such as 2023-02-30 and 1402/12/30.
"""

from __future__ import annotations

from enum import IntFlag, auto

from trainer.reading.cell_text import NO_DIGITS, CellRules, clean_cell, latin_digits, let, quote_list
from trainer.reading.date_forms import (
    GREGORIAN_MONTHS,
    HALF,
    ISO_MOMENT,
    MONTH_YEAR,
    NAMED_MONTH,
    OFFSET,
    SHORT_NUMBERS,
    SHORT_YEAR,
    SOLAR_MONTHS,
    TIME,
    YEAR_MONTH,
    any_of,
    date_pattern,
)


class DateFacts(IntFlag):
    """What the cells of a column are as dates, each fact true of at least one of them; 0: no cell has a value."""

    NONE = 0
    NO_DATE = auto()
    DAY = auto()  # without a time
    MOMENT = auto()  # with a time
    OFFSET = auto()  # a time with an offset from UTC, other than Z
    GREGORIAN = auto()
    JALALI = auto()
    PERSIAN = auto()  # digits beyond ASCII
    NAMED = auto()  # the month by its name
    DAY_FIRST = auto()  # the year stands last, and only day/month/year is a date
    MONTH_FIRST = auto()  # the year stands last, and only month/day/year is a date
    EITHER_ORDER = auto()  # the year stands last, and both are
    SLASHED = auto()  # plain, but with / for -
    ODD = auto()  # a cell that a cast alone does not tell, such as one with surrounding space
    UNREAD = auto()  # a cell that was not looked at closely
    MONTH = auto()  # without a day, which is the month's first
    NO_SPAN = auto()  # such a month, which cannot be meant for the school year 2010-11
    SHORT_YEAR = auto()  # the year in two digits, beside the month by its name
    SHORT_NUMBERS = auto()  # the year in two digits, beside numbers: 02/05/17 may be so many days that nobody knows


ORDERS = DateFacts.DAY_FIRST | DateFacts.MONTH_FIRST | DateFacts.EITHER_ORDER
# What looks different once it is a date.
COMPLETED = DateFacts.MONTH | DateFacts.SHORT_YEAR | DateFacts.SHORT_NUMBERS
REWRITTEN = DateFacts.OFFSET | DateFacts.JALALI | DateFacts.PERSIAN | DateFacts.NAMED | ORDERS | COMPLETED
ANY_DATE = ~(DateFacts.NO_DATE | DateFacts.UNREAD)
_IS_MONTH = f"date.completed & {int(DateFacts.MONTH)} > 0"  # of the struct `date`
_FIRST_JALALI, _LAST_JALALI = 1200, 1500
_FIRST_OF_LAST_CENTURY = "69"  # as POSIX has it (strptime): up to 68 is ours


def date_facts(cell: str, rules: CellRules, known: DateFacts, is_thorough: bool) -> str:
    """SQL for the `DateFacts` of one cell; what is `known` of its column makes it quick.

    Plain dates are told by a cast. Other cells are read where it `is_thorough`, which takes longer to prepare, else `UNREAD`.
    """
    facts = []
    if not known or DateFacts.GREGORIAN in known:
        plain = DateFacts.GREGORIAN | (DateFacts.MOMENT if DateFacts.MOMENT in known else DateFacts.DAY)
        cases = f"WHEN {_is_plain(plain)} THEN {int(plain)}"
        if DateFacts.MOMENT not in known:
            cases += f" WHEN {_is_plain(plain | DateFacts.SLASHED)} THEN {int(plain | DateFacts.SLASHED)}"
        facts.append(_quick(cell, rules, known, cases))
    if is_thorough:
        facts.append(let("date", _read(cell, rules, ANY_DATE), _found(cell)))
        no_date = f"CASE WHEN {clean_cell(cell, rules)} IS NULL THEN {int(DateFacts.ODD)} ELSE {int(DateFacts.NO_DATE)} END"
        facts.append(no_date)
    else:
        facts.append(f"{int(DateFacts.UNREAD)}")
    return f"CASE WHEN {cell} IS NULL THEN 0 ELSE coalesce({', '.join(facts)}) END"


def date_value(cell: str, rules: CellRules, facts: DateFacts, misfit: str) -> str:
    """SQL for one cell as TIMESTAMP (in UTC) if `facts` have moments, else DATE; `misfit` is SQL for a cell with other facts."""
    is_plain = f"WHEN {_is_plain(facts)} THEN plain"
    if DateFacts.ODD not in facts:
        return _quick(cell, rules, facts, f"{is_plain} WHEN {cell} IS NOT NULL THEN {misfit}")
    are_months = DateFacts.MONTH in facts and not facts & (DateFacts.DAY | DateFacts.MOMENT)
    values = [_quick(cell, rules, facts, is_plain)] if DateFacts.GREGORIAN in facts and not are_months else []
    values.append(let("date", _read(cell, rules, facts), _chosen(facts)))
    values.append(f"CASE WHEN {clean_cell(cell, rules)} IS NOT NULL THEN {misfit} END")
    return f"CASE WHEN {cell} IS NOT NULL THEN coalesce({', '.join(values)}) END"


def _quick(cell: str, rules: CellRules, facts: DateFacts, cases: str) -> str:
    """SQL that tells by a cast, `plain`; surrounding space is taken off where the column has such cells."""
    sql_type = "TIMESTAMP" if DateFacts.MOMENT in facts else "DATE"
    written = clean_cell(cell, rules) if DateFacts.ODD in facts else cell
    return let("written", written, let("plain", f"TRY_CAST(written AS {sql_type})", f"CASE {cases} END"))


def _is_plain(facts: DateFacts) -> str:
    """SQL for whether `plain` is what is written: a cast takes 2024-01-02xx, too, and 1402-02-03 for Gregorian."""
    early = f"plain >= DATE '0001-01-01' AND plain < DATE '{_FIRST_JALALI}-01-01'"
    is_gregorian = f"(plain BETWEEN DATE '{_LAST_JALALI + 1}-01-01' AND DATE '9999-12-31' OR {early})"
    if DateFacts.MOMENT in facts:
        return f"{is_gregorian} AND regexp_full_match(written, '{ISO_MOMENT}')"
    written = "replace(written, '/', '-')" if DateFacts.SLASHED in facts else "written"
    return f"plain::VARCHAR = {written} AND {is_gregorian}"


def _chosen(facts: DateFacts) -> str:
    """SQL for the value of the struct `date`, by the order that `facts` have."""
    value = "date.by_day"
    if DateFacts.MONTH_FIRST in facts and DateFacts.DAY_FIRST not in facts:
        value = "CASE WHEN date.is_year_last THEN date.by_month ELSE date.by_day END"
    if facts & ORDERS == DateFacts.EITHER_ORDER:  # day/month is a guess, until a cell tells
        value = f"CASE WHEN NOT date.is_year_last OR date.by_month IS NOT NULL THEN {value} END"
    if DateFacts.MOMENT in facts:
        value += " + date.time - to_minutes(date.minutes_ahead)"
    if DateFacts.MONTH in facts and not facts & (DateFacts.DAY | DateFacts.MOMENT):  # a day among months is none of them
        return f"CASE WHEN {_IS_MONTH} THEN {value} END"
    return value


def _found(cell: str) -> str:
    """SQL for the facts of the struct `date`; NULL for a cell in no form of a date."""
    order = (
        f"CASE WHEN date.by_day IS NULL AND (NOT date.is_year_last OR date.by_month IS NULL) THEN {int(DateFacts.NO_DATE)}"
        f" WHEN NOT date.is_year_last THEN 0 WHEN date.by_month IS NULL THEN {int(DateFacts.DAY_FIRST)}"
        f" WHEN date.by_day IS NULL THEN {int(DateFacts.MONTH_FIRST)} ELSE {int(DateFacts.EITHER_ORDER)} END"
    )
    time = f"WHEN date.time IS NULL THEN {int(DateFacts.NO_DATE)} ELSE {int(DateFacts.MOMENT)}"
    found = (
        order,
        f"CASE WHEN {_IS_MONTH} THEN 0 WHEN NOT date.has_time THEN {int(DateFacts.DAY)} {time} END",
        "date.completed",
        f"CASE WHEN date.is_solar THEN {int(DateFacts.JALALI)} ELSE {int(DateFacts.GREGORIAN)} END",
        f"CASE WHEN date.is_named THEN {int(DateFacts.NAMED)} ELSE 0 END",
        f"CASE WHEN date.has_offset THEN {int(DateFacts.OFFSET)} ELSE 0 END",
        f"CASE WHEN regexp_matches({cell}, '[۰-۹٠-٩]') THEN {int(DateFacts.PERSIAN)} ELSE 0 END",
    )
    return f"CASE WHEN date.is_solar IS NOT NULL THEN {' | '.join(f'({fact})' for fact in found)} | {int(DateFacts.ODD)} END"


def _read(cell: str, rules: CellRules, facts: DateFacts) -> str:
    """SQL for a cell as a struct: the day by either order, the time and its offset; of NULLs when in no form of `facts`."""
    latin = clean_cell(cell, rules)
    if DateFacts.PERSIAN in facts:
        latin = latin_digits(latin, rules)
    pattern = date_pattern(
        has_year_last=bool(facts & ORDERS),
        has_names=DateFacts.NAMED in facts,
        has_times=DateFacts.MOMENT in facts,
        has_offsets=DateFacts.OFFSET in facts,
    )
    is_completed = bool(facts & COMPLETED)
    matches = f"regexp_full_match({'latin.text' if is_completed else 'latin'}, '{pattern}')"
    if not rules.is_ascii:
        matches += f" AND NOT regexp_matches({cell}, '{NO_DIGITS}')"
    if is_completed:
        latin = let("latin", latin, _completed(facts))
    parts = let("latin", let("latin", latin, f"CASE WHEN {matches} THEN latin END"), _struct(_parts(facts)))
    return let("date", let("date", parts, _struct(_numbers(facts))), _struct(_days(facts)))


def _completed(facts: DateFacts) -> str:
    """SQL for the text `latin` with what was left out of it, and by which of the facts; a struct."""
    cases = []
    if DateFacts.MONTH in facts:
        month = int(DateFacts.MONTH | DateFacts.NO_SPAN)
        is_span = "TRY_CAST(latin[3:4] AS INTEGER) + 1 = TRY_CAST(latin[6:] AS INTEGER)"
        found = f"CASE WHEN {is_span} THEN {int(DateFacts.MONTH)} ELSE {month} END"
        cases.append(f"WHEN regexp_full_match(latin, '{YEAR_MONTH}') THEN {{text: latin || latin[5] || '01', fact: {found}}}")
        forms = {MONTH_YEAR: "latin[4:] || '/' || latin[:2] || '/01'"}
        if DateFacts.NAMED in facts:
            forms[NAMED_MONTH] = "'1 ' || latin"
        cases += [f"WHEN regexp_full_match(latin, '{form}') THEN {{text: {text}, fact: {month}}}" for form, text in forms.items()]
    century = f"CASE WHEN latin[-2:] < '{_FIRST_OF_LAST_CENTURY}' THEN '20' ELSE '19' END"
    whole = f"latin[:-3] || {century} || latin[-2:]"
    for fact, form in ((DateFacts.SHORT_YEAR, SHORT_YEAR), (DateFacts.SHORT_NUMBERS, SHORT_NUMBERS)):
        if fact in facts:
            cases.append(f"WHEN regexp_full_match(latin, '{form}') THEN {{text: {whole}, fact: {int(fact)}}}")
    return f"CASE {' '.join(cases)} ELSE {{text: latin, fact: 0}} END"


def _struct(fields: dict[str, str]) -> str:
    return "{" + ", ".join(f"{name}: {value}" for name, value in fields.items()) + "}"


def _parts(facts: DateFacts) -> dict[str, str]:
    """Of the text `latin`: its numbers, in the order in which they stand, the name of its month and its time."""
    latin = "latin.text" if facts & COMPLETED else "latin"
    if facts & (DateFacts.NAMED | DateFacts.MOMENT):
        parts = {"numbers": f"regexp_extract_all({latin}, '[0-9]+')"}
    else:  # three times as fast
        parts = {"numbers": f"string_split(replace(replace({latin}, '-', '/'), '.', '/'), '/')"}
    if DateFacts.NAMED in facts:
        parts["month"] = f"lower(regexp_extract({latin}, '(?i:{any_of(SOLAR_MONTHS | GREGORIAN_MONTHS)})'))"
    if DateFacts.MOMENT in facts:
        parts["clock"] = f"regexp_extract({latin}, '{TIME}')"
        parts["half"] = f"lower(regexp_extract({latin}, '{HALF}', 1))"
        parts["ahead"] = f"regexp_extract({latin}, '{OFFSET}', ['hours', 'minutes'])"
    if facts & COMPLETED:
        parts["completed"] = "latin.fact"
    return parts


def _numbers(facts: DateFacts) -> dict[str, str]:
    """Of the struct of `_parts`: year, month and day as numbers, the day first where the year is last, and the time."""
    is_first, is_second = "len(date.numbers[1]) = 4", "len(date.numbers[2]) = 4"  # the year: in a date with a name it is second
    year = f"date.numbers[CASE WHEN {is_first} THEN 1 WHEN {is_second} THEN 2 ELSE 3 END]"
    day = f"date.numbers[CASE WHEN {is_first} THEN 3 ELSE 1 END]"
    month = "TRY_CAST(date.numbers[2] AS INTEGER)"
    is_solar = f"TRY_CAST({year} AS INTEGER) BETWEEN {_FIRST_JALALI} AND {_LAST_JALALI}"
    is_named = f"NOT {is_first} AND {is_second}"
    if DateFacts.NAMED in facts:
        months = SOLAR_MONTHS | GREGORIAN_MONTHS
        position = f"list_position({quote_list(list(months))}, date.month)"
        month = f"CASE WHEN {is_named} THEN {list(months.values())}[{position}] ELSE {month} END"
        is_solar = f"CASE WHEN {is_named} THEN {position} <= {len(SOLAR_MONTHS)} ELSE {is_solar} END"
    numbers = {
        "year": f"TRY_CAST({year} AS INTEGER)",
        "month": month,
        "day": f"TRY_CAST({day} AS INTEGER)",
        "is_solar": is_solar,
        "is_named": is_named,
        "is_year_last": f"NOT {is_first} AND NOT {is_second}",
    }
    if DateFacts.MOMENT in facts:
        numbers["has_time"] = "date.clock <> ''"
        numbers["time"] = "CASE date.clock WHEN '' THEN TIME '00:00' ELSE TRY_CAST(date.clock AS TIME) END"
        numbers["half"] = "date.half"
        numbers["has_offset"] = "date.ahead.hours <> ''"
        minutes = "coalesce(TRY_CAST(date.ahead.hours[1] || date.ahead.minutes AS INTEGER), 0)"
        minutes = f"60 * TRY_CAST(date.ahead.hours AS INTEGER) + {minutes}"
        numbers["minutes_ahead"] = f"CASE date.ahead.hours WHEN '' THEN 0 ELSE {minutes} END"
    if facts & COMPLETED:
        numbers["completed"] = "date.completed"
    return numbers


def _days(facts: DateFacts) -> dict[str, str]:
    """Of the struct of `_numbers`: the days by either order; NULL where no such day was, or no Jalali one may be."""
    jalali = _jalali_day() if DateFacts.JALALI in facts else "NULL"
    gregorian = _gregorian_day("date.month", "date.day")  # there is nothing to tell of them, so they may always come
    days = {
        "by_day": f"CASE WHEN date.is_solar THEN {jalali} ELSE {gregorian} END",
        # Nobody writes Jalali dates with the month first.
        "by_month": f"CASE WHEN date.is_year_last AND NOT date.is_solar THEN {_gregorian_day('date.day', 'date.month')} END",
    } | {name: f"date.{name}" for name in ("is_solar", "is_named", "is_year_last")}
    if facts & COMPLETED:
        days["completed"] = "date.completed"
    if DateFacts.MOMENT in facts:
        days |= {name: f"date.{name}" for name in ("has_time", "has_offset", "minutes_ahead")}
        days["time"] = (
            "CASE WHEN date.half = 'p' AND hour(date.time) < 12 THEN date.time + INTERVAL 12 HOUR"
            " WHEN date.half = 'a' AND hour(date.time) = 12 THEN date.time - INTERVAL 12 HOUR ELSE date.time END"
        )
    return days


def _gregorian_day(month: str, day: str) -> str:
    return f"CASE WHEN date.year > 0 THEN TRY_CAST(concat_ws('-', date.year, {month}, {day}) AS DATE) END"


def _jalali_day() -> str:
    """By eight leap days in 33 years, every fourth year but the last, a rule that holds from 1178 to 1633."""
    year_of_33 = "(date.year + 11) % 33"
    is_leap = f"{year_of_33} % 4 = 0 AND {year_of_33} < 32"
    length = f"CASE WHEN date.month <= 6 THEN 31 WHEN date.month <= 11 OR {is_leap} THEN 30 ELSE 29 END"
    days = f"365 * date.year + (date.year + 11) // 33 * 8 + ({year_of_33} + 3) // 4"
    days += " + least(31 * (date.month - 1), 30 * (date.month - 1) + 6) + date.day"
    is_day = f"date.month BETWEEN 1 AND 12 AND date.day BETWEEN 1 AND {length}"
    return f"CASE WHEN {is_day} THEN DATE '0621-03-17' + ({days})::INTEGER END"

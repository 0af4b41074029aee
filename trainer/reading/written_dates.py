"""Dates as people write them, as SQL: what a cell is as a date (`DateFacts`), and its value.

Read are Gregorian and Jalali dates (years 1200-1500), as numbers and with names of months, in English and Persian, with
or without a time, and months as their first day. Not read as dates are days that never were, such as 2023-02-30 and 1402/12/30.
"""

from __future__ import annotations

from trainer.reading.calendars import gregorian_day, jalali_day
from trainer.reading.cell_text import NO_DIGITS, CellRules, clean_cell, latin_digits, let, quote_list
from trainer.reading.date_forms import (
    COMPLETED,
    GREGORIAN_MONTHS,
    HALF,
    ISO_MOMENT,
    MONTH_YEAR,
    NAMED_MONTH,
    OFFSET,
    ORDERS,
    SHORT_YEAR,
    SOLAR_MONTHS,
    TIME,
    YEAR_MONTH,
    DateFacts,
    any_of,
    date_pattern,
)
from trainer.reading.short_dates import gregorian_century, is_short_date, short_date_facts, with_century

_ANY_WHOLE_DATE = ~(DateFacts.NO_DATE | DateFacts.UNREAD | DateFacts.SHORT_NUMBERS)
_IS_MONTH = f"date.completed & {int(DateFacts.MONTH)} > 0"  # of the struct `date`
_FIRST_JALALI, _LAST_JALALI = 1200, 1500


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
        facts.append(let("date", _read(cell, rules, _ANY_WHOLE_DATE), _found(cell)))
        facts.append(short_date_facts(cell, rules))
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
        f" WHEN NOT date.is_year_last THEN 0 WHEN date.by_month IS NULL THEN {int(DateFacts.YEAR_LAST | DateFacts.DAY_FIRST)}"
        f" WHEN date.by_day IS NULL THEN {int(DateFacts.YEAR_LAST | DateFacts.MONTH_FIRST)}"
        f" ELSE {int(DateFacts.YEAR_LAST | DateFacts.EITHER_ORDER)} END"
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
        latin = let("latin", latin, _completed(cell, facts))
    parts = let("latin", let("latin", latin, f"CASE WHEN {matches} THEN latin END"), _struct(_parts(facts)))
    return let("date", let("date", parts, _struct(_numbers(facts))), _struct(_days(facts)))


def _completed(cell: str, facts: DateFacts) -> str:
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
    if DateFacts.SHORT_YEAR in facts:
        whole = f"latin[:-3] || {gregorian_century('latin[-2:]')} || latin[-2:]"
        cases.append(f"WHEN regexp_full_match(latin, '{SHORT_YEAR}') THEN {{text: {whole}, fact: {int(DateFacts.SHORT_YEAR)}}}")
    if DateFacts.SHORT_NUMBERS in facts:
        found = f"{{text: {with_century(facts)}, fact: {int(DateFacts.SHORT_NUMBERS)}}}"
        cases.append(f"WHEN {is_short_date(cell, facts)} THEN {found}")
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
    jalali = jalali_day("date.year", "date.month", "date.day") if DateFacts.JALALI in facts else "NULL"
    gregorian = gregorian_day("date.year", "date.month", "date.day")  # there is nothing to tell of them, so they may always come
    if DateFacts.AS_JALALI in facts and DateFacts.GREGORIAN not in facts:  # except beside years that may be of both calendars
        gregorian = "NULL"
    month_first = gregorian_day("date.year", "date.day", "date.month")
    days = {
        "by_day": f"CASE WHEN date.is_solar THEN {jalali} ELSE {gregorian} END",
        # Nobody writes Jalali dates with the month first.
        "by_month": f"CASE WHEN date.is_year_last AND NOT date.is_solar THEN {month_first} END",
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

"""Year, month and day enter as SQL for integers, SQL for the day as DATE leaves, NULL where no such day was."""

from __future__ import annotations


def gregorian_day(year: str, month: str, day: str) -> str:
    return f"CASE WHEN {year} > 0 THEN TRY_CAST(concat_ws('-', {year}, {month}, {day}) AS DATE) END"


def jalali_day(year: str, month: str, day: str) -> str:
    days = f"365 * {year} + ({year} + 11) // 33 * 8 + (({year} + 11) % 33 + 3) // 4"
    days += f" + least(31 * ({month} - 1), 30 * ({month} - 1) + 6) + {day}"
    return f"CASE WHEN {is_jalali_day(year, month, day)} THEN DATE '0621-03-17' + ({days})::INTEGER END"


def is_jalali_day(year: str, month: str, day: str) -> str:
    """By eight leap days in 33 years, every fourth year but the last, a rule that holds from 1178 to 1633."""
    year_of_33 = f"({year} + 11) % 33"
    is_leap = f"{year_of_33} % 4 = 0 AND {year_of_33} < 32"
    length = f"CASE WHEN {month} <= 6 THEN 31 WHEN {month} <= 11 OR {is_leap} THEN 30 ELSE 29 END"
    return f"{month} BETWEEN 1 AND 12 AND {day} BETWEEN 1 AND {length}"

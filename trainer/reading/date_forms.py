"""What a cell may be as a date, and the forms that people write dates and times in, as regular expressions.

These are for text with ASCII digits.
"""

from __future__ import annotations

from enum import IntFlag, auto

from trainer.reading.cell_text import INVISIBLE, SPACES


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
    SHORT_ASCII = auto()  # such numbers, none of whose digits is Persian
    SHORT_YEAR_FIRST = auto()  # such numbers, the first of which can be no day: 98/04/23
    SHORT_DOUBT = auto()  # such numbers, the first of which is a day of a month, or a year that few dates have: 17/05/02
    NO_SHORT_JALALI = auto()  # such numbers, which are no Jalali year, month and day
    YEAR_LAST = auto()  # in four digits
    AS_JALALI = auto()  # of no cell, but decided: years in two digits beside numbers are read as Jalali
    AS_YEAR_FIRST = auto()  # decided as well: they stand first


ORDERS = DateFacts.DAY_FIRST | DateFacts.MONTH_FIRST | DateFacts.EITHER_ORDER
SETTLING = DateFacts.SHORT_YEAR_FIRST | DateFacts.JALALI | DateFacts.NO_SPAN  # of a cell that tells what others are
# What looks different once it is a date.
COMPLETED = DateFacts.MONTH | DateFacts.SHORT_YEAR | DateFacts.SHORT_NUMBERS
REWRITTEN = DateFacts.OFFSET | DateFacts.JALALI | DateFacts.PERSIAN | DateFacts.NAMED | ORDERS | COMPLETED

SOLAR_MONTHS = {
    "فروردین": 1, "اردیبهشت": 2, "خرداد": 3, "تیر": 4, "مرداد": 5, "امرداد": 5, "شهریور": 6, "مهر": 7,
    "آبان": 8, "ابان": 8, "آذر": 9, "اذر": 9, "دی": 10, "بهمن": 11, "اسفند": 12,
}  # fmt: skip
GREGORIAN_MONTHS = {
    "jan": 1, "january": 1, "feb": 2, "february": 2, "mar": 3, "march": 3, "apr": 4, "april": 4, "may": 5,
    "jun": 6, "june": 6, "jul": 7, "july": 7, "aug": 8, "august": 8, "sep": 9, "sept": 9, "september": 9,
    "oct": 10, "october": 10, "nov": 11, "november": 11, "dec": 12, "december": 12,
    "ژانویه": 1, "ژانویهٔ": 1, "فوریه": 2, "فوریهٔ": 2, "مارس": 3, "آوریل": 4, "اوریل": 4, "مه": 5, "می": 5,
    "ژوئن": 6, "ژوئیه": 7, "ژوئیهٔ": 7, "جولای": 7, "اوت": 8, "آگوست": 8, "اگوست": 8,
    "سپتامبر": 9, "اکتبر": 10, "نوامبر": 11, "دسامبر": 12,
}  # fmt: skip
_WEEKDAYS = (
    "sun(?:day)?", "mon(?:day)?", "tues?(?:day)?", "wed(?:nesday)?", "thu(?:r|rs|rsday)?", "fri(?:day)?", "sat(?:urday)?",
    "(?:(?:یک|دو|سه|چهار|پنج)[ \\x{200C}]?)?شنبه", "جمعه",
)  # fmt: skip
_GAP = f"[{SPACES}{INVISIBLE}]"
_BETWEEN = f"{_GAP}*[-/.,،]?{_GAP}*"
_DAY = "[0-9]{1,2}"
_YEAR = "[0-9]{4}"
_SOLAR_YEAR = "(?:1[234][0-9]{2}|1500)"
_MINUTES = ":[0-9]{2}(?::[0-9]{2}(?:[.][0-9]+)?)?"
_HALF = f"{_GAP}?[ap][.]?m[.]?"

TIME = f"[0-9]{{1,2}}{_MINUTES}"
HALF = f"[0-9]{_GAP}?([apAP])[.]?[mM]"
OFFSET = f"{TIME}(?i:{_HALF})? ?(?:GMT|UTC)?([+-][01]?[0-9]):?([0-5][0-9])?$"
_OFFSET = " ?(?:[+-][01][0-9]|(?:GMT|UTC)[+-](?:0?[0-9]|1[0-4]))(?::?[0-5][0-9])?"
_ZULU = f"{_GAP}?(?:Z|UTC|GMT)"


def any_of(names: dict[str, int]) -> str:
    """The longest first: of two names that begin alike a search finds the one that comes first."""
    return f"(?:{'|'.join(sorted(names, key=len, reverse=True))})"


def _numeric(first: str, second: str, third: str) -> str:
    return "|".join(f"{first}{sign}{second}{sign}{third}" for sign in ("-", "/", "[.]"))


YEAR_FIRST = _numeric(_YEAR, _DAY, _DAY)
YEAR_LAST = _numeric(_DAY, _DAY, _YEAR)


def _named(months: dict[str, int], year: str) -> str:
    month = f"{any_of(months)}[.]?(?:{_GAP}*ماه)?"
    day = f"{_DAY}(?:st|nd|rd|th)?"
    weekday = f"(?:(?:{'|'.join(_WEEKDAYS)})[.,،]?{_GAP}*)?"
    return f"(?i:{weekday}(?:{day}{_BETWEEN}(?:of )?{month}|{month}{_GAP}*{day}){_BETWEEN}{year})"


NAMED = f"{_named(SOLAR_MONTHS, _SOLAR_YEAR)}|{_named(GREGORIAN_MONTHS, _YEAR)}"
TWO_DIGITS_FIRST = "|".join(f"[0-9]{{2}}{sign}{_DAY}{sign}{_DAY}" for sign in "-/")  # 1.2.10 is a version of something
TWO_DIGITS_LAST = "|".join(f"{_DAY}{sign}{_DAY}{sign}[0-9]{{2}}" for sign in "-/")
SHORT_YEAR = f"(?i:{_DAY}{_BETWEEN}{any_of(GREGORIAN_MONTHS)}{_BETWEEN}[0-9]{{2}})"
# Two digits and no distant year, or half of all codes would be months.
_MONTH = "(?:0[1-9]|1[0-2])"
_MONTHS_YEAR = "(?:1[34][0-9]{2}|1[6-9][0-9]{2}|2[01][0-9]{2})"
YEAR_MONTH = f"{_MONTHS_YEAR}[-/]{_MONTH}"
MONTH_YEAR = f"{_MONTH}[-/]{_MONTHS_YEAR}"
NAMED_MONTH = "|".join(
    f"(?i:{any_of(months)}[.]?(?:{_GAP}*ماه)?{_BETWEEN}{year})"
    for months, year in ((SOLAR_MONTHS, _SOLAR_YEAR), (GREGORIAN_MONTHS, _YEAR))
)
ISO_MOMENT = f"(?:{_YEAR}-{_DAY}-{_DAY}|{_YEAR}/{_DAY}/{_DAY})(?:[ T]{TIME}Z?)?"


def date_pattern(has_year_last: bool, has_names: bool, has_times: bool, has_offsets: bool) -> str:
    """The regular expression of the dates that a column may have; dates that begin with the year always may be there."""
    forms = [YEAR_FIRST, *([YEAR_LAST] if has_year_last else []), *([NAMED] if has_names else [])]
    day = f"(?:{'|'.join(forms)})"
    if not has_times:
        return day
    before = f"(?:T|[,،]{_GAP}*|{_GAP}+(?:[-,،]{_GAP}*)?)(?:ساعت{_GAP}*)?"
    half = f"(?:0?[1-9]|1[0-2]){_MINUTES}(?i:{_HALF})"
    zone = f"(?:{_ZULU}{'|' + _OFFSET if has_offsets else ''})?"
    return f"{day}(?:{before}(?:{half}|{TIME}){zone})?"

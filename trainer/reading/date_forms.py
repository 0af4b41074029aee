"""The forms that people write dates and times in, as regular expressions for text with ASCII digits."""

from __future__ import annotations

from trainer.reading.cell_text import INVISIBLE, SPACES

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
SHORT_NUMBERS = f"{_DAY}-{_DAY}-[0-9]{{2}}|{_DAY}/{_DAY}/[0-9]{{2}}"  # 1.2.10 is a version of something
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

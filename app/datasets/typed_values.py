"""Text as a person types it enters, the number, time or truth that it writes leaves; None when it writes none.

Digits may be Latin, Persian or Arabic, and dates of either calendar: 2024-08-07, ۱۴۰۳/۰۵/۱۷ or ۱۷ مرداد ۱۴۰۳.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import jdatetime

YEHS, KAFS = "یيى", "کك"  # letters that look alike, and that keyboards and older encodings mix up
DIGITS = tuple(map("".join, zip("0123456789", "۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩", strict=True)))
JALALI_YEARS = range(1200, 1500)
JALALI_MONTHS = tuple(jdatetime.date.j_months_fa)
LARGEST_INTEGER = 2**63 - 1
_TO_LATIN = str.maketrans(
    {sign: digits[0] for digits in DIGITS for sign in digits}
    | {"٫": ".", "−": "-"}
    | dict.fromkeys("\u200e\u200f\u2066\u2067\u2068\u2069", "")
)
_UNIFY = str.maketrans(dict.fromkeys(YEHS, YEHS[0]) | dict.fromkeys(KAFS, KAFS[0]))
_GROUPED = re.compile(r"[+-]?\d{1,3}([,٬]\d{3})+(\.\d+)?", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_DAY = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?: (\d{1,2}):(\d{2})(?::(\d{2}))?)?", re.ASCII)
_JALALI_PERIOD = re.compile(r"(\d{4})/(\d{1,2})?/?", re.ASCII)
_NAMED_DAY = re.compile(r"(\d{1,2}) (\S+) (\d{4})", re.ASCII)
_TRUE = frozenset({"true", "yes", "1", "بله", "درست"})
_FALSE = frozenset({"false", "no", "0", "خیر", "نادرست"})


@dataclass(frozen=True, slots=True)
class Span:
    """The time that a text names, a day, a minute or a second long: from `start` until before `end`."""

    start: datetime
    end: datetime


def to_latin_digits(text: str) -> str:
    """With Latin digits, point and minus sign, and without marks of direction."""
    return text.translate(_TO_LATIN)


def read_number(text: str) -> int | float | None:
    """A number; whole ones that no column of integers can hold come as floats."""
    plain = to_latin_digits(text).strip()
    if _GROUPED.fullmatch(plain):
        plain = re.sub("[,٬]", "", plain)
    if not _NUMBER.fullmatch(plain):
        return None
    is_whole = _INTEGER.fullmatch(plain) and abs(float(plain)) < LARGEST_INTEGER
    return int(plain) if is_whole else float(plain)


def read_time(text: str) -> Span | None:
    """A day, or a moment of it."""
    plain = " ".join(to_latin_digits(text).replace("T", " ").split())
    if named := _NAMED_DAY.fullmatch(plain):
        day, month, year = named.groups()
        known = month.translate(_UNIFY)
        return _span(int(year), JALALI_MONTHS.index(known) + 1, int(day), []) if known in JALALI_MONTHS else None
    if written := _DAY.fullmatch(plain):
        year, month, day, *clock = (int(part) for part in written.groups() if part)
        return _span(year, month, day, clock)
    return None


def read_jalali_period(text: str) -> Span | None:
    """The Jalali year or month that a day begins with: ۱۴۰۳/ or ۱۴۰۳/۰۵."""
    found = _JALALI_PERIOD.fullmatch(to_latin_digits(text).strip())
    year, month = (int(part or 0) for part in found.groups()) if found else (0, 0)
    if year not in JALALI_YEARS or month > len(JALALI_MONTHS):
        return None
    after = (year, month + 1) if 0 < month < len(JALALI_MONTHS) else (year + 1, 1)
    start, end = (jdatetime.date(*first, 1).togregorian() for first in ((year, month or 1), after))
    return Span(datetime(start.year, start.month, start.day), datetime(end.year, end.month, end.day))


def read_truth(text: str) -> bool | None:
    """Whether a word says yes or no."""
    word = to_latin_digits(text).translate(_UNIFY).strip().lower()
    return word in _TRUE if word in _TRUE | _FALSE else None


def _span(year: int, month: int, day: int, clock: Sequence[int]) -> Span | None:
    lengths = {0: timedelta(days=1), 2: timedelta(minutes=1), 3: timedelta(seconds=1)}
    try:
        if year in JALALI_YEARS:
            known = jdatetime.date(year, month, day).togregorian()
            year, month, day = known.year, known.month, known.day
        hour, minute, second = (*clock, 0, 0, 0)[:3]
        start = datetime(year, month, day, hour, minute, second)
    except ValueError:  # there is no such day
        return None
    return Span(start, start + min(lengths[len(clock)], datetime.max - start))

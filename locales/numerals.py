"""Reads numbers as people type them: with Latin, Persian or Arabic digits and either decimal mark."""

from __future__ import annotations

import re

_TO_LATIN = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩٫−", "01234567890123456789.-", "٬\u200e\u200f\u2066\u2067\u2068\u2069")
_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
LONGEST_NUMBER = 40
PERSIAN_DIGITS = "۰۱۲۳۴۵۶۷۸۹"
PERSIAN_SEPARATORS = "٫٬"  # before the decimals, and between the thousands


def parse_number(text: str) -> int | float | str:
    """The number that `text` writes, or `text` itself when it writes none."""
    plain = text.strip().translate(_TO_LATIN)
    if len(plain) > LONGEST_NUMBER:
        return text
    if _INTEGER.fullmatch(plain):
        return int(plain)
    return float(plain) if _NUMBER.fullmatch(plain) else text


def is_plain_number(text: str) -> bool:
    """Whether `text` is digits with at most a sign and a decimal point: 0.003, not 3e-3 and not 007."""
    return bool(re.fullmatch(r"-?(0|[1-9]\d{0,14})(\.\d{1,12})?", text, re.ASCII))


def to_persian_digits(text: str) -> str:
    return text.translate(str.maketrans("0123456789", PERSIAN_DIGITS))

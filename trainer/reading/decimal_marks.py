"""The first rows of a table enter; the decimal mark of each column, a point or a comma, leaves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

# Numbers that can be read in one way alone: always three digits behind a mark may be thousands.
_DECIMAL_COMMA = re.compile(r"[+-]?(\d+,(\d{1,2}|\d{4,})|0\d*,\d+|\d{4,},\d+|\d{1,3}(\.\d{3})+,\d+)")
_DECIMAL_POINT = re.compile(r"[+-]?(\d+\.(\d{1,2}|\d{4,})|0\d*\.\d+|\d{4,}\.\d+|\d{1,3}(,\d{3})+\.\d+|\d{1,3}(,\d{3}){2,})")
_POINTS_IN_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3}){2,}")  # or an address such as 192.168.100.100
_TO_LATIN = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")


def find_decimals(rows: Iterable[Sequence[str]], width: int, fallback: str | None = None) -> tuple[str, list[str]]:
    """The decimal mark of most numbers, and that of each column: by its own numbers, else `fallback`, else as most."""
    commas, points, addressed = [0] * width, [0] * width, [0] * width
    for row in rows:
        for position, cell in enumerate(row[:width]):
            text = cell.strip(' \t%٪$€£="').translate(_TO_LATIN)
            if not text or not text[-1].isdigit() or ("," not in text and "." not in text):
                continue
            commas[position] += bool(_DECIMAL_COMMA.fullmatch(text))
            points[position] += bool(_DECIMAL_POINT.fullmatch(text))
            addressed[position] += bool(_POINTS_IN_THOUSANDS.fullmatch(text))
    most = _likelier(sum(commas), sum(points), ".")
    each = zip(commas, points, addressed, strict=True)
    return most, [_likelier(comma + address, point, fallback or most) for comma, point, address in each]


def _likelier(commas: int, points: int, otherwise: str) -> str:
    if commas == points:
        return otherwise
    return "," if commas > points else "."

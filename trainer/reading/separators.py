"""The beginning of a CSV text enters, what stands between its cells and around them leaves; also its rows, read so.

Found by CleverCSV (van den Burg et al., 2019), where no usual separators make rows that fit one another better.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import NamedTuple

from trainer.contract.reading import ReadingChoices

DELIMITERS = (",", ";", "\t", "|", ":", "~", "^", "،", "؛", "\x1f", "\x01", " ")
USUAL_DELIMITERS = DELIMITERS[:4]
SEPARATOR = "\x1e"  # stands for delimiters of several characters, which Python's reader does not know
FITTING_SHARE = 0.9  # of the rows, which have as many cells as most
SNIFFED_LINES = 120
SNIFFED_CHARACTERS = 1 << 15
SNIFFED_LINE_CHARACTERS = 1 << 13
SAMPLED_ROWS = 1000
MAX_FIELD = 1 << 24
LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_COMMA_BESIDE_OTHERS = re.compile(r"(?<!\d),|,(?!\d)")  # no decimal mark
_TO_LATIN = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")
_FOR_SNIFFING = _TO_LATIN | {ord("٫"): ".", ord("٬"): None}  # CleverCSV knows numbers and dates by ASCII alone


def find_separators(sample: str, choices: ReadingChoices, comment: str, is_whole: bool) -> tuple[str, str, str]:
    """Delimiter, quote and escape; what a person chose is taken as it is."""
    if choices.delimiter is not None and choices.quote is not None:
        return choices.delimiter, choices.quote, choices.quote
    written = (line[0].rstrip("\r\n") for line in LINE.finditer(sample))
    lines = (line for line in written if line.strip() and not (comment and line.startswith(comment)))
    skipped = choices.skip_lines or 0
    sniffed = islice(lines, skipped, skipped + SNIFFED_LINES)
    excerpt = "\n".join(line[:SNIFFED_LINE_CHARACTERS] for line in sniffed).translate(_FOR_SNIFFING)
    delimiter, quote, escape = _sniff(_cut(excerpt), choices.delimiter)
    if choices.quote is not None:
        quote, escape = choices.quote, choices.quote
    if choices.delimiter is not None:
        return choices.delimiter, quote, escape
    return _find_fitting(sample, is_whole, comment, (delimiter, quote, escape), choices.quote)


def _find_fitting(
    sample: str, is_whole: bool, comment: str, found: tuple[str, str, str], chosen_quote: str | None
) -> tuple[str, str, str]:
    """The separators that were `found`, or usual ones with which more rows have the same number of cells.

    CleverCSV takes the lines of long texts for rows, and what stands in every text, such as a space or a colon, for a delimiter.
    """
    quote = '"' if chosen_quote is None else chosen_quote
    escape = "\\" if quote and f"\\{quote}" in sample and quote * 2 not in sample else quote
    tried = [(delimiter, quote, escape) for delimiter in USUAL_DELIMITERS if delimiter in sample]
    fits = {separators: _fit(sample, separators, is_whole, comment) for separators in dict.fromkeys([*tried, found])}
    best = max(tried, key=lambda separators: fits[separators], default=found)
    other, present = fits[best], fits[found]
    if other.share < FITTING_SHARE or other.share < present.share:
        return found
    is_better = present.share < FITTING_SHARE or (other.fits_first and not present.fits_first)
    is_decimal = found[0] == "," and other.width > present.width and not _COMMA_BESIDE_OTHERS.search(sample)
    is_better = is_better or is_decimal
    return best if is_better or found[0] == ":" else found


class _Fit(NamedTuple):
    """How well rows fit one another: the share of them with as many cells as most, and whether the first is such a row."""

    share: float
    width: int
    fits_first: bool


def share_fitting(text: str, delimiter: str, quote: str) -> tuple[float, int]:
    """The share of a text's rows that have as many cells as most of them, and how many that is; 0 where it is one."""
    share, width, _ = _fit(text, (delimiter, quote, quote), is_whole=True, comment="")
    return share, width


def _fit(sample: str, separators: tuple[str, str, str], is_whole: bool, comment: str) -> _Fit:
    rows = parse_sample(sample, *separators)
    complete = rows if is_whole or len(rows) < len(("one", "two")) else rows[:-1]
    found = [len(row) for row in complete if is_row(row, comment)]
    if not found:
        return _Fit(0.0, 0, fits_first=False)
    width, count = Counter(found).most_common(1)[0]
    return _Fit(count / len(found), width, found[0] == width) if width > 1 else _Fit(0.0, width, fits_first=False)


def _cut(excerpt: str) -> str:
    if len(excerpt) <= SNIFFED_CHARACTERS:
        return excerpt
    cut = excerpt[:SNIFFED_CHARACTERS]
    return cut[: cut.rfind("\n")] if "\n" in cut else cut


def _sniff(excerpt: str, delimiter: str | None) -> tuple[str, str, str]:
    from clevercsv.detect import Detector  # noqa: PLC0415 - takes a fifth of a second, which JSON need not wait for

    if delimiter and len(delimiter) > 1:
        excerpt, delimiter = excerpt.replace(delimiter, SEPARATOR), SEPARATOR
    found = Detector().detect(excerpt, delimiters=[delimiter] if delimiter else DELIMITERS)
    if found is None:
        delimiter = delimiter or max(USUAL_DELIMITERS, key=partial(_count_lines_alike, excerpt.split("\n")))
        quote = _find_quote(excerpt, delimiter)
        return delimiter, quote, quote
    quote = found.quotechar if found.quotechar in {"'", '"'} else '"'
    escape = "\\" if found.escapechar == "\\" and f"\\{quote}" in excerpt else quote
    first_line = excerpt.partition("\n")[0]
    return found.delimiter or max(USUAL_DELIMITERS, key=first_line.count), quote, escape


def _count_lines_alike(lines: Sequence[str], mark: str) -> tuple[int, int]:
    """How many lines hold a sign equally often, and how often the first line does."""
    counts = Counter(line.count(mark) for line in lines if mark in line)
    return max(counts.values(), default=0), lines[0].count(mark)


def _find_quote(excerpt: str, delimiter: str) -> str:
    """The sign around whole values; the usual one where there is none."""
    mark = re.escape(delimiter)
    has_single = re.search(rf"(?:^|{mark})'[^\n]*'(?:{mark}|$)", excerpt, re.MULTILINE)
    has_double = re.search(rf'(?:^|{mark})"', excerpt, re.MULTILINE)
    return "'" if has_single and not has_double else '"'


def parse_sample(sample: str, delimiter: str, quote: str, escape: str) -> list[list[str]]:
    """Rows as Python reads them; a blank line is an empty row."""
    rows = parse_rows((line[0] for line in LINE.finditer(sample)), delimiter, quote, escape)
    return [row for _, row in islice(rows, SAMPLED_ROWS + 2)]


def parse_rows(
    lines: Iterable[str], delimiter: str, quote: str, escape: str, *, strict: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """Each row with the line that it begins in; `SEPARATOR` stands for a delimiter of several characters.

    Raises:
        csv.Error: a quoted value is not closed, or text follows its closing quote, where it is `strict`.
    """
    csv.field_size_limit(MAX_FIELD)
    if len(delimiter) > 1:
        lines, delimiter = map(partial(_mark_separators, delimiter), lines), SEPARATOR
    reader = csv.reader(
        lines,
        delimiter=delimiter,
        quotechar=quote or None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        escapechar=None if escape == quote else escape,
        doublequote=escape == quote,
        skipinitialspace=delimiter != " ",
        strict=strict,
    )
    line = 1
    for row in reader:
        yield line, row
        line = reader.line_num + 1


def _mark_separators(delimiter: str, line: str) -> str:
    return line.replace(delimiter, SEPARATOR)


def is_row(row: Sequence[str], comment: str) -> bool:
    """Whether a row holds something and is no comment."""
    if not any(cell.strip() for cell in row) and len(row) <= 1:
        return False
    return not (comment and row[0].startswith(comment))

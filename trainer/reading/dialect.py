"""The beginning of a CSV text enters, how it is written leaves: separators, lines to skip, names, comments, decimal mark.

What a person chose is taken as it is; the rest is found, for the separators see separators.py, for all else by how well
the first rows fit one another.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import islice, pairwise
from typing import Any

from trainer.contract.reading import ReadingChoices
from trainer.reading.decimal_marks import find_decimals
from trainer.reading.header import count_rows_of_units, is_header, is_surely_header
from trainer.reading.missing_words import MISSING_WORDS
from trainer.reading.separators import LINE, SAMPLED_ROWS, SNIFFED_LINES, USUAL_DELIMITERS, find_separators, is_row, parse_sample

COMMENTS = ("#", "//")
MOST_LIKE_ROWS = 0.1  # share of lines with a sign among rows: if there are more, it begins values
MOST_ROWS_ABOVE = 20  # above the names
TITLE_BELOW_CELLS = 2  # a lone cell is a title only above rows with more cells than this
_DECLARED = re.compile("sep=([^\r\n])\r?\n", re.IGNORECASE)  # how Excel is told what separates the cells
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a CSV text is written. `skip_lines` come before the names, or before the first row where there are none.

    `decimal` is the mark of most numbers; a column may have another.
    """

    delimiter: str
    quote: str
    escape: str
    skip_lines: int
    header: bool
    comment: str
    decimal: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Beginning:
    """A dialect and what it makes of the text's beginning: the names (or none) and the first rows below them."""

    dialect: Dialect
    names: list[str]
    width: int
    rows: list[list[str]]
    first_data_row: int  # how many rows of the file, blank ones and comments included, come before the first row of values
    decimals: list[str]  # the decimal mark of each column
    above: list[tuple[int, list[str]]]  # rows with something in them above the table, each with its line, if nobody chose that
    about: list[tuple[int, list[str]]]  # rows right below the names that hold no values, such as units, each with its line
    surplus: list[str]  # names without a column
    has_mixed_ends: bool = False  # lines of several kinds up to the first row of values, which DuckDB miscounts


def find_dialect(sample: str, choices: ReadingChoices, is_whole: bool) -> Beginning:
    """`sample` begins where the file does; its last line may be cut off unless it `is_whole`."""
    comment = choices.comment
    if comment is None:
        comment = "" if choices.keep_all_rows else _find_comment(sample)
    declared = _DECLARED.match(sample)
    if declared and choices.delimiter is None:
        choices = choices.replace(delimiter=declared[1])
    delimiter, quote, escape = find_separators(sample, choices, comment, is_whole)
    rows = parse_sample(sample, delimiter, quote, escape)
    if choices.delimiter is None and _are_doubled(rows):
        delimiter *= 2
        rows = parse_sample(sample, delimiter, quote, escape)
    if not is_whole and len(rows) > 1:
        rows.pop()
    rows = rows[:SAMPLED_ROWS]
    first, above = _find_first(rows, comment, bool(declared)) if choices.skip_lines is None else (choices.skip_lines, [])
    while first < len(rows) and not is_row(rows[first], comment):
        first += 1
    if comment and choices.comment is None and choices.skip_lines is None:  # nobody knows yet that these are no rows
        said = [(line, [" ".join(row)]) for line, row in enumerate(rows[:first], 1) if row and row[0].startswith(comment)]
        above = sorted([*above, *said])
    below = [row for row in rows[first:] if is_row(row, comment)]
    if not below:
        dialect = Dialect(delimiter, quote, escape, first, header=True, comment=comment, decimal=choices.decimal or ".")
        return Beginning(dialect, [], 0, [], first, [], above, [], [])
    header = choices.header if choices.header is not None else is_header(below)
    names = _fit_names(below[0], below[1:]) if header else []
    surplus = below[0][len(names) :] if header and any(name.strip() for name in below[0][len(names) :]) else []
    width = len(names) if header else max(len(below[0]), _usual_width(below))
    values = below[1:] if header else below
    about = _find_about(rows, first, comment, choices) if header and not choices.keep_all_rows else []
    values = values[len(about) :]
    decimal, decimals = (choices.decimal, [choices.decimal] * width) if choices.decimal else find_decimals(values, width)
    dialect = Dialect(delimiter, quote, escape, first, header=header, comment=comment, decimal=decimal)
    first_data_row = about[-1][0] if about else first + 1 if header else first
    ends = {line[0][len(line[0].rstrip("\r\n")) :] for line in islice(LINE.finditer(sample), first_data_row + 1)} - {""}
    return Beginning(dialect, names, width, values, first_data_row, decimals, above, about, surplus, len(ends) > 1)


def _find_comment(sample: str) -> str:
    """A sign that lines begin with which are no rows, above the table or now and then between its rows.

    No such sign is what a lone first line has that fits the next, a row of names, and what many rows begin with.
    """
    lines = [line for line in _LINE_END.split(sample, SNIFFED_LINES)[:SNIFFED_LINES] if line.strip()]
    for sign in COMMENTS:
        others = [line for line in lines if not line.startswith(sign)]
        if not others or len(others) == len(lines):
            continue
        above = lines.index(others[0])
        below = [line for line in lines[above:] if line.startswith(sign)]
        like_rows = sum(not _stands_out(line, others) for line in below)
        is_name_row = above == 1 and any(lines[0].count(mark) == others[0].count(mark) > 0 for mark in USUAL_DELIMITERS)
        if is_name_row or like_rows > MOST_LIKE_ROWS * len(others):
            continue
        if above or not like_rows:
            return sign
    return ""


def _stands_out(line: str, others: Sequence[str]) -> bool:
    """Whether a line holds other numbers of separators than the rows do."""
    return all(line.count(mark) != others[-1].count(mark) for mark in USUAL_DELIMITERS if mark in others[-1])


def _usual_width(rows: Sequence[Sequence[str]]) -> int:
    """The number of cells that most rows have; among equals, the larger."""
    counts = Counter(len(row) for row in rows)
    return max(counts, key=lambda width: (counts[width], width))


def _find_first(rows: Sequence[list[str]], comment: str, is_declared: bool) -> tuple[int, list[tuple[int, list[str]]]]:
    """Where the table begins, and the rows above it, each with its line; the one that only declares the separator is none."""
    usable = [position for position, row in enumerate(rows) if is_row(row, comment) and not (is_declared and position == 0)]
    first = _find_widest_block(rows, usable)
    return first, [(position + 1, rows[position]) for position in usable if position < first]


def _find_widest_block(rows: Sequence[list[str]], usable: Sequence[int]) -> int:
    """Of the `usable` rows the first of the table: lines above it, such as a title, have fewer cells than its rows."""
    if not usable:
        return 0
    usual = _usual_width([rows[position] for position in usable])
    filled = _usual_width([_filled(rows[position]) for position in usable])
    if len(rows[usable[0]]) == usual - 1 and all(len(rows[position]) == usual for position in usable[1:]):
        # A corner without a name, as R writes it; one cell above two is a title if names follow.
        is_title = usual == TITLE_BELOW_CELLS and is_header([rows[position] for position in usable[1:]])
        return usable[1] if is_title else usable[0]
    for position in usable:
        is_lone = filled > TITLE_BELOW_CELLS and len(_filled(rows[position])) <= 1
        if len(rows[position]) >= usual and not is_lone:
            return _below_other_rows(rows, [later for later in usable if later >= position], filled)
    return usable[0]


def _below_other_rows(rows: Sequence[list[str]], usable: Sequence[int], filled: int) -> int:
    """The first of the `usable` rows, or the names that follow: rows above them are mostly empty, or end in a blank line."""
    for before, position in pairwise([usable[0] - 1, *usable[:MOST_ROWS_ABOVE]]):
        below = [rows[later] for later in usable if later >= position]
        is_sparse = len(_filled(rows[position])) <= filled / 2
        if not is_sparse and position > usable[0]:
            is_first_full = all(len(_filled(rows[other])) <= filled / 2 for other in usable if other < position)
            if (is_first_full and is_header(below)) or (position - before > 1 and is_surely_header(below)):
                return position
    return usable[0]


def _filled(row: Sequence[str]) -> list[str]:
    return [cell for cell in row if cell.strip()]


def _fit_names(first: list[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The names, as many as the rows have cells: a missing corner and empty names at the end are made good."""
    if not rows:
        return first
    widths = {len(row) for row in rows}
    if widths == {len(first) + 1}:
        is_padded = all(not row[-1].strip() for row in rows)
        return [*first, ""] if is_padded else ["", *first]
    names = list(first)
    usual = _usual_width(rows)
    has_surplus = len(widths) == 1 and max(2, len(names) / 2) <= usual
    while len(names) > usual and (has_surplus or not names[-1].strip()):
        names.pop()
    return names


def _find_about(rows: Sequence[list[str]], first: int, comment: str, choices: ReadingChoices) -> list[tuple[int, list[str]]]:
    """Rows below the names, which are at `first`, that tell about the columns; each with its line."""
    numbered = [(position + 1, row) for position, row in enumerate(rows) if position > first and is_row(row, comment)]
    missing = MISSING_WORDS if choices.missing is None else choices.missing
    return numbered[: count_rows_of_units([row for _, row in numbered], missing)]


def _are_doubled(rows: Sequence[Sequence[str]]) -> bool:
    """Whether every separator is two of its kind: then every other cell is empty."""
    looked_at = [row for row in rows[:SNIFFED_LINES] if len(row) > 1]
    return bool(looked_at) and all(len(row) % 2 == 1 and not any(row[1::2]) for row in looked_at)

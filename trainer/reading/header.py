"""The first rows of a table enter, whether the first of them names the columns leaves.

Names are texts, all there and all different; a row of values repeats below, or is of the same kind as what stands below.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence

LOOKED_AT = 200
LONGEST_NAME = 60
MOST_NAME_WORDS = 8
FEWEST_POSITIONS = 3
LEAST_NUMBERS = 0.9  # of the values below a name
FEWEST_ANSWERS = 3
FEWEST_UNITS = 2
MOST_ROWS_OF_UNITS = 2
LONGER_THAN_ANSWERS = 3  # times
_TIME = re.compile(r"(1[2-9]|20|21)\d\d([-/.]\d{1,2}){0,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}")
_NUMBER = re.compile(r"[+\-−(]?[\d۰-۹٠-٩][\d۰-۹٠-٩.,٬٫/:\s\-]*[%٪)]?")


def is_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether `rows[0]` holds names; with nothing below it, it does."""
    first, below = rows[0], rows[1:LOOKED_AT]
    cells = [cell.strip() for cell in first]
    if not below:
        return True
    if not any(cells):
        return False
    if _are_positions(cells) or _are_times(cells, below):
        return True
    if any(_NUMBER.fullmatch(cell) for cell in cells) or _repeats_below(cells, below):
        return False
    if _stand_above_numbers(cells, below) or _stands_above_answers(cells, below):
        return True
    return all(len(cell) <= LONGEST_NAME and len(cell.split()) <= MOST_NAME_WORDS for cell in cells)


def is_surely_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether `rows[0]` holds names such as stand above numbers, and is not only what may be names."""
    return is_header(rows) and _stand_above_numbers([cell.strip() for cell in rows[0]], rows[1:LOOKED_AT])


def count_rows_of_units(rows: Sequence[Sequence[str]], missing: Container[str]) -> int:
    """How many of the first rows below the names tell about the columns, such as in which unit they are, and hold no values.

    They have texts where all others have numbers, in several columns.
    """
    for count in range(1, MOST_ROWS_OF_UNITS + 1):
        values = rows[count : count + LOOKED_AT]
        told = [cell.strip() for cell in rows[count - 1]] if len(values) >= FEWEST_ANSWERS else []
        numbered = [position for position in range(len(told)) if _are_numbers(values, position, missing)]
        texts = [told[position] for position in numbered if told[position] and told[position] not in missing]
        is_about = len(texts) >= FEWEST_UNITS and len(texts) >= len(numbered) / 2
        if is_about and not any(_NUMBER.fullmatch(text) for text in texts):
            return count
    return 0


def _are_numbers(rows: Sequence[Sequence[str]], position: int, missing: Container[str]) -> bool:
    cells = [row[position].strip() for row in rows if position < len(row)]
    values = [cell for cell in cells if cell and cell not in missing]
    return _are_mostly_numbers(values)


def _are_mostly_numbers(values: Sequence[str]) -> bool:
    numbers = sum(bool(_NUMBER.fullmatch(value)) for value in values)
    return numbers > 0 and numbers >= LEAST_NUMBERS * len(values)


def _are_positions(cells: Sequence[str]) -> bool:
    """0, 1, 2, ... as programs number columns that have no names."""
    numbered = cells[1:] if not cells[0] else cells
    return len(numbered) >= FEWEST_POSITIONS and list(numbered) == [str(number) for number in range(len(numbered))]


def _are_times(cells: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Texts and years or days, as in `country,2019,2020`: below the times stand values that are no times."""
    timed = [position for position, cell in enumerate(cells) if _TIME.fullmatch(cell)]
    texts = [cell for position, cell in enumerate(cells) if position not in timed]
    if not timed or not texts or any(_NUMBER.fullmatch(text) for text in texts):
        return False
    values = [row[position].strip() for row in below for position in timed if position < len(row)]
    are_times = sum(bool(_TIME.fullmatch(value)) for value in values)
    most = len(values) / 2 if len(timed) > 1 else 1  # a lone year is a name only where there is no other
    return len({cells[position] for position in timed}) == len(timed) and are_times < most


def _stand_above_numbers(cells: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether a text stands above nothing but numbers, a few other cells among many apart."""
    for position, cell in enumerate(cells):
        values = [row[position].strip() for row in below if position < len(row) and row[position].strip()]
        if any(letter.isalpha() for letter in cell) and _are_mostly_numbers(values):
            return True
    return False


def _stands_above_answers(cells: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether a long text, as the question of a survey is, stands above nothing but much shorter ones."""
    for position, cell in enumerate(cells):
        answers = [len(row[position].strip()) for row in below if position < len(row) and row[position].strip()]
        is_long = len(cell) > LONGEST_NAME or len(cell.split()) > MOST_NAME_WORDS
        if is_long and len(answers) >= FEWEST_ANSWERS and LONGER_THAN_ANSWERS * max(answers) <= len(cell):
            return True
    return False


def _repeats_below(cells: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether a cell of the first row is a value of its own column, too; another row of the same names does not count."""
    for row in below:
        found = [cell.strip() for cell in row]
        if found != list(cells[: len(found)]) and any(cell and cell == other for cell, other in zip(cells, found, strict=False)):
            return True
    return False

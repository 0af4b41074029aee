"""The first rows of a table enter, whether the first of them names the columns leaves.

Names are texts, all there and all different; a row of values repeats below, or is of the same kind as what stands below.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from itertools import pairwise

from trainer.reading.missing_words import MISSING_WORDS

LOOKED_AT = 200
LONGEST_NAME = 60
MOST_NAME_WORDS = 8
FEWEST_POSITIONS = 3
FEWEST_FIGURES = 3  # above numbers that are far from them
FEWEST_FORMS = 2
SLIGHT = 0.01  # of a step
LEAST_NUMBERS = 0.9  # of the values below a name
FEWEST_ANSWERS = 3
FEWEST_UNITS = 2
MOST_ROWS_OF_UNITS = 2
LONGER_THAN_ANSWERS = 3  # times
_TIME = re.compile(r"(1[2-9]|20|21)\d\d([-/.]\d{1,2}){0,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}")
_NUMBER = re.compile(r"[+\-−(]?[\d.]*\d[\d.,٬٫/:\s\-]*(?:[eE][+-]?\d+)?[%٪)]?|[+-]?(?i:inf|infinity|nan)")
_PLAIN_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_FORM = re.compile(r"(\d+)(?:[.]\d+)?%|(\d+)-\d+|(\d+)[+]|(\d\d):\d\d")  # of shares, spans and times that name columns
_TO_LATIN = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")
_SEAMS = '\ufeff=" \t\r\n'  # files that were put one below the other begin with a mark each; ="12" is 12


def is_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether `rows[0]` holds names; with nothing below it, it does."""
    cells, below = _divide(rows)
    if len(rows) == 1:
        return True
    if not any(cells):
        return False
    if any(are_so(cells, below) for are_so in (_are_positions, _are_times, _stand_above_numbers, _are_other_figures)):
        return True
    if any(_NUMBER.fullmatch(cell) for cell in cells) or _repeats_below(cells, below):
        return False
    if _stands_above_answers(cells, below):
        return True
    return all(len(cell) <= LONGEST_NAME and len(cell.split()) <= MOST_NAME_WORDS for cell in cells)


def is_surely_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether `rows[0]` holds names such as stand above numbers, and is not only what may be names."""
    cells, below = _divide(rows)
    return is_header(rows) and _stand_above_numbers(cells, below)


def _divide(rows: Sequence[Sequence[str]]) -> tuple[list[str], list[list[str]]]:
    """The first row, and the first of those below it that do not say the same once more; with Latin digits."""
    cells, *below = ([cell.translate(_TO_LATIN).strip(_SEAMS) for cell in row] for row in rows[:LOOKED_AT])
    return cells, [row for row in below if row != cells[: len(row)]]


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
    return are_mostly_numbers(values)


def are_mostly_numbers(values: Sequence[str]) -> bool:
    """Whether nearly all of them are numbers, dates or times."""
    numbers = sum(bool(_NUMBER.fullmatch(value)) for value in values)
    return numbers > 0 and numbers >= LEAST_NUMBERS * len(values)


def _are_positions(cells: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """0, 1, 2, ... as programs number columns that have no names, perhaps beside a name that no value below repeats."""
    numbered = [cell for cell in cells if cell.isdecimal()]
    named = [(position, cell) for position, cell in enumerate(cells) if cell and not cell.isdecimal()]
    if len(numbered) < FEWEST_POSITIONS or len(named) > 1:
        return False
    first = "1" if numbered[0] == "1" and named and named[0][0] == 0 else "0"
    is_repeated = any(row[position] == name for position, name in named for row in below if position < len(row))
    are_counted = numbered == [str(number) for number in range(int(first), int(first) + len(numbered))]
    return are_counted and not is_repeated and not (named and _are_below_alike(cells, below))


def _are_below_alike(cells: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether the values below figures could be such figures: a row of marks from 1 to 5 names nothing."""
    figures = {int(cell) for cell in cells if cell.isdecimal()}
    values = [value for at, cell in enumerate(cells) if cell.isdecimal() for value in _values_at(at, below)]
    return all(value.isdecimal() and int(value) <= max(figures) + 1 for value in values)


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
    """Whether a text stands above nothing but numbers, a few other cells among many apart; a word for missing is no name.

    Beside a number, one text alone may be a value that is no number.
    """
    found = 0
    for position, cell in enumerate(cells):
        is_word = any(letter.isalpha() for letter in cell) and cell not in MISSING_WORDS and not _NUMBER.fullmatch(cell)
        found += is_word and cell not in (values := _values_at(position, below)) and are_mostly_numbers(values)
    has_number = any(_NUMBER.fullmatch(cell) for cell in cells)
    return found > 1 if has_number else found > 0


def _are_other_figures(cells: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether figures name columns of numbers, beside a text: 10% or 15-64 above plain ones, or even steps far from them."""
    figures = {position: cell for position, cell in enumerate(cells) if cell[:1].isdigit()}
    texts = [position for position, cell in enumerate(cells) if cell and position not in figures]
    if any(cells[position] in _values_at(position, below) for position in texts) or (cells[0] and not texts):
        return False
    columns = {position: _values_at(position, below) for position in figures}
    if not all(values and all(map(_PLAIN_NUMBER.fullmatch, values)) for values in columns.values()):
        return False
    forms = [match for cell in figures.values() if (match := _FORM.fullmatch(cell))]
    if len(forms) >= FEWEST_FORMS and len(forms) == len(figures):
        return _have_steps([float(form[form.lastindex or 0]) for form in forms], are_even=False)
    if len(figures) < FEWEST_FIGURES or len(below) < FEWEST_ANSWERS or not all(map(_PLAIN_NUMBER.fullmatch, figures.values())):
        return False
    are_far = all(_is_far(_as_number(cell), [*map(_as_number, columns[at])]) for at, cell in figures.items())
    return are_far and _have_steps([*map(_as_number, figures.values())], are_even=True)


def _have_steps(figures: Sequence[float], *, are_even: bool) -> bool:
    steps = [after - before for before, after in pairwise(figures)]
    return min(steps) > 0 and (not are_even or max(steps) - min(steps) < SLIGHT * max(steps))


def _is_far(figure: float, values: Sequence[float]) -> bool:
    """Whether a figure lies outside of values, farther than they from each other."""
    low, high = min(values), max(values)
    return max(low - figure, figure - high) > high - low


def _as_number(text: str) -> float:
    return float(text.replace(",", "."))


def _values_at(position: int, rows: Sequence[Sequence[str]]) -> list[str]:
    """The values of a column that are there."""
    return [value for row in rows if position < len(row) and (value := row[position].strip())]


def _stands_above_answers(cells: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether a long text, as the question of a survey is, stands above nothing but much shorter ones."""
    for position, cell in enumerate(cells):
        answers = [len(row[position].strip()) for row in below if position < len(row) and row[position].strip()]
        is_long = len(cell) > LONGEST_NAME or len(cell.split()) > MOST_NAME_WORDS
        if is_long and len(answers) >= FEWEST_ANSWERS and LONGER_THAN_ANSWERS * max(answers) <= len(cell):
            return True
    return False


def _repeats_below(cells: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether a cell of the first row is a value of its own column, too."""
    return any(cell and cell == other for row in below for cell, other in zip(cells, row, strict=False))

"""A cell as it stands in the file enters, SQL leaves: for the cell as it is stored, and for its digits in ASCII.

Stored are cells without surrounding space, with Persian ی ک for Arabic ي ك, and 00123 for ="00123", which programs write so
that Excel leaves it as it is; NULL when nothing or a word for missing is left.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntFlag, auto

from trainer.reading.duckdb_session import quote_text

# The letters of Arabic keyboards and their joined forms, which look like the Persian ones and are others to a computer.
YEH = "\u064a\ufef1\ufef2\ufef3\ufef4\ufbfc\ufbfd\ufbfe\ufbff"
KAF = "\u0643\ufed9\ufeda\ufedb\ufedc\ufb8e\ufb8f\ufb90\ufb91"
PERSIAN_LETTERS = str.maketrans(dict.fromkeys(YEH, "ی") | dict.fromkeys(KAF, "ک"))

# Inside a regular expression's brackets.
WIDE_SPACES = r"\x{A0}\x{1680}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}"
SPACES = r"\s\x0B\x{85}\x{2028}\x{2029}" + WIDE_SPACES
INVISIBLE = r"\x{61C}\x{200B}-\x{200F}\x{202A}-\x{202E}\x{2060}-\x{2069}\x{FEFF}"  # joiners, marks of direction, BOM
HALF_SPACE = r"\x{200C}"
_EDGE = f"[{SPACES}{INVISIBLE}]"
_FORMULA = f'{_EDGE}*="((?:[^"]|"")*)"{_EDGE}*'  # of one text, and nothing to work out
_UNTIDY = f"^{_EDGE}|{_EDGE}$|[{YEH}{KAF}]|{HALF_SPACE}[{HALF_SPACE}{SPACES}]|[{SPACES}]{HALF_SPACE}"


@dataclass(frozen=True, slots=True)
class CellRules:
    """How the cells of a column are read; all but the decimal mark is told by the whole file."""

    is_ascii: bool = False  # nothing beyond ASCII in the whole file: no Persian rule can apply
    decimal: str = "."
    missing: tuple[str, ...] = ()  # words that stand for no value, spelled exactly
    unseen: tuple[str, ...] = ()  # of these, such as are still text where cells are read strictly
    may_be_formulas: bool = True  # cells such as ="00123" hold what is quoted; without, they are any text


class LetterFacts(IntFlag):
    """What the cells of a column are as text, true of at least one of them."""

    NONE = 0
    ARABIC = auto()  # ي or ك, which are stored as ی and ک
    FORMULA = auto()  # ="00123", which is stored as 00123
    UNREAD = auto()  # a cell that was not looked at closely


def clean_cell(cell: str, rules: CellRules) -> str:
    """SQL for the cell as it is stored. A tidy cell costs next to nothing: only the others are taken apart."""
    return f"CASE WHEN {_is_untidy(cell, rules)} THEN {_tidy(cell, rules)} ELSE {cell} END"


def clean_cell_strictly(cell: str, rules: CellRules, known: LetterFacts, complaint: str) -> str:
    """As `clean_cell`, where a cell that is stored otherwise, and not for what is `known`, ends the query with an error."""
    changes = [_is_formula(cell)] if LetterFacts.FORMULA not in known else []
    if not rules.is_ascii and LetterFacts.ARABIC not in known:
        changes.append(_has_arabic_letters(cell))
    if not changes:
        return clean_cell(cell, rules)
    tidy = _tidy(cell, dataclasses.replace(rules, may_be_formulas=LetterFacts.FORMULA in known))
    tidied = f"CASE WHEN {' OR '.join(changes)} THEN {complaint} ELSE {tidy} END"
    return f"CASE WHEN {_is_untidy(cell, rules)} THEN {tidied} ELSE {cell} END"


def is_unseen_word(cell: str, rules: CellRules) -> str:
    """SQL for whether a cell is one of the words for missing that are still text.

    One comparison for each word: DuckDB searches a list in almost twice the time.
    """
    words = [word for word in rules.unseen if word.isascii() or not rules.is_ascii]
    longest = max((len(word.encode()) for word in words), default=0)
    return f"(strlen({cell}) <= {longest} AND ({' OR '.join(f'{cell} = {quote_text(word)}' for word in words) or 'false'}))"


def letter_facts(cell: str, rules: CellRules, is_thorough: bool) -> str:
    """SQL for the `LetterFacts` of one cell; what may be a formula is read where it `is_thorough`, else `UNREAD`."""
    found = _is_formula(cell) if is_thorough else _may_be_formula(cell)
    formula = f"CASE WHEN {found} THEN {int(LetterFacts.FORMULA if is_thorough else LetterFacts.UNREAD)} ELSE 0 END"
    if rules.is_ascii:
        return formula
    is_arabic = f"strlen({cell}) > len({cell}) AND {_has_arabic_letters(cell)}"
    return f"{formula} + CASE WHEN {is_arabic} THEN {int(LetterFacts.ARABIC)} ELSE 0 END"


def latin_digits(text: str, rules: CellRules) -> str:
    """SQL for a text whose Persian and Arabic digits, ٪, ٫ and ٬ are ASCII ones.

    By way of the percent encoding, where one replacement turns all ten digits: three times as fast as `translate`.
    """
    if rules.is_ascii:
        return text
    encoded = "url_encode(written)"
    thousands = "%2C" if rules.decimal == "." else "."
    decimal = "." if rules.decimal == "." else "%2C"
    # The digits ۰-۹ are %DB%B0 to %DB%B9, ٠-٩ are %D9%A0 to %D9%A9; the three marks follow these.
    for written, plain in (("DB%B", ""), ("D9%AA", "%25"), ("D9%AB", decimal), ("D9%AC", thousands), ("D9%A", "")):
        encoded = f"replace({encoded}, '%{written}', '{plain}')"
    decoded = let("encoded", encoded, "CASE WHEN contains(encoded, '%') THEN url_decode(encoded) ELSE encoded END")
    return let("written", text, f"CASE WHEN strlen(written) = len(written) THEN written ELSE {decoded} END")


def let(name: str, value: str, expression: str) -> str:
    """SQL for an expression in which a name stands for a value that is worked out once.

    Let values nest, not expressions: DuckDB prepares an expression twice as often for each name that it stands under.
    """
    return f"invoke(lambda {name}: {expression}, {value})"


# What follows the digits and marks in their blocks; `latin_digits` would make hexadecimal letters of it.
NO_DIGITS = r"[\x{66D}-\x{66F}\x{6FA}-\x{6FF}]"


def quote_list(texts: Sequence[str]) -> str:
    """Texts as an SQL list. A list is searched where it stands; DuckDB would make a join of each IN."""
    return f"[{', '.join(quote_text(text) for text in texts)}]::VARCHAR[]"


def _has_arabic_letters(cell: str) -> str:
    return f"regexp_matches({cell}, '[{YEH}{KAF}]')"


def _is_formula(cell: str) -> str:
    return f"({_may_be_formula(cell)} AND regexp_full_match({cell}, '{_FORMULA}'))"


def _may_be_formula(cell: str) -> str:
    return f"contains({cell}, '=\"')"


def _is_untidy(cell: str, rules: CellRules) -> str:
    at_edge = f"{cell} < '!' OR {cell}[-1] < '!'"  # what comes before ! is space and control characters
    untidy = _UNTIDY
    if rules.may_be_formulas:
        at_edge += f""" OR {cell} BETWEEN '="' AND '=#'"""  # begins with =": comparing costs a plain cell nothing to speak of
        untidy += '|^="'
    if rules.is_ascii:
        return at_edge
    return f"CASE WHEN strlen({cell}) = len({cell}) THEN {at_edge} ELSE regexp_matches({cell}, '{untidy}') END"


def _tidy(cell: str, rules: CellRules) -> str:
    words = ["", *dict.fromkeys(word.translate(PERSIAN_LETTERS) for word in rules.missing)]
    present = f"CASE WHEN list_contains({quote_list(words)}, tidied) THEN NULL ELSE tidied END"
    if not rules.may_be_formulas:
        return let("tidied", _trim(cell, rules), present)
    quoted = f"""replace(regexp_extract({cell}, '{_FORMULA}', 1), '""', '"')"""
    return let(
        "tidied", let("text", f"CASE WHEN {_is_formula(cell)} THEN {quoted} ELSE {cell} END", _trim("text", rules)), present
    )


def _trim(cell: str, rules: CellRules) -> str:
    return f"trim({cell}, ' \t\r\n\x0b\x0c')" if rules.is_ascii else _tidy_persian(cell)


def _tidy_persian(cell: str) -> str:
    steps = (
        (f"[{YEH}]", "ی"),
        (f"[{KAF}]", "ک"),
        (f"{HALF_SPACE}+", "\u200c"),
        (f"{HALF_SPACE}?([{SPACES}]+){HALF_SPACE}?", r"\1"),
        (f"^{_EDGE}+|{_EDGE}+$", ""),
    )
    for pattern, replacement in steps:
        cell = f"regexp_replace({cell}, '{pattern}', '{replacement}', 'g')"
    return cell

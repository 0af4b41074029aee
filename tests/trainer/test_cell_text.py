from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trainer.typed_columns import TypedColumns
from trainer.reading.cell_text import CellRules, LetterFacts, clean_cell, clean_cell_strictly, latin_digits, letter_facts

PERSIAN = CellRules(missing=("NA", "?", "نامشخص", "it's"))
ASCII = CellRules(is_ascii=True, missing=("NA", "?", "it's"))
ZWNJ, RLM, BOM, NBSP = "\u200c", "\u200f", "\ufeff", "\xa0"


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("Yazd", "Yazd"),
        ("  New York\t", "New York"),
        ("two\nlines\r\n", "two\nlines"),
        ("", None),
        (" \t", None),
        (" NA ", None),
        ("?\n", None),
        (" it's", None),
        ("na ", "na"),
        ("NAN ", "NAN"),
        ('="00123"', "00123"),
        (' ="a, b" ', "a, b"),
        ('=" NA "', None),
        ('=""', None),
        ('="say ""yes"""', 'say "yes"'),
        ('="two\nlines"', "two\nlines"),
        ('="a"&"b"', '="a"&"b"'),
        ('="a', '="a'),
        ("=5+5", "=5+5"),
        ('="', '="'),
        (None, None),
    ],
)
@pytest.mark.parametrize("rules", [ASCII, PERSIAN], ids=["ascii", "persian"])
def test_space_around_a_cell_goes_and_what_is_left_may_mean_missing(
    columns: TypedColumns, written: str | None, stored: str | None, rules: CellRules
) -> None:
    assert columns.evaluate(clean_cell("c0", rules), [written]) == [stored]


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        (f"{BOM}سلام{NBSP}", "سلام"),
        (f"{RLM}سلام\u202c", "سلام"),
        (f"{NBSP}{RLM}", None),
        ("كتابي", "کتابی"),
        ("\ufedb\ufef4", "کی"),
        (" نامشخص\u200e", None),
        (f"می{ZWNJ}{ZWNJ}رود", f"می{ZWNJ}رود"),
        (f"می{ZWNJ} رود و{ZWNJ} {ZWNJ}آمد", "می رود و آمد"),
        (f"{ZWNJ}می{ZWNJ}رود{ZWNJ}", f"می{ZWNJ}رود"),
        (f"می{ZWNJ}رود", f"می{ZWNJ}رود"),
        ("کـــتاب ۱۲", "کـــتاب ۱۲"),
        ("e\u0301 ىٔ أ", "e\u0301 ىٔ أ"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ('="۰۰۱۲۳"', "۰۰۱۲۳"),
        (f'{NBSP}="كتاب{NBSP}"{RLM}', "کتاب"),
    ],
)
def test_persian_text_is_tidied_and_nothing_else_changes(columns: TypedColumns, written: str, stored: str | None) -> None:
    assert columns.evaluate(clean_cell("c0", PERSIAN), [written]) == [stored]


def test_a_missing_word_may_be_written_with_arabic_letters(columns: TypedColumns) -> None:
    rules = CellRules(missing=("خالي",))
    assert columns.evaluate(clean_cell("c0", rules), ["خالی ", " خالي", "پر"]) == [None, None, "پر"]


texts = st.text(alphabet=f"aZ ?\t\n\x0b\x1f\x00,'{ZWNJ}{RLM}{BOM}{NBSP}يكیک۱\ufefb", max_size=8)


@settings(max_examples=30, deadline=None)
@given(st.lists(texts, min_size=1, max_size=20))
def test_a_tidy_cell_stays_as_it_is(columns: TypedColumns, written: list[str]) -> None:
    stored = columns.evaluate(clean_cell("c0", PERSIAN), list(written))
    assert columns.evaluate(clean_cell("c0", PERSIAN), stored) == stored
    assert all(text is None or text == text.strip(f" \t\n\x0b{ZWNJ}{RLM}{BOM}{NBSP}") != "" for text in stored)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(alphabet=st.characters(max_codepoint=127), max_size=5), min_size=1, max_size=20))
def test_files_without_a_persian_letter_are_read_alike_by_both_rules(columns: TypedColumns, written: list[str]) -> None:
    by_ascii = columns.evaluate(clean_cell("c0", ASCII), list(written))
    assert by_ascii == columns.evaluate(clean_cell("c0", CellRules(missing=ASCII.missing)), list(written))


def test_columns_with_arabic_letters_or_formulas_are_known(columns: TypedColumns) -> None:
    assert columns.evaluate(letter_facts("c0", PERSIAN, is_thorough=True), ["کتاب", "book", None, "كتاب"]) == [
        0,
        0,
        0,
        LetterFacts.ARABIC,
    ]
    both = LetterFacts.ARABIC | LetterFacts.FORMULA
    assert columns.evaluate(letter_facts("c0", PERSIAN, is_thorough=True), ['="a"', ' ="كتاب"', '="a"&"b"']) == [
        LetterFacts.FORMULA,
        both,
        0,
    ]


def test_a_strict_text_stops_at_arabic_letters_and_formulas_alone(columns: TypedColumns) -> None:
    strict = clean_cell_strictly("c0", PERSIAN, LetterFacts.NONE, "error('letters')")
    assert columns.evaluate(strict, [" کتاب", f"می{ZWNJ}{ZWNJ}رود", '="a"&"b"']) == ["کتاب", f"می{ZWNJ}رود", '="a"&"b"']
    for rules, other in ((PERSIAN, "كتاب"), (PERSIAN, '="کتاب"'), (ASCII, '="book" ')):
        with pytest.raises(duckdb.InvalidInputException, match="letters"):
            columns.evaluate(clean_cell_strictly("c0", rules, LetterFacts.NONE, "error('letters')"), ["book", other])


def test_a_strict_text_takes_what_its_column_is_known_for(columns: TypedColumns) -> None:
    strict = clean_cell_strictly("c0", PERSIAN, LetterFacts.FORMULA, "error('letters')")
    assert columns.evaluate(strict, ['="00123"', "7"]) == ["00123", "7"]
    with pytest.raises(duckdb.InvalidInputException, match="letters"):
        columns.evaluate(strict, ["كتاب"])


def test_digits_and_their_marks_become_ascii_and_other_letters_stay(columns: TypedColumns) -> None:
    written = ["۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩", "۱٢3٫۵", "۱٬۲۳۴", "٪۱۲", "۱۲ تومان + 5%", "a/b?c=%DB%B1", "", None]
    latin = ["0123456789", "0123456789", "123.5", "1,234", "%12", "12 تومان + 5%", "a/b?c=%DB%B1", "", None]
    assert columns.evaluate(latin_digits("c0", PERSIAN), written) == latin
    assert columns.evaluate(latin_digits("c0", CellRules(decimal=",")), ["۱٬۲۳۴٫۵"]) == ["1.234,5"]

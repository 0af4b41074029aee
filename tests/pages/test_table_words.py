"""How cells of somebody's table are told: values in the reader's digits and calendar, and how they stood in the file."""

from __future__ import annotations

import pytest

from locales import Translator
from pages.table_words import shown_cell, told_writing

EN, FA = Translator("en"), Translator("fa")


def test_only_times_are_shown_in_another_calendar() -> None:
    assert shown_cell(FA, "2024-08-07", is_time=True) == "۱۴۰۳/۰۵/۱۷"
    assert shown_cell(FA, "2024-08-07") == "2024-08-07"  # a text
    assert shown_cell(EN, "2024-08-07", is_time=True) == "2024-08-07"
    assert shown_cell(FA, None, is_time=True) is None


def test_spaces_around_a_text_make_no_difference() -> None:
    assert told_writing(EN, "two words ", "two words ") is None
    assert told_writing(EN, "two words", " two words ") is None


@pytest.mark.parametrize(
    ("written", "english", "persian"),
    [
        ("۱۴۰۳/۰۵/۱۷", "۱۴۰۳/۰۵/۱۷", None),  # that is what is shown
        ("1403/05/17", "1403/05/17", None),
        ("۱۷ مرداد ۱۴۰۳", "۱۷ مرداد ۱۴۰۳", "۱۷ مرداد ۱۴۰۳"),
        ("7 Aug 2024", "7 Aug 2024", "7 Aug 2024"),
        (None, None, None),
    ],
)
def test_a_date_is_told_as_it_was_written_where_that_looks_different(
    written: str | None, english: str | None, persian: str | None
) -> None:
    told = [told_writing(_, "2024-08-07", written, is_time=True) for _ in (EN, FA)]
    assert told == [english, persian]

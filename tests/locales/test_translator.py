"""Numbers, dates, plurals and names as a Persian or an English reader expects them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from locales import Translator, choose_language, parse_number
from trainer.contract import Message

FA, EN = Translator("fa", ZoneInfo("Asia/Tehran")), Translator("en")


def test_persian_numbers_have_persian_digits_and_separators() -> None:
    assert FA.number(12345) == "۱۲٬۳۴۵"
    assert FA.number(0.5) == "۰٫۵"
    assert FA.percent(0.457, 1) == "\u061c۴۵٫۷٪"
    assert FA.clock(3725) == "۱:۰۲:۰۵"
    assert FA.file_size(1_500_000) == "۱٫۵ مگابایت"
    assert (FA.file_size(1), EN.file_size(1), EN.file_size(2)) == ("۱ بایت", "1 byte", "2 bytes")
    assert EN.number(12345) == "12,345"
    assert EN.percent(0.457, 1) == "45.7%"


@pytest.mark.parametrize(
    ("value", "english", "persian"),
    [
        (1402.0, "1402", "۱۴۰۲"),
        (37000.5, "37000.5", "۳۷۰۰۰٫۵"),
        (-3, "-3", "-۳"),
        (1e300, "1e+300", "۱e+۳۰۰"),
        (0.1 + 0.2, "0.30000000000000004", "۰٫۳۰۰۰۰۰۰۰۰۰۰۰۰۰۰۰۴"),
    ],
)
def test_numbers_of_a_table_are_not_rounded(value: float, english: str, persian: str) -> None:
    assert (Translator("en").exact(value), Translator("fa").exact(value)) == (english, persian)


def test_a_negative_number_keeps_its_sign_in_front_inside_a_persian_sentence() -> None:
    """Between words that read from right to left, a sign that is not held would end up behind its digits."""
    assert FA.number(-3) == "\u2068-۳\u2069"
    assert FA.number(-0.5) == "\u2068-۰٫۵\u2069"
    assert FA("{low} to {high}", low=-3, high="-1.5") == "\u2068-۳\u2069 تا \u2068-۱٫۵\u2069"
    assert EN("{low} to {high}", low=-3, high="-1.5") == "-3 to -1.5"


def test_foreign_words_are_listed_in_the_order_that_one_reads_in() -> None:
    """The letter mark gives the list its direction, and each word keeps its own."""
    assert EN.listed([".csv", ".tsv"]) == ".csv, .tsv"
    assert FA.listed([".csv", ".tsv"]) == "\u061c\u2068.csv\u2069، \u2068.tsv\u2069"
    assert (FA.listed(["NA"]), FA.listed([])) == ("NA", "")


def test_numbers_keep_four_significant_digits() -> None:
    assert EN.number(0.0123456) == "0.01235"
    assert EN.number(123.456) == "123.5"
    assert EN.number(1.6542e-5) == "1.654×10⁻⁵"
    assert FA.number(1.6542e-5) == "\u2066۱٫۶۵۴×۱۰⁻⁵\u2069"
    assert EN.number(0.0) == "0"


@pytest.mark.parametrize(
    ("iso", "persian"),
    [
        ("2024-03-05", "۱۴۰۲/۱۲/۱۵"),
        ("2024-03-05 14:30:05", "۱۴۰۲/۱۲/۱۵ ۱۴:۳۰:۰۵"),
        ("2024-03-05 00:00:00.25", "۱۴۰۲/۱۲/۱۵ ۰۰:۰۰:۰۰٫۲۵"),
        ("1700-05-01", "1700-05-01"),  # a year of its own calendar to whoever filters
        ("9999-12-31", "9999-12-31"),
        ("20000-01-01", "20000-01-01"),
        ("soon", "soon"),
    ],
)
def test_times_of_a_table_are_jalali_and_not_rounded(iso: str, persian: str) -> None:
    assert (FA.exact_time(iso), EN.exact_time(iso)) == (persian, iso)


def test_persian_dates_are_jalali_in_the_readers_zone() -> None:
    assert FA.moment(datetime(2026, 11, 23, 11, 0, tzinfo=UTC)) == "۲ آذر ۱۴۰۵، ۱۴:۳۰".replace(" ", "\u00a0")
    assert EN.moment(datetime(2026, 11, 23, 11, 0, tzinfo=UTC)) == "23 Nov 2026, 11:00".replace(" ", "\u00a0")


def test_plurals_follow_the_count() -> None:
    one, many = "{count} row could not be read and is left out.", "{count} rows could not be read and are left out."
    assert EN.plural(one, many, 1).startswith("1 row could")
    assert EN.plural(one, many, 1200).startswith("1,200 rows")
    assert FA.plural(one, many, 3).startswith("۳ ردیف خوانده نشدند")


def test_foreign_names_inside_a_sentence_are_isolated() -> None:
    sentence = Message("“{name}” was deleted.", {"name": "iris (2).csv"})
    assert FA.message(sentence) == "«\u2068iris (2).csv\u2069» حذف شد."
    assert EN.message(sentence) == "“iris (2).csv” was deleted."
    assert EN.message(Message("“{name}” was deleted.", {"name": "گل‌ها"})) == "“\u2068گل‌ها\u2069” was deleted."


@pytest.mark.parametrize("control", [*"\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069", "\u2069\u2068"])
def test_direction_controls_in_a_name_stay_out_of_the_sentence(control: str) -> None:
    sentence = Message("“{name}” was deleted.", {"name": f"iris{control}.csv"})
    assert FA.message(sentence) == "«\u2068iris.csv\u2069» حذف شد."
    assert EN.message(sentence) == "“iris.csv” was deleted."
    assert FA("“{name}” was deleted.", name=f"iris{control}.csv") == "«\u2068iris.csv\u2069» حذف شد."


def test_a_sentence_inside_a_sentence_keeps_its_isolates() -> None:
    inner = FA.message(Message("“{name}” was deleted.", {"name": "iris.csv"}))
    assert inner in FA("Line {line}: {reason}", line=1, reason=inner)


def test_fields_are_named_as_on_the_form() -> None:
    problem = Message(
        "“{field}” must be between {low} and {high}, not {value}.", {"field": "lr", "low": "0.00001", "high": "1", "value": "7"}
    )
    assert EN.message(problem) == "“Learning rate” must be between 0.00001 and 1, not 7."
    assert FA.message(problem) == "«نرخ یادگیری» باید میان ۰٫۰۰۰۰۱ و ۱ باشد، نه ۷."


def test_reasons_inside_a_sentence_are_translated_but_names_of_the_user_are_not() -> None:
    left_out = Message("“{column}” is not used: {reason}", {"column": "Name", "reason": Message("It never changes.")})
    assert FA.message(left_out) == "«\u2068Name\u2069» به کار نمی‌رود: هرگز تغییر نمی‌کند."


def test_braces_in_values_are_no_places() -> None:
    assert EN.message(Message("“{name}” was deleted.", {"name": "{x} %s"})) == "“{x} %s” was deleted."


@pytest.mark.parametrize(
    ("choice", "accepted", "language"),
    [
        ("fa", "en", "fa"),
        (None, "fa-IR,fa;q=0.9,en;q=0.8", "fa"),
        (None, "de,en;q=0.3,fa;q=0.7", "fa"),
        (None, "fa;q=0, de", "en"),
        ("xx", "", "en"),
        (None, ";;q=,,\x00", "en"),
        (None, "fa;q=nan", "en"),
    ],
)
def test_language_is_chosen_by_cookie_then_browser_then_operator(choice: str | None, accepted: str, language: str) -> None:
    assert choose_language(choice, accepted, "en") == language


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("۱۲", 12),
        ("٠٫٠٠٣", 0.003),
        ("1e-3", 0.001),
        (" 7 ", 7),
        ("۱٬۰۰۰", 1000),
        ("abc", "abc"),
        ("1,5", "1,5"),
        ("nan", "nan"),
        ("", ""),
    ],
)
def test_numbers_are_read_in_any_digits(typed: str, read: object) -> None:
    assert parse_number(typed) == read

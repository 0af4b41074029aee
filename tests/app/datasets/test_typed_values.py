"""Numbers, times and truths as people type them, in the digits and calendars that they use."""

from __future__ import annotations

from datetime import datetime

import pytest

from app.datasets.typed_values import read_jalali_period, read_number, read_time, read_truth


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("12", 12),
        (" -3.5 ", -3.5),
        ("۱۲٫۵", 12.5),
        ("١٢٠", 120),
        ("۱۲۰٬۰۰۰", 120_000),
        ("1,234,567.5", 1_234_567.5),
        ("−4", -4),
        ("\u2066-4\u2069", -4),
        ("1e3", 1000.0),
        ("9007199254740993", 9007199254740993),
        ("9" * 30, 1e30),
    ],
)
def test_numbers_are_read(typed: str, number: float) -> None:
    assert read_number(typed) == number


@pytest.mark.parametrize("typed", ["", "five", "1,5", "12 000", "1.2.3", "0x1f", "nan", "inf", "۱۲ تومان"])
def test_what_is_no_number_is_none(typed: str) -> None:
    assert read_number(typed) is None


@pytest.mark.parametrize(
    ("typed", "start", "end"),
    [
        ("2024-08-07", datetime(2024, 8, 7), datetime(2024, 8, 8)),
        ("2024/8/7", datetime(2024, 8, 7), datetime(2024, 8, 8)),
        ("۱۴۰۳/۰۵/۱۷", datetime(2024, 8, 7), datetime(2024, 8, 8)),
        ("۱۷ مرداد ۱۴۰۳", datetime(2024, 8, 7), datetime(2024, 8, 8)),
        ("1 فروردين 1403", datetime(2024, 3, 20), datetime(2024, 3, 21)),
        ("9999-12-31", datetime(9999, 12, 31), datetime.max),
        ("2024-08-07 12:30", datetime(2024, 8, 7, 12, 30), datetime(2024, 8, 7, 12, 31)),
        ("2024-08-07T12:30:05", datetime(2024, 8, 7, 12, 30, 5), datetime(2024, 8, 7, 12, 30, 6)),
    ],
)
def test_times_are_read_in_both_calendars(typed: str, start: datetime, end: datetime) -> None:
    span = read_time(typed)
    assert span is not None
    assert (span.start, span.end) == (start, end)


@pytest.mark.parametrize(
    ("typed", "start", "end"),
    [
        ("۱۴۰۳/", datetime(2024, 3, 20), datetime(2025, 3, 21)),
        ("1403/5", datetime(2024, 7, 22), datetime(2024, 8, 22)),
        (" ۱۴۰۳/۱۲/ ", datetime(2025, 2, 19), datetime(2025, 3, 21)),
    ],
)
def test_the_beginning_of_a_jalali_day_is_a_year_or_a_month(typed: str, start: datetime, end: datetime) -> None:
    span = read_jalali_period(typed)
    assert span is not None
    assert (span.start, span.end) == (start, end)


@pytest.mark.parametrize("typed", ["", "1403", "2024/", "2024/05", "1403/13", "1403/05/17", "1403-05"])
def test_what_begins_no_jalali_day_is_none(typed: str) -> None:
    assert read_jalali_period(typed) is None


@pytest.mark.parametrize(
    "typed",
    ["", "tomorrow", "2024-02-30", "1402/12/30", "1403/13/01", "17 Mordad 1403", "2024-08-07 25:00", "24-8-7"],
)
def test_what_is_no_time_is_none(typed: str) -> None:
    assert read_time(typed) is None


@pytest.mark.parametrize(
    ("typed", "truth"), [("True", True), ("بله", True), ("۱", True), ("no", False), ("نادرست", False), ("x", None)]
)
def test_truths_are_read(typed: str, truth: bool | None) -> None:
    assert read_truth(typed) is truth

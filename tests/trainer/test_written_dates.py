from __future__ import annotations

import datetime
from collections.abc import Callable

import jdatetime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trainer.typed_columns import TypedColumns

PERSIAN, ARABIC = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"), str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
SOLAR = ["فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند"]
GREGORIAN = ["ژانویه", "فوریه", "مارس", "آوریل", "مه", "ژوئن", "ژوئیه", "اوت", "سپتامبر", "اکتبر", "نوامبر", "دسامبر"]
OTHER_GREGORIAN = ["ژانویهٔ", "فوریهٔ", "مارس", "اوریل", "می", "ژوئن", "جولای", "آگوست", "سپتامبر", "اکتبر", "نوامبر", "دسامبر"]
WEEKDAYS = ["دوشنبه", "سه\u200cشنبه", "چهارشنبه", "پنج شنبه", "جمعه", "شنبه", "یک\u200cشنبه"]
DAY_FIRST = "The dates were read as day/month/year."
MONTH_FIRST = "The dates were read as month/day/year."


def test_every_jalali_day_of_three_centuries_is_the_right_day(columns: TypedColumns) -> None:
    day, end = jdatetime.date(1200, 1, 1).togregorian(), jdatetime.date(1500, 1, 1).togregorian()
    written, days = [], []
    while day < end:
        jalali = jdatetime.date.fromgregorian(date=day)
        written.append(f"{jalali.year}/{jalali.month:02}/{jalali.day:02}")
        days.append(day)
        day += datetime.timedelta(days=1)
    column = columns.type_column(written)
    assert (len(days), column.sql_type) == (109_573, "DATE")
    assert column.values == days
    assert column.notes == ["Jalali dates were turned into Gregorian ones."]


def test_a_thirtieth_of_esfand_is_a_day_in_leap_years_alone(columns: TypedColumns) -> None:
    years = range(1200, 1500)
    values = columns.type_column([f"{year}-12-30" for year in years], "date").values
    assert [value is not None for value in values] == [jdatetime.date(year, 1, 1).isleap() for year in years]


def _numeric_styles(day: datetime.date) -> list[str]:
    jalali = jdatetime.date.fromgregorian(date=day)
    return [
        *(f"{day.year:04}{sign}{day.month:02}{sign}{day.day:02}" for sign in "-/."),
        f"{day.year:04}/{day.month}/{day.day}",
        *(f"{jalali.year}{sign}{jalali.month:02}{sign}{jalali.day:02}" for sign in "-/."),
        f"{jalali.day}/{jalali.month}/{jalali.year}",
    ]


def _named_styles(day: datetime.date) -> list[str]:
    jalali = jdatetime.date.fromgregorian(date=day)
    solar, weekday = SOLAR[jalali.month - 1], WEEKDAYS[day.weekday()]
    english = f"{day:%d %b %Y|%B %d, %Y|%A, %d %B %Y|%d-%b-%Y|%d%b%Y|%b. %d %Y|%a %d. %B %Y}".split("|")
    return [
        *english,
        *(text.upper() for text in english),
        f"{day.day}th of {day:%B} {day.year}",
        f"{day.day} {GREGORIAN[day.month - 1]} {day.year}",
        f"{weekday} {day.day} {OTHER_GREGORIAN[day.month - 1]} {day.year}",
        f"{jalali.day} {solar} {jalali.year}",
        f"{jalali.day:02} {solar} ماه {jalali.year}",
        f"{weekday} {jalali.day} {solar} {jalali.year}",
        f"{weekday}، {jalali.day}\u200c{solar}، {jalali.year}",
    ]


dates = st.dates(datetime.date(1821, 3, 22), datetime.date(2121, 3, 20))  # both calendars have them
digits = st.sampled_from([{}, {}, PERSIAN, ARABIC])


@st.composite
def written_dates(draw: st.DrawFn, styles: Callable[[datetime.date], list[str]]) -> tuple[datetime.date, str]:
    day = draw(dates)
    return day, draw(st.sampled_from(styles(day))).translate(draw(digits))


@settings(max_examples=10, deadline=None)
@given(st.lists(written_dates(_numeric_styles) | written_dates(_named_styles), min_size=1, max_size=20))
def test_dates_of_both_calendars_in_every_style_and_mixed_are_the_right_days(
    columns: TypedColumns, written: list[tuple[datetime.date, str]]
) -> None:
    column = columns.type_column([text for _, text in written])
    assert (column.sql_type, column.values) == ("DATE", [day for day, _ in written])


def test_every_month_has_its_names(columns: TypedColumns) -> None:
    months = [datetime.date(2020, month, 5) for month in range(1, 13)]
    english = [*(f"{day:%d %B %Y}" for day in months), *(f"{day:%d %b %Y}" for day in months)]
    persian = [f"5 {name} 2020" for name in (*GREGORIAN, *OTHER_GREGORIAN)]
    assert columns.type_column([*english, *persian]).values == months * 4
    solar = [jdatetime.date(1400, month, 5).togregorian() for month in range(1, 13)]
    assert columns.type_column([f"5 {name} 1400" for name in SOLAR]).values == solar


SECONDS = {
    "": 0.0,
    " 09:05": 9 * 3600 + 300,
    "T23:59:59Z": 86399,
    " - 7:30:01.25": 27001.25,
    "، ساعت ۱۰:۳۰": 37800,
    "  12:00 AM": 0,
    " 1:05:06 p.m.": 13 * 3600 + 306,
    " 24:00": 86400,
}
times = st.sampled_from(list(SECONDS))


@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(written_dates(_numeric_styles) | written_dates(_named_styles), times), min_size=1, max_size=20))
def test_a_time_may_follow_every_date(columns: TypedColumns, written: list[tuple[tuple[datetime.date, str], str]]) -> None:
    column = columns.type_column([*(text + time for (_, text), time in written), "2024-01-02 10:00"])
    midnight = datetime.time()
    moments = [datetime.datetime.combine(day, midnight) + datetime.timedelta(seconds=SECONDS[time]) for (day, _), time in written]
    assert (column.sql_type, column.values[:-1]) == ("TIMESTAMP", moments)


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2024-01-02T10:00:00+03:30", "2024-01-02T06:30:00"),
        ("2024-01-02 10:00-0800", "2024-01-02T18:00:00"),
        ("2024-01-02 10:00 +01", "2024-01-02T09:00:00"),
        ("2024/01/02 1:45:06 PM GMT+3:30", "2024-01-02T10:15:06"),
        ("2 Jan 2024 12:00 a.m. UTC-5", "2024-01-02T05:00:00"),
        ("2024-01-01 00:15:00.5-00:30", "2024-01-01T00:45:00.500000"),
        ("۱۴۰۲/۱۰/۱۲ ۰۱:۰۰+۰۳:۳۰", "2024-01-01T21:30:00"),
    ],
)
def test_moments_with_an_offset_are_turned_into_utc(columns: TypedColumns, written: str, moment: str) -> None:
    column = columns.type_column([written])
    assert (column.sql_type, column.values) == ("TIMESTAMP", [datetime.datetime.fromisoformat(moment)])
    assert column.notes[-1] == "Times that are ahead of UTC or behind it were turned into UTC."


@pytest.mark.parametrize(
    "written",
    [
        "2023-02-30", "2023-13-01", "2023-00-10", "1402/12/30", "1402/13/01", "1402/07/31", "1402/01/32", "31/02/2023",
        "13/13/2023", "2023-02/03", "23-02-03", "02/03/23", "02023-02-03", "0000-01-01", "0000-00-00", "2023-02-03xx",
        "2023-02-03 25:00", "2023-02-03 10:60", "2023-02-03 13:00 PM", "2023-02-03 10", "infinity", "epoch", "today", "20230203",
        "17 مرداد 2023", "32 Aug 2023", "30 Feb 2023", "17 Foo 2023", "Aug 2023", "مرداد ۱۴۰۲", "17 Aug", "2023-02-03 (BC)",
        "17 D۾c 2023", "2023-02-03 10:00+25:00", "10:30",
        "2023-02-03 13:00 PM GMT+3", "2023-02-03 10:00+3", "2023-02-03 10:00 GMT+15",
    ],
)  # fmt: skip
def test_what_is_no_date_is_text(columns: TypedColumns, written: str) -> None:
    column = columns.type_column([written, "2024-01-02"])
    assert (column.sql_type, column.values) == ("VARCHAR", [written, "2024-01-02"])


@pytest.mark.parametrize(
    ("written", "days", "note"),
    [
        (["05/06/2023", "17/08/2023"], ["2023-06-05", "2023-08-17"], DAY_FIRST),
        (["05.06.2023", "17.08.2023"], ["2023-06-05", "2023-08-17"], DAY_FIRST),
        (["05-06-2023", "08-17-2023"], ["2023-05-06", "2023-08-17"], MONTH_FIRST),
        (["08/17/2023", "2023-05-06", "1402/05/17"], ["2023-08-17", "2023-05-06", "2023-08-08"], MONTH_FIRST),
        (["17/05/1402", "05/06/2023"], ["2023-08-08", "2023-06-05"], DAY_FIRST),
        (
            ["05/06/2023", "7/8/2023"],
            ["2023-06-05", "2023-08-07"],
            "The dates may be day/month/year or month/day/year, which no value tells; they were read as day/month/year.",
        ),
    ],
)
def test_the_whole_column_tells_whether_day_or_month_comes_first(
    columns: TypedColumns, written: list[str], days: list[str], note: str
) -> None:
    column = columns.type_column(written)
    assert (column.sql_type, column.values) == ("DATE", [datetime.date.fromisoformat(day) for day in days])
    assert column.notes[-1] == note
    assert column.form.keeps_written


@pytest.mark.parametrize(
    "written",
    [
        ["2024-01", "2023-12"], ["2024/01", "2023/12"], ["01/2024", "12/2023"], ["Jan 2024", "DECEMBER, 2023"],
        ["January-2024", "Dec. 2023"], ["ژانویهٔ ۲۰۲۴", "دسامبر 2023"],
    ],
)  # fmt: skip
def test_months_without_a_day_are_their_first(columns: TypedColumns, written: list[str]) -> None:
    column = columns.type_column(written)
    assert (column.sql_type, column.values) == ("DATE", [datetime.date(2024, 1, 1), datetime.date(2023, 12, 1)])
    assert "Months without a day were read as their first day." in column.notes
    assert column.form.keeps_written


@pytest.mark.parametrize("written", [["1402/05", "1403-12"], ["مرداد ۱۴۰۲", "اسفند ماه 1403"], ["۰۵/۱۴۰۲", "۱۲/۱۴۰۳"]])
def test_jalali_months_are_their_first_day(columns: TypedColumns, written: list[str]) -> None:
    column = columns.type_column(written)
    assert (column.sql_type, column.values) == ("DATE", [datetime.date(2023, 7, 23), datetime.date(2025, 2, 19)])


@pytest.mark.parametrize("written", ["2024-13", "2024-00", "2024-1", "1234-05", "3024-05", "13/2024", "2019-20", "Foo 2024"])
def test_what_is_no_month_is_text(columns: TypedColumns, written: str) -> None:
    column = columns.type_column([written, "2024-02"])
    assert (column.sql_type, column.values) == ("VARCHAR", [written, "2024-02"])


@pytest.mark.parametrize("written", [["2010-11", "2011-12"], ["1400-01", "1401/02"]])
def test_what_may_be_two_years_is_a_month_where_somebody_says_so(columns: TypedColumns, written: list[str]) -> None:
    column = columns.type_column(written)
    assert (column.sql_type, column.values) == ("VARCHAR", written)
    assert column.notes[-1].startswith("Each value may be a month or two years")
    chosen = columns.type_column(written, "date")
    assert (chosen.sql_type, chosen.form.misfits, None in chosen.values) == ("DATE", 0, False)


def test_a_late_day_among_months_ends_the_first_reading(columns: TypedColumns) -> None:
    months = columns.find_format(["2024-01", "2024-02", "2023-12"])
    assert columns.convert(["2024-01", "2024-01-05"], months, strict=False) == [datetime.date(2024, 1, 1), None]


def test_months_among_days_are_read_where_dates_are_wanted(columns: TypedColumns) -> None:
    written = ["2024-02", "2024-03-05"]
    column = columns.type_column(written)
    assert (column.sql_type, column.values) == ("VARCHAR", written)
    assert column.notes[-1].startswith("Some dates are whole months and others are days")
    chosen = columns.type_column(written, "date")
    assert chosen.values == [datetime.date(2024, 2, 1), datetime.date(2024, 3, 5)]


def test_years_of_two_digits_follow_the_name_of_a_month(columns: TypedColumns) -> None:
    column = columns.type_column(["15-JAN-23", "1 Feb 68", "28-Mar-69", "31 December 99"])
    days = [datetime.date(2023, 1, 15), datetime.date(2068, 2, 1), datetime.date(1969, 3, 28), datetime.date(1999, 12, 31)]
    assert (column.sql_type, column.values) == ("DATE", days)
    assert "Years of two digits were read as 1969 to 2068." in column.notes


@pytest.mark.parametrize(
    ("written", "days"),
    [
        (["02/05/17", "28/05/99"], [datetime.date(2017, 5, 2), datetime.date(1999, 5, 28)]),
        (["2-5-17", "5-28-99"], [datetime.date(2017, 2, 5), datetime.date(1999, 5, 28)]),
        (["02/05/17", "28.05.1999"], [datetime.date(2017, 5, 2), datetime.date(1999, 5, 28)]),
    ],
)
def test_numbers_with_a_year_of_two_digits_are_dates_where_somebody_says_so(
    columns: TypedColumns, written: list[str], days: list[datetime.date]
) -> None:
    column = columns.type_column(written)
    assert (column.sql_type, column.values) == ("VARCHAR", written)
    assert column.notes[-1].startswith("A date such as 02/05/17 can be many days")
    chosen = columns.type_column(written, "date")
    assert (chosen.sql_type, chosen.values, chosen.form.misfits) == ("DATE", days, 0)
    assert "Years of two digits were read as 1969 to 2068." in chosen.notes


def test_dates_that_contradict_each_other_stay_text(columns: TypedColumns) -> None:
    column = columns.type_column(["17/08/2023", "08/17/2023"])
    assert (column.sql_type, column.values) == ("VARCHAR", ["17/08/2023", "08/17/2023"])
    assert column.notes == ["Some dates can only be day/month/year and others only month/day/year, so the column stays text."]


def test_a_gregorian_name_of_a_month_makes_the_year_gregorian(columns: TypedColumns) -> None:
    column = columns.type_column(["29 May 1453", "۱۲ اکتبر ۱۴۹۲"])
    assert column.values == [datetime.date(1453, 5, 29), datetime.date(1492, 10, 12)]


@pytest.mark.parametrize("written", [["2024-01-02", " 2024-1-2"], ["2024/05/06"], ["2024-01-02 10:00:00", "2024-01-02T10:00Z"]])
def test_plain_dates_need_no_word(columns: TypedColumns, written: list[str]) -> None:
    column = columns.type_column(written)
    assert (column.notes, column.form.keeps_written) == ([], False)
    assert None not in column.values

"""Dates in numbers with a year of two digits: 98/04/23 is of 1398 or 1998, and a day, a month or a year may stand first."""

from __future__ import annotations

import datetime
from pathlib import Path

import duckdb
import jdatetime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trainer.read_files import read_file
from tests.trainer.typed_columns import TypedColumns
from trainer.reading.short_dates import FIRST_JALALI_YEAR

PERSIAN, ARABIC = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"), str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
PERSIAN_NOTE = "Persian digits were read as dates."
NOTES = [
    "Jalali dates were turned into Gregorian ones.",
    "Years of two digits were read as Jalali ones, 1311 to 1410.",
    "The dates were read as year/month/day.",
]
LAST_NOTES = [*NOTES[:2], "The dates were read as day/month/year."]
MANY_DAYS = "A date such as 02/05/17 can be many days"
TWO_CALENDARS = "The year of a date such as 98/04/23 may be 1398 or 1998"


def _days(*days: str) -> list[datetime.date]:
    return [datetime.date.fromisoformat(day) for day in days]


def _jalali(year: int, month: int, day: int) -> datetime.date:
    found: datetime.date = jdatetime.date(year, month, day).togregorian()
    return found


@pytest.mark.parametrize("digits", [PERSIAN, ARABIC], ids=["persian", "arabic"])
@pytest.mark.parametrize(
    ("written", "days"),
    [
        (["98/04/23", "99-12-30"], [_jalali(1398, 4, 23), _jalali(1399, 12, 30)]),
        (["02/05/17", "00/01/01", "05/12/29"], [_jalali(1402, 5, 17), _jalali(1400, 1, 1), _jalali(1405, 12, 29)]),
        (["02/05/17"], [_jalali(1402, 5, 17)]),
        (["45/2/3", " 11/01/01", "10/12/9"], [_jalali(1345, 2, 3), _jalali(1311, 1, 1), _jalali(1410, 12, 9)]),
    ],
)
def test_persian_digits_tell_that_the_year_is_jalali_and_stands_first(
    columns: TypedColumns, written: list[str], days: list[datetime.date], digits: dict[int, int]
) -> None:
    cells = [text.translate(digits) for text in written]
    column = columns.type_column(cells)
    assert (column.sql_type, column.values, column.notes) == ("DATE", days, [PERSIAN_NOTE, *NOTES])
    assert column.form.keeps_written
    assert columns.convert(cells, column.form) == days
    assert columns.type_column(cells[::-1]).form == column.form


def test_each_two_digits_are_one_year_and_the_last_is_a_few_years_ahead(columns: TypedColumns) -> None:
    years = range(FIRST_JALALI_YEAR, FIRST_JALALI_YEAR + 100)
    cells = [f"{year % 100:02}/01/01".translate(PERSIAN) for year in years]
    assert columns.type_column(cells).values == [_jalali(year, 1, 1) for year in years]
    assert 1408 <= years[-1] <= 1415


def test_a_thirtieth_of_esfand_is_a_day_in_leap_years_alone(columns: TypedColumns) -> None:
    years = range(1332, 1401)
    values = columns.type_column([f"{year % 100:02}/12/30".translate(PERSIAN) for year in years], "date").values
    assert [value is not None for value in values] == [jdatetime.date(year, 1, 1).isleap() for year in years]


@pytest.mark.parametrize(
    "written", ["98/12/30", "98/07/31", "98/13/01", "98/00/10", "98/01/32", "98/01/00", "98.01.02", "980102"]
)
def test_what_is_no_jalali_day_is_no_date(columns: TypedColumns, written: str) -> None:
    cells = [written.translate(PERSIAN), "۹۸/۰۴/۲۳"]
    column = columns.type_column(cells)
    assert (column.sql_type, column.values) == ("VARCHAR", cells)
    chosen = columns.type_column(cells, "date")
    assert chosen.values == [None, _jalali(1398, 4, 23)]
    assert chosen.notes[-1] == f"One value is no date and counts as missing: “{cells[0]}”."


@pytest.mark.parametrize(
    "written",
    [
        ["۱۷/۰۵/۰۲"],
        ["۰۲/۰۵/۱۷", "۱۷/۰۵/۰۲"],
        ["۲۳/۰۴/۹۸", "۰۱/۰۲/۹۹"],
        ["۹۸/۰۴/۲۳", "۲۳/۰۴/۹۸"],
        ["۹۸/۰۴/۲۳", "۲/۵/۱۷"],
        ["۹۸/۰۴/۲۳", "2019-07-14"],
        ["۹۸/۰۴/۲۳", "15-JAN-23"],
        ["۹۸/۰۴/۲۳", "۲۳/۰۴/۱۳۹۸"],
    ],
)
def test_where_a_day_may_stand_first_or_a_date_contradicts_the_column_stays_text(
    columns: TypedColumns, written: list[str]
) -> None:
    for cells in (written, written[::-1]):
        column = columns.type_column(cells)
        assert (column.sql_type, column.values) == ("VARCHAR", cells)
        assert column.notes[0].startswith(MANY_DAYS)


@pytest.mark.parametrize(
    ("written", "days", "notes"),
    [
        (["۱۷/۰۵/۰۲"], [_jalali(1402, 5, 17)], [PERSIAN_NOTE, *LAST_NOTES]),
        (["۲۳/۰۴/۹۸", "۰۱/۰۲/۹۹"], [_jalali(1398, 4, 23), _jalali(1399, 2, 1)], [PERSIAN_NOTE, *LAST_NOTES]),
        (["17/05/1402", "18/05/02"], [_jalali(1402, 5, 17), _jalali(1402, 5, 18)], LAST_NOTES),
        (["1402/05/17", "12/05/18"], [_jalali(1402, 5, 17), _jalali(1312, 5, 18)], NOTES),
    ],
)
def test_where_dates_are_wanted_the_rest_of_the_column_tells_the_likeliest(
    columns: TypedColumns, written: list[str], days: list[datetime.date], notes: list[str]
) -> None:
    assert columns.type_column(written).sql_type == "VARCHAR"
    chosen = columns.type_column(written, "date")
    assert (chosen.sql_type, chosen.values, chosen.notes) == ("DATE", days, notes)


@pytest.mark.parametrize(
    ("written", "days", "notes"),
    [
        (["98/04/23", "99-12-30", "02/05/17"], [_jalali(1398, 4, 23), _jalali(1399, 12, 30), _jalali(1402, 5, 17)], NOTES),
        (["98/4/3"], [_jalali(1398, 4, 3)], NOTES),
        (["98/02/31", "98/02/30", "98/07/31"], [_jalali(1398, 2, 31), _jalali(1398, 2, 30), None], NOTES),
        (
            ["98-04-23", "98-07-31", "99-10-31"],
            _days("1998-04-23", "1998-07-31", "1999-10-31"),
            ["Years of two digits were read as 1969 to 2068.", NOTES[2]],
        ),
        (
            ["2019-07-14", "98-07-13"],
            _days("2019-07-14", "1998-07-13"),
            ["Years of two digits were read as 1969 to 2068.", NOTES[2]],
        ),
    ],
)
def test_a_year_that_stands_first_in_ascii_digits_is_read_where_dates_are_wanted(
    columns: TypedColumns, written: list[str], days: list[datetime.date | None], notes: list[str]
) -> None:
    column = columns.type_column(written)
    assert (column.sql_type, column.values) == ("VARCHAR", written)
    assert [note.startswith(TWO_CALENDARS) for note in column.notes] == [True]
    chosen = columns.type_column(written, "date")
    assert (chosen.sql_type, chosen.values, chosen.notes[: len(notes)]) == ("DATE", days, notes)
    assert chosen.form.misfits == days.count(None)


@pytest.mark.parametrize(
    "written", [["1398/04/23", "98/04/24"], ["۱۳۹۸/۰۴/۲۳", "98/04/24"], ["1398/04/23", "۹۸/۰۴/۲۴"], ["۲۳ تیر ۱۳۹۸", "98/04/24"]]
)
def test_whole_jalali_dates_tell_what_the_short_ones_beside_them_are(columns: TypedColumns, written: list[str]) -> None:
    for cells in (written, written[::-1]):
        column = columns.type_column(cells)
        assert (column.sql_type, sorted(column.values)) == ("DATE", [_jalali(1398, 4, 23), _jalali(1398, 4, 24)])
        assert set(NOTES) <= set(column.notes)


@pytest.mark.parametrize(
    "written", [["1402/05/17", "17/05/18"], ["17/05/1402", "02/05/18"], ["1398/04/23", "2019-07-14", "98/04/24"]]
)
def test_whole_dates_that_do_not_tell_leave_it_open(columns: TypedColumns, written: list[str]) -> None:
    column = columns.type_column(written)
    assert (column.sql_type, column.values) == ("VARCHAR", written)


@pytest.mark.parametrize(
    ("first", "late", "sql_type"),
    [
        ("98/04/23", "1398/04/23", "DATE"),
        ("۱۷/۰۵/۰۲", "۹۸/۰۴/۲۳", "DATE"),
        ("2010-11", "2024-01", "DATE"),
        ("02/05/17", "1402/05/17", "DATE"),
        ("۰۲/۰۵/۱۷", "۱۷/۰۵/۰۲", "VARCHAR"),
        ("۹۸/۰۴/۲۳", "98/04/23", "VARCHAR"),
        ("98/04/23", "98/04/24", "VARCHAR"),
    ],
)
def test_what_the_first_cells_leave_open_is_not_promised(columns: TypedColumns, first: str, late: str, sql_type: str) -> None:
    promised = columns.find_format([first])
    cells = [*[first] * 1500, late]
    with pytest.raises(duckdb.InvalidInputException, match="c0 has another format"):
        columns.convert(cells, promised)
    assert columns.type_column(cells).form == columns.type_column(cells[::-1]).form
    assert columns.type_column(cells).sql_type == sql_type


def test_one_late_date_settles_a_long_file_wherever_it_stands(tmp_path: Path) -> None:
    lines = [f"{row},02/{1 + row % 12:02}/{1 + row % 28:02},a text of some length {row % 7}\n" for row in range(50_000)]
    lines[45_000] = "45000,1402/05/17,b\n"
    late, early = (read_file(tmp_path, "a,b,c\n" + "".join(rows)) for rows in (lines, reversed(lines)))
    assert late.rows == early.rows[::-1]
    assert (late.types, late.column_notes) == (early.types, early.column_notes)
    assert (late.types["b"], late.column("b")[0]) == ("DATE", _jalali(1402, 1, 1))


numbers = st.tuples(st.integers(1311, 1410), st.integers(1, 12), st.integers(1, 29))


@settings(max_examples=10, deadline=None)
@given(
    st.lists(numbers, min_size=1, max_size=20),
    st.sampled_from(["{:02}/{:02}/{:02}", "{:02}-{}-{}", "{:02}/{}/{:02}"]),
    st.booleans(),
)
def test_no_jalali_day_of_these_hundred_years_is_read_as_another(
    columns: TypedColumns, parts: list[tuple[int, int, int]], form: str, is_persian: bool
) -> None:
    cells = [form.format(year % 100, month, day) for year, month, day in parts]
    cells = [text.translate(PERSIAN) for text in cells] if is_persian else [*cells, "1398/01/01"]
    column = columns.type_column([*cells, "۹۸/۰۱/۰۱"])
    assert column.values[: len(parts)] == [_jalali(*part) for part in parts]


def test_a_file_of_short_dates_is_a_table_of_dates_and_one_bad_day_is_named(tmp_path: Path) -> None:
    days = [_jalali(1398 + row % 5, 1 + row % 12, 1 + row % 29) for row in range(60)]
    cells = [jdatetime.date.fromgregorian(date=day).strftime("%y/%m/%d").translate(PERSIAN) for day in days]
    lines = [f"{cell};{row}\n" for row, cell in enumerate(cells)]
    found = read_file(tmp_path, "تاریخ;مبلغ\n" + "".join(lines))
    assert (found.kinds["تاریخ"], found.column("تاریخ")) == ("date", days)
    assert NOTES[1] in found.column_notes["تاریخ"]
    written = duckdb.read_parquet(str(tmp_path / "read" / "written.parquet")).fetchall()
    assert written == [(cell,) for cell in cells]
    found = read_file(tmp_path, "تاریخ;مبلغ\n" + "".join(lines) + "۹۸/۰۷/۳۱;5\n")
    assert found.types["تاریخ"] == "VARCHAR"
    assert "Only “۹۸/۰۷/۳۱” is no date" in found.column_notes["تاریخ"] + found.reasons["تاریخ"]

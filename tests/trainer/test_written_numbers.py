from __future__ import annotations

from decimal import Decimal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trainer.typed_columns import TypedColumns
from trainer.reading.cell_text import CellRules

COMMA = CellRules(decimal=",")
PERSIAN, ARABIC = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"), str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
HALF_PERSIAN = str.maketrans("02468", "۰٢۴٦۸")
LONGEST_WITH_PLUS = 7
MOST, LEAST = 2**63 - 1, -(2**63)


digits = st.sampled_from([{}, PERSIAN, ARABIC, HALF_PERSIAN])
minuses = st.sampled_from(["-", "\u2212"])
edges = st.sampled_from(["", " ", "\u200f", "\ufeff", "\xa0\t"])
separators = st.sampled_from(["", ",", "٬", "،", " ", "\xa0", "\u202f", "\u2009", "\u200c", "\u200f"])


@st.composite
def writings(draw: st.DrawFn, figures: str) -> str:
    """A number such as -1234.5 in one of the styles that people use."""
    text = figures.removeprefix("-")
    whole, point, fraction = text.partition(".")
    whole = f"{int(whole):,}".replace(",", draw(separators))
    mark = draw(st.sampled_from([".", "٫"])) if point else ""
    is_like_telephone = whole.isdigit() and len(whole) > LONGEST_WITH_PLUS and not point
    sign = draw(minuses) if figures.startswith("-") else draw(st.sampled_from([""] if is_like_telephone else ["", "+"]))
    edge = draw(edges)
    return edge + sign + (whole + mark + fraction).translate(draw(digits)) + edge


@st.composite
def pairs(draw: st.DrawFn, figures: st.SearchStrategy[str]) -> tuple[str, str]:
    number = draw(figures)
    return number, draw(writings(number))


whole_figures = st.integers(LEAST, MOST).map(str) | st.integers(-9999, 9999).map(str)
decimal_figures = st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9).map(str)


@settings(max_examples=12, deadline=None)
@given(st.lists(pairs(whole_figures), min_size=1, max_size=30))
def test_whole_numbers_in_every_style_come_back_exactly(columns: TypedColumns, written: list[tuple[str, str]]) -> None:
    column = columns.type_column([text for _, text in written])
    assert (column.sql_type, column.values) == ("BIGINT", [int(number) for number, _ in written])


@settings(max_examples=12, deadline=None)
@given(st.lists(pairs(decimal_figures), min_size=1, max_size=30))
def test_fractions_in_every_style_are_the_nearest_double(columns: TypedColumns, written: list[tuple[str, str]]) -> None:
    column = columns.type_column([text for _, text in written])
    assert (column.sql_type, column.values) == ("DOUBLE", [float(number) for number, _ in written])


@settings(max_examples=12, deadline=None)
@given(st.lists(pairs(decimal_figures), min_size=1, max_size=30))
def test_where_the_comma_is_the_decimal_mark_the_point_stands_between_thousands(
    columns: TypedColumns, written: list[tuple[str, str]]
) -> None:
    swap = str.maketrans(".,", ",.")
    column = columns.type_column([text.translate(swap) for _, text in written], rules=COMMA)
    assert (column.sql_type, column.values) == ("DOUBLE", [float(number) for number, _ in written])
    assert "The comma was read as the decimal mark." in column.notes


def test_a_point_is_no_decimal_mark_where_the_comma_is(columns: TypedColumns) -> None:
    assert columns.type_column(["1,5", "1.5"], rules=COMMA).sql_type == "VARCHAR"
    assert columns.type_column(["1,5", "1.234", "-0,25", "7"], rules=COMMA).values == [1.5, 1234.0, -0.25, 7.0]


@settings(max_examples=12, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=30))
def test_what_programs_write_comes_back_exactly(columns: TypedColumns, numbers: list[float]) -> None:
    column = columns.type_column([repr(number) for number in numbers])
    assert (column.sql_type, column.values) == ("DOUBLE", numbers)
    assert not column.form.keeps_written


SCALES = {"": 0, " هزار": 3, " میلیون": 6, "میلیارد": 9, " هزار میلیارد": 12}
MONEY = {
    "تومان": ["{} تومان", "{}تومان", "{} تومن", "{} ت", "IRT {}", "{} irt"],
    "ریال": ["{} ریال", "{}\u200cریال", "{} ﷼", "﷼{}", "{} IRR", "{} ريال"],
    "$": ["${}", "$ {}", "{} $", "{} USD", "usd {}"],
    "€": ["€{}", "{} €", "{}€", "EUR {}"],
    "£": ["£{}", "GBP {}"],
    "%": ["{}%", "{} %", "%{}", "{}٪", "٪{}", "{} درصد"],
}


@settings(max_examples=12, deadline=None)
@given(st.data(), st.sampled_from(list(MONEY)))
def test_amounts_are_their_figures_in_one_unit(columns: TypedColumns, data: st.DataObject, unit: str) -> None:
    written, wanted = [], []
    for _ in range(data.draw(st.integers(1, 20))):
        figures, text = data.draw(pairs(decimal_figures.map(lambda figures: figures.removeprefix("-"))))
        scale = data.draw(st.sampled_from(list(SCALES))) if unit != "%" else ""
        written.append(data.draw(st.sampled_from(MONEY[unit])).format(text.strip(" +\u200f\ufeff\xa0\t") + scale))
        wanted.append(float(Decimal(figures) * 10 ** SCALES[scale]))
    column = columns.type_column(written)
    assert (column.sql_type, column.form.unit, column.values) == ("DOUBLE", unit, wanted)
    assert f"The values are in “{unit}”." in column.notes
    assert column.form.keeps_written


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("-$5", -5),
        ("$-5", -5),
        ("\u2212۵ تومان", -5),
        ("€ -1,234", -1234),
        ("۱۲ میلیون تومان", 12_000_000),
        ("۳ هزار میلیارد", 3 * 10**12),
        ("9,223,372,036,854,775,807", MOST),
        ("-9223372036854775808", LEAST),
        ("+7", 7),
        ("- ۵", -5),
        ("0", 0),
        ("-0", 0),
    ],
)
def test_whole_amounts_are_whole(columns: TypedColumns, written: str, number: int) -> None:
    column = columns.type_column([written])
    assert (column.sql_type, column.values) == ("BIGINT", [number])


@pytest.mark.parametrize(
    "written",
    [
        "1_000", "0x1F", "0b1", "1e", "e5", ".", "-", "+-5", "--5", "-5-", "(-5)", "(5", "5)", "(1)2", "1,23", "12,345,67",
            "1,2345", "0,123", "1,234 567", "1'23", "0,12,345",
        "1 23", "1\n234", "1..5", "1.5.2", "nan", "5 kg", "$5%", "12 هزارم", "ت ۱۲", "تومان", "$", "%", "1e5 $", "$1e5", "۱۲/۵",
        "1۾5", "۱۲۳ ۴۵", "１２", "Ⅻ", "½", "1۫5", "true", "12:30", "=1+1",
    ],
)  # fmt: skip
def test_what_is_no_number_is_text(columns: TypedColumns, written: str) -> None:
    column = columns.type_column([written, "5"])
    assert (column.sql_type, column.values) == ("VARCHAR", [written, "5"])


@pytest.mark.parametrize(
    ("written", "sql_type", "values"),
    [
        (["99999999999999999999", "2.5"], "DOUBLE", [1e20, 2.5]),
        (["9,223,372,036,854,775,808"], "DOUBLE", [2.0**63]),
        (["$9223372036854775808"], "DOUBLE", [2.0**63]),
        (["1e3", ".5", "-2."], "DOUBLE", [1000.0, 0.5, -2.0]),
        (["1", "2.5", "007.5"], "DOUBLE", [1.0, 2.5, 7.5]),
        (["9999999999999 میلیارد"], "DOUBLE", [9999999999999e9]),
    ],
)
def test_numbers_that_are_no_whole_ones_are_doubles(
    columns: TypedColumns, written: list[str], sql_type: str, values: list[float]
) -> None:
    column = columns.type_column(written)
    assert (column.sql_type, column.values) == (sql_type, values)


def test_infinite_numbers_are_missing_and_that_is_said(columns: TypedColumns) -> None:
    column = columns.type_column(["1", "inf", "-Infinity", "1e400", "9" * 400])
    assert (column.sql_type, column.values) == ("DOUBLE", [1.0, None, None, None, None])
    assert column.notes == ["Infinite values count as missing."]


@pytest.mark.parametrize(
    "codes",
    [["007", "012"], ["02134"], ["۰۹۱۲", "۵"], ["-01", "2"], ["007", "1.5"], ["00"], ["+989121234567", "5"], ["+۹۸۹۱۲۱۲۳۴۵۶۷"]],
)
def test_numbers_that_begin_with_zero_or_with_plus_like_a_telephone_number_are_codes(
    columns: TypedColumns, codes: list[str]
) -> None:
    column = columns.type_column(codes)
    assert (column.sql_type, column.values) == ("VARCHAR", codes)
    assert column.notes == ["Some values begin with 0 or +, as codes and telephone numbers do, so the column stays text."]


@pytest.mark.parametrize("later", ["+989121234567", "12345678901234567890", "(5)", "5-"])
def test_a_later_cell_that_would_have_changed_what_is_told_does_not_slip_through(columns: TypedColumns, later: str) -> None:
    form = columns.find_format(["5", " 6", "1,234"])
    with pytest.raises(duckdb.InvalidInputException, match="another format"):
        columns.convert([later], form)


@pytest.mark.parametrize("codes", [["12345678901234567890", "12345678901234567891"], ["9223372036854775808"], ["۹" * 20, "5"]])
def test_whole_numbers_too_long_to_be_exact_stay_text_unless_chosen(columns: TypedColumns, codes: list[str]) -> None:
    column = columns.type_column(codes)
    assert (column.sql_type, column.values) == ("VARCHAR", codes)
    assert column.notes == [
        "Some whole numbers have more digits than a number holds exactly, as only codes have, so the column stays text."
    ]
    assert columns.type_column(codes, "number").sql_type == "DOUBLE"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("(1,234.50)", -1234.5), ("1.5-", -1.5), ("1.5 \u2212", -1.5), ("($1,234.50)", -1234.5), ("(12.5 %)", -12.5),
        ("(۱۲٫۵)", -12.5), ("۱۲٫۵-", -12.5), ("1'234.5", 1234.5), ("1’234’567.5", 1234567.5), ("1,23,456.5", 123456.5),
        ("-12,34,567.5", -1234567.5), ("₀", None),
    ],
)  # fmt: skip
def test_numbers_of_accountants_and_of_other_countries_are_read(columns: TypedColumns, written: str, value: float | None) -> None:
    column = columns.type_column([written, written])
    expected = ("VARCHAR", [written] * 2) if value is None else ("DOUBLE", [value] * 2)
    assert (column.sql_type, column.values) == expected


def test_that_numbers_below_zero_were_not_written_with_a_minus_before_them_is_said(columns: TypedColumns) -> None:
    column = columns.type_column(["(5)", "6"])
    assert (column.values, column.notes) == (
        [-5, 6],
        ["Numbers in brackets, or with a minus behind them, were read as below zero."],
    )
    assert column.form.keeps_written


@pytest.mark.parametrize(
    ("written", "sql_type", "values", "note"),
    [
        (["12 تومان", "5 ریال"], "BIGINT", [120, 5], "Amounts in Toman were turned into Rial, 10 Rial for 1 Toman."),
        (["۱٫۵ میلیون تومان", "5 ریال"], "DOUBLE", [15e6, 5.0], "Amounts in Toman were turned into Rial, 10 Rial for 1 Toman."),
        (["12 تومان", "5"], "BIGINT", [12, 5], "Numbers without a unit count as “تومان”, too."),
        (["$5", "€3"], "VARCHAR", ["$5", "€3"], "The amounts are in different units ($, €), so the column stays text."),
        (
            ["12 تومان", "5 ریال", "3"],
            "VARCHAR",
            ["12 تومان", "5 ریال", "3"],
            "Some amounts have no unit and others are in different ones (تومان, ریال), so the column stays text.",
        ),
        (
            ["12%", "0.5"],
            "VARCHAR",
            ["12%", "0.5"],
            "Some values are percentages and others are not, so the column stays text. Choose “Number” to read all as written.",
        ),
    ],
)
def test_amounts_in_several_units_are_brought_to_one_or_stay_text(
    columns: TypedColumns, written: list[str], sql_type: str, values: list[object], note: str
) -> None:
    column = columns.type_column(written)
    assert (column.sql_type, column.values, column.notes[-1]) == (sql_type, values, note)


def test_what_was_done_to_numbers_is_said(columns: TypedColumns) -> None:
    column = columns.type_column(["۱٬۲۳۴", "۲ میلیون"])
    assert column.notes == [
        "Persian digits were read as numbers.",
        "Signs between thousands were left out.",
        "Words such as “میلیون” were turned into figures.",
    ]
    plain = columns.type_column(["1", "-2.5", " 3"])
    assert (plain.notes, plain.form.keeps_written) == ([], False)

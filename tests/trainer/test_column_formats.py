from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.trainer.typed_columns import RULES, Cells, TypedColumns
from trainer.reading.cell_text import CellRules
from trainer.reading.column_formats import find_formats, typed_cell

DAY, MOMENT = datetime.date(2024, 1, 2), datetime.datetime(2024, 1, 2, 10)


@pytest.mark.parametrize(
    ("cells", "sql_type", "values"),
    [
        (["1", "2", None], "BIGINT", [1, 2, None]),
        ([" 1", "2 ", " NA "], "BIGINT", [1, 2, None]),
        (["1", "2.5"], "DOUBLE", [1.0, 2.5]),
        (["1", "2", "x"], "VARCHAR", ["1", "2", "x"]),
        (["true", "FALSE", " True", None], "BOOLEAN", [True, False, True, None]),
        (["yes", "no"], "VARCHAR", ["yes", "no"]),
        (["t", "f"], "VARCHAR", ["t", "f"]),
        (["true", "1"], "VARCHAR", ["true", "1"]),
        (["2024-01-02", None], "DATE", [DAY, None]),
        (["2024-01-02", "2024-01-02 10:00"], "TIMESTAMP", [datetime.datetime(2024, 1, 2), MOMENT]),
        (["2024-01-02", "5"], "VARCHAR", ["2024-01-02", "5"]),
        ([None, " ", " NA"], "VARCHAR", [None, None, None]),
        ([], "VARCHAR", []),
        (["سلام", " كتاب "], "VARCHAR", ["سلام", "کتاب"]),
    ],
)
def test_a_column_has_the_narrowest_type_that_every_cell_fits(
    columns: TypedColumns, cells: Cells, sql_type: str, values: list[Any]
) -> None:
    column = columns.type_column(cells, rules=RULES)
    assert (column.sql_type, column.values) == (sql_type, values)
    assert columns.convert(cells, column.form, RULES) == values


@pytest.mark.parametrize(
    ("kind", "cells", "sql_type", "values", "note"),
    [
        ("number", ["1", "x", "2.5"], "DOUBLE", [1.0, None, 2.5], "One value is no number and counts as missing: “x”."),
        ("number", ["12%", "5"], "DOUBLE", [12.0, 5.0], "Numbers without a unit count as “%”, too."),
        ("number", ["007", "1"], "DOUBLE", [7.0, 1.0], "Zeros or a plus at the beginning were left out."),
        (
            "number",
            ["$5", "€3", "$7", "2"],
            "DOUBLE",
            [5.0, None, 7.0, None],
            "2 values are no numbers and count as missing, such as “2”.",
        ),
        ("number", ["a", "b"], "DOUBLE", [None, None], "2 values are no numbers and count as missing, such as “a”."),
        ("number", ["1", "inf"], "DOUBLE", [1.0, None], "One value is no number and counts as missing: “inf”."),
        (
            "integer",
            ["1", "2.0", "2.5", "1e3"],
            "BIGINT",
            [1, 2, None, 1000],
            "One value is no whole number and counts as missing: “2.5”.",
        ),
        (
            "integer",
            ["5", "99999999999999999999"],
            "BIGINT",
            [5, None],
            "One value is no whole number and counts as missing: “99999999999999999999”.",
        ),
        ("date", ["2024-01-02", "2024"], "DATE", [DAY, None], "One value is no date and counts as missing: “2024”."),
        (
            "date",
            ["13/01/2024", "01/02/2024", "01/14/2024", "01/15/2024"],
            "DATE",
            [None, DAY, datetime.date(2024, 1, 14), datetime.date(2024, 1, 15)],
            "One value is no date and counts as missing: “13/01/2024”.",
        ),
        (
            "boolean",
            ["Yes", "بله", "0", " نه", "TRUE", "maybe", "? "],
            "BOOLEAN",
            [True, True, False, False, True, None, None],
            "One value is neither true nor false and counts as missing: “maybe”.",
        ),
    ],
)
def test_cells_that_are_not_of_the_chosen_kind_are_missing_and_counted(
    columns: TypedColumns, kind: str, cells: Cells, sql_type: str, values: list[Any], note: str
) -> None:
    column = columns.type_column(cells, kind, RULES)
    assert (column.sql_type, column.values, column.notes[-1]) == (sql_type, values, note)
    assert column.form.keeps_written


@pytest.mark.parametrize("kind", ["category", "text", "identifier", "constant"])
def test_numbers_can_be_wanted_as_they_are_written(columns: TypedColumns, kind: str) -> None:
    column = columns.type_column(["007", " ۵ ", "NA ", "1,234"], kind, RULES)
    assert (column.sql_type, column.values, column.form.keeps_written) == ("VARCHAR", ["007", "۵", None, "1,234"], False)


def test_a_long_misfit_is_shown_by_its_beginning(columns: TypedColumns) -> None:
    (note,) = columns.type_column(["x" * 200], "number").notes
    assert note == f"One value is no number and counts as missing: “{'x' * 79}…”."


@pytest.mark.parametrize(
    ("yes", "no"), [("y", "N"), ("بلی", "خیر"), ("آری", "نه"), ("درست", "نادرست"), ("دارد", "ندارد"), ("۱", "۰")]
)
def test_words_mean_true_and_false_where_a_person_says_so(columns: TypedColumns, yes: str, no: str) -> None:
    column = columns.type_column([yes, no, yes], "boolean")
    assert column.values == [True, False, True]
    assert columns.type_column(["x", yes, no]).sql_type == "VARCHAR"


def test_arabic_letters_are_told_and_their_original_is_kept(columns: TypedColumns) -> None:
    column = columns.type_column(["كتاب", "کتاب"])
    assert column.notes == ["Arabic ي and ك were turned into Persian ی and ک."]
    assert column.form.keeps_written
    assert not columns.type_column([" کتاب "]).form.keeps_written


FORMULA_NOTE = 'Values written for Excel, such as ="00123", were read as what their quotes hold.'


@pytest.mark.parametrize("rules", [RULES, CellRules(is_ascii=True, missing=("NA",))], ids=["persian", "ascii"])
@pytest.mark.parametrize(
    ("cells", "sql_type", "values"),
    [
        (['="00123"', '="00007"'], "VARCHAR", ["00123", "00007"]),
        (['="123"', '="7"'], "BIGINT", [123, 7]),
        (['="1.5"', "7"], "DOUBLE", [1.5, 7.0]),
        (['="apple"', "pear", '="NA"'], "VARCHAR", ["apple", "pear", None]),
        (['="2024-01-02"'], "DATE", [DAY]),
        (['="TRUE"', "false"], "BOOLEAN", [True, False]),
        (['=""', None], "VARCHAR", [None, None]),
    ],
)
def test_what_is_written_as_a_formula_for_excel_is_what_its_quotes_hold(
    columns: TypedColumns, cells: Cells, sql_type: str, values: list[Any], rules: CellRules
) -> None:
    column = columns.type_column(cells, rules=rules)
    assert (column.sql_type, column.values, column.notes[-1:]) == (sql_type, values, [FORMULA_NOTE])
    assert column.form.keeps_written
    assert columns.convert(cells, column.form, rules) == values


@pytest.mark.parametrize(("kind", "values"), [("number", [123.0, None]), ("text", ["00123", "x"])])
def test_a_chosen_kind_is_read_from_what_the_quotes_hold(columns: TypedColumns, kind: str, values: list[Any]) -> None:
    column = columns.type_column(['="00123"', '="x"'], kind, RULES)
    assert column.values == values
    assert FORMULA_NOTE in column.notes


def test_many_columns_of_a_file_are_typed_as_they_stream_into_parquet(tmp_path: Path) -> None:
    lines = [f"{row},{row}.5,x {row},2024-01-{row % 28 + 1:02},true,{row} %," for row in range(3000)]
    (tmp_path / "a.csv").write_text("\n".join(lines) + "\n")
    names = [f"c{column}" for column in range(7)]
    with duckdb.connect() as connection:
        source = f"read_csv('{tmp_path}/a.csv', header = false, all_varchar = true, names = {names})"
        connection.execute(f"CREATE VIEW cells AS SELECT * FROM {source}")  # noqa: S608
        rules = CellRules(is_ascii=True)
        forms = find_formats(connection, "cells", names, dict.fromkeys(names, rules), {"c2": "identifier"})
        selected = ", ".join(
            f"{typed_cell(name, form, rules, strict=True)} AS {name}" for name, form in zip(names, forms, strict=True)
        )
        connection.execute(f"COPY (SELECT {selected} FROM cells) TO '{tmp_path}/a.parquet' (FORMAT parquet)")  # noqa: S608
        row = connection.execute(f"SELECT * FROM '{tmp_path}/a.parquet' LIMIT 1 OFFSET 2999").fetchone()  # noqa: S608
    assert row == (2999, 2999.5, "x 2999", datetime.date(2024, 1, 4), True, 2999, None)
    assert [form.sql_type for form in forms] == ["BIGINT", "DOUBLE", "VARCHAR", "DATE", "BOOLEAN", "BIGINT", "VARCHAR"]


def test_no_columns_have_no_formats(columns: TypedColumns) -> None:
    assert find_formats(columns.connection, "cells", [], {}, {}) == []


def test_hundreds_of_columns_of_every_kind_are_typed() -> None:
    cells = ["12", " 1.5", "2024-01-02", "text", "۱۲ تومان"]
    names = [f"c{column}" for column in range(300)]
    with duckdb.connect(config={"memory_limit": "500MB"}) as connection:
        selected = ", ".join(f"'{cells[column % 5]}' AS {name}" for column, name in enumerate(names))
        connection.execute(f"CREATE TABLE cells AS SELECT {selected}")
        forms = find_formats(connection, "cells", names, dict.fromkeys(names, RULES), {})
        typed = ", ".join(typed_cell(name, form, RULES, strict=True) for name, form in zip(names, forms, strict=True))
        row = connection.execute(f"SELECT {typed} FROM cells").fetchone()  # noqa: S608
    assert row == (12, 1.5, DAY, "text", 12) * 60

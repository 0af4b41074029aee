"""What a sheet is written as: every cell as what it shows, and which sheet of a workbook is read."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path

import openpyxl
import pytest

from tests.trainer.workbooks import Rows, refused, save, save_xml, write
from trainer.contract import Message
from trainer.reading.workbook import Sheet, write_sheet_as_csv


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (41, "41"),
        (41.0, "41"),
        (-5, "-5"),
        (0.1, "0.1"),
        (-0.0, "0"),
        (9007199254740991, "9007199254740991"),
        (1e20, "1e+20"),
        (1e300, "1e+300"),
        (2.5e-7, "2.5e-07"),
        (True, "true"),
        (False, "false"),
        ("007", "007"),
        ("1402/05/17", "1402/05/17"),
        ("  سارا ", "  سارا "),
        ('a "b", c\nd', 'a "b", c\nd'),
        ("=1+1", ""),  # openpyxl saves a formula without its value
        (date(2024, 1, 31), "2024-01-31"),
        (datetime(2024, 1, 31), "2024-01-31"),
        (datetime(2024, 1, 31, 10, 20, 30), "2024-01-31 10:20:30"),
        (datetime(2024, 1, 31, 10, 20, 30, 500_000), "2024-01-31 10:20:30.500000"),
        (time(10, 20, 30), "10:20:30"),
        (timedelta(hours=30, minutes=5), "30:05:00"),
        (timedelta(hours=-1, minutes=-30, seconds=-5), "-01:30:05"),
    ],
)
def test_cell_is_written_as_what_it_shows(tmp_path: Path, value: object, text: str) -> None:
    assert write(save(tmp_path / "a.xlsx", {"S": [["start", value, "end"]]}))[1] == [["start", text, "end"]]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('<c t="e"><v>#DIV/0!</v></c>', ""),
        ("<c><f>1/3</f><v>0.3333333333333333</v></c>", "0.3333333333333333"),
        ("<c><v>NaN</v></c>", ""),
        ("<c><v>inf</v></c>", ""),
        ('<c t="str"><v>a_x0000_b</v></c>', "ab"),
        ('<c t="d"><v>2024-01-31T10:20:30</v></c>', "2024-01-31 10:20:30"),
        ('<c t="d"><v>2024-01-31T00:00:00</v></c>', "2024-01-31"),
        ('<c t="inlineStr"><is><r><t>ri</t></r><r><t>ch</t></r></is></c>', "rich"),
        ("<c></c>", ""),
    ],
)
def test_cell_that_only_other_programs_write_is_read(tmp_path: Path, cell: str, text: str) -> None:
    path = save_xml(tmp_path / "a.xlsx", f"<row><c><v>1</v></c>{cell}<c><v>3</v></c></row>")
    assert write(path)[1] == [["1", text, "3"]]


def test_everything_is_quoted_and_lines_end_alike(tmp_path: Path) -> None:
    path = save(tmp_path / "a.xlsx", {"S": [["name", "age"], ["سارا", 30], [None, 31]]})
    write(path)
    assert path.with_suffix(".csv").read_bytes() == '"name","age"\n"سارا","30"\n"","31"\n'.encode()


def test_empty_surroundings_are_left_out_and_rows_are_as_wide_as_the_widest(tmp_path: Path) -> None:
    rows: Rows = [[], [], [None, "a", "b"], [], [None, 1], [None, 2, 3, 4], [None, 5], []]
    written, found = write(save(tmp_path / "a.xlsx", {"S": rows}))
    assert found == [["a", "b", ""], ["", "", ""], ["1", "", ""], ["2", "3", "4"], ["5", "", ""]]
    assert written == Sheet("S", ["S"], 5, 3, [".", ".", "."], 2)


def test_cover_sheet_is_passed_over_unless_it_is_chosen(tmp_path: Path) -> None:
    sheets: dict[str, Rows] = {"cover": [["Report"], ["of 2024"]], "names": [["a", "b"]], "data": [["a", "b"], [1, 2]]}
    path = save(tmp_path / "a.xlsx", sheets)
    assert write(path)[0].name == "data"
    assert write(path, "cover")[0].name == "cover"


def test_cells_of_spaces_around_the_table_are_as_good_as_empty(tmp_path: Path) -> None:
    spaces = '<c t="str"><v>  </v></c>'
    path = save_xml(tmp_path / "a.xlsx", f"<row>{spaces}</row><row><c><v>1</v></c>{spaces}</row><row>{spaces}</row>")
    assert write(path)[1] == [["1"]]


def test_first_visible_sheet_that_holds_something_is_read(tmp_path: Path) -> None:
    sheets: dict[str, Rows] = {"hidden": [[1]], "empty": [], "blank": [[" "]], "people": [[2]], "last": [[3]]}
    path = save(tmp_path / "a.xlsx", sheets, hidden=["hidden"])
    assert write(path) == (Sheet("people", list(sheets), 1, 1, ["."], 0), [["2"]])


def test_any_sheet_can_be_chosen(tmp_path: Path) -> None:
    path = save(tmp_path / "a.xlsx", {"people": [[1]], "a & <b>": [[2]], "داده": [[3]]}, hidden=["داده"])
    assert [write(path, name)[1] for name in ("people", "a & <b>", "داده")] == [[["1"]], [["2"]], [["3"]]]


def test_charts_are_no_sheets_to_choose(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    workbook.active.append([1])
    workbook.create_chartsheet("chart", 0)
    workbook.save(tmp_path / "a.xlsx")
    assert refused(tmp_path / "a.xlsx", "chart").problems[0].code == "no_such_sheet"
    assert write(tmp_path / "a.xlsx")[0].choices == ["Sheet"]


def test_unknown_sheet_is_refused_with_those_there_are(tmp_path: Path) -> None:
    (problem,) = refused(save(tmp_path / "a.xlsx", {"one": [[1]], "two": [[2]]}, hidden=["two"]), "One").problems
    assert (problem.code, problem.field) == ("no_such_sheet", "sheet")
    assert problem.message.params == {"sheet": "One", "sheets": "one, two"}


def test_long_list_of_sheets_is_cut(tmp_path: Path) -> None:
    path = save(tmp_path / "a.xlsx", {f"s{index}": [[1]] for index in range(21)})
    assert str(refused(path, "x").problems[0].message.params["sheets"]).endswith("s18, s19, …")


@pytest.mark.parametrize("sheet", [None, "one"])
def test_empty_sheet_is_refused_with_those_that_are_not(tmp_path: Path, sheet: str | None) -> None:
    path = save(tmp_path / "a.xlsx", {"one": [], "two": [], "hidden": [[1]]}, hidden=["hidden"])
    (problem,) = refused(path, sheet).problems
    assert (problem.code, problem.field) == ("empty_sheet", "sheet")
    assert problem.message.params == {"sheet": "one", "sheets": "hidden"}


@pytest.mark.parametrize("sheet", [None, "one"])
def test_workbook_without_a_cell_is_an_empty_file(tmp_path: Path, sheet: str | None) -> None:
    (problem,) = refused(save(tmp_path / "a.xlsx", {"one": [], "two": [["  "]]}), sheet).problems
    assert problem.code == "empty_file"
    assert problem.message == Message("The file is empty. Choose a file with a header and rows.")


@pytest.mark.parametrize("name", ["original", ".unpacked"])
def test_file_needs_no_ending(tmp_path: Path, name: str) -> None:
    path = save(tmp_path / "a.xlsx", {"S": [[1]]}).rename(tmp_path / name)
    assert write_sheet_as_csv(path, tmp_path / "out.csv").rows_written == 1

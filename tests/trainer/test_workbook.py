from __future__ import annotations

import csv
import random
import tracemalloc
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from trainer.contract import Message, Refusal
from trainer.reading.workbook import Sheet, write_sheet_as_csv

Rows = Sequence[Sequence[Any]]
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SHEET_MEMBER = "xl/worksheets/sheet1.xml"
OLE_FILE = bytes.fromhex("D0CF11E0A1B11AE1") + bytes(600)


def save(path: Path, sheets: Mapping[str, Rows], hidden: Sequence[str] = ()) -> Path:
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        sheet.sheet_state = "hidden" if name in hidden else "visible"
        for row in rows:
            sheet.append(row)
    workbook.save(path)
    return path


def save_xml(path: Path, cells: str, more: Mapping[str, bytes] = {}) -> Path:
    """A workbook of one sheet whose cells are written by hand; `more` adds members to the archive, or replaces them."""
    save(path, {"S": [["x"]]})
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members[SHEET_MEMBER] = f'<worksheet xmlns="{MAIN}"><sheetData>{cells}</sheetData></worksheet>'.encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (members | dict(more)).items():
            archive.writestr(name, content)
    return path


def write(path: Path, sheet: str | None = None, most_bytes: int = 10_000_000) -> tuple[Sheet, list[list[str]]]:
    output = path.with_suffix(".csv")
    written = write_sheet_as_csv(path, output, sheet, most_bytes)
    with output.open(newline="") as file:
        rows = list(csv.reader(file))
    assert (len(rows), {len(row) for row in rows}) == (written.rows_written, {written.width})
    return written, rows


def refused(path: Path, sheet: str | None = None, most_bytes: int = 10_000_000) -> Refusal:
    """The refusal; no CSV file is left behind."""
    with pytest.raises(Refusal) as caught:
        write(path, sheet, most_bytes)
    assert not path.with_suffix(".csv").exists()
    return caught.value


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


def without(name: str) -> Callable[[Path], bytes]:
    def build(path: Path) -> bytes:
        save(path, {"S": [[1]]})
        with zipfile.ZipFile(path) as archive:
            members = {member: archive.read(member) for member in archive.namelist() if member != name}
        with zipfile.ZipFile(path, "w") as archive:
            for member, content in members.items():
                archive.writestr(member, content)
        return path.read_bytes()

    return build


@pytest.mark.parametrize(
    ("build", "code", "words"),
    [
        (lambda _: b"", "empty_file", "empty"),
        (lambda _: b"a,b\n1,2\n", "broken_workbook", "save it as .xlsx"),
        (lambda _: b"PK\x03\x04" + bytes(100), "broken_workbook", "save it as .xlsx"),
        (lambda _: OLE_FILE, "broken_workbook", "password"),
        (lambda path: save(path, {"S": [[1]]}).read_bytes()[:-1], "broken_workbook", "cut off"),
        (lambda path: save_xml(path, "<row><c><v>1</v>").read_bytes(), "broken_workbook", "damaged"),
        (lambda path: save_xml(path, '<row><c t="s"><v>99</v></c></row>').read_bytes(), "broken_workbook", "damaged"),
        (without("xl/workbook.xml"), "broken_workbook", "another kind"),
        (without("[Content_Types].xml"), "broken_workbook", "another kind"),
        (without("xl/_rels/workbook.xml.rels"), "broken_workbook", "another kind"),
    ],
)
def test_what_is_no_workbook_is_refused(tmp_path: Path, build: Callable[[Path], bytes], code: str, words: str) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(build(path))
    (problem,) = refused(path).problems
    assert problem.code == code
    assert words in problem.message.english()


def test_workbook_of_another_format_is_not_guessed_at(tmp_path: Path) -> None:
    path = save_xml(tmp_path / "a.xlsx", "<row><c><v>1</v></c></row>", {"xl/workbook.bin": b"x"})
    assert refused(path).problems[0].code == "broken_workbook"


@pytest.mark.parametrize("name", ["original", ".unpacked"])
def test_file_needs_no_ending(tmp_path: Path, name: str) -> None:
    path = save(tmp_path / "a.xlsx", {"S": [[1]]}).rename(tmp_path / name)
    assert write_sheet_as_csv(path, tmp_path / "out.csv").rows_written == 1


def test_archive_that_unpacks_to_too_much_is_refused_in_little_memory(tmp_path: Path) -> None:
    path = save_xml(tmp_path / "a.xlsx", "<row><c><v>1</v></c></row>", {"xl/media/image1.png": bytes(50_000_000)})
    tracemalloc.start()
    try:
        assert refused(path).problems[0].code == "expands_too_far"
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()
    assert write(path, most_bytes=100_000_000)[1] == [["1"]]


def test_members_are_counted_together(tmp_path: Path) -> None:
    more = {f"xl/{index}.xml": bytes(1_000_000) for index in range(10)}
    assert refused(save_xml(tmp_path / "a.xlsx", "", more)).problems[0].code == "expands_too_far"


@pytest.mark.parametrize(("row", "column"), [(1_048_576, "XFD"), (400_000, "AB"), (30, "XFD"), (12_020, "Z")])
def test_cell_far_from_the_table_is_refused_with_its_place(tmp_path: Path, row: int, column: str) -> None:
    cells = f'<row><c r="Z1"><v>1</v></c></row><row r="{row}"><c r="{column}{row}" t="b"><v>1</v></c></row>'
    (problem,) = refused(save_xml(tmp_path / "a.xlsx", cells)).problems
    assert (problem.code, problem.message.params) == ("expands_too_far", {"row": row, "column": column, "limit": 10})


def test_far_cell_is_found_where_two_pieces_meet(tmp_path: Path) -> None:
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    for before in range(1_048_576 - 200, 1_048_576 - 100, 14):
        path = save_xml(tmp_path / "a.xlsx", f'<row r="1"><c t="str"><v>{"x" * before}</v></c></row>{far}')
        assert refused(path).problems[0].code == "expands_too_far"


@pytest.mark.parametrize(
    "cell",
    [
        'c s="1" r="XFD1048576"',
        "c r='XFD1048576'",
        'c r = "XFD1048576"',
        'c r="xfd1048576"',
        'c\tr="XFD1048576"\n',
        'm:c r="XFD1048576"',
    ],
)
def test_far_cell_is_found_however_it_is_spelled(tmp_path: Path, cell: str) -> None:
    cells = f'<row><c r="A1"><v>1</v></c></row><row xmlns:m="{MAIN}"><{cell}><v>1</v></{cell.partition(" ")[0].strip()}></row>'
    assert refused(save_xml(tmp_path / "a.xlsx", cells)).problems[0].code == "expands_too_far"


def test_far_cells_that_are_only_coloured_are_nothing(tmp_path: Path) -> None:
    coloured = '<row r="1048576"><c r="XFD1048576" s="0"/><c r="XFD1048576" s="0" /></row>'
    assert write(save_xml(tmp_path / "a.xlsx", f'<row r="1"><c r="A1"><v>1</v></c></row>{coloured}'))[1] == [["1"]]


def test_row_that_no_sheet_can_have_is_refused(tmp_path: Path) -> None:
    path = save_xml(tmp_path / "a.xlsx", '<row><c r="A1"><v>1</v></c><c r="ZZZZZZ4294967295"><v>1</v></c></row>')
    assert refused(path).problems[0].code == "broken_workbook"


def test_duration_beyond_all_bounds_is_refused(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    workbook.active["A1"] = 1e15
    workbook.active["A1"].number_format = "[h]:mm:ss"
    workbook.save(tmp_path / "a.xlsx")
    assert refused(tmp_path / "a.xlsx").problems[0].code == "broken_workbook"


def test_long_text_that_many_cells_share_is_not_written_without_end(tmp_path: Path) -> None:
    shared = f'<sst xmlns="{MAIN}"><si><t>{"x" * 100_000}</t></si></sst>'.encode()
    cells = '<row><c t="s"><v>0</v></c></row>' * 200
    assert refused(save_xml(tmp_path / "a.xlsx", cells, {"xl/sharedStrings.xml": shared})).problems[0].code == "expands_too_far"


def test_damaged_copies_end_in_a_refusal_or_in_a_table(tmp_path: Path) -> None:
    rows = [[index, index / 2, f"t{index}", True, date(2024, 1, 1 + index), time(1, 2, 3)] for index in range(5)]
    path = save(tmp_path / "whole.xlsx", {"S": rows, "T": [["x"]]})
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    changeable = [name for name in members if "theme" not in name and "docProps" not in name]
    generator = random.Random(8)
    refusals = 0
    for _ in range(150):
        damaged = {name: bytearray(content) for name, content in members.items()}
        content = damaged[generator.choice(changeable)]
        for _ in range(generator.choice((1, 1, 3))):
            start = generator.randrange(len(content) + 1)
            new = generator.choice((b"9", b"99", b"-", b'"', b"<", b"ZZ", b"NaN", b"e999", generator.randbytes(1), b""))
            content[start : start + generator.choice((0, 1, 1, 10))] = new
        with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
            for name, part in damaged.items():
                archive.writestr(name, bytes(part))
        try:
            write_sheet_as_csv(tmp_path / "a.xlsx", tmp_path / "out.csv", most_bytes=1_000_000)
        except Refusal:
            refusals += 1
    assert 20 < refusals < 150

"""Files that are no workbook, that are damaged, or that would unpack to too much: they end in a refusal, in little memory."""

from __future__ import annotations

import random
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import date, time
from pathlib import Path

import openpyxl
import pytest

from tests.trainer.workbooks import MAIN, refused, save, save_xml, write
from trainer.contract import Refusal
from trainer.reading.workbook import write_sheet_as_csv

OLE_FILE = bytes.fromhex("D0CF11E0A1B11AE1") + bytes(600)


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

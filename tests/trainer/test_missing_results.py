"""Values that a workbook promises and does not hold: formulas never calculated, and cells merged over several rows."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from tests.trainer.read_files import read_file, write_book
from tests.trainer.workbooks import save_xml, write
from trainer.contract import Refusal
from trainer.reading.sheet_xml import SheetFacts, scan_sheet

FORMULAS = "Cells that hold formulas whose results are not in the file, so that they are missing: {}."
MERGED = "Cells that are merged over several rows: {}."
NAMES = ["a", "b", "c"]


def formula_rows(count: int) -> list[list[object]]:
    return [[*NAMES], *([row, row * 2, f"=B{row + 1}*2"] for row in range(1, count + 1))]


def notes_of(folder: Path, content: bytes) -> list[str]:
    return [note.partition(".")[0] + "." for note in read_file(folder, content, "xlsx").notes]


def test_formulas_that_were_never_calculated_are_told_with_their_number(tmp_path: Path) -> None:
    read = read_file(tmp_path, write_book({"S": formula_rows(30)}), "xlsx")
    (note,) = read.notes
    assert note.startswith(FORMULAS.format(30))
    assert "save it, and upload it again" in note
    assert read.column("c") == [None] * 30


@pytest.mark.parametrize(
    ("cell", "is_missing"),
    [
        ("<c><f>1+1</f></c>", True),
        ('<c r="A1"><f>1+1</f><v/></c>', True),
        ("<c><f>1+1</f><v></v></c>", True),
        ("<c>\n<f>1+1</f>\n<v />\n</c>", True),
        ('<c s="1" t="n"><f>1+1</f></c>', True),
        ('<c><f t="shared" si="0"/></c>', True),
        ('<c><f t="array" ref="A1:A2">1&gt;0</f></c>', True),
        ('<m:c xmlns:m="x"><m:f>1</m:f><m:v></m:v></m:c>', True),
        ("<c><f>1+1</f><v>2</v></c>", False),
        ('<c><f t="shared" si="0"/><v>2</v></c>', False),
        ('<c t="str"><f>""</f><v></v></c>', False),  # Excel's result is a text without letters
        ("<c t='str'><f>\"\"</f></c>", False),
        ('<c t="e"><f>1/0</f><v>#DIV/0!</v></c>', False),
        ("<c><v/></c>", False),
        ("<c/>", False),
        ('<c t="inlineStr"><is><t>&lt;f&gt;</t></is></c>', False),
    ],
)
def test_a_formula_counts_where_no_result_is_stored(cell: str, is_missing: bool) -> None:
    assert scan_sheet([f"<row>{cell}<c><v>1</v></c></row>".encode()]).formulas_without_result == is_missing


def test_what_two_pieces_share_is_counted_once() -> None:
    cells = '<c r="A1"><f>1+1</f><v></v></c><c r="B1"><v>1</v></c>' * 3 + '<mergeCell ref="A2:A9"/>' * 3
    for size in range(1, len(cells) + 1):
        facts = scan_sheet(pieces_of(cells.encode(), size))
        assert (facts.formulas_without_result, list(facts.merged_rows)) == (3, [2, 2, 2]), size


def pieces_of(content: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


def test_only_the_sheet_that_is_read_counts(tmp_path: Path) -> None:
    sheets: dict[str, list[list[object]]] = {"a & <b>": formula_rows(3), "داده": formula_rows(4), "plain": [[*NAMES], [1, 2, 3]]}
    book = write_book(sheets)
    for sheet, notes in (("a & <b>", [FORMULAS.format(3)]), ("داده", [FORMULAS.format(4)]), ("plain", [])):
        read = read_file(tmp_path, book, "xlsx", sheet=sheet)
        assert [note.partition(".")[0] + "." for note in read.notes] == notes


def test_a_table_of_formulas_alone_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Refusal) as caught:
        read_file(tmp_path, write_book({"S": [["a", "b"], ["=1", "=2"], ["=3", "=4"]]}), "xlsx")
    (problem,) = caught.value.problems
    assert problem.code == "no_rows"
    assert problem.message.english().startswith(FORMULAS.format(4))


def test_cells_merged_over_rows_are_told_but_not_those_of_names_or_beside_each_other(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in [NAMES, *([number, "x", number / 2] for number in range(12))]:
        sheet.append(row)
    for place in ("B2:B4", "B6:C8", "A10:B10", "A1:A1"):
        sheet.merge_cells(place)
    written = io.BytesIO()
    book.save(written)
    assert notes_of(tmp_path, written.getvalue()) == [MERGED.format(2)]


def test_a_workbook_that_does_not_say_which_file_its_sheet_is_in_tells_nothing(tmp_path: Path) -> None:
    path = save_xml(tmp_path / "a.xlsx", "<row><c><v>1</v></c><c><f>1</f></c></row><row><c><v>1</v></c><c><v>2</v></c></row>")
    assert len(write(path)[0].notes) == 1
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["xl/workbook.xml"] = b" " * (2 << 20) + members["xl/workbook.xml"]
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    assert write(path)[0].notes == []


def test_scanning_takes_no_memory_for_what_it_saw() -> None:
    row = b'<row><c r="A1"><v>1</v></c><c r="B1"><f>A1*2</f><v></v></c></row>'
    facts: SheetFacts = scan_sheet(row * 10_000 for _ in range(20))
    assert facts.formulas_without_result == 200_000

"""The XML of a workbook's sheets enters piece by piece, what their cells alone do not tell leaves: `SheetFacts`.

Which cells hold formulas without results, which are merged, and how far a sheet reaches. The workbook says which sheet is
in which file.
"""

from __future__ import annotations

import html
import posixpath
import re
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from trainer.contract.messages import Message

LETTERS, DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"0123456789"
CELL_WITH_CONTENT = re.compile(rb"""<(?:\w+:)?c\s[^<>]*?\br\s*=\s*["']([A-Za-z]{1,3}[0-9]{1,7})["'][^<>]*(?<!/)>""")
LONGEST_CELL_TAG = 200
# A cell with a formula and no value behind it. One of the type `str` has a value all the same: a text without letters.
FORMULA_WITHOUT_RESULT = re.compile(
    rb"""<(?:\w+:)?c\b(?![^<>]*\bt\s*=\s*["']str["'])[^<>]*>\s*<(?:\w+:)?f\b(?:[^<>]*/>|[^<>]*>[^<]*</(?:\w+:)?f\s*>)"""
    rb"\s*(?:<(?:\w+:)?v\s*/>\s*|<(?:\w+:)?v\s*>\s*</(?:\w+:)?v\s*>\s*)?</(?:\w+:)?c\s*>"
)
LONGEST_FORMULA_CELL = 1 << 16  # a formula has 8,192 characters at most, of up to six bytes each in XML
MERGED = re.compile(rb"""<(?:\w+:)?mergeCell\s[^<>]*?\bref\s*=\s*["'][A-Za-z]{1,3}([0-9]{1,7}):[A-Za-z]{1,3}([0-9]{1,7})["']""")
WORKBOOK, RELATIONSHIPS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
_TAG = rb"""<(?:\w+:)?%s\s((?:[^<>"']|"[^"]*"|'[^']*')*)>"""
_SHEET, _RELATIONSHIP = re.compile(_TAG % b"sheet"), re.compile(_TAG % b"Relationship")
_ATTRIBUTE = re.compile(rb"""(?:\w+:)?(\w+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")


@dataclass(slots=True)
class SheetFacts:
    """How far a sheet reaches, how many formulas have no result, and the first rows of merged cells of several rows."""

    last_row: int = 0
    last_column: bytes = b""
    formulas_without_result: int = 0
    merged_rows: array[int] = field(default_factory=lambda: array("L"))

    @property
    def width(self) -> int:
        """The number of the last column."""
        number = 0
        for letter in self.last_column:
            number = number * len(LETTERS) + letter - LETTERS[0] + 1
        return number


def scan_sheet(pieces: Iterable[bytes]) -> SheetFacts:
    """Look for what is told by a few letters of XML: no more than a piece is in memory."""
    facts = SheetFacts()
    columns: set[bytes] = set()
    rest, formula_rest = b"", b""
    for piece in pieces:
        text = rest + piece
        cells = b" ".join(CELL_WITH_CONTENT.findall(text)).upper()
        columns.update(cells.translate(None, DIGITS).split())
        facts.last_row = max(facts.last_row, *map(int, set(cells.translate(None, LETTERS).split())), 0)
        if b"mergeCell" in text:
            _note_merged(text, len(rest), facts)
        formula_rest = _count_formulas(formula_rest + piece, facts)
        rest = text[-LONGEST_CELL_TAG:]
    facts.last_column = max(columns, key=lambda letters: (len(letters), letters), default=b"")
    return facts


def describe_missing(facts: SheetFacts, first_row: int) -> list[Message]:
    """Why values of a sheet are missing; what is merged with the first row of the table is a name above two rows of names."""
    notes = []
    formulas, merged = facts.formulas_without_result, sum(row > first_row for row in facts.merged_rows)
    if formulas:
        text = (
            "Cells that hold formulas whose results are not in the file, so that they are missing: {count}."
            " Open the workbook in Excel or LibreOffice, save it, and upload it again."
        )
        notes.append(Message(text, {"count": formulas}))
    if merged:
        text = (
            "Cells that are merged over several rows: {count}. Only the first row of each has its value, the others are missing."
            " Undo the merging in Excel or LibreOffice, fill the value in, and upload the file again."
        )
        notes.append(Message(text, {"count": merged}))
    return notes


def _note_merged(text: bytes, seen: int, facts: SheetFacts) -> None:
    """What ends before `seen` was in the piece before."""
    for found in MERGED.finditer(text):
        top, bottom = map(int, found.groups())
        if found.end() > seen and bottom > top:
            facts.merged_rows.append(top)


def _count_formulas(text: bytes, facts: SheetFacts) -> bytes:
    """The end of `text`, where a cell may begin that the next piece ends."""
    end = 0
    may_hold_some = b"<f" in text or b":f" in text  # most sheets have none, and this is told at once
    for found in FORMULA_WITHOUT_RESULT.finditer(text) if may_hold_some else ():
        facts.formulas_without_result += 1
        end = found.end()
    return text[max(end, len(text) - LONGEST_FORMULA_CELL) :]


def find_sheet_files(workbook: bytes, relationships: bytes) -> dict[str, str]:
    """The file in the archive of each sheet, by the name of the sheet; those that cannot be told are left out."""
    targets = {tag.get("Id"): tag.get("Target", "") for tag in map(_attributes, _RELATIONSHIP.findall(relationships))}
    sheets = map(_attributes, _SHEET.findall(workbook))
    return {
        sheet["name"]: posixpath.join("/xl", targets[sheet["id"]]).lstrip("/")
        for sheet in sheets
        if "name" in sheet and sheet.get("id") in targets
    }


def _attributes(tag: bytes) -> Mapping[str, str]:
    """Without the namespaces of their names."""
    return {
        name.decode(errors="replace"): html.unescape((first or second).decode(errors="replace"))
        for name, first, second in _ATTRIBUTE.findall(tag)
    }

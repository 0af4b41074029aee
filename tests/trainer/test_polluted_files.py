"""One table in the many ways that files are polluted, after Pollock (Vitagliano et al., 2023): it comes back or that is told."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.trainer.read_files import read_file
from trainer.contract import Refusal

NAMES = ["DATE", "Qty", "PRODUCTID", "Price", "Type", "Description", "URL", "Comments"]
ROWS = 84
LISTED_LINE = 6


def make_row(number: int) -> list[str]:
    day = f"{number % 28 + 1:02}/0{number % 9 + 1}/2018"
    kind = ("Office", "Home", "Garden")[number % 3]
    comment = f'It\'s "fine" {number}' if number % 3 else ""
    address = f"http://example.com/p/{number}"
    return [day, str(number % 9 + 1), f"EX-{number:04}", f"{number * 1.25:.2f}", kind, f"Made, number {number}", address, comment]


def write(*above: list[str], end: str = "\r\n", names: list[str] | None = NAMES, rows: int = ROWS, **style: Any) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=end, doublequote="escapechar" not in style, **style)
    writer.writerows([*([names] if names else []), *above, *map(make_row, range(rows))])
    return text.getvalue()


def edit(change: Callable[[str], str], line: int = LISTED_LINE) -> str:
    lines = write().split("\r\n")
    lines[line - 1] = change(lines[line - 1])
    return "\r\n".join(lines)


WHOLE = write()


@pytest.mark.parametrize(
    "content",
    [
        *(write(delimiter=delimiter) for delimiter in (";", "\t", "|", " ", "^", ":", "\x1f", "~", "،")),
        write(delimiter="\x01").replace("\x01", "||"),
        write(delimiter="\x01").replace("\x01", ";;"),
        *(write(end=end) for end in ("\n", "\r", "\n\r", "\n\n")),
        write(quotechar="'"),
        write(escapechar="\\", quoting=csv.QUOTE_ALL),
        WHOLE.rstrip(),
        WHOLE + "\r\n\r\n",
        WHOLE + "\x1a",
        "\r\n\r\n" + WHOLE,
        "Sales\r\n\r\n" + WHOLE,
        edit(lambda line: line + "\n").replace("\n\r\n", "\n"),
        edit(lambda line: line + ",more", line=1),
    ],
)
def test_all_rows_come_back(tmp_path: Path, content: str) -> None:
    found = read_file(tmp_path, content)
    assert (found.names, len(found.rows), found.rejected) == (NAMES, ROWS, [])
    assert [str(number) for number in found.column("Qty")] == [make_row(number)[1] for number in range(ROWS)]
    assert found.column("Comments") == [make_row(number)[-1] or None for number in range(ROWS)]
    assert list(found.kinds.values()) == ["date", "integer", "identifier", "number", "category", "text", "identifier", "text"]


@pytest.mark.parametrize(
    "content",
    [
        edit(lambda line: line.replace(",", "", 1)),
        edit(lambda line: line.replace(",", ",,", 1)),
        edit(lambda line: line.replace(",", ";")),
        edit(lambda line: '"' + line),
        edit(lambda line: line.replace(",", ',"', 1)),
        edit(lambda line: line + '"'),
        edit(lambda line: line + "\r\nDATE,Qty,PRODUCTID,Price,Type,Description,URL,Comments").replace("\r\nDATE", "\nDATE"),
    ],
)
def test_a_broken_row_is_listed_and_all_others_come_back(tmp_path: Path, content: str) -> None:
    found = read_file(tmp_path, content)
    assert found.rejected_count == 1
    assert found.rejected[0][0] in {LISTED_LINE, LISTED_LINE + 1}
    kept = [number for number in range(ROWS) if number != LISTED_LINE - 2 or found.rejected[0][0] != LISTED_LINE]
    assert found.column("PRODUCTID") == [make_row(number)[2] for number in kept]


@pytest.mark.parametrize(
    "above", [[["dd/mm/yyyy", "n", "", "USD", "", "", "", ""]], [[""] * 8, ["", "pcs", "", "USD", "", "", "", ""]]]
)
def test_a_row_of_units_below_the_names_is_listed(tmp_path: Path, above: list[list[str]]) -> None:
    found = read_file(tmp_path, write(*above))
    assert (found.names, len(found.rows), found.kinds["Price"]) == (NAMES, ROWS, "number")
    assert [(line, reason) for line, _, reason in found.rejected] == [
        (len(above) + 1, "The row stands below the names and holds no values.")
    ]


def test_a_first_row_without_numbers_is_a_row_of_values_where_words_stand_for_missing_ones(tmp_path: Path) -> None:
    found = read_file(tmp_path, "a,b,c\nx,NA,-\ny,1,2\nz,3,4\nw,5,6\n")
    assert found.rows[0] == ("x", None, None)


def test_surplus_names_are_told(tmp_path: Path) -> None:
    found = read_file(tmp_path, "a,b,c,d\n1,2\n3,4\n")
    assert (found.names, found.rows) == (["a", "b"], [(1, 2), (3, 4)])
    assert found.notes == ["There are more names than columns; left out: “c, d”."]


def test_lines_with_a_quote_too_many_are_told_from_values_of_several_lines(tmp_path: Path) -> None:
    rows = [f'{number},"two\nlines, {number}"' for number in range(50)]
    rows[10] = '10,"never closed'
    rows[30] = '"30",once" more'
    found = read_file(tmp_path, "\n".join(["n,text", *rows, ""]))
    assert found.column("n") == [number for number in range(50) if number not in {10, 30}]
    assert found.column("text")[20] == "two\nlines, 21"
    assert [line for line, *_ in found.rejected] == [22, 61]


@pytest.mark.parametrize(
    ("choices", "rejected"),
    [({}, []), ({"quote": '"'}, [(2, '"x,1')])],  # a lone quote may be a letter, unless somebody says that it is none
)
def test_a_quote_that_is_never_closed_hides_no_other_row(
    tmp_path: Path, choices: dict[str, str], rejected: list[tuple[int, str]]
) -> None:
    rows = "".join(f"name {number},{number}\n" for number in range(50_000))
    found = read_file(tmp_path, f'n,k\n"x,1\n{rows}', **choices)
    assert ([row[:2] for row in found.rejected], len(found.rows)) == (rejected, 50_001 - len(rejected))


def test_quotes_that_are_letters_stay(tmp_path: Path) -> None:
    rows = "".join(f'{number},5" pipe and "so\n' for number in range(20))
    found = read_file(tmp_path, f"n,text\n{rows}")
    assert (len(found.rows), found.column("text")[0], found.rejected) == (20, '5" pipe and "so', [])


def test_quotes_that_are_letters_in_every_row_stay(tmp_path: Path) -> None:
    found = read_file(tmp_path, 'a,b\n"x" y,1\n"z" q,2\n"u" v,3\n')
    assert found.rows == [('"x" y', 1), ('"z" q', 2), ('"u" v', 3)]


def test_quotes_that_are_wrong_in_every_row_are_told(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="Most rows cannot be read"):
        read_file(tmp_path, 'name,quote\nAli,"he said "hi" to me"\nSara,"she said "no" and left"\nReza,"oh "well""\n')


LINES = ("Phone", "- big bright screen", "- fast new chip", "- very long life", "- three back cameras")
POEM = ("الا یا ایها الساقی ادر کاسا", "که عشق آسان نمود اول ولی", "به بوی نافه ای کاخر صبا", "ز تاب جعد مشکینش چه خون")
TALK = ("User: hello there", "Bot: hi how are you", 'User: fine thanks, and "you"?')
CODE = ("def f(x):", "    return {'a': x, 'b': \"c\"}", "", "# it's 'done'")


@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("lines", [LINES, POEM, TALK, CODE])
def test_texts_of_many_lines_are_texts(tmp_path: Path, lines: tuple[str, ...], delimiter: str, quoting: Literal[0, 1]) -> None:
    text = io.StringIO()
    rows = [(f"k{number % 3}", "\n".join((*lines, *lines[: number % 3])), number * 0.25) for number in range(60)]
    csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator="\n").writerows([("kind", "text", "price"), *rows])
    found = read_file(tmp_path, text.getvalue())
    assert (found.names, found.rows) == (["kind", "text", "price"], rows)


@pytest.mark.parametrize(
    ("names", "cells"),
    [
        ("id,mac", "{0},00:1b:44:11:3a:1{1}"),
        ("ratio;tags", "{0}:{1};a"),
        ("address\tcode\tlist", "{0} Main St, Apt {1}, Springfield\tA{0}\t[1, {1}, 3]"),
    ],
)
def test_signs_within_values_are_no_delimiters(tmp_path: Path, names: str, cells: str) -> None:
    rows = [cells.format(number, number % 7) for number in range(40)]
    found = read_file(tmp_path, "\n".join((names, *rows)))
    assert (found.names, len(found.rows)) == (list(re.split("[,;\t]", names)), 40)


@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize("repeats", [1, 20_000])
def test_a_mark_between_files_put_together_is_no_letter(tmp_path: Path, repeats: int, quote: str) -> None:
    names = ",".join(f"{quote}{name}{quote}" for name in ("نام", "سن", "شهر"))
    found = read_file(tmp_path, f"\ufeff{names}\n" + "علی,5,قم\n" * repeats + f"\ufeff{names}\nسارا,7,قم\n")
    assert (found.names, len(found.rows), found.rows[-1]) == (["نام", "سن", "شهر"], repeats + 1, ("سارا", 7, "قم"))
    assert [line for line, *_ in found.rejected] == [repeats + 2]


def test_quotes_around_a_single_value_are_found(tmp_path: Path) -> None:
    rows = "0.05,2000-01-01,apple apple\n" * 3 + "0.05,2000-01-01,'it''s said \"so\"'\n"
    assert read_file(tmp_path, rows).column("column_3") == [*["apple apple"] * 3, 'it\'s said "so"']


def test_a_colon_goes_behind_a_usual_separator_also_without_names(tmp_path: Path) -> None:
    rows = [(number, f"00:1b:44:11:3a:{number % 90 + 10}") for number in range(100)]
    assert read_file(tmp_path, "\n".join(f"{number},{address}" for number, address in rows)).rows == rows


@pytest.mark.parametrize(
    ("names", "row", "ragged"),
    [("name;price", "a{0};1,5", "b;c;1,5"), ("city\tn", "Town{0}, Iran\t1", "Town, Iran\t1\t2")],
)
def test_a_few_broken_rows_change_no_separator(tmp_path: Path, names: str, row: str, ragged: str) -> None:
    rows = [row.format(number) for number in range(98)]
    found = read_file(tmp_path, "\n".join([names, *rows[:50], ragged, *rows[50:], ragged]) + "\n")
    assert (found.names, len(found.rows), found.rejected_count) == (re.split("[;\t]", names), 98, 2)


def test_two_tables_of_one_kind_are_one(tmp_path: Path) -> None:
    found = read_file(tmp_path, WHOLE + "\r\n" + WHOLE)
    assert (found.names, len(found.rows)) == (NAMES, 2 * ROWS)
    assert [reason for *_, reason in found.rejected] == ["The row repeats the names of the columns."]

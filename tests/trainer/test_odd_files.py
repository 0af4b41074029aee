"""Files as they really come: each ends in the right table, or in a sentence, and nothing of it is lost in silence."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.trainer.read_files import read_file, write_book
from tests.trainer.written_tables import pack
from trainer.contract import ENCODINGS, Refusal

PERSIAN = "سارا و مینا".encode()
COMMA_NOTE = "The comma was read as the decimal mark."


def test_each_column_of_a_csv_file_has_its_own_decimal_mark(tmp_path: Path) -> None:
    found = read_file(tmp_path, "a;b;c\n1,5;1.5;1,234\n2,25;2.5;2,500\n3,75;9.75;4,750\n")
    assert found.rows == [(1.5, 1.5, 1234), (2.25, 2.5, 2500), (3.75, 9.75, 4750)]
    assert (found.column_notes["a"], found.column_notes["b"]) == (COMMA_NOTE, "")


@pytest.mark.parametrize("choices", [{}, {"decimal": ","}])
def test_numbers_of_a_workbook_stay_what_they_are_beside_numbers_in_texts(tmp_path: Path, choices: dict[str, str]) -> None:
    book = write_book({"S": [["a", "b"], ["1,5", 1.25], ["2,75", 1.234], [3.5, 2.345]]})
    assert read_file(tmp_path, book, "xlsx", **choices).rows == [(1.5, 1.25), (2.75, 1.234), (3.5, 2.345)]


@pytest.mark.parametrize("choices", [{}, {"decimal": ","}])
@pytest.mark.parametrize(
    "content",
    [
        '[{"a": "1,5", "b": 1.234, "c": {"d": 2.345}}, {"a": "2,5", "b": 3.456, "c": {"d": 4.567}}]',
        '[["a", "b", "c.d"], ["1,5", 1.234, 2.345], ["2,5", 3.456, 4.567]]',
        '{"a": ["1,5", "2,5"], "b": [1.234, 3.456], "c.d": [2.345, 4.567]}',
    ],
)
def test_numbers_of_json_stay_what_they_are_beside_numbers_in_texts(
    tmp_path: Path, content: str, choices: dict[str, str]
) -> None:
    found = read_file(tmp_path, content, "json", **choices)
    assert (found.names, found.rows) == (["a", "b", "c.d"], [(1.5, 1.234, 2.345), (2.5, 3.456, 4.567)])


def test_letters_that_json_spells_as_codes_are_read_like_any_others(tmp_path: Path) -> None:
    rows = [{"a": "۱۲", "b": "علي", "c": "۱۴۰۲/۰۵/۱۷"}, {"a": "نامشخص", "b": "كتاب", "c": "۱۴۰۲/۰۵/۱۸"}]
    text = json.dumps(rows, ensure_ascii=True)
    assert text.isascii()
    days = [date(2023, 8, 8), date(2023, 8, 9)]
    assert read_file(tmp_path, text, "json").rows == [(12, "علی", days[0]), (None, "کتاب", days[1])]


def test_texts_of_a_parquet_file_may_have_a_decimal_comma(tmp_path: Path) -> None:
    selected = "SELECT unnest(['1,5', '2,25']) AS a, unnest(['1.5', '2.25']) AS b, 1.234 AS c"
    duckdb.execute(f"COPY ({selected}) TO '{tmp_path}/a.parquet'")
    found = read_file(tmp_path, (tmp_path / "a.parquet").read_bytes(), "parquet")
    assert found.rows == [(1.5, 1.5, 1.234), (2.25, 2.25, 1.234)]


def test_a_separator_at_the_end_of_every_line_makes_no_column(tmp_path: Path) -> None:
    found = read_file(tmp_path, "a,b,,\n1,2,,\n3,4,NA,\n")
    assert (found.names, found.rows) == (["a", "b"], [(1, 2), (3, 4)])
    assert found.notes == ["The last 2 columns have neither names nor values, so they were left out."]


def test_a_single_late_value_keeps_the_nameless_column_at_the_end(tmp_path: Path) -> None:
    found = read_file(tmp_path, "a,b,\n" + "1,2,\n" * 200_000 + "3,4,5\n")
    assert (found.names, found.rows[-1]) == (["a", "b", "column_3"], (3, 4, 5))
    assert found.notes == ["Column 3 has no name; it is called “column_3”."]


def test_one_column_beside_nothing_is_one_column(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="The table has one column, “a”"):
        read_file(tmp_path, "a,\n1,\n2,\n")


CARS = """18.0   8   307.0      130.0  70  1\t"chevrolet malibu"
15.0   8   350.0      ?      70  1\t"buick skylark"
9.5    8   304.0      193.0  70  1\t"hi 1200d"
"""


@pytest.mark.parametrize(
    ("text", "names", "first"),
    [
        (
            CARS,
            [f"column_{number}" for number in range(1, 8)],
            (18.0, 8, 307.0, 130.0, 70, 1, "chevrolet malibu"),
        ),
        (" 0.00632  18.00   2.310  0\n 0.02731   0.00   7.070  0\n 0.03237   0.00   2.180  1\n", None, (0.00632, 18.0, 2.31, 0)),
        ("   city  size\n0   Yazd   1.5\n1    Qom  12.5\n2  Rasht   3.0\n", ["column_1", "city", "size"], (0, "Yazd", 1.5)),
        ("name      n\nالف       ۱\nب        ۱۲\nپ         ۳\n", ["name", "n"], ("الف", 1)),
    ],
)
def test_columns_that_are_set_below_each_other_by_spaces_are_columns(
    tmp_path: Path, text: str, names: list[str] | None, first: tuple[Any, ...]
) -> None:
    found = read_file(tmp_path, text)
    assert found.rows[0] == first
    assert (len(found.rows), found.rejected) == (3, [])
    assert names is None or found.names == names


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("id\tcash\tcard\tn\n" + "1\t2\t\t3\n2\t\t6\t3\n" * 9, [(1, 2, None, 3), (2, None, 6, 3)]),
        ("id\ta\tb\n" + "1\t\t3\n2\t\t4\n" * 9, [(1, None, 3), (2, None, 4)]),
        ("id~name~n\n" + "1~ali  rezai~5\n2~sara  amini~6\n" * 9, [(1, "ali  rezai", 5), (2, "sara  amini", 6)]),
        ("شناسه، نام، شهر\n" + "1،  علی1، تهران\n2،  علی2، قم\n" * 9, [(1, "علی1", "تهران"), (2, "علی2", "قم")]),
    ],
)
def test_other_separators_than_spaces_go_first(tmp_path: Path, text: str, rows: list[tuple[Any, ...]]) -> None:
    assert read_file(tmp_path, text).rows[:2] == rows


def test_a_space_that_somebody_chose_leaves_cells_empty(tmp_path: Path) -> None:
    text = "a b c\n1  3\n4  6\n7  9\n"
    assert read_file(tmp_path, text, delimiter=" ").rows == [(1, None, 3), (4, None, 6), (7, None, 9)]


def test_names_of_several_words_stand_above_columns_that_spaces_make(tmp_path: Path) -> None:
    found = read_file(
        tmp_path, "Max Temp   Min Temp   Rain\n   31.5       20.1    0.0\n   30.0       19.5    1.2\n 29.5   18  0\n"
    )
    assert (found.names, found.rows[0]) == (["Max Temp", "Min Temp", "Rain"], (31.5, 20.1, 0.0))


@pytest.mark.parametrize(
    "text",
    [
        "name, city,  n\nAli, Qom,  1\nSara, Yazd,  2\nReza, Rasht,  3\n",
        "first  last\tcity\nAli  Rezai\tQom\nSara  Karimi\tYazd\nReza  Amini\tRasht\n",
        "label\ttext\nham\tGo until  jurong\nspam\tFree entry  now\nham\tU dun  say\n",
    ],
)
def test_spaces_within_values_separate_nothing(tmp_path: Path, text: str) -> None:
    assert len(read_file(tmp_path, text).names) == text.splitlines()[0].count(",") + text.splitlines()[0].count("\t") + 1


@pytest.mark.parametrize("word", [r"\N", "(null)"])
def test_words_for_missing_that_databases_write_are_known(tmp_path: Path, word: str) -> None:
    found = read_file(tmp_path, f"n,d\n{word},2024-01-02\n1,{word}\n2,0000-00-00\n")
    assert (found.types, found.column("n")) == ({"n": "BIGINT", "d": "DATE"}, [None, 1, 2])
    assert [day is None for day in found.column("d")] == [False, True, True]


@pytest.mark.parametrize("declared", ["sep=;\n", "SEP=;\r\n"])
def test_the_line_that_tells_excel_the_separator_is_no_row(tmp_path: Path, declared: str) -> None:
    found = read_file(tmp_path, f"{declared}a;b\nx,y;2\nz,w;4\n")
    assert (found.names, found.rows, found.notes) == (["a", "b"], [("x,y", 2), ("z,w", 4)], [])
    assert found.profile["dialect"]["skip_lines"] == 1


def test_a_line_of_json_with_a_damaged_letter_is_listed(tmp_path: Path) -> None:
    lines = ['{"a": "سارا و مینا", "b": 1}', '{"a": "رضا", "b": 2}', '{"a": "مینا", "b": 3}']
    content = "\n".join(lines).encode().replace("رضا".encode(), b"\xd8\xb1\xd8")
    found = read_file(tmp_path, content, "jsonl")
    assert (found.column("b"), found.rejected_count) == ([1, 3], 1)
    assert found.rejected == [(2, '{"a": "ر�", "b": 2}', "The row holds bytes that are no UTF-8 text.")]


@pytest.mark.parametrize(
    "content",
    [b"\xc2", b'[{"a": 1, "b": "%s"},\n {"a": 1, "b": "\xd8x"}]' % PERSIAN, b'{"a": [1, 2], "b": ["\xd8", "%s"]}' % PERSIAN],
)
def test_json_with_a_damaged_letter_is_refused_with_its_place(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        read_file(tmp_path, content, "json")
    assert refused.value.problems[0].code == "broken_json"
    assert "a byte that is no UTF-8 text" in refused.value.problems[0].message.english()


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (
            "How satisfied are you with all that our branch does for you?;gender\nvery;m\nlittle;f\nvery;m\n",
            ["How satisfied are you with all that our branch does for you?", "gender"],
        ),
        ("country,2020\nIran,5\nIraq,6\nOman,7\n", ["country", "2020"]),
        ("name,city,1402\nعلی,تهران,بله\nسارا,قم,نه\n", ["name", "city", "1402"]),
        ("Ali,1985\nSara,1990\nReza,64\n", ["column_1", "column_2"]),
        (
            "some words that are more than eight in all and so on,spam\nless,ham\nnothing at all here,ham\nno,ham\n",
            ["column_1", "column_2"],
        ),
        ("\u200bname\u200f,\ufeffage,نیم\u200cفاصله\u200c\nx,1,2\n", ["name", "age", "نیم\u200cفاصله"]),
        ("name\u200f,name\nx,1\n", ["name", "name_2"]),
    ],
)
def test_names_of_columns_are_told_from_values_and_tidied(tmp_path: Path, content: str, names: list[str]) -> None:
    assert read_file(tmp_path, content).names == names


def test_a_very_long_name_is_shortened_and_that_is_said(tmp_path: Path) -> None:
    found = read_file(tmp_path, f"{'x' * 300},b\n1,2\n3,4\n")
    assert found.names == ["x" * 119 + "…", "b"]
    assert found.notes == [f"The name of column 1 has 300 characters; it is shortened to “{'x' * 119}…”."]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("\n<!DOCTYPE html>\n<html><body>a,b\n1,2</body></html>", "a web page"),
        ("<table><tr><td>1</td></tr></table>", "a web page"),
        ('<?xml version="1.0"?>\n<rows><row a="1"/></rows>', "XML"),
        ('<rows>\n <row a="1"/>\n</rows>', "XML"),
        ('[{"a": 1, "b": 2}, {"a": 3, "b": 4}]', "JSON"),
        ('[{"a": 1, "b": 2},\n {"a": 3, "b": 4}]', "JSON"),
        ('{"a": 1, "b": 2}\n{"a": 3, "b": 4}\n', "JSON"),
        ('[\n  {\n "a": 1}]', "JSON"),
        ("[" + '{"a": 1, "b": 2},' * 9000 + "{}]", "JSON"),
    ],
)
def test_what_is_no_csv_for_all_its_name_is_refused_with_what_it_is(tmp_path: Path, content: str, what: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_file(tmp_path, content)
    assert refused.value.problems[0].code == "other_text"
    assert refused.value.problems[0].message.english().startswith(f"The file is {what}, not CSV.")


@pytest.mark.parametrize("first", ["<5,low", "<b>,x", "[1],2", '{"a":1},2', "[a,b", '"[1,2]",2', "{,}"])
def test_csv_that_only_begins_like_something_else_is_read(tmp_path: Path, first: str) -> None:
    assert len(read_file(tmp_path, f"{first}\nx,1\ny,2\nz,3\n").rows) >= 3


def test_a_packed_file_is_what_its_own_name_says(tmp_path: Path) -> None:
    packed = pack(b'[{"a": 1, "b": 2}, {"a": 3, "b": 4}]', "zip", "rows.json")
    found = read_file(tmp_path, packed, "csv.zip")
    assert (found.rows, found.profile["dialect"]["format"]) == ([(1, 2), (3, 4)], "json")


@pytest.mark.parametrize("repeats", [1, 500])  # beyond the rows that are looked at first
@pytest.mark.parametrize(
    ("strays", "notes"),
    [
        (
            ["n/k;soon;x"],
            [
                "Only “n/k” is no number. Choose “Number” for the column, and it counts as missing.",
                "Only “soon” is no date. Choose “Date” for the column, and it counts as missing.",
            ],
        ),
        (
            ["n/k;soon;x", "broken;never;x"],
            [
                "Only 2 values are no numbers, such as “broken”. Choose “Number” for the column, and they count as missing.",
                "Only 2 values are no dates, such as “never”. Choose “Date” for the column, and they count as missing.",
            ],
        ),
    ],
)
def test_a_few_cells_that_make_a_column_text_are_told(tmp_path: Path, strays: list[str], notes: list[str], repeats: int) -> None:
    rows = [f"{number}.5;2024-01-{number % 28 + 1:02};x {number % 3}" for number in range(40)] * repeats
    content = "\n".join(["a;d;n", *rows, *strays, ""])
    found = read_file(tmp_path, content)
    assert list(found.reasons.values())[:2] == notes[:2]
    warned = [
        (warning["column"], warning["severity"]) for warning in found.profile["warnings"] if warning["code"] == "stray_values"
    ]
    assert warned == [("a", "warn"), ("d", "warn")]
    chosen = read_file(tmp_path, content, kinds={"a": "number", "d": "date"})
    assert chosen.types == {"a": "DOUBLE", "d": "DATE", "n": "VARCHAR"}
    assert chosen.column("a").count(None) == chosen.column("d").count(None) == len(strays)


def test_texts_with_numbers_among_them_are_texts(tmp_path: Path) -> None:
    rows = "".join(f"{number if number % 2 else 'x'};{number % 3}\n" for number in range(40))
    assert "Choose" not in read_file(tmp_path, f"a;b\n{rows}").reasons["a"]


def test_that_an_encoding_is_a_guess_is_said_and_another_can_be_chosen(tmp_path: Path) -> None:
    content = "город,n\nМосква,1\nКазань,2\n".encode("cp1251")
    found = read_file(tmp_path, content)
    note = "The file does not say its encoding, so it was read as {}. If letters look wrong, choose another one."
    assert found.notes == [note.format(found.profile["dialect"]["encoding"])]
    chosen = read_file(tmp_path, content, encoding="windows-1251")
    assert (chosen.names, chosen.column("город"), chosen.notes) == (["город", "n"], ["Москва", "Казань"], [])


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_that_can_be_chosen_is_read(tmp_path: Path, encoding: str) -> None:
    words = {"windows-1256": "شهر", "windows-1251": "город", "gb18030": "城市", "shift_jis": "都市", "windows-1250": "Łódź"}
    name = words.get(encoding, "Größe")
    assert read_file(tmp_path, f"{name},n\nx,1\ny,2\n".encode(encoding), encoding=encoding).names == [name, "n"]

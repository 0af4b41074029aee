from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.trainer.conftest import Ingest
from trainer.contract import IngestOrder, Message, ReadingChoices, Refusal
from trainer.reading.csv_cells import SAMPLE_BYTES
from trainer.reading.ingest import ingest
from trainer.reading.json_refusals import MAX_COLUMNS


def read_rows(tmp_path: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(f"SELECT * FROM '{tmp_path}/data/table.parquet'").fetchall()  # noqa: S608


def kinds(profile: dict[str, Any]) -> dict[str, str]:
    return {column["name"]: column["kind"] for column in profile["columns"]}


@pytest.mark.parametrize(
    ("content", "file_format", "code", "words"),
    [
        ("", "csv", "empty_file", ["empty"]),
        (" \n\n", "csv", "empty_file", ["empty"]),
        (b"\xef\xbb\xbf", "csv", "empty_file", ["empty"]),
        ("", "json", "empty_file", ["empty"]),
        ("a,b\n", "csv", "no_rows", ["no rows"]),
        ("[]", "json", "no_rows", ["no rows"]),
        ("{}\n{}", "jsonl", "no_rows", ["no rows"]),
        ("a\n1\n2\n", "csv", "one_column", ["“a”"]),
        ('{"a":1}\n{"a":2}', "jsonl", "one_column", ["“a”"]),
        (bytes(range(256)) * 8, "csv", "not_text", ["line 1"]),
        (b"a,b\n1,2\n3,\x00\n", "csv", "not_text", ["line 3"]),
        ('[{"a":1},\n{"a":2,}]', "json", "broken_json", ["line 2", "column 8"]),
        ('[{"a":1}\n{"a":2}]', "json", "broken_json", ["line 2", "column 1"]),
        ('[{"a":1}] x', "json", "broken_json", ["line 1", "column 11"]),
        ('[{"a":1},', "json", "broken_json", ["line 1"]),
        ('{"a":1}\n{"a":2\n{"a":3}', "jsonl", "broken_json", ["line 2"]),
        ("[" * 100_000, "json", "broken_json", ["line 1"]),
        ("[1,2]", "json", "not_a_table", ["Row 1", "a number"]),
        ('{"a":1}', "json", "not_a_table", ["one object"]),
        ('"text"', "json", "not_a_table", ["a text"]),
        ('{"a":1}\n[2]', "jsonl", "not_a_table", ["Row 2", "an array"]),
        (",".join(f"c{i}" for i in range(5_001)) + "\n1\n", "csv", "too_many_columns", ["5001", "5000"]),
        ("a,b\n1\n2\n3,4\n", "csv", "unreadable_rows", ["line 2", "2 columns", "1"]),
    ],
)
def test_unusable_file_is_refused_with_what_and_where(
    ingest_text: Ingest, content: str | bytes, file_format: str, code: str, words: list[str]
) -> None:
    with pytest.raises(Refusal) as caught:
        ingest_text(content, file_format)
    (problem,) = caught.value.problems
    assert problem.code == code
    assert all(word in problem.message.english() for word in words), problem.message.english()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('[{"a":}]', "a value is missing here"),
        ('[{"a":1 "b":2}]', "a comma or closing bracket is missing here"),
        ('[{"a":1}\n{"a":2}]', "a comma or closing bracket is missing here"),
        ('[{"a" 1}]', "a colon is missing here"),
        ("[{a:1}]", "a name in double quotes is missing here"),
        ('[{"a":"x}]', "a text is not closed"),
        ('[{"a":"x\ny"}]', "a text holds a line break or another control character"),
        ('[{"a":"\\x"}]', "a backslash is followed by something it cannot stand before"),
        ('[{"a":"\\ux"}]', "a backslash is followed by something it cannot stand before"),
        ('[{"a":1}] x', "something follows where the JSON has ended"),
        ("[" * 100_000, "lists and objects are nested too deeply"),
    ],
)
def test_what_is_wrong_with_json_is_a_sentence_of_ours(ingest_text: Ingest, content: str, reason: str) -> None:
    with pytest.raises(Refusal) as caught:
        ingest_text(content, "json")
    assert caught.value.problems[0].message.params["what"] == Message(reason)


def test_refused_file_leaves_no_table(ingest_text: Ingest, tmp_path: Path) -> None:
    with pytest.raises(Refusal):
        ingest_text('{"a":1}\nbroken', "jsonl")
    assert list((tmp_path / "data").iterdir()) == []


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("a,b\r\n1,x\r\n2,y\r\n", [(1, "x"), (2, "y")]),
        ("a;b\n1,5;x\n2;y\n", [(1.5, "x"), (2, "y")]),
        ("a\tb\n1\tx", [(1, "x")]),
        ("a|b\n1|x\n", [(1, "x")]),
        ("a,b\r1,x\r2,y\r", [(1, "x"), (2, "y")]),
        ("a,b\n1,x\r\n2,y\n", [(1, "x"), (2, "y")]),
        ("\n\na,b\n1,x\n", [(1, "x")]),
        ('a,b\n1,"x, ""y""\nz"\n', [(1, 'x, "y"\nz')]),
        ("a,b\n'x,y',1\n'z',2\n", [("x,y", 1), ("z", 2)]),
        (b"\xef\xbb\xbfa,b\n1,x\n", [(1, "x")]),
        ("نام,سن\nسارا,30\n", [("سارا", 30)]),
    ],
)
def test_dialects_are_read(ingest_text: Ingest, tmp_path: Path, content: str | bytes, rows: list[Any]) -> None:
    ingest_text(content)
    assert read_rows(tmp_path) == rows


def test_words_for_missing_and_infinite_numbers_become_missing(ingest_text: Ingest, tmp_path: Path) -> None:
    profile = ingest_text("a,b\n1.5,x\n,NA\nNaN,N/A\n?,null\ninf, \n-Infinity,y\n2,nan\n")
    assert read_rows(tmp_path) == [(1.5, "x"), (None, None), (None, None), (None, None), (None, None), (None, "y"), (2.0, None)]
    assert profile["columns"][0]["missing"] == 5
    assert (profile["columns"][0]["min"], profile["columns"][0]["max"], profile["columns"][0]["mean"]) == (1.5, 2.0, 1.75)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "2", "x"], "category"),
        (["99999999999999999999", "2", "3"], "category"),
        (["true", "FALSE", ""], "boolean"),
        (["007", "012", "007"], "category"),
        (["1e3", ".5", "-2."], "number"),
        (["1_000", "2", "3"], "category"),
        (["2024-01-02", "2023/05/06", ""], "date"),
        (["2024-01-02 10:00", "2024-01-02T11:00:05Z", "2020-02-02"], "date"),
        (["2024-13-45", "2023-05-06", "2023-05-07"], "category"),
        (["5", "5", "5"], "constant"),
        (["", "NA", "?"], "constant"),
    ],
)
def test_one_column_one_type_that_every_value_fits(ingest_text: Ingest, values: list[str], kind: str) -> None:
    lines = "".join(f"{value},{position}\n" for position, value in enumerate(values))
    assert kinds(ingest_text("v,other\n" + lines))["v"] == kind


def test_type_does_not_fail_late(ingest_text: Ingest, tmp_path: Path) -> None:
    lines = "".join(f"{number % 7},{number}\n" for number in range(30_000))
    profile = ingest_text("v,other\n" + lines + "late,1\n")
    assert profile["rows"] == 30_001
    assert kinds(profile)["v"] == "category"
    assert read_rows(tmp_path)[-1][0] == "late"


@pytest.mark.parametrize("word", ["apple", "سیب"])
def test_words_for_missing_that_only_come_late_are_missing_all_the_same(ingest_text: Ingest, tmp_path: Path, word: str) -> None:
    """The beginning of the file, by which columns are judged, holds none of them."""
    line = f"{word},1.5,7,2024-01-02,true\n"
    rows = 2 * SAMPLE_BYTES // len(line)
    profile = ingest_text("text,number,whole,day,truth\n" + line * rows + "NA,-,?,null,n/a\n NA , - , ? , null , n/a \n")
    assert kinds(profile) == dict.fromkeys(("text", "number", "whole", "day", "truth"), "constant")
    assert [column["missing"] for column in profile["columns"]] == [2] * 5
    assert read_rows(tmp_path)[-3:] == [(word, 1.5, 7, date(2024, 1, 2), True), (None,) * 5, (None,) * 5]


def test_a_late_word_for_missing_is_no_text(ingest_text: Ingest, tmp_path: Path) -> None:
    """Among texts alone, nothing ends the first way of reading."""
    ingest_text("a,b\n" + "apple,pear\n" * (2 * SAMPLE_BYTES // 11) + "NA,<NA>\n")
    assert read_rows(tmp_path)[-2:] == [("apple", "pear"), (None, None)]


def test_number_that_a_person_calls_missing_is_missing_wherever_it_comes(tmp_path: Path) -> None:
    original = tmp_path / "table.csv"
    original.write_text("a,b\n" + "1.5,x\n" * (2 * SAMPLE_BYTES // 6) + "-999,y\n")
    ingest(IngestOrder(str(original), "csv", str(tmp_path / "data"), choices=ReadingChoices(missing=("-999",))))
    assert read_rows(tmp_path)[-1] == (None, "y")


def test_numbers_of_a_workbook_are_what_they_are_beside_texts_with_commas(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["price", "ratio"], ["12,50", 1.234], ["13,75", 2.345], ["14,25", 3.456]):
        sheet.append(row)
    book.save(tmp_path / "table.xlsx")
    ingest(IngestOrder(str(tmp_path / "table.xlsx"), "xlsx", str(tmp_path / "data")))
    assert [row[1] for row in read_rows(tmp_path)] == [1.234, 2.345, 3.456]


def test_words_for_missing_are_missing_in_the_texts_of_parquet(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"COPY (FROM (VALUES ('1', 'x'), ('-', 'NA'), ('3', 'y')) t(a, b)) TO '{tmp_path}/p.parquet'")
    ingest(IngestOrder(str(tmp_path / "p.parquet"), "parquet", str(tmp_path / "data")))
    assert read_rows(tmp_path) == [(1, "x"), (None, None), (3, "y")]


def test_unreadable_rows_are_counted_with_line_and_reason(ingest_text: Ingest) -> None:
    profile = ingest_text('a,b\n1,"2\n"\n3\n4,"5"\n6,7,8\n9,"x"y\n10,"11"\n12,"13"\n')
    rejected = profile["rejected"]
    assert profile["rows"] == 4
    assert rejected["count"] == 3
    assert [row["line"] for row in rejected["rows"]] == [4, 6, 7]
    assert Message.from_dict(rejected["rows"][0]["reason"]).english() == "The table has 2 columns, this row has 1."
    assert rejected["rows"][1]["text"] == "6,7,8"


def test_only_the_first_fifty_rejected_rows_are_listed(ingest_text: Ingest) -> None:
    profile = ingest_text("a,b\n" + "1,2\n" * 100 + "1\n" * 60)
    assert (profile["rejected"]["count"], len(profile["rejected"]["rows"])) == (60, 50)


@pytest.mark.parametrize("truth", ["true", "yes"])
def test_rows_keep_their_order_and_what_was_written_stays_beside_them(tmp_path: Path, truth: str) -> None:
    """Over several buffers, which threads share; with cells that are looked up in lists of words."""
    filler = "x" * 150
    lines = "".join(f"{row},{row} تومان,{truth if row % 2 else 'NA'},{filler} \n" for row in range(300_000))
    original = tmp_path / "table.csv"
    original.write_text("id,amount,truth,note\n" + lines, encoding="utf-8")
    ingest(IngestOrder(str(original), "csv", str(tmp_path / "data"), threads=4))
    query = """SELECT count(*), count_if(t.id <> t.row OR t.amount <> t.row OR w.amount <> t.row || ' تومان')
        FROM (SELECT *, row_number() OVER () - 1 AS row FROM read_parquet(?)) t
        POSITIONAL JOIN read_parquet(?) w"""
    with duckdb.connect() as connection:
        paths = [str(tmp_path / "data" / name) for name in ("table.parquet", "written.parquet")]
        assert connection.execute(query, paths).fetchone() == (300_000, 0)


def test_hundreds_of_columns_keep_their_order_and_their_rows(ingest_text: Ingest, tmp_path: Path) -> None:
    header = ",".join(f"c{column}" for column in range(300))
    lines = "".join(",".join(f"{row}.{column}" for column in range(300)) + "\n" for row in range(5))
    assert list(kinds(ingest_text(f"{header}\n{lines}"))) == header.split(",")
    assert read_rows(tmp_path)[3] == tuple(float(f"3.{column}") for column in range(300))


def test_as_many_columns_as_are_taken_fit_into_the_usual_memory(ingest_text: Ingest) -> None:
    names = ",".join(f"c{column}" for column in range(MAX_COLUMNS))
    profile = ingest_text(names + "\n" + (",".join("1" for _ in range(MAX_COLUMNS)) + "\n") * 3)
    assert (profile["rows"], profile["width"]) == (3, MAX_COLUMNS)


def test_names_are_trimmed_and_never_alike(ingest_text: Ingest) -> None:
    profile = ingest_text(" a ,a,,A,column_3\n1,2,3,4,5\n")
    assert list(kinds(profile)) == ["a", "a_2", "column_3_2", "A_3", "column_3"]
    assert len(profile["notes"]) == 3


@pytest.mark.parametrize("name", ['a"; DROP TABLE cells; --', "'); SELECT 1; --", "c1", "$1", "a\\", "نام ستون", "<script>"])
def test_hostile_column_name_is_only_a_name(ingest_text: Ingest, tmp_path: Path, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    profile = ingest_text(f"{quoted},other\n1,2\n3,4\n")
    assert list(kinds(profile)) == [name, "other"]
    assert read_rows(tmp_path) == [(1, 2), (3, 4)]


def test_csv_file_cannot_make_the_reader_open_another_file(ingest_text: Ingest, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("s,t\n1,2\n")
    profile = ingest_text(f"\"read_csv('{tmp_path}/secret.csv')\",b\n1,2\n")
    assert profile["rows"] == 1


@pytest.mark.parametrize("name", ["data[1].csv", "what?.csv", "st*r.csv", "it's.csv"])
def test_file_name_is_no_pattern(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("a,b\n1,2\n")
    (tmp_path / "star.csv").write_text("a,b\n1,2\n3,4\n")
    assert ingest(IngestOrder(str(tmp_path / name), "csv", str(tmp_path / "o[u]t")))["rows"] == 1


def test_json_keeps_column_order_nested_values_and_late_keys(ingest_text: Ingest, tmp_path: Path) -> None:
    profile = ingest_text('[{"b": 1, "a": {"x": [1, 2.5]}}, {"b": NaN, "late": true}, {"b": null, "a": "سلام"}]', "json")
    assert list(kinds(profile)) == ["b", "a.x", "late", "a"]
    assert read_rows(tmp_path) == [(1, "[1, 2.5]", None, None), (None, None, True, None), (None, None, None, "سلام")]


@pytest.mark.parametrize("file_format", ["json", "jsonl"])
def test_objects_per_line_are_read_under_either_name(ingest_text: Ingest, tmp_path: Path, file_format: str) -> None:
    ingest_text('\ufeff{"a": 1, "b": "x\\ny"}\r\n\r\n{"a": 2, "b": "q"}', file_format)
    assert read_rows(tmp_path) == [(1, "x\ny"), (2, "q")]


def test_json_numbers_of_any_length_and_half_characters_do_no_harm(ingest_text: Ingest, tmp_path: Path) -> None:
    ingest_text('[{"a": ' + "9" * 5000 + ', "b": "\\ud800x"}, {"a": 2, "b": "\\u0000"}]', "json")
    assert read_rows(tmp_path) == [(None, "?x"), (2.0, None)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(st.binary(max_size=200), st.text(alphabet="a1,;\"\n\r\t|'{}[]:é ", max_size=120)),
    name=st.sampled_from(["csv", "json", "jsonl"]),
)
def test_any_bytes_are_a_table_or_a_refusal(ingest_text: Ingest, content: bytes | str, name: str) -> None:
    with contextlib.suppress(Refusal):
        assert ingest_text(content, name)["rows"] > 0


def test_ingesting_never_waits_for_torch_or_scikit_learn(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    code = """
import sys
from trainer.__main__ import main
main()
print({"torch", "sklearn", "pandas"} & set(sys.modules))
"""
    command = [sys.executable, "-c", code, "ingest", "--data", str(tmp_path / "a.csv"), "--out", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=dict(os.environ))
    assert done.stdout.splitlines()[-1] == "set()"


def test_a_json_row_too_long_to_be_read_is_counted(ingest_text: Ingest) -> None:
    rows = [{"a": 1, "b": "x"}, {"a": 2, "b": "y" * (17 << 20)}, {"a": 3, "b": "z"}]
    profile = ingest_text("\n".join(json.dumps(row) for row in rows), "jsonl")
    assert (profile["rows"], profile["rejected"]["count"]) == (2, 1)


def test_half_a_character_in_a_json_key_is_replaced(ingest_text: Ingest) -> None:
    profile = ingest_text('[{"\\ud800": 1, "b": "x"}, {"b": "y"}]', "json")
    assert [column["name"] for column in profile["columns"]] == ["?", "b"]

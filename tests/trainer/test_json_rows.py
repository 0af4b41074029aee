from __future__ import annotations

import contextlib
import csv
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from trainer.contract import Message, Refusal
from trainer.reading import json_rows, json_stream
from trainer.reading.json_rows import JsonTable, write_rows_as_csv

MAX_ROW_BYTES = 16 << 20
Rows = list[list[str]]
Read = Callable[..., tuple[JsonTable, Rows]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """The table and its rows of a text."""

    def run(content: str | bytes, file_format: str = "json", records: str | None = None) -> tuple[JsonTable, Rows]:
        return read_text(tmp_path, content, file_format, records)

    return run


def read_text(folder: Path, content: str | bytes, file_format: str, records: str | None = None) -> tuple[JsonTable, Rows]:
    original, output = folder / f"original.{file_format}", folder / "flat.csv"
    original.write_bytes(content if isinstance(content, bytes) else content.encode())
    table = write_rows_as_csv(original, file_format, output, records)
    csv.field_size_limit(2 * MAX_ROW_BYTES)
    with output.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == [str(position) for position in range(len(table.names))] or header == [""]
    return table, rows


def refuse(read: Read, content: str | bytes, file_format: str = "json", records: str | None = None) -> tuple[str, str]:
    """The code and the sentence of a refusal."""
    with pytest.raises(Refusal) as caught:
        read(content, file_format, records)
    (problem,) = caught.value.problems
    return problem.code, problem.message.english()


@pytest.fixture(params=[1, 7, 1 << 18], ids=["windows of 1 byte", "windows of 7 bytes", "one window"])
def _window(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "CHUNK_BYTES", request.param)


SHAPES = {
    "array": '[{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]',
    "array over lines": '\n [\n  {"a": 1,\n "b": "x"}\n , {"a": 2, "b": "y"}\n]\n\n',
    "lines": '{"a": 1, "b": "x"}\n{"a": 2, "b": "y"}\n',
    "lines with blanks": '\n {"a": 1, "b": "x"} \r\n\r\n\t{"a": 2, "b": "y"}',
    "lines ended as on old computers": '{"a": 1, "b": "x"}\r{"a": 2, "b": "y"}\r',
    "objects over lines": '{\n "a": 1,\n "b": "x"\n}\n{\n "a": 2,\n "b": "y"\n}\n',
    "objects on one line": '{"a": 1, "b": "x"}{"a": 2, "b": "y"}',
    "inside an object": '{"meta": {"n": [2]}, "data": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}], "next": null}',
    "columns": '{"a": [1, 2], "b": ["x", "y"]}',
    "columns over lines": '{\n"a": [\n1,\n2],\n"b": ["x",\n"y"\n]}\n',
    "array of arrays with names": '[["a", "b"], [1, "x"], [2, "y"]]',
    "lines of arrays with names": '["a", "b"]\n[1, "x"]\n[2, "y"]',
}


@pytest.mark.usefixtures("_window")
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["", "mark"])
@pytest.mark.parametrize("file_format", ["json", "jsonl"])
@pytest.mark.parametrize("content", SHAPES.values(), ids=SHAPES.keys())
def test_every_shape_is_the_same_table_under_either_name(read: Read, content: str, file_format: str, mark: str) -> None:
    table, rows = read(mark + content, file_format)
    assert (table.names, rows) == (["a", "b"], [["1", "x"], ["2", "y"]])
    assert (table.rejected_count, table.rejected) == (0, [])


# --- cells


@pytest.mark.parametrize(
    ("written", "cell"),
    [
        ("1.10", "1.10"),
        ("12345678901234567890", "12345678901234567890"),
        ("-0", "-0"),
        ("1E5", "1E5"),
        ("1e400", "1e400"),
        ("9" * 400, "9" * 400),
        ("9" * 5000, ""),
        ("0." + "3" * 5000, "0.3333333333333333"),
        ("1" + "0" * 5_000_000, ""),
        ("NaN", ""),
        ("-Infinity", ""),
        ("null", ""),
        ("true", "true"),
        ("false", "false"),
        ('""', ""),
        ('"true"', "true"),
        ('" 1 "', " 1 "),
        ('"\\ud83d\\ude00"', "😀"),
        ('"\\ud800x"', "?x"),
        ('"x\\u0000y\\u0000"', "xy"),
        ('"a \\"b\\", c\\r\\nd"', 'a "b", c\r\nd'),
        ("[]", "[]"),
        ("{}", ""),
        ('[1.10, "x", null, NaN, true, [], {}]', '[1.10, "x", null, null, true, [], {}]'),
        ("[1, 2.50]", "[1, 2.50]"),
        ('["\\u0000", "\\"", "سلام"]', '["\\u0000", "\\"", "سلام"]'),
    ],
)
@pytest.mark.parametrize("shape", ['[{"a": %s, "b": 1}]', '{"a": %s, "b": 1}\n{}', "[[%s, 1]]"], ids=["array", "lines", "lists"])
def test_one_value_one_cell(read: Read, shape: str, written: str, cell: str) -> None:
    table, rows = read(shape % written)
    if written == "{}":
        cell = "{}" if table.names[0] == "column_1" else cell  # an object without keys makes no column
        assert rows[0][: len(table.names) - 1] == [cell][: len(table.names) - 1]
    else:
        assert rows[0] == [cell, "1"]


def test_a_list_of_very_many_numbers_becomes_json_text(read: Read) -> None:
    numbers = [str(number) for number in range(25_000)]
    assert read(f'[{{"a": [{",".join(numbers)}], "b": 1}}]')[1] == [[f"[{', '.join(numbers)}]", "1"]]


@pytest.mark.parametrize(
    ("rows", "names", "cells"),
    [
        ([{"a": {"x": 1, "y": {"z": 2}}}], ["a.x", "a.y"], [["1", '{"z": 2}']]),
        ([{"a": {"x": 1}}, {"a": 5}], ["a.x", "a"], [["1", ""], ["", "5"]]),
        ([{"a": 5}, {"a": {"x": [1]}}], ["a", "a.x"], [["5", ""], ["", "[1]"]]),
        ([{"a": None, "b": 1}, {"a": {"x": 2}, "b": 3}], ["b", "a.x"], [["1", ""], ["3", "2"]]),
        ([{"a": {}, "b": 1}, {"a": {"x": 2}}], ["b", "a.x"], [["1", ""], ["", "2"]]),
        ([{"a": None, "b": 1}, {"b": 2}], ["a", "b"], [["", "1"], ["", "2"]]),
        ([{"a.x": 1}, {"a": {"x": 2}}], ["a.x"], [["1"], ["2"]]),
        ([{"a": {"x": 2}}, {"a.x": 1}], ["a.x"], [["2"], ["1"]]),
        ([{"a.x": 1}, {"a": {"x": 2}}, {"a.x": 3, "a": {"x": 4}}], ["a.x", "a.x_2"], [["1", ""], ["", "2"], ["3", "4"]]),
        ([{"a.x": 1, "a": {"x": 2}}, {"a": {"x": 3}}], ["a.x", "a.x_2"], [["1", "2"], ["", "3"]]),
        ([{"a": {"x": 2}, "a.x": 1}], ["a.x_2", "a.x"], [["2", "1"]]),
        ([{"a.x": 1}, {"a.x": 1, "a": {"x": 2}, "a.x_2": 3}], ["a.x", "a.x_3", "a.x_2"], [["1", "", ""], ["1", "2", "3"]]),
        ([{"a.b": {"c": 1}, "a": {"b.c": 2}, "a.b.c": 3}], ["a.b.c_2", "a.b.c_3", "a.b.c"], [["1", "2", "3"]]),
        ([{"": {"": 1}, "x": 2}], [".", "x"], [["1", "2"]]),
    ],
)
def test_an_object_in_a_row_is_flattened_by_one_level_and_no_value_is_lost(
    read: Read, monkeypatch: pytest.MonkeyPatch, rows: list[Any], names: list[str], cells: Rows
) -> None:
    for sample in (1, 2, 5_000):
        monkeypatch.setattr(json_rows, "SAMPLE_ROWS", sample)
        for content in (json.dumps(rows), "\n".join(json.dumps(row) for row in rows), json.dumps({"data": rows, "n": 1})):
            table, found = read(content, "json" if content[0] == "[" or "data" in content else "jsonl")
            assert (table.names, found) == (names, cells)


def test_columns_that_appear_after_the_sample_are_there(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_rows, "SAMPLE_ROWS", 2)
    early = [{"a": 1}, {"a": 2}]
    assert read(json.dumps([*early, {"b": None}]))[0].names == ["a", "b"]
    table, rows = read(json.dumps([*early, {"a": 3, "b": 4}]))
    assert (table.names, rows) == (["a", "b"], [["1", ""], ["2", ""], ["3", "4"]])
    table, rows = read("[1]\n[2, 3]\nbroken\n[4, 5, 6]" + "\n[7]" * 20)
    assert table.names == ["column_1", "column_2", "column_3"]
    assert (rows[:3], table.rejected_count) == ([["1", "", ""], ["2", "3", ""], ["4", "5", "6"]], 1)


def test_of_two_equal_keys_the_last_one_counts(read: Read) -> None:
    assert read('[{"a": 1, "a": 2, "b": 3}]')[1] == [["2", "3"]]
    table, rows = read('{"d": [{"a": 1}, {"a": 2}], "d": [{"b": 3}], "n": 1}')
    assert (table.names, rows, table.record_choices) == (["b"], [["3"]], ["d"])


def test_half_a_character_in_a_name_is_replaced(read: Read) -> None:
    assert read('[{"\\ud800": 1, "b\\u0000": 2}]')[0].names == ["?", "b"]
    assert read('{"\\ud800": [1], "b": [2]}')[0].names == ["?", "b"]
    assert read('[["\\ud800", "b"], [1, 2]]')[0].names == ["?", "b"]


# --- lists as rows


@pytest.mark.parametrize(
    ("rows", "names", "cells"),
    [
        ([[1, "x"], [2, "y"]], ["column_1", "column_2"], [["1", "x"], ["2", "y"]]),
        ([["a", "b"], ["x", "y"]], ["column_1", "column_2"], [["a", "b"], ["x", "y"]]),
        ([["a", "a"], [1, 2]], ["column_1", "column_2"], [["a", "a"], ["1", "2"]]),
        ([["a", None], [1, 2]], ["column_1", "column_2"], [["a", ""], ["1", "2"]]),
        ([["a", "b"]], ["column_1", "column_2"], [["a", "b"]]),
        ([["a", "b"], ["x", None]], ["a", "b"], [["x", ""]]),
        ([["a", "b"], [1], [1, 2, 3]], ["a", "b", "column_3"], [["1", "", ""], ["1", "2", "3"]]),
        ([[], [1]], ["column_1"], [[""], ["1"]]),
        ([["a", ["b"]], [1, 2]], ["column_1", "column_2"], [["a", '["b"]'], ["1", "2"]]),
        ([["a", "b"], [[1, {"x": 2}], {"y": [3]}]], ["a", "b"], [['[1, {"x": 2}]', '{"y": [3]}']]),
    ],
)
def test_lists_are_rows_and_the_first_names_the_columns_when_it_can(
    read: Read, rows: list[Any], names: list[str], cells: Rows
) -> None:
    table, found = read(json.dumps(rows))
    assert (table.names, found) == (names, cells)


def test_one_list_per_line_may_be_a_single_line_of_a_jsonl_file(read: Read) -> None:
    assert read("[1, 2]", "jsonl")[1] == [["1", "2"]]


# --- which list holds the rows

TWO_LISTS = '{"users": [{"a": 1}], "tags": ["x"], "orders": [{"b": 1}, {"b": 2}], "none": [], "page": 1}'


def test_the_longest_list_of_objects_holds_the_rows_unless_another_is_chosen(read: Read) -> None:
    table, rows = read(TWO_LISTS)
    assert (table.records, table.record_choices) == ("orders", ["users", "orders"])
    assert (table.names, rows) == (["b"], [["1"], ["2"]])
    table, rows = read(TWO_LISTS, records="users")
    assert (table.records, table.record_choices, table.names, rows) == ("users", ["users", "orders"], ["a"], [["1"]])


@pytest.mark.parametrize(
    ("content", "records", "words"),
    [
        (TWO_LISTS, "people", ["“people”", "users, orders"]),
        (TWO_LISTS, "tags", ["“tags”", "users, orders"]),
        (TWO_LISTS, "", ["“”", "users, orders"]),
        ('[{"a": 1}]', "a", ["“a”", "under no name"]),
        ('{"a": 1}\n{"a": 2}', "a", ["“a”", "under no name"]),
        ('{"a":\n 1}\n{"a": 2}', "a", ["“a”", "under no name"]),
        ('{"a": [1, 2]}', "a", ["“a”", "under no name"]),
    ],
)
def test_a_choice_of_a_list_that_is_not_there_is_refused(read: Read, content: str, records: str, words: list[str]) -> None:
    code, sentence = refuse(read, content, records=records)
    assert code == "unknown_records"
    assert all(word in sentence for word in words), sentence


# --- what is no table


@pytest.mark.usefixtures("_window")
@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        ("[1,2]", "not_a_table", ["Row 1 is a number"]),
        ('[{"a":1}, null]', "not_a_table", ["Row 2 is null"]),
        ('[{"a":1}, [2]]', "not_a_table", ["Row 2 is an array, not an object"]),
        ('[[1], {"a":1}]', "not_a_table", ["Row 2 is one object, not a list"]),
        ('["a", "b"]', "not_a_table", ["Row 1 is a text"]),
        ('{"a":1}', "not_a_table", ["one object"]),
        ("{}", "not_a_table", ["one object"]),
        ('{"a":\n{"b": 1}}', "not_a_table", ["one object"]),
        ('{"a": [[1], [2]]}', "not_a_table", ["one object"]),
        ('{"a": [1, 2], "b": "x"}', "not_a_table", ["one object"]),
        ('{"a": [{"b": 1}], "a": 5}', "not_a_table", ["one object"]),
        ('{"a": [1, 2], "b": [3]}', "not_a_table", ["“a” holds 2", "“b” holds 1"]),
        ('{"n": 2, "data": [{"a": 1}, 5]}', "not_a_table", ["Row 2 is a number"]),
        ('"text"', "not_a_table", ["a text"]),
        ("12", "not_a_table", ["a number"]),
        ("null", "not_a_table", ["null"]),
        ("true", "not_a_table", ["true"]),
        ("hello", "broken_json", ["line 1, column 1", "a value is missing"]),
        ('[{"a":1},\n{"a":2,}]', "broken_json", ["line 2, column 8"]),
        ('[{"a":1}\n{"a":2}]', "broken_json", ["line 2, column 1", "a comma or closing bracket"]),
        ('[{"a":1},\n]', "broken_json", ["line 2, column 1", "a value is missing"]),
        ('[{"a":1}] x', "broken_json", ["line 1, column 11", "something follows"]),
        ('[{"a":1}]\n{"a":1}', "broken_json", ["line 2, column 1", "something follows"]),
        ('[{"a":1},', "broken_json", ["line 1, column 10", "a value is missing"]),
        ('[{"a":1}, {"a": "x', "broken_json", ["line 1, column 17", "a text is not closed"]),
        ('[{"a":1}', "broken_json", ["line 1, column 9", "a comma or closing bracket"]),
        ("[", "broken_json", ["line 1, column 2", "a value is missing"]),
        ("{", "broken_json", ["line 1, column 2", "a name in double quotes"]),
        ('{"a"', "broken_json", ["line 1, column 5", "a colon is missing"]),
        ('{"a":', "broken_json", ["line 1, column 6", "a value is missing"]),
        ('{"a": 1,\n}', "broken_json", ["line 2, column 1", "a name in double quotes"]),
        ('{"a": 1,\n"b" 2}', "broken_json", ["line 2, column 5", "a colon is missing"]),
        ('{"a":\n[1, 2}', "broken_json", ["line 2, column 6", "a comma or closing bracket"]),
        ('{"a":\n1} x', "broken_json", ["line 2, column 4", "something follows"]),
        ('{"a":\n1}\n{"a":\n2', "broken_json", ["line 4, column 2", "a comma or closing bracket"]),
        ('{"a":\n1}\n[1]', "broken_json", ["line 3, column 1", "something follows"]),
        ('{"meta": 1,\n"data": [{"a": 1},\n{"a": tru}]}', "broken_json", ["line 3, column 7", "a value is missing"]),
        ("[" * 100_000, "broken_json", ["line 1, column 2", "nested too deeply"]),
        ('[\n{"a": ' + "[" * 300 + "]" * 300 + "}]", "broken_json", ["line 2, column 1", "nested too deeply"]),
        ('{"a":\n' * 50_000, "broken_json", ["line 2, column 1", "nested too deeply"]),
    ],
)
def test_what_is_no_table_is_refused_with_what_and_where(read: Read, content: str, code: str, words: list[str]) -> None:
    found, sentence = refuse(read, content)
    assert found == code
    assert all(word in sentence for word in words), sentence


@pytest.mark.parametrize(
    "content", ["[]", " [ ] ", "{}\n{}", '{"data": []}', '{"n": 0, "data": []}', "[[]]", '{"a": [], "b": []}']
)
def test_a_table_without_rows_or_columns_is_no_error_here(read: Read, content: str) -> None:
    table, rows = read(content)
    assert not table.names or not rows


def test_one_object_is_a_row_of_a_jsonl_file(read: Read) -> None:
    assert read('{"a": 1, "b": [1, "x"], "c": []}', "jsonl")[1] == [["1", '[1, "x"]', "[]"]]
    assert read('{"a":\n1, "b": 2}', "jsonl")[1] == [["1", "2"]]


@pytest.mark.parametrize("shape", ["[{%s}]", "{%s}\n{}", "[[%s], []]", "{%s}"], ids=["array", "lines", "lists", "columns"])
def test_too_many_columns_are_refused_and_just_enough_are_read(read: Read, shape: str) -> None:
    def make(count: int) -> str:
        value = '"k%d": [1]' if shape == "{%s}" else '"k%d": 1' if "{" in shape else "%d"
        return shape % ", ".join(value % number for number in range(count))

    assert len(read(make(5_000))[0].names) == 5_000
    code, sentence = refuse(read, make(5_001))
    assert code == "too_many_columns"
    assert "5001" in sentence


# --- broken lines


def lines_with(broken: dict[int, str], count: int = 40) -> str:
    return "\n".join(broken.get(number, f'{{"a": {number}, "b": "x"}}') for number in range(1, count + 1))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("nonsense", "The JSON is broken in column 1: a value is missing here."),
        ('{"a": 1,}', "The JSON is broken in column 9: a name in double quotes is missing here."),
        ('  {"a" 1}', "The JSON is broken in column 8: a colon is missing here."),
        ('  {"a": 1} x ', "The JSON is broken in column 12: something follows where the JSON has ended."),
        ('{"a": 1}{"a": 2}', "The JSON is broken in column 9: something follows where the JSON has ended."),
        ('{"a": "x', "The JSON is broken in column 7: a text is not closed."),
        ('{"a": ' + "[" * 5_000, "The JSON is broken in column 1: lists and objects are nested too deeply."),
        ('{"a": ' + "[" * 300 + "]" * 300 + "}", "The JSON is broken in column 1: lists and objects are nested too deeply."),
        ("[1, 2]", "The line holds an array, not an object."),
        ("12", "The line holds a number, not an object."),
        ("null", "The line holds null, not an object."),
    ],
)
@pytest.mark.parametrize("number", [2, 40])
def test_a_broken_line_is_set_aside_with_its_line_and_reason(read: Read, line: str, reason: str, number: int) -> None:
    table, rows = read(lines_with({number: line}), "jsonl")
    assert [row[0] for row in rows] == [str(other) for other in range(1, 41) if other != number]
    (rejected,) = table.rejected
    assert (table.rejected_count, rejected.line, rejected.reason.english()) == (1, number, reason)
    assert rejected.text.strip() == line.strip()[: 200 - len(rejected.text) + len(rejected.text.strip())]
    assert Message.from_dict(rejected.as_dict()["reason"]) == rejected.reason


@pytest.mark.parametrize("file_format", ["json", "jsonl"])
@pytest.mark.parametrize("line", ["nonsense", '{"a": 1,}', '{"a": 1', '{"a": 1} x', '"x"'])
def test_even_the_first_line_may_be_broken(read: Read, line: str, file_format: str) -> None:
    table, rows = read(lines_with({1: line}), file_format)
    assert (len(rows), table.rejected_count, table.rejected[0].line, table.rejected[0].text) == (39, 1, 1, line)


def test_a_file_cut_in_the_middle_of_a_line_keeps_the_others(read: Read) -> None:
    table, rows = read(lines_with({})[:-5], "jsonl")
    assert (len(rows), table.rejected[0].line) == (39, 40)


def test_one_line_in_ten_may_be_broken_and_no_more(read: Read) -> None:
    table, rows = read(lines_with(dict.fromkeys(range(10, 20), "{"), count=100) + "\n\n\n", "jsonl")
    assert (len(rows), [row.line for row in table.rejected]) == (90, list(range(10, 20)))
    code, sentence = refuse(read, lines_with(dict.fromkeys(range(10, 21), "{"), count=100), "jsonl")
    assert (code, "line 10, column 2" in sentence) == ("broken_json", True)


@pytest.mark.parametrize(
    ("content", "file_format", "code", "words"),
    [
        ('{"a":1}\n{"a":2\n{"a":3}', "jsonl", "broken_json", "line 2, column 7"),
        ('{"a":1}\n{"a":2\n{"a":3}', "json", "broken_json", "line 2, column 7"),
        ('{"a":1\n{"a":2}', "jsonl", "broken_json", "line 1, column 7"),
        ('{"a":1\n{"a":2}', "json", "broken_json", "line 2, column 1"),
        ('{"a":1}\nbroken', "jsonl", "broken_json", "line 2, column 1"),
        ('{"a":1}\n[2]', "jsonl", "not_a_table", "Row 2 is an array, not an object"),
        ("[1]\n{}", "jsonl", "not_a_table", "Row 2 is one object, not a list"),
        ("[1]\n[2", "jsonl", "broken_json", "line 2, column 3"),
        ("broken", "jsonl", "broken_json", "line 1, column 1"),
        ("1\n2", "jsonl", "not_a_table", "Row 1 is a number"),
        ("1\n2", "json", "not_a_table", "a number, not a table"),
    ],
)
def test_lines_that_are_mostly_broken_are_refused_for_the_first(
    read: Read, content: str, file_format: str, code: str, words: str
) -> None:
    found, sentence = refuse(read, content, file_format)
    assert (found, words in sentence) == (code, True), sentence


def test_only_the_first_fifty_rejected_lines_are_listed_and_their_text_is_short(read: Read) -> None:
    table, _ = read(lines_with(dict.fromkeys(range(2, 62), "é" * 300), count=700), "jsonl")
    assert (table.rejected_count, len(table.rejected), table.rejected[-1].line) == (60, 50, 51)
    assert table.rejected[0].text == "é" * 200


def test_rejected_lines_are_counted_once_where_the_file_is_read_again(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_rows, "SAMPLE_ROWS", 3)
    table, _ = read(lines_with({2: "broken", 40: '{"late": 1}'}), "jsonl")
    assert (table.names, table.rejected_count) == (["a", "b", "late"], 1)


# --- long rows


def make_row(length_bytes: int) -> str:
    row = '{"a": 2, "b": "%s"}'
    return row % ("y" * (length_bytes - len(row) + len("%s")))


def test_a_row_may_have_sixteen_megabytes_and_not_a_byte_more(read: Read) -> None:
    longest, longer = make_row(MAX_ROW_BYTES), make_row(MAX_ROW_BYTES + 1)
    assert len(read(f'[{{"a": 1}},\n{longest}]')[1]) == 2
    assert len(read(f'{{"a": 1}}\n{longest}\n', "jsonl")[1]) == 2
    code, sentence = refuse(read, f'[{{"a": 1}},\n{longer}]')
    assert (code, "line 2, column 1 " in sentence, "16777216" in sentence) == ("broken_json", True, True)
    table, rows = read(f'{{"a": 1}}\n{longer}\n{{"a": 3}}', "jsonl")
    assert ([row[0] for row in rows], table.rejected_count, table.rejected[0].line) == (["1", "3"], 1, 2)
    assert table.rejected[0].reason.english() == "The row is longer than 16777216 bytes."
    assert len(table.rejected[0].text) == 200


def test_a_file_of_one_endless_line_is_refused_without_reading_it_into_memory(read: Read) -> None:
    for beginning in ('[{"a": "', '{"a": "', '{"data": [{"a": "', "x", "é"):
        code, sentence = refuse(read, beginning + "é" * MAX_ROW_BYTES, "jsonl")
        assert (code, "longer than 16777216 bytes" in sentence) == ("broken_json", True)


def test_texts_of_many_columns_may_be_long_but_not_all_at_once(read: Read) -> None:
    def make(length: int) -> str:
        return json.dumps({f"k{column}": [1, "é" * length, 2] for column in range(64)}, ensure_ascii=False)

    assert read(make(250_000))[1][1] == ["é" * 250_000] * 64
    code, sentence = refuse(read, make(270_000))
    assert (code, "longer than 524288 bytes" in sentence) == ("broken_json", True)


def test_what_is_broken_is_said_at_once_however_large_the_rest_is(read: Read) -> None:
    row = make_row(MAX_ROW_BYTES // 4)
    code, sentence = refuse(read, '[{"a": 1},\n{"a": 1,},\n' + ",\n".join([row] * 8) + "]")
    assert (code, "line 2, column 9" in sentence) == ("broken_json", True)


# --- any table, any window

CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=12),
    st.text(alphabet='",[]{}:\\\n\r é😀', max_size=12),
)
TABLES = st.lists(st.text(max_size=4), min_size=1, max_size=5, unique_by=lambda name: name.replace("\0", "")).flatmap(
    lambda names: st.lists(st.tuples(*[CELLS for _ in names]), min_size=1, max_size=12).map(lambda rows: (names, rows))
)


def write_as_array(names: list[str], rows: list[tuple[Any, ...]], **how: Any) -> str:
    return json.dumps([dict(zip(names, row, strict=True)) for row in rows], **how)


def write_as_lines(names: list[str], rows: list[tuple[Any, ...]], **how: Any) -> str:
    how["indent"] = None
    return "\n".join(json.dumps(dict(zip(names, row, strict=True)), **how) for row in rows)


def write_as_objects(names: list[str], rows: list[tuple[Any, ...]], **how: Any) -> str:
    how["indent"] = 1
    return "\n".join(json.dumps(dict(zip(names, row, strict=True)), **how) for row in rows)


def write_in_an_object(names: list[str], rows: list[tuple[Any, ...]], **how: Any) -> str:
    return json.dumps({"é": [1], "rows": [dict(zip(names, row, strict=True)) for row in rows], "n": {}}, **how)


def write_as_columns(names: list[str], rows: list[tuple[Any, ...]], **how: Any) -> str:
    return json.dumps({name: [row[column] for row in rows] for column, name in enumerate(names)}, **how)


def write_as_lists(names: list[str], rows: list[tuple[Any, ...]], **how: Any) -> str:
    return json.dumps([names, [0] * len(names), *rows], **how)  # by its numbers the second row says that the first is none


def cell_of(value: object) -> str:
    text = value if isinstance(value, str) else "" if value is None else json.dumps(value)
    return text.replace("\0", "")


WRITERS = [write_as_array, write_as_lines, write_as_objects, write_in_an_object, write_as_columns, write_as_lists]
STYLES = st.fixed_dictionaries(
    {
        "ensure_ascii": st.booleans(),
        "indent": st.sampled_from([None, 2]),
        "separators": st.sampled_from([(",", ":"), (" , ", " : ")]),
    }
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=TABLES, write=st.sampled_from(WRITERS), how=STYLES, chunk=st.integers(1, 70), sample=st.integers(2, 4))
def test_any_table_comes_back_from_any_shape_through_any_window(
    tmp_path: Path, table: Any, write: Callable[..., str], how: dict[str, Any], chunk: int, sample: int
) -> None:
    names, rows = table
    file_format = "jsonl" if write in {write_as_lines, write_as_objects} else "json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_stream, "CHUNK_BYTES", chunk)
        patch.setattr(json_rows, "SAMPLE_ROWS", sample)
        found, cells = read_text(tmp_path, write(names, rows, **how), file_format)
    expected = [[cell_of(value) for value in row] for row in rows]
    if write is write_as_lists:
        cells = cells[1:]
    assert found.names == [name.replace("\0", "") for name in names]
    assert cells == expected


DAMAGES = st.tuples(st.integers(0, 300), st.integers(0, 3), st.text(alphabet=',:[]{}"\\ \n1-e.tnu', max_size=2))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=TABLES, damage=DAMAGES, chunk=st.integers(1, 70), indent=st.sampled_from([None, 1]))
@example(table=(["a"], [("x",)]), damage=(300, 0, ""), chunk=1, indent=None)
def test_a_damaged_array_is_refused_where_python_finds_the_damage(
    tmp_path: Path, table: Any, damage: tuple[int, int, str], chunk: int, indent: int | None
) -> None:
    text = write_as_array(*table, indent=indent)
    at, cut, inserted = damage
    at = at % (len(text) - 2) + 2  # the beginning stays: it is what makes the file an array
    text = text[:at] + inserted + text[at + cut :]
    try:
        expected = json.loads(text)
    except json.JSONDecodeError as error:
        expected = error
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_stream, "CHUNK_BYTES", chunk)
        try:
            _, cells = read_text(tmp_path, text, "json")
        except Refusal as refusal:
            (problem,) = refusal.problems
            if problem.code == "not_a_table":  # perhaps in a row above the damage
                assert isinstance(expected, json.JSONDecodeError) or not all(isinstance(row, dict) for row in expected)
            else:
                assert isinstance(expected, json.JSONDecodeError)
                where = (problem.message.params["line"], problem.message.params["column"])
                assert (problem.code, *where) == ("broken_json", expected.lineno, expected.colno)
        else:
            assert isinstance(expected, list)
            assert len(cells) == len(expected)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pieces=st.lists(st.sampled_from([*'[]{}",:\n 1\\', '{"a": 1}', '"b": ', "[2, 3]", "null", "-", "1.5", "😀"]), max_size=30),
    file_format=st.sampled_from(["json", "jsonl"]),
    records=st.sampled_from([None, "b"]),
    chunk=st.integers(1, 70),
)
def test_any_text_is_a_table_or_a_refusal(
    tmp_path: Path, pieces: list[str], file_format: str, records: str | None, chunk: int
) -> None:
    with pytest.MonkeyPatch.context() as patch, contextlib.suppress(Refusal):
        patch.setattr(json_stream, "CHUNK_BYTES", chunk)
        table, rows = read_text(tmp_path, "".join(pieces), file_format, records)
        assert all(len(row) == max(1, len(table.names)) for row in rows)


# --- memory

LIMITED = """
import resource, sys
from pathlib import Path
from trainer.reading.json_rows import write_rows_as_csv
mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (mapped + (48 << 20),) * 2)
table = write_rows_as_csv(Path(sys.argv[1]), sys.argv[1].rpartition(".")[2], Path(sys.argv[2]))
print(table.names)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is set beyond what /proc says is mapped")
@pytest.mark.parametrize(
    ("file_format", "beginning", "separator", "end"),
    [("json", "[", ",", "]"), ("jsonl", "", "\n", "\n"), ("json", '{"n": 1, "data": [', ",", "]}")],
    ids=["one line of an array", "lines", "inside an object"],
)
def test_a_file_far_larger_than_memory_is_read(
    tmp_path: Path, file_format: str, beginning: str, separator: str, end: str
) -> None:
    original = tmp_path / f"original.{file_format}"
    with original.open("w") as file:
        file.write(beginning)
        for number in range(60_000):
            file.write(f'{separator if number else ""}{{"a": {number}, "b": "{"x" * 1000}"}}')
        file.write(end)
    assert original.stat().st_size > 60_000_000
    command = [sys.executable, "-c", LIMITED, str(original), str(tmp_path / "flat.csv")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("['a', 'b']\n", "")
    with (tmp_path / "flat.csv").open() as file:
        assert sum(1 for _ in file) == 60_001

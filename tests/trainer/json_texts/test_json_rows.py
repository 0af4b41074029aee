from __future__ import annotations

import json
from typing import Any

import pytest

from tests.trainer.json_texts.tables import Read, Rows, refuse
from trainer.reading import json_rows

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

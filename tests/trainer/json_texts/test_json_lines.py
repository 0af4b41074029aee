from __future__ import annotations

import json

import pytest

from tests.trainer.json_texts.tables import MAX_ROW_BYTES, Read, refuse
from trainer.contract import Message
from trainer.reading import json_rows


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

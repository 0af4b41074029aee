from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.trainer.json_texts.tables import Read, read_text, refuse
from tests.trainer.json_texts.test_any_json import CELLS, LIMITED, STYLES, cell_of
from trainer.reading import json_document, json_stream

FRAME = pd.DataFrame({"a": [1, 2, None], "b": ["x", "y, z", '"'], "c": [True, False, True]})
NAMES, ROWS = ["a", "b", "c"], [["1.0", "x", "true"], ["2.0", "y, z", "false"], ["", '"', "true"]]
ORIENTATIONS = ["columns", "index", "split"]


@pytest.mark.usefixtures("_window")
@pytest.mark.parametrize("file_format", ["json", "jsonl"])
@pytest.mark.parametrize("indent", [0, 2])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_table_comes_back_as_pandas_writes_it(read: Read, orientation: Any, indent: int, file_format: str) -> None:
    table, rows = read(FRAME.to_json(orient=orientation, indent=indent), file_format)
    assert (table.names, rows) == (NAMES, ROWS)


@pytest.mark.parametrize("labels", [["p", "q", "r"], [1, 2, 3], [-1, 0, 1], [0, 2, 1], ["00", "01", "02"]])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_labels_that_do_not_just_count_are_the_first_column(read: Read, orientation: Any, labels: list[Any]) -> None:
    table, rows = read(FRAME.set_axis(labels).to_json(orient=orientation))
    assert table.names == ["index", *NAMES]
    assert rows == [[str(label), *row] for label, row in zip(labels, ROWS, strict=True)]


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_labels_beside_a_column_of_their_name_get_another(read: Read, orientation: Any) -> None:
    frame = FRAME.set_axis(["p", "q", "r"]).rename(columns={"b": "Index"})
    assert read(frame.to_json(orient=orientation))[0].names == ["index_2", "a", "Index", "c"]


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_numbered_columns_are_told_from_rows_which_are_more(read: Read, orientation: Any) -> None:
    table, rows = read(pd.DataFrame([[1, 2], [3, 4], [5, 6]]).to_json(orient=orientation))
    assert (table.names, rows) == (["0", "1"], [["1", "2"], ["3", "4"], ["5", "6"]])


@pytest.mark.parametrize("orientation", ["columns", "index", "split"])
def test_one_row_is_a_table(read: Read, orientation: Any) -> None:
    assert read(FRAME[:1].to_json(orient=orientation))[1] == ROWS[:1]


def test_a_table_of_names_without_rows_has_none(read: Read) -> None:
    table, rows = read(FRAME[:0].to_json(orient="split"))
    assert (table.names, rows) == (NAMES, [])


@pytest.mark.parametrize(
    ("content", "names", "rows"),
    [
        ('{"x": {"a": 1, "b": "y"}, "z": {"a": 2}}', ["index", "a", "b"], [["x", "1", "y"], ["z", "2", ""]]),
        ('{"0": {"a": 1, "b": "y"}, "1": {"c": 2}}', ["a", "b", "c"], [["1", "y", ""], ["", "", "2"]]),
        ('{"a": {"0": 1, "2": 3}, "b": {"0": "x", "1": "y", "2": "z"}}', ["a", "b"], [["1", "x"], ["", "y"], ["3", "z"]]),
        ('{"a": {"7": 3}, "b": {"3": "y", "7": "z"}}', ["index", "a", "b"], [["3", "", "y"], ["7", "3", "z"]]),
        ('{"a": {"p": 1, "q": 2}, "b": {"q": "y", "p": "x"}}', ["index", "a", "b"], [["p", "1", "x"], ["q", "2", "y"]]),
        ('{"a": {"0": 1, "1": 2}, "b": {"0": 3, "1": 4}, "a": {"0": 5, "1": 6}}', ["a", "b"], [["5", "3"], ["6", "4"]]),
        ('{"a": {"0": {"u": 1}, "1": [1, {}]}, "b": {"0": 1, "1": 2}}', ["a", "b"], [['{"u": 1}', "1"], ["[1, {}]", "2"]]),
        ('{"0": {"a": {"u": 1}, "b": 1}, "1": {"b": [2]}}', ["a.u", "b"], [["1", "1"], ["", "[2]"]]),
        ('{"a": {"p": "x", "q": "y"}, "b": {"p": 1, "q": 2}}', ["index", "a", "b"], [["p", "x", "1"], ["q", "y", "2"]]),
        ('{"columns": ["a", "b"], "data": [["x", "y"], ["z"]], "n": 2}', ["a", "b"], [["x", "y"], ["z", ""]]),
    ],
    ids=["rows", "numbered rows", "counted columns", "numbered columns", "another order", "equal keys", "nested in columns",
         "nested in rows", "columns by their kinds", "no index"],
)  # fmt: skip
@pytest.mark.usefixtures("_window")
def test_what_is_missing_or_nested_in_a_labelled_table(read: Read, content: str, names: list[str], rows: list[Any]) -> None:
    table, found = read(content)
    assert (table.names, found) == (names, rows)


@pytest.mark.parametrize(
    "content",
    [
        '{"server": {"host": "x", "port": 80}, "db": {"host": "y", "user": "z"}}',
        '{"server": {"host": "x", "port": 80}, "db": {"name": "y", "user": "z"}}',
        '{"server": {"host": "x"}, "db": {"host": "y"}}',
        '{"server": {"host": "x", "port": 80}}',
        '{"server": {"host": "x", "port": 80}, "db": {"host": "y", "port": 81}, "version": 1}',
        '{"errors": {"400": "bad", "404": "not found"}, "levels": {"1": "low", "2": "high"}}',
        '{"a": {"b": {"c": 1}}, "d": {"b": {"c": 2}}}',
        '{"a": {}, "b": {}}',
        '{"columns": ["a"], "data": 5}',
        '{"columns": [{"name": "a"}, 5], "data": {"x": 1}, "n": 1}',
        '{"ali": {"kids": [{"n": 1}], "age": 40}, "sara": {"pets": [{"n": 1}], "town": "Yazd"}}',
    ],
)  # fmt: skip
def test_an_object_that_is_no_table_is_still_refused(read: Read, content: str) -> None:
    code, sentence = refuse(read, content)
    assert (code, sentence.partition(".")[0]) in {
        ("not_a_table", "The file holds one object, not a table"),
        ("not_a_table", "Row 2 is a number, not an object"),
    }


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"columns": ["a"], "index": [0], "data": [[1], [2]]}', ["“index” holds 1", "“data” holds 2"]),
        (json.dumps({f"k{number}": {"0": 1, "1": 2} for number in range(5_001)}), ["5001 columns"]),
        ('{"a": {"0": 1, "1": 2}, "b": {"0": 3, "1": 4,}}', ["column 46", "a name in double quotes"]),
        ('{"a": {"0": 1, "1": 2}, "b": {"0": 3 "1": 4}}', ["column 38", "a comma or closing bracket"]),
        ('{"a": {"0": 1, "1": 2}, "b": {"0": ' + "[" * 300 + "]" * 300 + "}}", ["nested too deeply"]),
    ],
)
@pytest.mark.usefixtures("_window")
def test_a_labelled_table_that_cannot_be_read_is_refused_with_the_reason(read: Read, content: str, words: list[str]) -> None:
    _, sentence = refuse(read, content)
    assert all(word in sentence for word in words), sentence


def test_columns_whose_rows_differ_are_refused_where_they_are_too_large_to_match(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = '{"a": {"0": 1, "2": 3}, "b": {"0": "x", "1": "y", "2": "z"}}'
    monkeypatch.setattr(json_document, "MAX_ROW_BYTES", len(content))
    assert read(content)[0].names == ["a", "b"]
    code, sentence = refuse(read, content + " ")
    assert code == "not_a_table"
    assert "do not all have the same keys" in sentence


def write_as_columns(names: list[str], rows: list[Any]) -> Any:
    return {name: {str(number): row[column] for number, row in enumerate(rows)} for column, name in enumerate(names)}


def write_as_rows(names: list[str], rows: list[Any]) -> Any:
    return {str(number): dict(zip(names, row, strict=True)) for number, row in enumerate(rows)}


def write_as_split(names: list[str], rows: list[Any]) -> Any:
    return {"columns": names, "index": list(range(len(rows))), "data": rows}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1)),
    write=st.sampled_from([write_as_columns, write_as_rows, write_as_split]),
    how=STYLES,
    chunk=st.integers(1, 70),
    at_once=st.integers(0, 100),
)
def test_any_labelled_table_comes_back_through_any_window(
    tmp_path: Path, rows: list[Any], write: Any, how: dict[str, Any], chunk: int, at_once: int
) -> None:
    assume(any(value is not None for row in rows for value in row))
    names = [f"n{column}" for column in range(len(rows[0]))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_stream, "CHUNK_BYTES", chunk)
        patch.setattr(json_stream, "MOST_AT_ONCE", at_once)
        table, cells = read_text(tmp_path, json.dumps(write(names, rows), **how), "json")
    assert table.names == names
    assert cells == [[cell_of(value) for value in row] for row in rows]


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is set beyond what /proc says is mapped")
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_labelled_table_far_larger_than_memory_is_read(tmp_path: Path, orientation: str) -> None:
    names, count = ["a", "b", "c"], 700_000
    original = tmp_path / "original.json"
    with original.open("w") as file:
        if orientation == "columns":
            members = (f'"{name}": {{' + ", ".join(f'"{row}": "{name}, {row:022}"' for row in range(count)) for name in names)
            file.write("{" + "}, ".join(members) + "}}")
        else:
            members = ('", "'.join(f"{name}, {row:022}" for name in names) for row in range(count))
            if orientation == "split":
                file.write(f'{{"columns": {json.dumps(names)}, "index": {list(range(count))}, "data": [["')
                file.write('"], ["'.join(members) + '"]]}')
            else:
                rows = (text.replace('", "b', '", "b": "b').replace('", "c', '", "c": "c') for text in members)
                file.write("{" + ", ".join(f'"{number}": {{"a": "{row}"}}' for number, row in enumerate(rows)) + "}")
    assert original.stat().st_size > 60_000_000
    command = [sys.executable, "-c", LIMITED, str(original), str(tmp_path / "flat.csv")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("['a', 'b', 'c']\n", "")
    with (tmp_path / "flat.csv").open() as file:
        assert sum(1 for _ in file) == count + 1


# --- lists of objects, deeper


@pytest.mark.usefixtures("_window")
@pytest.mark.parametrize(
    "content",
    [
        '{"result": {"items": [{"a": 1}, {"a": 2}]}}',
        '{"ok": true, "result": {"items": [{"a": 1}, {"a": 2}], "total": 2}, "page": {"number": 1}}',
        '{"result": {"items": [{"b": 0}], "tags": ["x"], "items": [{"a": 1}, {"a": 2}]}}',
    ],
)
def test_the_only_list_of_objects_in_an_object_holds_the_rows(read: Read, content: str) -> None:
    table, rows = read(content)
    assert (table.names, rows) == (["a"], [["1"], ["2"]])
    assert (table.records, table.record_choices) == ("result.items", ["result.items"])


def test_of_several_lists_in_objects_one_can_be_chosen(read: Read) -> None:
    beside = '{"r": {"x": [{"a": 1}], "y": [{"b": 1}, {"b": 2}]}}'
    assert read(beside)[0].records == "r.y"
    table, rows = read(beside, records="r.x")
    assert (table.record_choices, rows) == (["r.x", "r.y"], [["1"]])
    apart = '{"r": {"x": [{"a": 1}]}, "s": {"y": [{"b": 1}, {"b": 2}]}}'
    assert refuse(read, apart)[0] == "not_a_table"
    assert read(apart, records="s.y")[1] == [["1"], ["2"]]
    code, sentence = refuse(read, apart, records="s.z")
    assert (code, "r.x, s.y" in sentence) == ("unknown_records", True)


def test_a_list_at_the_top_comes_before_those_in_objects(read: Read) -> None:
    table, _ = read('{"meta": {"pages": [{"n": 1}, {"n": 2}]}, "rows": [{"a": 1}]}')
    assert (table.records, table.record_choices) == ("rows", ["rows", "meta.pages"])


def test_a_long_list_in_an_object_is_read(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "MOST_AT_ONCE", 100)
    items = [{"a": number, "b": [{"c": "x, y"}]} for number in range(1_000)]
    for how in ({}, {"indent": 1}, {"separators": (",", ":")}):
        table, rows = read(json.dumps({"result": {"n": "a, b", "items": items, "end": 1}}, **how))
        assert (table.records, len(rows), rows[-1]) == ("result.items", 1_000, ["999", '[{"c": "x, y"}]'])

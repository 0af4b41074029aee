from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.trainer.json_texts.tables import read_text
from trainer.contract import Refusal
from trainer.reading import json_rows, json_stream

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

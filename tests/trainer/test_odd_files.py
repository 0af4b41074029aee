"""Files as they really come: each ends in the right table, or in a sentence, and nothing of it is lost in silence."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.trainer.read_files import read_file, write_book

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


def test_texts_of_a_parquet_file_may_have_a_decimal_comma(tmp_path: Path) -> None:
    selected = "SELECT unnest(['1,5', '2,25']) AS a, unnest(['1.5', '2.25']) AS b, 1.234 AS c"
    duckdb.execute(f"COPY ({selected}) TO '{tmp_path}/a.parquet'")
    found = read_file(tmp_path, (tmp_path / "a.parquet").read_bytes(), "parquet")
    assert found.rows == [(1.5, 1.5, 1.234), (2.25, 2.25, 1.234)]


@pytest.mark.parametrize("word", [r"\N", "(null)"])
def test_words_for_missing_that_databases_write_are_known(tmp_path: Path, word: str) -> None:
    found = read_file(tmp_path, f"n,d\n{word},2024-01-02\n1,{word}\n2,0000-00-00\n")
    assert (found.types, found.column("n")) == ({"n": "BIGINT", "d": "DATE"}, [None, 1, 2])
    assert [day is None for day in found.column("d")] == [False, True, True]

"""What is counted of each column: exactly where it matters, whatever the size of the table."""

# ruff: noqa: S608 the queries are the tests' own

from __future__ import annotations

from pathlib import Path

import pytest

from tests.trainer.profiled import open_table
from trainer.reading.column_counts import ColumnCounts, count_columns
from trainer.reading.profiled_table import LOADED_ROWS

TALL = LOADED_ROWS + 1


def count(folder: Path, query: str, memory_mb: int = 512) -> dict[str, ColumnCounts]:
    with open_table(folder, query, memory_mb) as table:
        return {counts.statistics.name: counts for counts in count_columns(table)}


@pytest.mark.parametrize("rows", [60, 6_000, TALL])
def test_counts_are_the_same_for_tables_of_every_height(rows: int, tmp_path: Path) -> None:
    query = f"""SELECT i // 2 AS number, i % 3 = 0 AS flag, CASE WHEN i % 4 > 0 THEN 'v' || (i % 4) END AS word,
        DATE '2024-01-01' + (i % 5)::INT AS day, NULL::DOUBLE AS nothing FROM range({rows}) t(i)"""
    counted = count(tmp_path, query)
    number, flag, word, day, nothing = (counted[name].statistics for name in ("number", "flag", "word", "day", "nothing"))
    assert (number.low, number.high, number.are_whole) == (0, (rows - 1) // 2, True)
    assert number.mean == pytest.approx(sum(i // 2 for i in range(rows)) / rows)
    assert (flag.distinct, flag.missing) == (2, 0)
    assert flag.mean == pytest.approx(1 / 3, abs=0.01)
    assert (word.distinct, word.missing, word.mean_words) == (3, rows - sum(i % 4 > 0 for i in range(rows)), 1.0)
    assert (day.distinct, day.low, day.high) == (5, "2024-01-01", "2024-01-05")
    assert (nothing.distinct, nothing.missing, nothing.examples) == (0, rows, ())
    assert all(counts.statistics.distinct_is_exact for name, counts in counted.items() if name != "number")


def test_frequent_values_come_first_and_the_earlier_among_equals(tmp_path: Path) -> None:
    counted = count(
        tmp_path, "SELECT unnest(['b', 'a', 'c', 'c', NULL, 'd']) AS word, unnest([10, 9, 9, 10, 2, 1]::BIGINT[]) AS number"
    )
    assert counted["word"].statistics.examples == ("c", "a", "b", "d")
    assert counted["word"].top.values[0] == ("c", 2)
    assert counted["number"].statistics.examples == ("9", "10", "1", "2")
    smallest = counted["number"].smallest_class
    assert smallest is not None
    assert (smallest.value, smallest.rows, smallest.others) == ("1", 1, 1)


def test_of_a_tall_table_the_different_values_are_about_right_and_exact_where_a_kind_hangs_on_them(tmp_path: Path) -> None:
    query = f"""SELECT i AS row, i * 7 AS key, (i * 31) % 100003 AS many, (i % 900) AS few, 'u' || i AS name,
        'half ' || (i // 2) AS repeated, CASE WHEN i % 3 > 0 THEN 'g' || i END AS gappy FROM range({TALL}) t(i)"""
    counted = {name: counts.statistics for name, counts in count(tmp_path, query).items()}
    assert {name for name, found in counted.items() if not found.distinct_is_exact} == {"many"}
    assert counted["many"].distinct == pytest.approx(100_003, rel=0.4)
    exact = {"row": TALL, "key": TALL, "few": 900, "name": TALL, "repeated": TALL // 2 + 1, "gappy": TALL * 2 // 3}
    assert {name: counted[name].distinct for name in exact} == exact


def test_a_tall_table_of_few_values_and_a_column_that_is_mostly_missing_are_counted_exactly(tmp_path: Path) -> None:
    query = f"SELECT i % 5 AS few, CASE WHEN i % 40 = 39 THEN 'note number ' || i END AS seldom FROM range({TALL}) t(i)"
    counted = count(tmp_path, query)
    seldom = counted["seldom"].statistics
    assert (seldom.missing, seldom.distinct, seldom.distinct_is_exact) == (TALL - 5_000, 5_000, True)
    assert seldom.mean_words == 3.0
    assert seldom.examples[0] == "note number 100039"
    assert counted["few"].top.rows == TALL


def test_never_more_different_values_are_estimated_than_there_are_rows(tmp_path: Path) -> None:
    columns = ", ".join(f"hash(i + {seed} * 1_000_003) / 3 AS c{seed}" for seed in range(8))
    counted = count(tmp_path, f"SELECT {columns} FROM range({TALL}) t(i)")
    assert all(counts.statistics.distinct <= TALL for counts in counted.values())


def test_hundreds_of_columns_keep_their_order(tmp_path: Path) -> None:
    columns = ", ".join(f'{number} + i AS "column {number}"' for number in range(1200))
    counted = count(tmp_path, f"SELECT {columns} FROM range(30) t(i)")
    assert [counts.statistics.low for counts in counted.values()] == list(range(1200))


def test_a_table_larger_than_the_memory_is_counted(tmp_path: Path) -> None:
    query = "SELECT md5(i::VARCHAR) || md5((i + 1)::VARCHAR) AS token, i % 10 AS digit FROM range(1_200_000) t(i)"
    counted = count(tmp_path, query, memory_mb=90)  # the texts alone take 77 MB
    assert (counted["token"].statistics.distinct, counted["digit"].statistics.distinct) == (1_200_000, 10)


def test_numbers_at_the_ends_of_their_type_are_no_error(tmp_path: Path) -> None:
    counted = count(tmp_path, "SELECT unnest([9223372036854775807, -9223372036854775808]) AS n, unnest([1.7e308, 1.7e308]) AS x")
    assert (counted["n"].statistics.low, counted["n"].statistics.high) == (-9223372036854775808, 9223372036854775807)
    assert counted["x"].statistics.mean is None  # beyond what a number can hold

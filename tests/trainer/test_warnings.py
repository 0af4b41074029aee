"""What a statistician would warn of, and what not."""

# ruff: noqa: S608 the queries are the tests' own

from __future__ import annotations

from pathlib import Path

import pytest

from tests.trainer.profiled import profile_query, warnings_of
from trainer.reading.profiled_table import LOADED_ROWS
from trainer.reading.warnings import SEVERITIES

NOISE = "((hash(i * 7 + 1) % 1000) / 1000.0)::DOUBLE"


@pytest.mark.parametrize(
    ("column", "code", "words"),
    [
        ("7 AS x", "constant", "never changes"),
        ("NULL::DOUBLE AS x", "empty", "missing in every row"),
        ("'u' || i AS x", "identifier", "nothing is learnt from it"),
        (f"CASE WHEN i % 3 = 0 THEN {NOISE} END AS x", "mostly_missing", "missing in 666 of 999 rows"),
        (f"CASE WHEN i % 40 = 0 THEN {NOISE} END AS x", "nearly_empty", "missing in 974 of 999 rows. Leave it out"),
        ("CASE WHEN i % 100 = 5 THEN -999 ELSE i % 60 END AS x", "made_up_value", "-999.0 in 10 rows"),
        ("CASE WHEN i % 100 = 5 THEN 9999 ELSE i % 60 + 0.5 END::DOUBLE AS x", "made_up_value", "9999.0 in 10 rows"),
        ("CASE WHEN i % 100 = 5 THEN -1 ELSE i % 60 END AS x", "made_up_value", "-1.0 in 10 rows"),
        ("least(i, 900)::DOUBLE AS x", "cut_off", "900.0, its highest value, in 99 rows"),
        ("'word' || (i % 300) AS x", "many_levels", "300 different values in 999 rows"),
        ("i % 2 = 0 AS x", "leakage", "gives “label” away (Accuracy: 1.000)"),
        ("label * 2 + i % 2 AS x", "leakage", "gives “label” away"),
    ],
)
def test_a_doubtful_column_is_named_with_figures(column: str, code: str, words: str, tmp_path: Path) -> None:
    query = f"SELECT i % 2 AS label, {NOISE} AS noise, {column} FROM range(999) t(i)"
    found = warnings_of(profile_query(tmp_path, query))
    assert words in found.get((code, "x"), ""), found


@pytest.mark.parametrize(
    "column",
    [
        f"{NOISE} AS x",
        f"(1000 * {NOISE})::BIGINT AS x",
        f"exp(8 * {NOISE}) AS x",
        "i % 100 AS x",  # an age of 99 is an age
        "i % 3 - 1 AS x",  # so is an answer of -1 among three
        "i % 40 - 20 AS x",
        "i % 60 - 9 AS x",
        "CASE WHEN i < 12 THEN 300 ELSE i % 299 END AS x",
        f"CASE WHEN i % 3 > 0 THEN {NOISE} END AS x",
        "['a', 'b', 'c', 'd', 'e'][1 + i % 5] AS x",
        "DATE '2024-01-01' + (i % 300)::INT AS x",
        "i % 7 = 0 AS x",
        "CASE WHEN i % 2 = 0 THEN 0 ELSE i END AS x",
    ],
)
def test_a_healthy_column_is_left_alone(column: str, tmp_path: Path) -> None:
    query = f"SELECT hash(i) % 2 AS label, (hash(i + 5000) % 100000007 + 0.5)::DOUBLE AS noise, {column} FROM range(999) t(i)"
    assert warnings_of(profile_query(tmp_path, query)) == {}


@pytest.mark.parametrize(
    ("label", "code", "severity", "words"),
    [
        ("i % 50 = 0", "imbalance", "warn", "“false” in 979 of 999 rows"),
        ("['a', 'b', 'c'][1 + least(i % 300, 2)]", "rare_classes", "warn", "fewer than 10 rows: 2 of 3; the rarest, “b”, has 4"),
        ("CASE WHEN i = 0 THEN 'lonely' ELSE 'w' || (i % 3) END", "rare_classes", "bad", "the rarest, “lonely”, has 1"),
        ("CASE WHEN i % 9 > 0 THEN 'w' || (i % 3) END", "target_missing", "warn", "missing in 111 of 999 rows"),
        ("least(i, 900)::DOUBLE", "cut_off", "info", "its highest value, in 99 rows"),
    ],
)
def test_a_doubtful_target_is_named_with_figures(label: str, code: str, severity: str, words: str, tmp_path: Path) -> None:
    query = f"SELECT {label} AS label, {NOISE} AS noise, 'u' || (i % 5) AS word FROM range(999) t(i)"
    profile = profile_query(tmp_path, query)
    assert words in warnings_of(profile).get((code, "label"), ""), warnings_of(profile)
    assert severity in {entry["severity"] for entry in profile["warnings"] if entry["code"] == code}


@pytest.mark.parametrize(("rows", "severity"), [(3, "bad"), (15, "warn"), (60, None)])
def test_few_rows_for_the_columns_are_a_warning(rows: int, severity: str | None, tmp_path: Path) -> None:
    columns = ", ".join(f"hash(i + {seed}) % 997 + 0.5 AS c{seed}" for seed in range(5))
    profile = profile_query(tmp_path, f"SELECT {columns} FROM range({rows}) t(i)")
    assert [entry["severity"] for entry in profile["warnings"] if entry["code"] == "too_few_rows"] == [severity] * bool(severity)


@pytest.mark.parametrize("rows", [600, LOADED_ROWS + 300])
def test_duplicate_rows_are_counted_whatever_the_height(rows: int, tmp_path: Path) -> None:
    query = f"SELECT i % 2 AS label, CASE WHEN i >= 200 THEN i::DOUBLE END AS n FROM range({rows}) t(i)"
    profile = profile_query(tmp_path, query)
    assert profile["duplicate_rows"] == 198  # NULL is as good as any value
    severity = next(entry["severity"] for entry in profile["warnings"] if entry["code"] == "duplicate_rows")
    assert severity == ("warn" if rows == 600 else "info")


def test_rows_without_a_value_are_told(tmp_path: Path) -> None:
    query = "SELECT CASE WHEN i >= 3 THEN i % 2 END AS label, CASE WHEN i >= 2 THEN i::DOUBLE END AS n FROM range(600) t(i)"
    (warning,) = [entry for entry in profile_query(tmp_path, query)["warnings"] if entry["code"] == "empty_rows"]
    assert (warning["severity"], warning["message"]["params"]) == ("warn", {"count": 2, "rows": 600})


def test_the_worst_comes_first(tmp_path: Path) -> None:
    query = f"""SELECT i % 2 AS label, i % 2 = 0 AS leak, 7 AS same, {NOISE} AS noise, {NOISE} AS twin,
        CASE WHEN i % 3 = 0 THEN sqrt(i) END AS gaps FROM range(999) t(i)"""
    found = [entry["severity"] for entry in profile_query(tmp_path, query)["warnings"]]
    assert found == sorted(found, key=SEVERITIES.index)
    assert set(found) == set(SEVERITIES)


def test_hundreds_of_columns_with_the_same_fault_are_named_together(tmp_path: Path) -> None:
    columns = ", ".join(f"{number} AS c{number}" for number in range(100))
    profile = profile_query(tmp_path, f"SELECT {NOISE} AS noise, i % 2 AS label, {columns} FROM range(100) t(i)")
    constant = [entry for entry in profile["warnings"] if entry["code"] == "constant"]
    assert len(constant) == 6
    assert "95 more columns: c5, c6" in warnings_of(profile)["constant", None]

"""What columns tell about the target and about each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.trainer.profiled import profile_query
from trainer.reading.correlations import MOST_CORRELATED
from trainer.reading.profile import FormatFacts

NOISE = "(hash(i * 7 + 1) % 1000) / 1000.0"
ROWS = "FROM range(600) t(i)"


def associations(profile: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {entry["name"]: entry for entry in profile["associations"]["columns"]}


def test_each_pair_has_the_measure_that_fits_it(tmp_path: Path) -> None:
    query = f"""SELECT i % 3 AS kind, i % 3 + {NOISE}::DOUBLE AS size, ['a', 'b', 'c'][1 + i % 3] AS word, i % 7 = 0 AS flag,
        DATE '2024-01-01' + (i % 50)::INT AS day, 'u' || i AS id, 1 AS same {ROWS}"""
    found = associations(profile_query(tmp_path, query, target="kind"))
    assert {name: entry["measure"] for name, entry in found.items()} == {"size": "eta", "word": "v", "flag": "v", "day": "eta"}
    assert list(found) == sorted(found, key=lambda name: -found[name]["value"])
    assert found["word"]["value"] == pytest.approx(1, abs=0.01)
    assert found["flag"]["value"] < 0.1
    by_size = associations(profile_query(tmp_path, query, target="size"))
    assert {name: entry["measure"] for name, entry in by_size.items()} == {"kind": "r", "word": "eta", "flag": "eta", "day": "r"}
    assert all(0 <= entry["value"] <= 1 for entry in by_size.values())


@pytest.mark.parametrize(
    ("target", "leak", "measure"),
    [
        ("i % 2", "['no', 'yes'][1 + i % 2]", "Accuracy"),
        ("i % 2", f"(i % 2)::DOUBLE + 0.9 * {NOISE}", "ROC AUC"),
        ("i % 2", "CASE WHEN i % 2 = 1 THEN 'boat ' || (i % 5) END", "Accuracy"),
        ("i % 3", "['x', 'y', 'z'][1 + i % 3]", "Accuracy"),
        ("i::DOUBLE + 0.5", f"3.0 * i + 20 * {NOISE}", "R²"),
        ("(i % 20)::DOUBLE + 0.5", "'level ' || (i % 20)", "R²"),
    ],
)
def test_a_column_that_gives_the_target_away_is_named(target: str, leak: str, measure: str, tmp_path: Path) -> None:
    query = f"SELECT {target} AS target, {leak} AS leak, {NOISE}::DOUBLE AS noise, 'w' || (i % 5) AS word {ROWS}"
    found = associations(profile_query(tmp_path, query, target="target"))
    assert found["leak"]["leak"]["measure"]["text"] == measure
    assert found["leak"]["leak"]["value"] >= 0.95
    assert (found["noise"]["leak"], found["word"]["leak"]) == (None, None)


def test_numbers_that_are_all_different_give_no_class_away(tmp_path: Path) -> None:
    query = f"SELECT i % 3 AS target, (hash(i) % 1000003)::DOUBLE AS fine, 'w' || i AS word {ROWS}"
    found = associations(profile_query(tmp_path, query, target="target", facts={"word": FormatFacts("category")}))
    assert [entry["leak"] for entry in found.values()] == [None] * len(found)
    assert "fine" in found


def test_numbers_are_correlated_in_pairs(tmp_path: Path) -> None:
    query = f"""SELECT CASE WHEN i % 9 > 0 THEN i::DOUBLE END AS up, (-i)::DOUBLE AS down, exp(i / 50.0) AS fast,
        {NOISE}::DOUBLE AS noise, 'w' || (i % 4) AS word, DATE '2024-01-01' + i::INT AS day {ROWS}"""
    found = profile_query(tmp_path, query)["correlations"]
    assert found["columns"] == ["up", "down", "fast", "noise"]
    assert found["pearson"][0][1] == found["pearson"][1][0] == found["spearman"][0][1] == -1.0
    assert found["spearman"][0][2] == 1.0
    assert found["pearson"][0][2] < 0.9
    assert abs(found["pearson"][0][3]) < 0.2


def test_of_many_numbers_those_that_tell_most_about_the_target_are_correlated(tmp_path: Path) -> None:
    noise = ", ".join(f"(hash(i + {seed}) % 997)::DOUBLE + 0.5 AS n{seed}" for seed in range(40))
    profile = profile_query(tmp_path, f"SELECT {noise}, i + n3 AS near, i + 0.5::DOUBLE AS target {ROWS}", target="target")
    found = profile["correlations"]
    assert (len(found["columns"]), found["left_out"]) == (MOST_CORRELATED, 12)
    assert {"near", "target"} <= set(found["columns"])
    assert found["columns"] == [column["name"] for column in profile["columns"] if column["name"] in found["columns"]]


def test_columns_that_say_the_same_are_found(tmp_path: Path) -> None:
    query = f"""SELECT i % 3 AS class, ['first', 'second', 'third'][1 + i % 3] AS word, i % 2 AS label, i % 2 = 1 AS flag,
        i::DOUBLE AS celsius, i * 1.8 + 32 AS fahrenheit, {NOISE}::DOUBLE AS noise, {NOISE}::DOUBLE AS copy {ROWS}"""
    alike = profile_query(tmp_path, query, target="label")["alike"]
    assert [(pair["columns"], pair["r"]) for pair in alike] == [
        (["class", "word"], None),
        (["noise", "copy"], None),
        (["celsius", "fahrenheit"], 1.0),
    ]


def test_what_says_the_same_as_the_target_is_a_leak_and_no_pair(tmp_path: Path) -> None:
    query = f"SELECT i::DOUBLE AS celsius, i * 1.8 + 32 AS fahrenheit, {NOISE}::DOUBLE AS noise {ROWS}"
    profile = profile_query(tmp_path, query, target="celsius")
    assert (profile["alike"], associations(profile)["fahrenheit"]["leak"]["value"]) == ([], 1.0)


def test_a_sample_of_a_larger_table_says_so(tmp_path: Path) -> None:
    profile = profile_query(tmp_path, "SELECT i % 2 AS label, i % 7 AS n, 'w' || (i % 14) AS word FROM range(25_000) t(i)")
    for part in ("associations", "correlations"):
        assert (profile[part]["rows"], profile[part]["is_sample"]) == (20_000, True)

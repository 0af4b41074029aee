"""How the values of a column are spread."""

# ruff: noqa: S608 the queries are the tests' own

from __future__ import annotations

from pathlib import Path

import numpy
import pytest

from tests.trainer.profiled import profile_query
from trainer.reading.distributions import describe_numbers
from trainer.reading.profiled_table import LOADED_ROWS

NUMBERS = numpy.random.default_rng(2).normal(10, 4, 1_001)


def test_quantiles_and_spread_are_those_of_all_numbers() -> None:
    described = describe_numbers(NUMBERS, are_whole=False)
    expected = numpy.quantile(NUMBERS, [0.05, 0.25, 0.5, 0.75, 0.95])
    assert list(described["quantiles"].values()) == pytest.approx(expected.tolist())
    assert described["deviation"] == pytest.approx(NUMBERS.std(ddof=1))
    assert described["negatives"] == int((NUMBERS < 0).sum())


def test_the_ends_are_told_with_their_rows_and_their_neighbours() -> None:
    described = describe_numbers(numpy.array([5.0, -999.0, 7.0, 7.0, -999.0, 0.0]), are_whole=True)
    assert described["lowest"] == {"value": -999.0, "rows": 2, "next": 0.0}
    assert described["highest"] == {"value": 7.0, "rows": 2, "next": 5.0}
    assert (described["zeros"], described["negatives"]) == (1, 2)


@pytest.mark.parametrize("values", [[3.0], [3.0, 3.0]])
def test_a_single_value_has_no_neighbour_and_no_spread(values: list[float]) -> None:
    described = describe_numbers(numpy.array(values), are_whole=True)
    assert described["lowest"] == described["highest"] == {"value": 3.0, "rows": len(values), "next": None}
    assert described["deviation"] == 0.0


def test_top_values_and_the_rows_of_all_others(tmp_path: Path) -> None:
    query = "SELECT CASE WHEN i % 10 > 0 THEN 'v' || sqrt(i)::BIGINT END AS word, i AS n FROM range(400) t(i)"
    top = profile_query(tmp_path, query)["distributions"]["columns"]["word"]["top"]
    assert len(top["values"]) == 10
    assert (top["rows"], sum(value["rows"] for value in top["values"]) + top["others"]) == (360, 360)


def test_numbers_of_few_values_have_top_values_too(tmp_path: Path) -> None:
    described = profile_query(tmp_path, "SELECT i % 3 AS few, i AS many FROM range(90) t(i)")["distributions"]["columns"]
    assert [value["value"] for value in described["few"]["top"]["values"]] == ["0", "1", "2"]
    assert described["few"]["histogram"]["counts"] == [30, 30, 30]
    assert "top" not in described["many"]


def test_texts_are_measured_in_characters_and_words(tmp_path: Path) -> None:
    query = "SELECT repeat('سلام ', 1 + (i % 5)::INT) || i AS words, i AS n FROM range(50) t(i)"
    lengths = profile_query(tmp_path, query)["distributions"]["columns"]["words"]["lengths"]
    assert lengths["words"] == {"mean": 4.0, "most": 6}
    assert lengths["characters"]["most"] == 27


def test_top_values_of_tall_tables_are_counted_in_all_rows(tmp_path: Path) -> None:
    query = f"SELECT 'the text of ' || (i % 5000) AS words, i % 2 AS n FROM range({LOADED_ROWS + 10_000}) t(i)"
    described = profile_query(tmp_path, query)["distributions"]
    assert described["columns"]["words"]["top"]["values"][0] == {"value": "the text of 0", "rows": 42}
    assert (described["rows"], described["is_sample"]) == (LOADED_ROWS + 10_000, False)

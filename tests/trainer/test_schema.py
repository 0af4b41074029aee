from __future__ import annotations

from typing import Any

import pytest

from tests.trainer.conftest import Ingest
from trainer.reading.schema import ColumnStatistics, describe_column, suggest_target


def column(name: str = "c", sql_type: str = "BIGINT", rows: int = 1000, **given: Any) -> ColumnStatistics:
    return ColumnStatistics(**{"name": name, "sql_type": sql_type, "rows": rows, "missing": 0, "distinct": rows, **given})


@pytest.mark.parametrize(
    ("statistics", "kind", "task"),
    [
        (column(distinct=0, missing=1000), "constant", None),
        (column(distinct=1), "constant", None),
        (column(low=1, high=1000, are_whole=True), "identifier", None),
        (column(low=0, high=999, are_whole=True), "identifier", None),
        (column("customer_id", low=77, high=99_000, are_whole=True), "identifier", None),
        (column("paid", low=77, high=99_000, are_whole=True), "integer", "regression"),
        (column(distinct=2, are_whole=True), "integer", "binary"),
        (column(distinct=5, are_whole=True), "integer", "multiclass"),
        (column(distinct=60, are_whole=True), "integer", "regression"),
        (column(sql_type="DOUBLE", distinct=5), "number", "regression"),
        (column(sql_type="DOUBLE", distinct=3, are_whole=True), "number", "multiclass"),
        (column(sql_type="BOOLEAN", distinct=2), "boolean", "binary"),
        (column(sql_type="DATE", distinct=500), "date", None),
        (column(sql_type="VARCHAR", distinct=4, mean_words=1.0), "category", "multiclass"),
        (column(sql_type="VARCHAR", distinct=2, mean_words=6.0), "category", "binary"),
        (column(sql_type="VARCHAR", distinct=400, mean_words=1.0), "category", None),
        (column(sql_type="VARCHAR", mean_words=1.0), "identifier", None),
        (column(sql_type="VARCHAR", mean_words=8.0), "text", None),
        (column(sql_type="VARCHAR", distinct=700, mean_words=1.5), "text", None),
        (column(sql_type="VARCHAR", rows=6, mean_words=1.0), "category", None),
    ],
)
def test_kind_and_task_follow_the_rules_and_have_a_reason(statistics: ColumnStatistics, kind: str, task: str | None) -> None:
    described = describe_column(statistics)
    assert (described.kind, described.task) == (kind, task)
    assert described.reason.english()
    assert described.task_reason.english()


@pytest.mark.parametrize(
    ("names", "target"),
    [
        (["a", "Target", "b"], "Target"),
        (["class", "survived", "b"], "survived"),
        (["x", "y", "price"], "price"),
        (["median_income", "median_house_value", "b"], "median_house_value"),
        (["a", "b", "c"], "c"),
    ],
)
def test_telling_name_is_suggested_else_the_last_column(names: list[str], target: str) -> None:
    columns = [describe_column(column(name, distinct=60, are_whole=True)) for name in names]
    assert suggest_target(columns).target == target


def test_nothing_is_suggested_where_nothing_can_be_predicted() -> None:
    suggestion = suggest_target([describe_column(column(distinct=1)), describe_column(column(sql_type="DATE"))])
    assert (suggestion.target, suggestion.task) == (None, None)
    assert suggestion.reason.english()


def test_profile_tells_counts_examples_and_suggestion(ingest_text: Ingest) -> None:
    profile = ingest_text("city,age,outcome\n" + "Yazd,30,yes\nTabriz,40,no\nYazd,,yes\n" * 10)
    city, age, outcome = profile["columns"]
    assert (city["distinct"], city["missing"], city["examples"]) == (2, 0, ["Yazd", "Tabriz"])
    assert (age["min"], age["max"], age["mean"], age["missing"]) == (30, 40, 35.0, 10)
    assert outcome["task"] == "binary"
    assert (profile["suggested"]["target"], profile["suggested"]["task"]) == ("outcome", "binary")
    assert profile["suggested"]["settings"]["epochs"] == 60

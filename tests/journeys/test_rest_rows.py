"""Rows of a data set through the REST interface: in an order, filtered, searched; what is refused, and in which words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.journeys.conftest import Person
from tests.servers import Server
from tests.stored_tables import remove_table, store_table

PLANTS = """SELECT i AS id, ['rose', 'tulip', 'iris'][1 + i % 3] AS kind, CASE WHEN i % 10 > 0 THEN i / 4.0 END::DOUBLE AS height
    FROM range(60) t(i)"""
EQUALS_ROSE = {"column": "kind", "operator": "equals", "value": "rose"}


@pytest.fixture
def rows(sara: Person, server: Server) -> str:
    return f"/api/datasets/{store_table(server, PLANTS, 'plants')}/rows"


def test_rows_come_filtered_searched_and_in_order(sara: Person, rows: str) -> None:
    query: dict[str, Any] = {
        "sort": "height",
        "descending": True,
        "search": "ROS",
        "filters": json.dumps([EQUALS_ROSE, {"column": "height", "operator": "at_least", "value": 5}]),
        "columns": ["height", "kind"],
        "limit": 2,
    }
    answer = sara.client.get(rows, params=query)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "ok": True,
        "columns": ["height", "kind"],
        "rows": [[14.25, "rose"], [13.5, "rose"]],
        "offset": 0,
        "total": 12,
        "table_rows": 60,
    }


def test_without_any_wish_rows_come_as_they_are(sara: Person, rows: str) -> None:
    answer = sara.client.get(rows, params={"offset": 58}).json()
    assert answer["columns"] == ["id", "kind", "height"]
    assert answer["rows"] == [[58, "tulip", 14.5], [59, "iris", 14.75]]
    assert (answer["total"], answer["table_rows"]) == (60, 60)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"sort": "weight"}, "sort"),
        ({"columns": "weight"}, "columns"),
        ({"filters": "{"}, "filters"),
        ({"filters": "[" * 3000}, "filters"),
        ({"filters": '[{"column": "\\ud800", "operator": "equals", "value": "x"}]'}, "filters"),
        ({"filters": json.dumps([{**EQUALS_ROSE, "column": "height"}])}, "filters"),
        ({"filters": json.dumps([{**EQUALS_ROSE, "operator": "like"}])}, "filters"),
        ({"filters": json.dumps([EQUALS_ROSE] * 21)}, "filters"),
        ({"search": "x" * 501}, "search"),
        ({"limit": 1001}, "limit"),
        ({"offset": -1}, "offset"),
        ({"descending": "perhaps"}, "descending"),
    ],
)
def test_what_cannot_be_answered_is_refused_at_its_field(sara: Person, rows: str, query: dict[str, Any], field: str) -> None:
    answer = sara.client.get(rows, params=query)
    assert answer.status_code == 400, answer.text
    assert [detail["field"] for detail in answer.json()["details"]] == [field]


def test_a_table_whose_files_are_gone_is_not_found(sara: Person, rows: str, server: Server) -> None:
    remove_table(server, rows.split("/")[3])
    answer = sara.client.get(rows)
    assert answer.status_code == 404
    assert answer.json()["code"] == "table_gone"

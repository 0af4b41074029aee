"""The stages of a profile: what each gives, and that hostile tables end none of them."""

# ruff: noqa: S608 the queries are the tests' own

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.trainer.profiled import by_name, profile_query, warnings_of, write_table
from trainer.contract import Message
from trainer.reading.duckdb_session import open_duckdb
from trainer.reading.profile import FormatFacts, profile_stages, profile_table

PEOPLE = """SELECT 'name ' || i AS name, (i * 37) % 90 AS age, CASE WHEN i % 5 > 0 THEN i * 1.5::DOUBLE END AS pay,
    ['red', 'blue'][1 + i % 2] AS colour, i % 3 = 0 AS is_new, DATE '2024-01-01' + (i % 400)::INT AS joined,
    TIMESTAMP '2024-01-01 10:00:00' + INTERVAL (i) MINUTE AS seen FROM range(300) t(i)"""


def test_stages_come_one_by_one_and_together_are_the_whole(tmp_path: Path) -> None:
    path = write_table(tmp_path, PEOPLE)
    with open_duckdb([path], tmp_path, 256, threads=2) as connection:
        stages = list(profile_stages(connection, path))
        whole = profile_table(connection, path)
    assert [name for name, _piece in stages] == ["columns", "distributions", "associations", "warnings"]
    keys = [key for _name, piece in stages for key in piece]
    assert len(keys) == len(set(keys))
    assert json.loads(json.dumps(whole, allow_nan=False)) == {
        key: value for _name, piece in stages for key, value in piece.items()
    }


def test_every_kind_of_column_is_described_by_what_fits_it(tmp_path: Path) -> None:
    profile = profile_query(tmp_path, PEOPLE)
    described = profile["distributions"]["columns"]
    assert {name: column["kind"] for name, column in by_name(profile).items()} == {
        "name": "identifier",
        "age": "integer",
        "pay": "number",
        "colour": "category",
        "is_new": "boolean",
        "joined": "date",
        "seen": "date",
    }
    assert sum(described["pay"]["histogram"]["counts"]) == described["pay"]["rows"] == 240
    assert described["colour"]["top"] == {
        "rows": 300,
        "values": [{"value": "blue", "rows": 150}, {"value": "red", "rows": 150}],
        "others": 0,
    }
    assert described["is_new"]["top"]["values"] == [{"value": "false", "rows": 200}, {"value": "true", "rows": 100}]
    assert described["joined"]["quantiles"]["50"].startswith("2024-0")
    assert described["seen"]["histogram"]["edges"][0].startswith("2024-01-01T10:00")
    assert described["name"]["lengths"]["words"] == {"mean": 2.0, "most": 2}
    assert profile["memory_bytes"] > 300 * 6 * 8


def test_what_reading_found_out_is_kept_and_a_chosen_kind_stands(tmp_path: Path) -> None:
    note = Message("Numbers with Persian digits.")
    facts = {"age": FormatFacts("category", note, "toman"), "nobody": FormatFacts("text")}
    profile = profile_query(tmp_path, PEOPLE, facts=facts)
    age = by_name(profile)["age"]
    assert (age["kind"], age["is_chosen"], age["guessed_kind"]) == ("category", True, "integer")
    assert (Message.from_dict(age["note"]), age["unit"]) == (note, "toman")
    assert profile["distributions"]["columns"]["age"]["top"]["rows"] == 300
    assert not by_name(profile)["pay"]["is_chosen"]


@pytest.mark.parametrize("kind", ["number", "integer", "boolean", "category", "date", "text", "identifier", "constant"])
def test_any_kind_may_be_chosen_for_any_column(kind: str, tmp_path: Path) -> None:
    names = ("name", "age", "pay", "colour", "is_new", "joined", "seen")
    profile = profile_query(tmp_path, PEOPLE, facts={name: FormatFacts(kind) for name in names})
    assert {column["kind"] for column in profile["columns"]} == {kind}


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1::BIGINT AS a, 'x' AS b",
        "SELECT NULL::DOUBLE AS a, NULL::VARCHAR AS b, NULL::DATE AS c, NULL::BOOLEAN AS d FROM range(40)",
        "SELECT i AS a, i % 2 AS b FROM range(2) t(i)",
        "SELECT unnest([1.7e308, -1.7e308, 0, 5e-324]) AS a, unnest([9223372036854775807, -9223372036854775808, 0, 1]) AS b",
        "SELECT [1.7e308, -1.7e308][1 + i % 2] AS a, [1e300, 2e300, 3e300][1 + i % 3] AS price FROM range(100) t(i)",
        "SELECT DATE '0001-01-01' AS a, TIMESTAMP '9999-12-31 23:59:59' AS b UNION ALL SELECT DATE '9999-12-31', NULL",
        "SELECT '' AS a, repeat('long ', 50_000) || i AS b FROM range(30) t(i)",
        'SELECT i AS "a""; DROP TABLE x; --", i % 3 AS "c0", i % 2 AS "\'", \'v\' || (i % 4) AS "<b>" FROM range(60) t(i)',
        "SELECT i AS file_row_number, 'r' || (i % 3) AS profiled_part, i % 2 AS value, i % 5 AS cell FROM range(60) t(i)",
    ],
)
def test_strange_tables_have_a_profile_of_plain_json(query: str, tmp_path: Path) -> None:
    profile = profile_query(tmp_path, query)
    json.dumps(profile, allow_nan=False)
    assert set(profile["distributions"]["columns"]) == set(by_name(profile))


def test_of_very_many_columns_the_first_are_described_and_all_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainer.reading.profile.MOST_DESCRIBED", 4)
    columns = ", ".join(f"{number} + i AS c{number}" for number in range(7))
    profile = profile_query(tmp_path, f"SELECT {columns} FROM range(40) t(i)")
    assert (len(profile["columns"]), list(profile["distributions"]["columns"])) == (7, ["c0", "c1", "c2", "c3"])
    assert profile["distributions"]["left_out"] == 3


def test_a_table_larger_than_the_memory_is_profiled(tmp_path: Path) -> None:
    query = """SELECT md5(i::VARCHAR) || md5((i + 1)::VARCHAR) AS token, random() AS x, i % 10 AS label
        FROM range(1_200_000) t(i) UNION ALL SELECT 'same', 0.5, 1 FROM range(1000)"""
    profile = profile_query(tmp_path, query, memory_mb=90)  # the texts alone take 77 MB
    assert (profile["duplicate_rows"], profile["distributions"]["is_sample"]) == (999, True)
    assert profile["distributions"]["rows"] == pytest.approx(200_000, rel=0.05)
    assert profile["distributions"]["columns"]["label"]["top"]["rows"] == 1_201_000  # few values are counted in all rows
    assert ("duplicate_rows", None) in warnings_of(profile)

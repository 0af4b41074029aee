"""Pages of a table: their order, what filters and searches find, what is refused; on real Parquet files."""

# ruff: noqa: S608 the tables are of the tests' own making

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.datasets.table_pages import TablePage, read_columns, read_page
from app.datasets.table_query import LONGEST_TEXT, Filter, Operator, TableQuery
from app.datasets.table_sessions import TableSessions
from app.errors import NotFound
from tests.stored_tables import write_table
from trainer.contract import Refusal

PEOPLE = """SELECT * FROM (VALUES
    (1, 'Ali',        1.5,  DATE '2024-08-06', TIMESTAMP '2024-08-07 00:00:00', true,  'کتاب'),
    (2, 'sara',       NULL, DATE '2024-08-07', TIMESTAMP '2024-08-07 23:59:59', false, 'كيك'),
    (3, 'SARA 13',    -2.0, NULL,              TIMESTAMP '2024-08-08 00:00:00', NULL,  'شماره ۱۲'),
    (4, NULL,         1.5,  DATE '2025-01-01', NULL,                            true,  '100%'),
    (5, 'a_b \\ [x]', 12.0, DATE '2024-08-07', TIMESTAMP '2024-08-07 12:30:40', false, 'یک')
) AS people(id, name, score, day, moment, known, note)"""
TYPED = "SELECT * REPLACE (CAST(id AS BIGINT) AS id, CAST(score AS DOUBLE) AS score)"


class Table:
    """A table in a folder of its own, to be asked."""

    def __init__(self, folder: Path, query: str, written: str = "", piece_bytes: int | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        write_table(folder, query, written, piece_bytes)
        self.path = folder / "table.parquet"
        self.sessions = TableSessions(folder)

    async def ask(self, **query: Any) -> TablePage:
        return await self.sessions.run(partial(read_page, table=self.path, query=TableQuery(**query)))

    async def ids(self, **query: Any) -> list[Any]:
        return [row[0] for row in (await self.ask(**query)).rows]


@pytest.fixture
def people(tmp_path: Path) -> Table:
    return Table(tmp_path, f"{TYPED} FROM ({PEOPLE})")


def numbers(folder: Path, values: Sequence[int | None]) -> Table:
    listed = ", ".join("NULL" if value is None else str(value) for value in values)
    return Table(folder, f"SELECT CAST(unnest([{listed}]) AS BIGINT) AS value")


async def test_a_page_has_the_rows_of_its_offset_in_the_order_of_the_table(tmp_path: Path) -> None:
    table = Table(tmp_path, "SELECT i AS id, i % 7 AS rest FROM range(300_000) t(i)")
    for offset in (0, 122_870, 299_990):
        page = await table.ask(offset=offset, limit=20)
        last = min(offset + 20, 300_000)
        assert page.rows == [[number, number % 7] for number in range(offset, last)]
        assert page.numbers == list(range(offset, last))
        assert (page.total, page.table_rows) == (300_000, 300_000)


async def test_rows_that_sort_alike_keep_their_order_however_many_they_are(tmp_path: Path) -> None:
    table = Table(tmp_path, "SELECT i AS id, i % 7 AS rest FROM range(300_000) t(i)")
    page = await table.ask(offset=150_000, limit=20, sort="rest", descending=True)
    expected = sorted(range(300_000), key=lambda number: -(number % 7))[150_000:150_020]
    assert page.numbers == expected


@pytest.mark.parametrize("query", [{}, {"sort": "id"}, {"search": "a"}])
async def test_past_the_last_row_a_page_is_empty_and_knows_how_many_there_are(people: Table, query: dict[str, Any]) -> None:
    page = await people.ask(offset=2**62, **query)
    assert page.rows == []
    assert page.total == (4 if "search" in query else 5)


async def test_columns_come_in_the_order_they_are_asked_for_and_once(people: Table) -> None:
    page = await people.ask(columns=("note", "id", "note"), limit=1)
    assert page.columns == ["note", "id"]
    assert page.rows == [["کتاب", 1]]
    assert await people.sessions.run(partial(read_columns, table=people.path)) == {
        "id": "BIGINT",
        "name": "VARCHAR",
        "score": "DOUBLE",
        "day": "DATE",
        "moment": "TIMESTAMP",
        "known": "BOOLEAN",
        "note": "VARCHAR",
    }


@pytest.mark.parametrize(
    ("sort", "descending", "ids"),
    [
        ("score", False, [3, 1, 4, 5, 2]),
        ("score", True, [5, 1, 4, 3, 2]),
        ("known", False, [2, 5, 1, 4, 3]),
        ("day", True, [4, 2, 5, 1, 3]),
    ],
)
async def test_sorting_keeps_the_order_of_equal_rows_and_puts_missing_values_last(
    people: Table, sort: str, descending: bool, ids: list[int]
) -> None:
    assert await people.ids(sort=sort, descending=descending) == ids


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(st.none() | st.integers(-3, 3), min_size=1, max_size=30),
    offset=st.integers(0, 35),
    limit=st.integers(1, 12),
    descending=st.booleans(),
    least=st.none() | st.integers(-3, 3),
)
def test_every_page_of_every_order_is_a_slice_of_the_sorted_table(
    tmp_path: Path, values: list[int | None], offset: int, limit: int, descending: bool, least: int | None
) -> None:
    table = numbers(tmp_path, values)
    filters = () if least is None else (Filter("value", Operator.AT_LEAST, (str(least),)),)
    page = asyncio.run(table.ask(offset=offset, limit=limit, sort="value", descending=descending, filters=filters))
    kept = [(number, value) for number, value in enumerate(values) if least is None or (value is not None and value >= least)]
    kept.sort(key=lambda row: (row[1] is None, (-row[1] if descending else row[1]) if row[1] is not None else 0))
    assert page.numbers == [number for number, _ in kept[offset : offset + limit]]
    assert page.rows == [[value] for _, value in kept[offset : offset + limit]]
    assert page.total == len(kept)


@pytest.mark.parametrize(
    ("search", "ids"),
    [
        ("SARA", [2, 3]),
        ("  ali ", [1]),
        ("کیک", [2]),
        ("يك", [2, 5]),
        ("12", [3, 5]),  # 12.0, and in another script
        ("۱۲", [3, 5]),
        ("١٢", [3, 5]),
        ("sara ۱۳", [3]),
        ("-2", [3]),
        ("2024-08-07", [1, 2, 5]),
        ("۱۲:۳۰", [5]),
        ("۱۴۰۳/۰۵/۱۷", [1, 2, 5]),  # as Persian pages show it
        ("1403/5", [1, 2, 3, 5]),
        ("۱۴۰۳/", [1, 2, 3, 4, 5]),
        ("۱۴۰۳/۰۶", []),
        ("۱۴۰۳", []),
        ("true", [1, 4]),
        ("%", [4]),
        ("_", [5]),
        ("[X]", [5]),
        ("\\", [5]),
        (".*", []),
        ("a.b", []),
        ("\0", []),
        ("\ud800", []),
    ],
)
async def test_a_search_finds_what_is_shown_whatever_its_case_digits_and_letters(
    people: Table, search: str, ids: list[int]
) -> None:
    page = await people.ask(search=search)
    assert [row[0] for row in page.rows] == ids
    assert (page.total, page.table_rows) == (len(ids), 5)


async def test_a_search_looks_at_no_other_columns_than_the_shown(people: Table) -> None:
    assert await people.ids(search="sara", columns=("id", "note")) == []


@pytest.mark.parametrize(
    ("column", "operator", "values", "ids"),
    [
        ("id", "equals", ["۲"], [2]),
        ("id", "equals", ["2.5"], []),
        ("id", "at_least", ["3.5"], [4, 5]),
        ("id", "at_most", ["9" * 40], [1, 2, 3, 4, 5]),
        ("id", "one_of", ["1", "۵", ""], [1, 5]),
        ("score", "at_most", ["1٫5"], [1, 3, 4]),
        ("score", "is_missing", [], [2]),
        ("score", "is_not_missing", ["whatever"], [1, 3, 4, 5]),
        ("name", "equals", ["sara"], [2]),
        ("name", "contains", ["sara"], [2, 3]),
        ("name", "one_of", ["Ali", "SARA 13"], [1, 3]),
        ("note", "equals", ["کیک"], [2]),
        ("note", "equals", ["100%"], [4]),
        ("day", "equals", ["2024-08-07"], [2, 5]),
        ("day", "at_least", ["۱۷ مرداد ۱۴۰۳"], [2, 4, 5]),
        ("day", "at_most", ["1403/05/17"], [1, 2, 5]),
        ("moment", "equals", ["2024-08-07"], [1, 2, 5]),
        ("moment", "equals", ["2024-08-07 12:30"], [5]),
        ("moment", "at_most", ["2024-08-07"], [1, 2, 5]),
        ("moment", "at_least", ["2024-08-08"], [3]),
        ("moment", "one_of", ["2024-08-08", "2024-08-07 23:59"], [2, 3]),
        ("known", "equals", ["true"], [1, 4]),
        ("known", "equals", ["خیر"], [2, 5]),
    ],
)
async def test_a_filter_keeps_the_rows_it_says(
    people: Table, column: str, operator: str, values: list[str], ids: list[int]
) -> None:
    page = await people.ask(filters=(Filter(column, Operator(operator), tuple(values)),))
    assert [row[0] for row in page.rows] == ids
    assert page.total == len(ids)


async def test_filters_search_and_order_work_together(people: Table) -> None:
    rule = Filter("score", Operator.AT_LEAST, ("-5",))
    assert await people.ids(filters=(rule,), search="a", sort="score", descending=True) == [5, 1, 3]


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ({"columns": ("id", "nobody")}, "column_not_found", "columns"),
        ({"sort": "ID"}, "column_not_found", "sort"),
        ({"filters": (Filter("x", Operator.IS_MISSING),)}, "column_not_found", "filters"),
        ({"filters": (Filter("id", Operator.EQUALS, ("five",)),)}, "value_does_not_suit_column", "filters"),
        ({"filters": (Filter("day", Operator.AT_LEAST, ("2024-02-30",)),)}, "value_does_not_suit_column", "filters"),
        ({"filters": (Filter("known", Operator.EQUALS, ("perhaps",)),)}, "value_does_not_suit_column", "filters"),
        ({"filters": (Filter("id", Operator.CONTAINS, ("1",)),)}, "operator_does_not_suit_column", "filters"),
        ({"filters": (Filter("name", Operator.AT_LEAST, ("a",)),)}, "operator_does_not_suit_column", "filters"),
        ({"filters": (Filter("name", Operator.EQUALS, (" ",)),)}, "filter_without_value", "filters"),
        ({"filters": (Filter("name", Operator.EQUALS, ("a", "b")),)}, "too_many_values", "filters"),
        ({"filters": (Filter("name", Operator.CONTAINS, ("a" * 501,)),)}, "text_too_long", "filters"),
        ({"filters": (Filter("name", Operator.IS_MISSING),) * 21}, "too_many_filters", "filters"),
        ({"search": "a" * (LONGEST_TEXT + 1)}, "text_too_long", "search"),
    ],
)
async def test_what_the_table_cannot_answer_is_refused_in_a_sentence(
    people: Table, query: dict[str, Any], code: str, field: str
) -> None:
    with pytest.raises(Refusal) as refused:
        await people.ask(**query)
    assert [(problem.code, problem.field) for problem in refused.value.problems] == [(code, field)]


async def test_all_problems_of_filters_are_told_at_once(people: Table) -> None:
    rules = (Filter("id", Operator.EQUALS, ("five",)), Filter("day", Operator.EQUALS, ("never",)))
    with pytest.raises(Refusal, match=r"five.*never"):
        await people.ask(filters=rules)


@pytest.mark.parametrize(
    "name", ['"', 'a"; DROP TABLE x; --', "n", "key", "c0", "file_row_number", "FILE_ROW_NUMBER", "ستون ۱", "?", "$1"]
)
async def test_any_column_name_can_be_shown_sorted_filtered_and_searched(tmp_path: Path, name: str) -> None:
    quoted = name.replace('"', '""')
    Table(tmp_path / "it's 1", "SELECT 'of somebody else' AS decoy")
    table = Table(tmp_path / "it's [1]", f'SELECT 9 - i AS "{quoted}", i AS other, i::VARCHAR AS w0 FROM range(10) t(i)')
    page = await table.ask(
        sort=name, filters=(Filter(name, Operator.AT_LEAST, ("2",)),), search="7", columns=(name, "other", "w0"), limit=3
    )
    assert page.rows == [[2, 7, "7"], [7, 2, "2"]]
    assert page.numbers == [7, 2]
    assert [row[0] for row in (await table.ask(offset=4, limit=2)).rows] == [5, 4]


async def test_how_cells_were_written_stands_beside_them_and_is_found(tmp_path: Path) -> None:
    values = "SELECT i AS id, 1000 * i AS price, 'x' AS kind FROM range(5) t(i)"
    written = "SELECT CASE WHEN id <> 3 THEN id || ' تومان' END AS price FROM (" + values + ")"
    table = Table(tmp_path, values, written)
    page = await table.ask(sort="id", descending=True, limit=3)
    assert page.written == {"price": ["4 تومان", None, "2 تومان"]}
    assert await table.ids(search="تومان") == [0, 1, 2, 4]
    assert await table.ids(search="تومان", columns=("id", "kind")) == []
    assert (await table.ask(columns=("kind",))).written == {}


async def test_times_that_python_cannot_hold_are_shown(tmp_path: Path) -> None:
    table = Table(
        tmp_path, "SELECT DATE '20000-01-01' AS day, TIMESTAMP '2024-08-07 10:00:00.5' AS moment, 'nan'::DOUBLE AS number"
    )
    assert (await table.ask()).rows == [["20000-01-01", "2024-08-07 10:00:00.5", None]]


async def test_a_number_is_found_as_it_is_shown(tmp_path: Path) -> None:
    table = Table(tmp_path, "SELECT unnest([1e20, 0.5, 3e-7]) AS number")
    assert await table.ids(search="1E+20") == [1e20]
    assert await table.ids(search="۰٫۵") == [0.5]
    assert await table.ids(search="five") == []


async def test_a_table_that_is_gone_is_not_found(people: Table) -> None:
    people.path.unlink()
    with pytest.raises(NotFound):
        await people.ask()


async def test_long_texts_come_cut_where_that_is_asked_for(tmp_path: Path) -> None:
    table = Table(
        tmp_path, "SELECT 'گل' || repeat('x', 500) AS text, CAST(12345 AS BIGINT) AS number", "SELECT repeat('y', 500) AS text"
    )
    page = await table.ask(longest=3)
    assert (page.rows, page.written) == ([["گلx", 12345]], {"text": ["yyy"]})
    whole = await table.ask()
    assert [len(str(cell)) for cell in whole.rows[0]] == [502, 5]

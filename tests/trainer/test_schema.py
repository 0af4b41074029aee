from __future__ import annotations

from typing import Any

import pytest

from tests.trainer.conftest import Ingest
from trainer.reading.schema import ColumnStatistics, describe_column


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
        (column("orderNumber", low=77, high=99_000, are_whole=True), "identifier", None),
        (column("invoice no", low=77, high=99_000, are_whole=True), "identifier", None),
        (column("row_index", low=77, high=99_000, are_whole=True), "identifier", None),
        (column("شماره فاکتور", low=77, high=99_000, are_whole=True), "identifier", None),
        (column("number_of_visitors", low=77, high=99_000, are_whole=True), "integer", "regression"),
        (column("price_index", low=77, high=99_000, are_whole=True), "integer", "regression"),
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
    ("statistics", "kind", "words"),
    [
        (column(sql_type="VARCHAR", distinct=2, mean_words=1.0, examples=("Yes", "no")), "category", "for yes and for no"),
        (column(sql_type="VARCHAR", distinct=2, mean_words=1.0, examples=("خیر", "بله")), "category", "for yes and for no"),
        (column(sql_type="VARCHAR", distinct=2, mean_words=1.0, examples=("MALE", "FEMALE")), "category", "2 values that repeat"),
        (column("n", "VARCHAR", rows=50_000, distinct=5_000, mean_words=6.0), "text", "sentences, 5000 different"),
        (column("n", "VARCHAR", rows=5_000, distinct=900, mean_words=20.0), "text", "sentences"),
        (column("n", "VARCHAR", rows=5_000, distinct=40, mean_words=20.0), "category", "40 values"),
        (
            column("n", "VARCHAR", rows=10**6, distinct=90_000, mean_words=6.0, distinct_is_exact=False),
            "text",
            "about 90000 different",
        ),
        (column("n", "VARCHAR", rows=10**6, distinct=90_000, distinct_is_exact=False), "category", "About 90000"),
        (column("zip", distinct=300, low=10_000, high=99_999, are_whole=True), "category", "codes"),
        (column("کد پستی", distinct=300, low=10_000, high=99_999, are_whole=True), "category", "codes"),
        (column("model_year", distinct=13, low=70, high=82, are_whole=True), "integer", "a year"),
        (column("سال ساخت", distinct=13, low=1370, high=1402, are_whole=True), "integer", "a year"),
        (column("سابقهٔ کار (سال)", distinct=30, low=0, high=30, are_whole=True), "integer", "Every value is a whole number."),
        (column("zipcode", distinct=100, rows=100, low=10_000, high=99_999, are_whole=True), "identifier", "names the row"),
        (column("year", distinct=13, low=-7, high=82, are_whole=True), "integer", "Every value is a whole number."),
        (column("شناسهٔ مشتری", low=77, high=99_000, are_whole=True), "identifier", "names the row"),
        (column("phone", low=9_120_000_000, high=9_400_000_000, are_whole=True), "identifier", "names the row"),
        (column("phone", low=77, high=99_000, are_whole=True, distinct_is_exact=False), "integer", "whole number"),
    ],
)
def test_reasons_say_what_a_demanding_reader_would_see(statistics: ColumnStatistics, kind: str, words: str) -> None:
    described = describe_column(statistics)
    assert (described.kind, words in described.reason.english()) == (kind, True), described.reason.english()


@pytest.mark.parametrize(
    ("examples", "words"),
    [
        (["sara@example.com", "ali.r@example.ir", "x@y.co"], "e-mail"),
        (["6037 5134 4457 6382", "۶۰۳۷ ۵۱۳۴ ۴۴۵۷ ۶۳۸۳", "6037-5134-4457-6384"], "card numbers"),
        (["0b3c7b5e-6f0c-4b8e-9f5e-2f4c5d1a7e90"] * 3, "UUID"),
        (["https://a.example/x", "http://b.example", "www.c.example/?q=1"], "web addresses"),
        (["09121234567", "09351234567", "+98 21 8888 7777"], "telephone"),
        (["۰۹۱۲۱۲۳۴۵۶۷", "۰۹۳۵۱۲۳۴۵۶۷", "۰۲۱-۸۸۸۸-۷۷۷۷"], "telephone"),
    ],
)
@pytest.mark.parametrize("distinct", [9, 700, 1000])
def test_what_names_somebody_by_its_form_is_an_identifier(examples: list[str], words: str, distinct: int) -> None:
    rows = 10 if distinct == 9 else 1000  # in a small table, and whether or not one comes twice
    statistics = column("contact", "VARCHAR", rows=rows, distinct=distinct, mean_words=1.0, examples=tuple(examples))
    described = describe_column(statistics)
    assert (described.kind, words in described.reason.english()) == ("identifier", True)


@pytest.mark.parametrize(
    "examples",
    [
        ["0049718763", "0049718764", "0012345678"],
        ["0012345678", "0023456789", "1234567890"],
        ["02134", "10115", "94110"],
        ["12.5", "3-4", "x"],
    ],
)
def test_codes_are_no_telephone_numbers(examples: list[str]) -> None:
    described = describe_column(column("code", "VARCHAR", mean_words=1.0, examples=tuple(examples)))
    assert "telephone" not in described.reason.english()


def test_years_are_no_classes() -> None:
    assert describe_column(column("year", distinct=13, low=2001, high=2013, are_whole=True)).task == "regression"


def test_a_chosen_kind_stands_and_the_guess_is_kept() -> None:
    described = describe_column(column(distinct=5, are_whole=True), chosen_kind="category")
    assert (described.kind, described.is_chosen, described.guessed_kind) == ("category", True, "integer")
    assert (described.reason.english(), described.task) == ("You chose it.", "multiclass")
    assert describe_column(column(distinct=5), chosen_kind="text").task is None


def test_profile_tells_counts_examples_and_suggestion(ingest_text: Ingest) -> None:
    profile = ingest_text("city,age,outcome\n" + "Yazd,30,yes\nTabriz,40,no\nYazd,,yes\n" * 10)
    city, age, outcome = profile["columns"]
    assert (city["distinct"], city["missing"], city["examples"]) == (2, 0, ["Yazd", "Tabriz"])
    assert (age["min"], age["max"], age["mean"], age["missing"]) == (30, 40, 35.0, 10)
    assert outcome["task"] == "binary"
    assert (profile["suggested"]["target"], profile["suggested"]["task"]) == ("outcome", "binary")

"""What a page says of a table's profile, in both languages, as far as it is computed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components.column_list import ColumnEntry
from locales import Translator
from pages.column_words import describe_column, say
from pages.profile_words import is_growing, summarise
from tests.trainer.profiled import profile_query
from trainer.contract import Message
from trainer.reading.profile import FormatFacts

ENGLISH, PERSIAN = Translator("en"), Translator("fa")
TABLE = """SELECT CASE WHEN i % 10 > 0 THEN i % 40 END AS age, 1.5 * (i % 41) AS pay, ['red', 'blue'][1 + i % 2] AS colour,
    DATE '2024-03-20' + (i % 300)::INT AS joined, 'a sentence with the number ' || i AS words, i % 2 AS label,
    CASE WHEN i % 100 = 7 THEN 5000 ELSE i % 50 END::DOUBLE AS far FROM range(600) t(i)"""
STAGES = ("table", "columns", "distributions", "associations", "warnings")


@pytest.fixture
def profile(tmp_path: Path) -> dict[str, Any]:
    facts = {"age": FormatFacts("number", Message("Two values."), "%")}
    return {"rows": 600, "bytes": 12_345, "stages": list(STAGES), **profile_query(tmp_path, TABLE, facts=facts)}


def entry(profile: dict[str, Any], name: str, _: Translator = ENGLISH) -> ColumnEntry:
    column = next(column for column in profile["columns"] if column["name"] == name)
    association = next((found for found in profile["associations"]["columns"] if found["name"] == name), None)
    known = profile["distributions"]["columns"][name]
    return describe_column(_, column, profile["rows"], known, ("label", association) if association else None)


def test_a_histogram_has_its_words_and_its_ends(profile: dict[str, Any]) -> None:
    pay = entry(profile, "pay")
    assert (pay.low, pay.high, len(pay.bars)) == ("0", "60", 12)
    assert max(bar.height for bar in pay.bars) == 1.0
    assert pay.bars[0].title.startswith("0 to 5: ")
    assert pay.alternative == "Histogram of “pay” from 0 to 60; half of the values lie between 14.62 and 45."
    assert [tick.label for tick in pay.ticks] == ["0", "15", "30", "45", "60"]
    assert not pay.outside


def test_what_is_not_drawn_to_scale_is_said(profile: dict[str, Any]) -> None:
    far = entry(profile, "far")
    assert [bar.is_outside for bar in far.bars] == [False] * (len(far.bars) - 1) + [True]
    assert far.outside == "The bar at the end stands for 6 values above 50."


def test_large_numbers_are_told_in_full_and_small_ones_in_four_digits() -> None:
    assert [say(ENGLISH, value) for value in (2_486_123_456.7, 500_001.0, 44.4567, 1e300)] == [
        "2,486,123,457",
        "500,001",
        "44.46",
        "1×10³⁰⁰",
    ]


@pytest.mark.parametrize("moment", ["0001-01-01", "9999-12-31", "9999-12-31T23:59:59"])
def test_moments_that_no_calendar_knows_are_told_as_they_are(moment: str) -> None:
    assert all(say(_, moment) for _ in (ENGLISH, PERSIAN))


def test_whole_numbers_are_named_one_by_one_where_each_has_a_bar(profile: dict[str, Any]) -> None:
    label = entry(profile, "label")
    assert [bar.title for bar in label.bars] == ["0: 300", "1: 300"]
    assert (label.low, label.high) == ("0", "1")
    assert [tick.place for tick in label.ticks] == [0.25, 0.75]


def test_frequent_values_and_missing_ones_have_their_shares(profile: dict[str, Any]) -> None:
    colour, age = entry(profile, "colour"), entry(profile, "age")
    assert [(value.label, value.count, value.percent, value.share) for value in colour.values] == [
        ("blue", "300", "50%", 0.5),
        ("red", "300", "50%", 0.5),
    ]
    assert (age.missing, age.missing_share, colour.missing) == ("60 · 10%", 0.1, "0")


def test_texts_are_told_by_their_length_and_examples(profile: dict[str, Any]) -> None:
    words = entry(profile, "words")
    assert words.remark == "6 words on average, 6 at most"
    assert len(words.examples) == 5
    assert not words.values


def test_a_chosen_kind_is_told_with_what_was_found(profile: dict[str, Any]) -> None:
    age = entry(profile, "age")
    assert age.reason == "You chose it. Found was: Whole number."
    assert age.notes == ["Two values."]
    assert ("Unit", "%") in age.facts


def test_days_are_told_in_the_readers_calendar(profile: dict[str, Any]) -> None:
    assert dict(entry(profile, "joined").facts)["Earliest"].replace("\u00a0", " ") == "20 Mar 2024"
    assert "۱ فروردین ۱۴۰۳" in [value.replace("\u00a0", " ") for _, value in entry(profile, "joined", PERSIAN).facts]
    assert all(example.endswith(("۱۴۰۳", "۱۴۰۲")) for example in entry(profile, "joined", PERSIAN).examples)
    assert all(example.endswith(("2024", "2025")) for example in entry(profile, "joined").examples)


@pytest.mark.parametrize(("minutes", "label"), [(1, "10:00"), (60, "1 Mar 2024")])
def test_an_axis_of_moments_says_what_differs_along_it(minutes: int, label: str, tmp_path: Path) -> None:
    moments = f"TIMESTAMP '2024-03-01 10:00:00' + INTERVAL (i * {minutes}) MINUTE"
    profile = profile_query(tmp_path, f"SELECT {moments} AS seen, i % 2 AS label FROM range(480) t(i)")  # noqa: S608
    assert entry({"rows": 480, **profile}, "seen").ticks[0].label == label


@pytest.mark.parametrize("stages", range(1, 6))
def test_every_stage_shows_what_it_knows_and_waits_for_the_rest(stages: int, profile: dict[str, Any]) -> None:
    keys = [["columns", "suggested", "memory_bytes"], ["distributions"], ["associations", "correlations", "alike"], ["warnings"]]
    later = [key for stage in keys[stages - 1 :] for key in stage]
    later += ["duplicate_rows"] if later else []
    partial = {key: value for key, value in profile.items() if key not in later} | {"stages": list(STAGES[:stages])}
    for _ in (ENGLISH, PERSIAN):
        summary = summarise(_, partial)
        assert summary.is_growing == is_growing(partial) == (stages < 5)
        assert (summary.warnings is None, summary.correlations is None) == (stages < 5, stages < 4)
        assert len(summary.figures) == (3 if stages == 1 else 6)


def test_a_profile_of_an_earlier_version_is_whole() -> None:
    assert not is_growing({"rows": 3, "columns": []})


def test_correlations_are_told_in_words_too(profile: dict[str, Any]) -> None:
    correlations = summarise(ENGLISH, profile).correlations
    assert correlations is not None
    pearson = correlations.measures[0]
    assert pearson.cells[0][0] == (1.0, "1")
    assert pearson.summary.startswith("The strongest: “")
    assert "۰" in summarise(PERSIAN, profile).correlations.measures[0].cells[0][1][1]  # type: ignore[union-attr]


def test_a_correlation_that_rounds_to_nothing_has_no_sign(profile: dict[str, Any]) -> None:
    pairs = [[1.0, -0.001], [-0.001, 1.0]]
    found = {**profile["correlations"], "columns": ["a", "b"], "pearson": pairs, "spearman": pairs}
    for _, nothing in ((ENGLISH, "0"), (PERSIAN, "۰")):
        correlations = summarise(_, {**profile, "correlations": found}).correlations
        assert correlations is not None
        assert correlations.measures[0].cells[0][1] == (-0.001, nothing)


def test_ids_that_are_numbers_have_the_digits_of_the_table() -> None:
    column = {"name": "id", "kind": "identifier", "missing": 0, "distinct": 3, "min": 1, "max": 3, "examples": ["1", "2", "3"]}
    told = [describe_column(_, column, 3, {}, None) for _ in (ENGLISH, PERSIAN)]
    assert told[0].remark == "1, 2, 3"
    assert [sign for sign in told[1].remark if sign.isdigit()] == ["۱", "۲", "۳"]
    assert "1" in describe_column(PERSIAN, {**column, "min": None, "max": None}, 3, {}, None).remark  # texts stay as they are


def test_the_worst_warning_stands_out(profile: dict[str, Any]) -> None:
    warnings = summarise(ENGLISH, profile).warnings
    assert warnings
    assert (warnings[0].severity, warnings[0].tone) == ("Problem:", "bad")
    assert "“colour” alone nearly gives “label” away" in warnings[0].sentence

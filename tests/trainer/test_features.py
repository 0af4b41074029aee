from __future__ import annotations

from typing import Any

import numpy
import pandas
import pytest
import torch

from trainer.contract import Message, Refusal
from trainer.preparing.encoders import MAX_LEVELS
from trainer.preparing.features import Features
from trainer.preparing.leakage import find_leaks
from trainer.preparing.table import ColumnKnowledge
from trainer.preparing.targets import TargetCoding, fit_target


def fit(frame: pandas.DataFrame, kinds: dict[str, str], exclude: tuple[str, ...] = ()) -> Features:
    columns = {name: ColumnKnowledge(name, kind, Message("Why.")) for name, kind in kinds.items()}
    return Features.fit(frame, columns, "target", dict.fromkeys(exclude, Message("You left it out.")))


def encode_one(kind: str, training: list[Any], rows: list[Any]) -> list[list[float]]:
    """The numbers and flags of each row, or the place of its category."""
    features = fit(pandas.DataFrame({"c": training}), {"c": kind})
    encoded = features.encode(pandas.DataFrame({"c": rows}))
    again = Features.from_plain(features.to_plain()).encode(pandas.DataFrame({"c": rows}))
    assert torch.equal(encoded.numbers, again.numbers)
    assert torch.equal(encoded.categories, again.categories)
    assert encoded.numbers.dtype == torch.float32
    plain: list[list[float]] = torch.cat([encoded.numbers, encoded.categories], dim=1).tolist()
    return plain


def test_missing_number_is_the_median_and_marked() -> None:
    encoded = encode_one("number", [1.0, 2.0, 9.0, None], [2.0, None, "rubbish", float("inf"), "2"])
    assert [row[1] for row in encoded] == [0, 1, 1, 1, 0]
    assert len({row[0] for row in encoded}) == 1


def test_number_without_missing_values_has_no_indicator() -> None:
    assert len(encode_one("number", [1.0, 2.0], [None])[0]) == 1


def test_absurd_numbers_stay_finite_and_leave_the_others_apart() -> None:
    encoded = encode_one("number", [1.0, 2.0, 3.0, 4.0, 5.0, 1e308], [1e308, -1e308, 2.0, 3.0])
    assert numpy.isfinite(encoded).all()
    assert numpy.square(encoded).max() < float(numpy.finfo(numpy.float32).max)
    assert encoded[3][0] - encoded[2][0] > 0.1


def test_numbers_are_told_in_deviations_from_the_median() -> None:
    normal = numpy.random.default_rng(0).normal(50.0, 4.0, 20_000).tolist()
    assert [row[0] for row in encode_one("number", normal, [50.0, 54.0, 42.0])] == pytest.approx([0.0, 1.0, -2.0], abs=0.05)


def test_unknown_missing_and_rare_categories_have_their_places() -> None:
    encoded = encode_one("category", ["a", "a", "b", "b", "rare", None], ["a", "b", "rare", "never seen", None])
    assert encoded == [[0], [1], [2], [2], [3]]


def test_whole_numbers_with_gaps_are_the_same_categories_as_those_without() -> None:
    """A gap turns the whole column into fractions; a row to predict has none, or comes as text."""
    encoded = encode_one("category", [94110, 94110, 10001, 10001, None], [94110, "94110", 94110.0, 10001])
    assert encoded == [[1]] * 3 + [[0]]


def test_levels_beyond_the_most_frequent_share_a_place() -> None:
    training = [f"level {number % 5000}" for number in range(10_000)] + ["level 4999"]
    assert encode_one("category", training, ["level 4999", "level 0", "level 4998"]) == [[0], [1], [MAX_LEVELS]]


def test_booleans_are_signs_and_missing_is_nought() -> None:
    assert encode_one("boolean", [True, False], [True, False, None, "TRUE", "maybe"]) == [[1], [-1], [0], [1], [0]]


def test_dates_have_moment_year_month_and_weekday_also_as_text() -> None:
    days = list(pandas.date_range("2020-01-01", periods=800))
    encoded = encode_one("date", days, [days[0], "2020-01-01"])
    assert len(encoded[0]) == 4
    assert encoded[0] == encoded[1]
    assert numpy.isfinite(encode_one("date", days, ["no date", None])).all()


def test_what_is_left_out_has_its_reason() -> None:
    frame = pandas.DataFrame(
        {"a": [1.0, 2], "same": [1, 1], "id": [1, 2], "words": ["x", "y"], "flat": [5.0, 5.0], "mine": [1, 2]}
    )
    kinds = {"a": "number", "same": "constant", "id": "identifier", "words": "text", "flat": "number", "mine": "number"}
    features = fit(frame, kinds, exclude=("mine",))
    assert features.columns == ["a"]
    assert [left_out.column for left_out in features.left_out] == ["same", "id", "words", "flat", "mine"]
    assert all(left_out.reason.english() for left_out in features.left_out)


def test_nothing_to_learn_from_is_refused() -> None:
    with pytest.raises(Refusal, match="No column is left"):
        fit(pandas.DataFrame({"a": [1.0, 2]}), {"a": "number"}, exclude=("a",))


def test_absent_columns_and_unread_cells_are_told() -> None:
    features = fit(pandas.DataFrame({"a": [1.0, 2.0] * 2, "b": ["x", "y"] * 2}), {"a": "number", "b": "category"})
    reading = features.read(pandas.DataFrame({"a": ["one", "2", None], "more": [1, 2, 3]}))
    assert reading.missing_columns == ["b"]
    assert reading.unread == {"a": (1, "one")}


def leaks(columns: dict[str, list[Any]], target: list[Any], task: str) -> list[Any]:
    frame = pandas.DataFrame({**columns, "t": target})
    coding: TargetCoding = fit_target("t", task, frame["t"], frame["t"])
    return [message.params["column"] for message in find_leaks(frame, columns, coding)]


def test_columns_that_give_the_target_away_are_named() -> None:
    generator = numpy.random.default_rng(0)
    classes = [number % 2 for number in range(200)]
    columns = {
        "words": [["no", "yes"][label] for label in classes],
        "close": [label + generator.normal(0, 0.1) for label in classes],
        "harmless": generator.normal(size=200).tolist(),
        "names": [f"name {number}" for number in range(200)],
    }
    assert leaks(columns, classes, "binary") == ["words", "close"]


def test_columns_that_give_a_number_away_are_named() -> None:
    generator = numpy.random.default_rng(0)
    target = generator.normal(size=200)
    columns = {"twice": (2 * target).tolist(), "noise": generator.normal(size=200).tolist(), "group": ["a", "b"] * 100}
    assert leaks(columns, target.tolist(), "regression") == ["twice"]

"""Which column people most likely want to predict."""

from __future__ import annotations

import pytest

from trainer.reading.likely_target import suggest_target
from trainer.reading.schema import Column, ColumnStatistics, describe_column


def column(name: str, sql_type: str = "BIGINT", distinct: int = 60) -> Column:
    return describe_column(ColumnStatistics(name, sql_type, rows=1000, missing=0, distinct=distinct, are_whole=True))


@pytest.mark.parametrize(
    ("names", "target"),
    [
        (["a", "Target", "b"], "Target"),
        (["class", "survived", "b"], "survived"),
        (["x", "y", "price"], "price"),
        (["median_income", "median_house_value", "b"], "median_house_value"),
        (["mpg", "cylinders", "origin"], "mpg"),
        (["SalePrice", "Id", "b"], "SalePrice"),
        (["متراژ", "قیمت", "محله"], "قیمت"),
        (["قیمت خانه", "متراژ", "محله"], "قیمت خانه"),
        (["متن", "برچسب", "كيفيت"], "برچسب"),
        (["متن", "كيفيت", "طول"], "كيفيت"),  # with Arabic letters
        (["سن", "نتیجهٔ آزمایش", "وزن"], "نتیجهٔ آزمایش"),
        (["a", "b", "c"], "c"),
    ],
)
def test_telling_name_is_suggested_else_the_last_column(names: list[str], target: str) -> None:
    assert suggest_target([column(name) for name in names]).target == target


def test_a_known_target_goes_before_a_telling_name() -> None:
    assert suggest_target([column("label"), column("digit")], known="digit").target == "digit"


def test_what_cannot_be_predicted_is_not_suggested_whatever_its_name() -> None:
    assert suggest_target([column("size"), column("label", distinct=1)]).target == "size"


def test_nothing_is_suggested_where_nothing_can_be_predicted() -> None:
    suggestion = suggest_target([column("a", distinct=1), column("b", "DATE")])
    assert (suggestion.target, suggestion.task) == (None, None)
    assert suggestion.reason.english()

"""Filters as programs write them: JSON, read or refused."""

from __future__ import annotations

import pytest

from app.datasets.table_query import Filter, Operator, read_filters
from trainer.contract import Refusal


@pytest.mark.parametrize(
    "text", ["{", "5", '["x"]', '[{"column": 5}]', '[{"column": "a", "operator": "equals", "value": [{}]}]', "[" * 50_000]
)
def test_filters_that_are_no_filters_are_refused(text: str) -> None:
    with pytest.raises(Refusal, match=r"column.*operator.*value"):
        read_filters(text)


def test_filters_are_read_from_json() -> None:
    text = '[{"column": "a", "operator": "one_of", "value": [1, "x", true]}, {"column": "b", "operator": "is_missing"}]'
    assert read_filters(text) == (Filter("a", Operator.ONE_OF, ("1", "x", "True")), Filter("b", Operator.IS_MISSING))
    assert read_filters(" ") == ()
    with pytest.raises(Refusal, match=r"near.*at_least"):
        read_filters('[{"column": "a", "operator": "near", "value": 1}]')

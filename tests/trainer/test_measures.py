"""How much one column tells about another, against pandas and scikit-learn, and at the ends of the scale."""

from __future__ import annotations

import math

import numpy
import pandas
import pytest
from sklearn.metrics import roc_auc_score

from trainer.reading.measures import (
    best_guess_share,
    correlate,
    correlate_ranks,
    correlation_ratio,
    cramers_v,
    encode,
    rank,
    roc_area,
)

GENERATOR = numpy.random.default_rng(8)
NOISE = GENERATOR.normal(size=400)
CODES = GENERATOR.integers(0, 3, 400)
WITH_GAPS = numpy.where(GENERATOR.random(400) < 0.2, numpy.nan, NOISE + GENERATOR.normal(size=400))


def test_coefficients_are_those_of_pandas_over_the_rows_that_have_both() -> None:
    frame = pandas.DataFrame({"a": NOISE.round(1), "b": WITH_GAPS.round(1)})
    a, b = frame["a"].to_numpy(), frame["b"].to_numpy()
    assert correlate(a, b) == pytest.approx(frame["a"].corr(frame["b"]))
    assert correlate_ranks(a, b) == pytest.approx(frame["a"].corr(frame["b"], method="spearman"))


def test_ranks_of_equal_values_are_their_mean_and_missing_ones_have_none() -> None:
    values = numpy.array([3.0, 1.0, numpy.nan, 3.0])
    numpy.testing.assert_equal(rank(values), [2.5, 1.0, numpy.nan, 2.5])


@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e300])
def test_numbers_of_any_size_can_be_correlated(scale: float) -> None:
    assert correlate(NOISE * scale, -2 * NOISE) == pytest.approx(-1)
    assert correlation_ratio(CODES, ((CODES + 5) * scale).astype(numpy.float64)) == pytest.approx(1)


@pytest.mark.parametrize("constant", [0.0, 0.1, 1e300])
def test_what_never_changes_has_no_coefficient(constant: float) -> None:
    assert correlate(numpy.full(400, constant), NOISE) is None
    assert correlation_ratio(CODES, numpy.full(400, constant)) is None
    assert correlation_ratio(numpy.zeros(400, dtype=numpy.int64), NOISE) is None
    assert cramers_v(numpy.zeros(400, dtype=numpy.int64), CODES) is None


def test_few_rows_tell_nothing() -> None:
    assert correlate(NOISE[:9], NOISE[:9]) is None
    assert correlation_ratio(CODES[:9], NOISE[:9]) is None
    assert cramers_v(CODES[:9], CODES[:9]) is None


def test_chance_is_taken_off_where_there_are_many_groups() -> None:
    many = GENERATOR.integers(0, 200, 400)
    assert correlation_ratio(many, NOISE) == pytest.approx(0, abs=0.3)
    assert cramers_v(many, CODES) == pytest.approx(0, abs=0.2)
    uncorrected = pandas.Series(NOISE).groupby(many).transform("mean").var() / NOISE.var()
    assert math.sqrt(uncorrected) > 0.5


def test_two_categories_that_say_the_same_are_at_the_top_of_the_scale() -> None:
    assert cramers_v(CODES, 2 - CODES) == pytest.approx(1, abs=0.01)
    assert correlation_ratio(CODES, (CODES * 1.5).astype(numpy.float64)) == pytest.approx(1)


def test_area_is_that_of_scikit_learn_in_the_better_direction() -> None:
    classes = (NOISE + GENERATOR.normal(size=400) > 0).astype(numpy.int64)
    expected = roc_auc_score(classes, NOISE.round(1))
    assert roc_area(NOISE.round(1), classes) == pytest.approx(expected)
    assert roc_area(-NOISE.round(1), classes) == pytest.approx(expected)
    assert roc_area(NOISE, numpy.zeros(400, dtype=numpy.int64)) is None


def test_a_missing_value_may_give_the_class_away() -> None:
    known, wanted = numpy.array([0, 0, -1, -1, 0, -1]), numpy.array([1, 1, 0, 0, 1, 0])
    assert best_guess_share(known, wanted) == (1.0, 0.5)


def test_columns_that_differ_in_their_words_alone_have_the_same_codes() -> None:
    words = encode(numpy.array(["b", None, "a", "b"], dtype=object))
    numbers = encode(numpy.ma.masked_invalid([7.0, numpy.nan, 2.0, 7.0]))
    assert words.tolist() == numbers.tolist() == [0, -1, 1, 0]

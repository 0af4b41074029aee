"""Round bins that count every value once."""

from __future__ import annotations

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.reading.histogram import count_moments, count_numbers

NORMAL = numpy.random.default_rng(4).normal(size=5_000)


def total(histogram: object) -> int:
    return sum(histogram.counts) + histogram.below + histogram.above  # type: ignore[attr-defined, no-any-return]


@given(values=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1), are_whole=st.booleans())
def test_every_number_is_counted_once_between_rising_edges(values: list[float], are_whole: bool) -> None:
    numbers = numpy.array([float(round(value)) if are_whole else value for value in values])
    histogram = count_numbers(numbers, are_whole=are_whole)
    if histogram is None:
        assert numpy.abs(numbers).max() > 1e14 or numpy.ptp(numbers) < 1e-200  # too large, or too near, for edges between them
        return
    assert total(histogram) == len(numbers)
    assert len(histogram.edges) == len(histogram.counts) + 1
    assert list(histogram.edges) == sorted(set(histogram.edges))


@given(days=st.lists(st.integers(-700_000, 2_900_000), min_size=1), are_days=st.booleans())
def test_every_moment_is_counted_once_between_rising_edges(days: list[int], are_days: bool) -> None:
    moments = numpy.array(days).astype("datetime64[D]").astype("datetime64[us]")
    histogram = count_moments(moments, are_days=are_days)
    assert total(histogram) == len(days)
    assert len(set(histogram.edges)) == len(histogram.counts) + 1


@pytest.mark.parametrize(
    ("low", "high", "edges"),
    [(0.0, 1.0, (0.0, 0.05, 1.0)), (3.2, 47.9, (2.5, 5.0, 50.0)), (-0.3, 0.3, (-0.3, -0.25, 0.3)), (1e6, 9e6, (1e6, 1.5e6, 9e6))],
)
def test_edges_are_round(low: float, high: float, edges: tuple[float, float, float]) -> None:
    histogram = count_numbers(numpy.linspace(low, high, 500), are_whole=False)
    assert histogram is not None
    assert (histogram.edges[0], histogram.edges[1], histogram.edges[-1]) == edges
    assert (histogram.below, histogram.above) == (0, 0)  # the highest value belongs to the last bin


def test_few_whole_numbers_have_a_bin_each() -> None:
    histogram = count_numbers(numpy.array([1.0, 1.0, 3.0]), are_whole=True)
    assert histogram is not None
    assert (histogram.edges, histogram.counts) == ((1.0, 2.0, 3.0, 4.0), (2, 0, 1))


def test_whole_numbers_have_whole_edges() -> None:
    histogram = count_numbers(numpy.arange(0.0, 48.0), are_whole=True)
    assert histogram is not None
    assert all(float(edge).is_integer() for edge in histogram.edges)
    assert histogram.counts[0] == 5


def test_a_normal_distribution_is_drawn_whole() -> None:
    histogram = count_numbers(NORMAL, are_whole=False)
    assert histogram is not None
    assert (histogram.below, histogram.above) == (0, 0)


def test_what_lies_far_outside_is_counted_and_leaves_the_rest_readable() -> None:
    histogram = count_numbers(numpy.append(NORMAL, [-999.0] * 7 + [1e6]), are_whole=False)
    assert histogram is not None
    assert (histogram.below >= 7, histogram.above >= 1) == (True, True)
    assert histogram.below + histogram.above < 0.03 * len(NORMAL)
    assert max(histogram.counts) < 0.3 * len(NORMAL)


@pytest.mark.parametrize(
    ("first", "last", "edges"),
    [
        ("2024-01-01", "2024-01-10", ("2024-01-01", "2024-01-02", "2024-01-11")),
        ("2020-02-05", "2021-12-09", ("2020-02-01", "2020-03-01", "2022-01-01")),
        ("1803-05-06", "2023-01-01", ("1800-01-01", "1810-01-01", "2030-01-01")),
    ],
)
def test_days_are_counted_by_steps_of_the_calendar(first: str, last: str, edges: tuple[str, str, str]) -> None:
    moments = numpy.array([first, last, last], dtype="datetime64[us]")
    histogram = count_moments(moments, are_days=True)
    assert (histogram.edges[0], histogram.edges[1], histogram.edges[-1]) == edges
    assert (histogram.counts[0], histogram.counts[-1]) == (1, 2)


def test_moments_of_one_day_are_counted_by_minutes() -> None:
    moments = numpy.array(["2024-05-01T10:03:00", "2024-05-01T11:57:00"], dtype="datetime64[us]")
    histogram = count_moments(moments, are_days=False)
    assert histogram.edges[:2] == ("2024-05-01T10:00:00", "2024-05-01T10:05:00")


def test_a_made_up_value_leaves_the_rest_readable_however_frequent() -> None:
    ages = numpy.tile(numpy.arange(20.0, 80.0), 10)
    histogram = count_numbers(numpy.append(ages, [-999.0] * 25), are_whole=True)
    assert histogram is not None
    assert (histogram.below, histogram.edges[0]) == (25, 20.0)


def test_many_zeros_are_a_bar_and_not_the_whole_histogram() -> None:
    histogram = count_numbers(numpy.append(numpy.zeros(900), numpy.arange(1.0, 101.0) * 50), are_whole=False)
    assert histogram is not None
    assert len(histogram.counts) >= 8

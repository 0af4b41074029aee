"""How many points a chart keeps."""

from __future__ import annotations

from itertools import pairwise

import pytest

from components.line_chart import MOST_POINTS, thin


@pytest.mark.parametrize("count", [0, 1, MOST_POINTS, MOST_POINTS + 1, 2 * MOST_POINTS, 1_000_000])
def test_thinned_points_are_few_in_order_and_end_with_the_last(count: int) -> None:
    points = [(float(i), 1.0) for i in range(count)]
    thinned = thin(points)
    assert len(thinned) <= MOST_POINTS
    assert thinned == sorted(set(thinned))
    assert thinned[-1:] == points[-1:]
    assert thinned[:1] == points[:1]


def test_a_line_that_is_thinned_as_it_grows_keeps_its_beginning() -> None:
    line: list[tuple[float, float]] = []
    for x in range(100 * MOST_POINTS):
        line.append((float(x), 0.0))
        if len(line) > 2 * MOST_POINTS:
            line = thin(line)
    gaps = [after[0] - before[0] for before, after in pairwise(thin(line))]
    assert max(gaps) <= 3 * min(gaps[:-1])

"""How many points a chart keeps."""

from __future__ import annotations

import pytest

from components.line_chart import thin


@pytest.mark.parametrize("count", [0, 1, 2_000, 2_001, 3_999, 4_000, 1_000_000])
def test_thinned_points_are_few_in_order_and_end_with_the_last(count: int) -> None:
    points = [(float(i), 1.0) for i in range(count)]
    thinned = thin(points)
    assert len(thinned) <= 2_000
    assert thinned == sorted(set(thinned))
    assert thinned[-1:] == points[-1:]
    assert thinned[:1] == points[:1]

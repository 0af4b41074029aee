"""How fast the latest attempt of a run is, from its metrics: second by second for the chart, and all in all."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from components.line_chart import MOST_POINTS, Point, thin

SHORTEST_SECONDS = 1.0  # a metric of a fast run covers a tenth of a second: too short to tell a speed from a hiccup


@dataclass(slots=True)
class RunSpeed:
    """Points gather, each the mean over a second or more, until they are taken."""

    attempt: int = 1
    latest: float | None = None  # rows per second over the last second or more
    _began_at: float | None = None  # Unix time of the attempt's first metric
    _last_at: float = 0.0
    _rows: float = 0.0  # since the last point
    _seconds: float = 0.0
    _all_rows: float = 0.0
    _all_seconds: float = 0.0
    _points: list[Point] = field(default_factory=list)  # (seconds since the first metric, rows per second)

    @property
    def mean(self) -> float | None:
        """Rows per second over the whole attempt; None before two metrics are known."""
        return self._all_rows / self._all_seconds if self._all_seconds else None

    def absorb(self, at: float, rows_per_second: float) -> None:
        """A metric said at this Unix time that its rows came that fast."""
        if self._began_at is None:
            # How long the first one took is not known: much of it may have been the preparation.
            self._began_at = self._last_at = at
            return
        seconds, self._last_at = max(0.0, at - self._last_at), at
        self._rows, self._seconds = self._rows + rows_per_second * seconds, self._seconds + seconds
        self._all_rows, self._all_seconds = self._all_rows + rows_per_second * seconds, self._all_seconds + seconds
        if self._seconds < SHORTEST_SECONDS:
            return
        self.latest = self._rows / self._seconds
        self._rows = self._seconds = 0.0
        self._points.append((round(at - self._began_at, 2), round(self.latest, 1)))
        if len(self._points) > 2 * MOST_POINTS:
            self._points = thin(self._points)

    def take_points(self) -> list[Point]:
        taken, self._points = self._points, []
        return taken

    def copy(self) -> RunSpeed:
        """One that goes its own way from here on."""
        return replace(self, _points=[*self._points])

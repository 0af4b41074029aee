"""Lines that grow, drawn by Plotly; each point is sent once.

The backlog travels with the page. What comes before Plotly has loaded in the browser waits here, for calls that come
too early are lost. The chart element itself is never updated: that would resend the first figure and drop live points.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Any, TypeVar

from nicegui import ui
from nicegui.element import Element

from locales.numerals import PERSIAN_DIGITS, PERSIAN_SEPARATORS

MOST_POINTS = 500
MOST_MARKERS = 60  # beyond, a marker on every point hides the line and doubles the work of drawing it
SHORTEST_REST = 0.02
LONGEST_REST = 2.0
REST_SHARE = 1.0  # the browser rests at least as long as it took to draw
LOST_SECONDS = 3.0  # a drawing that was not told of by then (a hidden window) is waited for no longer
DASHES = ("solid", "dot", "dash", "longdash", "dashdot", "longdashdot")  # told apart without colours, too
# In full, as elsewhere on the pages: a "k" for thousands would be foreign to a Persian sentence.
NUMBERS = {"separatethousands": True, "exponentformat": "power", "minexponent": 6}
Point = tuple[float, float]
Item = TypeVar("Item", bound=tuple[float, Any])


@dataclass(slots=True)
class Trace:
    """All points of one line so far, and those that the browser has not been sent."""

    points: list[Point] = field(default_factory=list)
    waiting: list[Point] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ChartWords:
    """What a chart says: what it shows to those who cannot see it, the names of its lines, the name of its x axis.

    The x axis reaches `x_least` at least: ticks of hundredths of a minute tell nobody anything. Numbers are `is_persian`, or
    English.
    """

    label: str
    names: Sequence[str]
    x_title: str
    x_least: float = 0.0
    is_persian: bool = False


class ChartFrame(Element, component="chart_frame.js"):
    """What the chart stands in: it says what the chart shows, and writes its numbers in the reader's digits."""

    def __init__(self, words: ChartWords) -> None:
        super().__init__()
        self._props["label"] = words.label
        self._props["digits"] = PERSIAN_DIGITS if words.is_persian else ""


class LineChart:
    """The chart, and what it has been told."""

    def __init__(self, words: ChartWords, backlog: Sequence[Sequence[Point]], classes: str = "chart") -> None:
        self._traces = [Trace(thin(points)) for points in backlog]
        self._is_ready = self._is_replaced = False
        self._has_markers = not self._is_crowded()
        self._sent_at: float | None = None  # while the browser is drawing
        self._rest_until = 0.0
        with ChartFrame(words).classes(classes):
            self._plot = ui.plotly(_figure(words, self._traces, self._mode()))
            tell = f"() => {{ getHtmlElement({self._plot.id}).dataset.ready = 1; emit(); }}"
            self._plot.on("plotly_afterplot", self._on_drawn, js_handler=tell)

    @property
    def points(self) -> Sequence[Sequence[Point]]:
        """Of each line, thinned."""
        return [trace.points for trace in self._traces]

    def add(self, new: Sequence[Sequence[Point]]) -> None:
        """Append points, one sequence per trace; they are sent in one call when the browser is free to draw them."""
        for trace, points in zip(self._traces, new, strict=True):
            trace.points += points
            trace.waiting += points
        self.send_when_free()

    def replace(self, points: Sequence[Sequence[Point]]) -> None:
        """Forget all points and show these instead."""
        for trace, fresh in zip(self._traces, points, strict=True):
            trace.points, trace.waiting = list(fresh), []
        self._is_replaced = not self._is_ready  # drawn as soon as there is something to draw on
        if self._is_ready:
            self._redraw()

    def send_when_free(self) -> None:
        """Send what waits, unless the browser is still drawing or resting from it: a page must stay usable."""
        now = time.monotonic()
        is_drawing = self._sent_at is not None and now - self._sent_at < LOST_SECONDS
        if self._is_ready and not is_drawing and now >= self._rest_until:
            self._send()

    def flush(self) -> None:
        """Send what waits now: nothing will come after it."""
        if self._is_ready:
            self._send()

    def _on_drawn(self) -> None:
        now = time.monotonic()
        if self._sent_at is not None:
            self._rest_until = now + min(LONGEST_REST, max(SHORTEST_REST, REST_SHARE * (now - self._sent_at)))
            self._sent_at = None
        if not self._is_ready:
            self._is_ready = True
            if self._is_replaced:
                self._redraw()
            self._send()

    def _send(self) -> None:
        indices = [index for index, trace in enumerate(self._traces) if trace.waiting]
        if not indices:
            return
        self._sent_at = time.monotonic()
        if self._has_markers and self._is_crowded():
            self._has_markers = False
            self._plot.run_plot_method("restyle", {"mode": self._mode()})
        if any(len(trace.points) > 2 * MOST_POINTS for trace in self._traces):
            self._redraw()
            return
        waiting = [self._traces[index].waiting for index in indices]
        xs = [[x for x, _y in points] for points in waiting]
        ys = [[y for _x, y in points] for points in waiting]
        self._plot.run_plot_method("extendTraces", {"x": xs, "y": ys}, indices)
        for trace in self._traces:
            trace.waiting = []

    def _redraw(self) -> None:
        """Too many points to draw smoothly: send every other one anew."""
        for trace in self._traces:
            trace.points, trace.waiting = thin(trace.points), []
        xs = [[x for x, _y in trace.points] for trace in self._traces]
        ys = [[y for _x, y in trace.points] for trace in self._traces]
        self._plot.run_plot_method("restyle", {"x": xs, "y": ys}, list(range(len(self._traces))))

    def _is_crowded(self) -> bool:
        return any(len(trace.points) > MOST_MARKERS for trace in self._traces)

    def _mode(self) -> str:
        return "lines+markers" if self._has_markers else "lines"


def thin(points: Sequence[Item], most: int = MOST_POINTS) -> list[Item]:
    """About `most` of the points (x first), as far from one another in x everywhere, the last one always among them.

    Chosen by distance and not by count, so that a line that is thinned again and again as it grows keeps its beginning.
    """
    if len(points) <= most:
        return list(points)
    distance = (points[-1][0] - points[0][0]) / (most - 1)
    chosen = [points[0]]
    for point in points[1:-1]:
        if point[0] - chosen[-1][0] >= distance:
            chosen.append(point)
    return [*chosen, points[-1]]


def _figure(words: ChartWords, traces: Sequence[Trace], mode: str) -> dict[str, Any]:
    axis = {"fixedrange": True, "automargin": False, "ticks": "outside", "tickcolor": "rgba(0,0,0,0)", **NUMBERS}
    return {
        "data": [
            {
                "type": "scatter",
                "mode": mode,
                "name": name,
                "x": tuple(x for x, _y in trace.points),  # NiceGUI would watch each point of a list for changes
                "y": tuple(y for _x, y in trace.points),
                "line": {"width": 2.5, "dash": dash},
                "marker": {"size": 4},
                "hovertemplate": "%{y:,.4~r}",
            }
            for name, trace, dash in zip(words.names, traces, islice(cycle(DASHES), len(traces)), strict=True)
        ],
        "layout": {
            "separators": PERSIAN_SEPARATORS if words.is_persian else ".,",
            "margin": {"l": 60, "r": 16, "t": 36, "b": 44},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "hovermode": "x unified",
            "showlegend": True,
            "legend": {"orientation": "h", "x": 0, "y": 1.03, "yanchor": "bottom"},
            "xaxis": {
                **axis,
                "title": {"text": words.x_title, "standoff": 8},
                "rangemode": "tozero",
                "autorangeoptions": {"include": words.x_least},
                "zeroline": False,
            },
            "yaxis": {**axis, "rangemode": "tozero"},
        },
        "config": {"displayModeBar": False, "displaylogo": False},
    }

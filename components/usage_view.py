"""What a run uses of the machine, and how fast it is: small charts over time, and the latest figures in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nicegui.elements.mixins.text_element import TextElement

from components.elements import box, card, text
from components.line_chart import ChartWords, LineChart, Point
from locales import Translator

USAGE_CHARTS = ("cpu_percent", "memory_mb", "gpu_percent", "gpu_memory_mb")  # as samples of usage name them
SPEED_CHART = "rows_per_second"
MINUTE, HOUR = 60.0, 3600.0
LONGEST_IN_SECONDS, LONGEST_IN_MINUTES = 3 * MINUTE, 3 * HOUR
SHORTEST_AXIS_SECONDS = 10.0


@dataclass
class UsageView:
    """Draws itself on creation, empty; the charts appear with the first figures, and begin anew when their unit of time grows."""

    _: Translator
    charts: dict[str, LineChart] = field(default_factory=dict)
    unit: float = 1.0  # of the time axis, in seconds

    def __post_init__(self) -> None:
        with card(self._("What it uses")):
            self.now: TextElement = text("p", self._("No figures yet."), "soft")
            self.frame = box("columns three")

    def show(self, lines: Mapping[str, Sequence[Point]], *, is_whole: bool = False) -> None:
        """`lines` by name, (seconds, value): what is new of each, or all of it."""
        unit = _unit_for(max((line[-1][0] for line in lines.values() if line), default=0.0))
        if not is_whole:
            unit = max(unit, self.unit)
        if is_whole or unit != self.unit or lines.keys() - self.charts.keys():
            earlier = {} if is_whole else {name: self._points_of(chart) for name, chart in self.charts.items()}
            self._draw(unit, {name: [*earlier.get(name, []), *lines.get(name, [])] for name in {**earlier, **lines}})
            return
        for name, line in lines.items():
            if line:
                self.charts[name].add([_over(line, unit)])

    def say(self, words: str) -> None:
        """What it uses now, or why there are no figures."""
        self.now.set_text(words)

    def send_when_free(self) -> None:
        for chart in self.charts.values():
            chart.send_when_free()

    def _draw(self, unit: float, lines: Mapping[str, Sequence[Point]]) -> None:
        self.unit = unit
        self.frame.clear()
        with self.frame:
            self.charts = {
                name: LineChart(self._words(name), [_over(lines[name], unit)], "chart small")
                for name in (*USAGE_CHARTS, SPEED_CHART)
                if name in lines
            }

    def _points_of(self, chart: LineChart) -> list[Point]:
        return _over(chart.points[0], 1 / self.unit)

    def _words(self, name: str) -> ChartWords:
        _ = self._
        names = {
            "cpu_percent": _("Processor (% of one core)"),
            "memory_mb": _("Memory (MB)"),
            "gpu_percent": _("GPU (%), all runs on it"),
            "gpu_memory_mb": _("GPU memory (MB), all runs on it"),
            SPEED_CHART: _("Rows per second"),
        }
        units = {1.0: _("Seconds"), MINUTE: _("Minutes"), HOUR: _("Hours")}
        label = _("Chart of what the run used over time. The latest values stand above it as numbers.")
        least = SHORTEST_AXIS_SECONDS / self.unit
        return ChartWords(label, (names[name],), units[self.unit], x_least=least, is_persian=_.is_persian)


def _unit_for(seconds: float) -> float:
    if seconds < LONGEST_IN_SECONDS:
        return 1.0
    return MINUTE if seconds < LONGEST_IN_MINUTES else HOUR


def _over(points: Sequence[Point], unit: float) -> list[Point]:
    return [(round(seconds / unit, 3), value) for seconds, value in points]

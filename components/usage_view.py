"""What a run uses of the machine, and how fast it is: small charts over time, and the latest figures in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from nicegui.elements.mixins.text_element import TextElement

from components.elements import box, card, text
from components.line_chart import ChartWords, LineChart, Point
from locales import Translator


@dataclass
class UsageView:
    """Draws itself on creation, empty; the charts appear with the first figures."""

    _: Translator
    charts: list[LineChart] = field(default_factory=list)

    def __post_init__(self) -> None:
        with card(self._("What it uses")):
            self.now: TextElement = text("p", self._("No figures yet."), "soft")
            self.frame = box("columns three")

    def show(self, now: str, points: Sequence[Sequence[Point]], *, is_whole: bool = False) -> None:
        """`now` in words; `points` by chart, over minutes: processor percent, megabytes, rows per second; new ones, or all."""
        self.now.set_text(now)
        if not self.charts:
            with self.frame:
                self.charts = [LineChart(words, [line], "chart small") for words, line in zip(self._words(), points, strict=True)]
            return
        for chart, line in zip(self.charts, points, strict=True):
            if is_whole:
                chart.replace([line])
            elif line:
                chart.add([line])

    def say(self, words: str) -> None:
        """In place of figures."""
        self.now.set_text(words)

    def send_when_free(self) -> None:
        for chart in self.charts:
            chart.send_when_free()

    def _words(self) -> Sequence[ChartWords]:
        minutes = self._("Minutes")
        names = (self._("Processor (% of one core)"), self._("Memory (MB)"), self._("Rows per second"))
        label = self._("Chart of what the run used over time. The latest values stand above it as numbers.")
        return [ChartWords(label, (name,), minutes, x_least=1.0) for name in names]

"""One run as a page shows it: state, progress, figures, chart, results, settings and log. Everything comes in as words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from nicegui import ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

from components.data_table import Cell, DataTable, TableColumn, TableRow
from components.elements import box, card, notice, text
from components.loss_chart import LossChart, Point
from locales import Translator

MOST_LOG_LINES = 200


@dataclass(frozen=True, slots=True)
class RunFigures:
    """What changes while a run goes on."""

    status: str
    tone: str
    sentence: str
    failure: str
    progress: float  # 0 to 1
    percent: str
    stats: Sequence[str]  # in the order of `stat_labels`


@dataclass(frozen=True, slots=True)
class LogLine:
    """One entry of the log."""

    time: str
    text: str
    level: str


def stat_labels(_: Translator) -> Sequence[str]:
    return (_("Epoch"), _("Step"), _("Elapsed"), _("Remaining"), _("Training loss"), _("Validation loss"))


@dataclass
class RunView:
    """Draws itself on creation; then only what differs is sent."""

    _: Translator
    backlog: Sequence[Sequence[Point]]
    settings: Sequence[tuple[str, str]]
    chart: LossChart = field(init=False)
    chip: TextElement = field(init=False)
    stats: list[TextElement] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._draw_state()
        with card(self._("Loss")):
            self.chart = LossChart(self._, self.backlog)
        self.results = card(self._("Results"))
        self.results.set_visibility(False)
        with box("columns"):
            with card(self._("Settings")), box("facts", "dl"):
                for name, value in self.settings:
                    text("dt", name)
                    with box("", "dd"):
                        text("bdi", value)
            with card(self._("Log")):
                self.log = box("log", "ol")
                self.log.props.update(
                    {"tabindex": "0", "aria-label": self._("Log"), "data-empty": self._("Nothing to report yet.")}
                )

    def show(self, figures: RunFigures) -> None:
        self.chip.set_text(figures.status)
        if self.chip.props.get("data-tone") != figures.tone:
            self.chip.props["data-tone"] = figures.tone
        self.sentence.set_text("" if figures.failure else figures.sentence)
        self.failure.set_text(figures.failure)
        self.failure.set_visibility(bool(figures.failure))
        self.percent.set_text(figures.percent)
        if self.bar.props.get("value") != figures.progress:
            self.bar.props["value"] = figures.progress
            self.bar.props["aria-valuetext"] = figures.percent
        for label, value in zip(self.stats, figures.stats, strict=True):
            label.set_text(value)

    def add_log(self, lines: Sequence[LogLine]) -> None:
        with self.log:
            for line in lines:
                with ui.element("li") as item:
                    item.props["data-level"] = line.level
                    text("time", line.time)
                    text("span", line.text)
        children = self.log.default_slot.children
        for old in children[: max(0, len(children) - MOST_LOG_LINES)]:
            old.delete()

    def show_results(self, columns: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]) -> None:
        """A table of metrics: one row per metric, one column per part of the data."""
        self.results.set_visibility(True)
        with self.results:
            headings = [TableColumn(self._("Measure")), *(TableColumn(column, is_numeric=True) for column in columns)]
            table = DataTable(headings, caption=self._("Results"))
            table.show([TableRow(name, [Cell(name), *(Cell(value) for value in values)]) for name, values in rows])

    def _draw_state(self) -> None:
        with card():
            with box("actions"):
                self.chip = text("span", "", "chip")
                # The state alone is spoken: a sentence that counts epochs would never let a screen reader finish.
                self.chip.props["role"] = "status"
                self.sentence = text("span", "", "run-sentence")
            self.failure = notice("", "bad", is_alert=True)
            self.failure.set_visibility(False)
            with box("progress-line"):
                self.bar: Element = ui.element("progress")
                self.bar.props.update({"max": "1", "value": 0, "aria-label": self._("Progress")})
                self.percent = text("span", "", "percent tabular")
            with box("stats", "dl"):
                for label in stat_labels(self._):
                    with box("stat"):
                        text("dt", label)
                        self.stats.append(text("dd", "–"))

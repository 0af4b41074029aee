"""One run as a page shows it: state, progress, figures, chart, results, settings and log. Everything comes in as words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from nicegui import ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

from components.data_table import Cell, DataTable, TableColumn, TableRow
from components.elements import box, card, link_button, notice, text
from components.line_chart import ChartWords, LineChart, Point
from components.usage_view import UsageView
from locales import Translator

MOST_LOG_LINES = 200


@dataclass(frozen=True, slots=True)
class RunFigures:
    """What changes while a run goes on."""

    status: str
    tone: str
    sentence: str
    failure: str  # why it ended otherwise than wished
    failure_tone: str
    notice: str  # what the reader should know now: its place in the queue, or that it has fallen silent
    notice_tone: str
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
    return (
        _("Epoch"),
        _("Step"),
        _("Elapsed"),
        _("Remaining"),
        _("Training loss"),
        _("Validation loss"),
        _("Rows per second"),
    )


def loss_words(_: Translator) -> ChartWords:
    label = _("Chart of the training loss and the validation loss over epochs. The latest values stand above it as numbers.")
    return ChartWords(label, (_("Training loss"), _("Validation loss")), _("Epoch"), is_persian=_.is_persian)


@dataclass
class RunView:
    """Draws itself on creation; then only what differs is sent."""

    _: Translator
    backlog: Sequence[Sequence[Point]]
    settings: Sequence[tuple[str, str]]
    log_address: str
    chart: LineChart = field(init=False)
    usage: UsageView = field(init=False)
    chip: TextElement = field(init=False)
    stats: list[TextElement] = field(default_factory=list)
    shown_results: tuple[Sequence[str], Sequence[tuple[str, Sequence[str]]]] = ((), ())

    def __post_init__(self) -> None:
        self._draw_state()
        with card(self._("Loss")):
            self.chart = LineChart(loss_words(self._), self.backlog)
        self.results = card(self._("Results"))
        self.results.set_visibility(False)
        self.usage = UsageView(self._)
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
                with box("actions"):
                    link_button(self._("Complete log"), self.log_address)

    def show(self, figures: RunFigures) -> None:
        self.chip.set_text(figures.status)
        if self.chip.props.get("data-tone") != figures.tone:
            self.chip.props["data-tone"] = figures.tone
        self.sentence.set_text("" if figures.failure else figures.sentence)
        _show_notice(self.failure, figures.failure, figures.failure_tone)
        _show_notice(self.notice, figures.notice, figures.notice_tone)
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

    def show_results(self, columns: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]], sentence: str) -> None:
        """A table of metrics: one row per metric, one column per part of the data; without rows, nothing."""
        if (columns, rows) == self.shown_results:
            return
        self.shown_results = (columns, rows)
        self.results.set_visibility(bool(rows))
        for old in self.results.default_slot.children[1:]:  # an earlier attempt's
            old.delete()
        if not rows:
            return
        with self.results:
            if sentence:
                text("p", sentence)
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
            self.notice = notice("")
            for element in (self.failure, self.notice):
                element.set_visibility(False)
            with box("progress-line"):
                self.bar: Element = ui.element("progress")
                self.bar.props.update({"max": "1", "value": 0, "aria-label": self._("Progress")})
                self.percent = text("span", "", "percent tabular")
            with box("stats", "dl"):
                for label in stat_labels(self._):
                    with box("stat"):
                        text("dt", label)
                        self.stats.append(text("dd", "–"))


def _show_notice(element: TextElement, words: str, tone: str) -> None:
    element.set_text(words)
    element.set_visibility(bool(words))
    if element.props.get("data-tone") != tone:
        element.props["data-tone"] = tone

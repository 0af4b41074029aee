"""/machine: how busy the machine is, live: processor, memory, disk, GPUs, and how many runs are at work, wait, and how fast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fastapi import Request
from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from app.machine import SAMPLE_SECONDS, MachineSample
from app.platform import Platform
from app.records import User
from components.elements import box, card, text
from components.line_chart import ChartWords, LineChart, Point
from locales import Translator
from pages.visitor import Visitor, framed, page_at, welcome

SECONDS_PER_MINUTE = 60
MEGABYTE = 1_000_000


def register(platform: Platform) -> None:
    """Offer /machine."""

    @page_at("/machine")
    async def machine(request: Request) -> None:
        visitor = welcome(platform, request)
        _ = visitor.translator
        view = MachinePage(visitor)
        with framed(visitor, _("Machine"), "/machine"):
            text("h1", _("Machine"))
            await visitor.load(view.fetch, view.build)


@dataclass
class MachinePage:
    """The machine in one window."""

    visitor: Visitor
    stats: dict[str, TextElement] = field(default_factory=dict)
    charts: Sequence[LineChart] = ()
    began_at: float = 0.0
    seen_at: float = 0.0

    async def fetch(self, _user: User) -> Sequence[MachineSample]:
        return self.visitor.platform.machine.samples()

    def build(self, samples: Sequence[MachineSample]) -> None:
        _ = self.visitor.translator
        with card(), box("stats", "dl"):
            for name, label in stat_labels(_).items():
                with box("stat"):
                    text("dt", label)
                    self.stats[name] = text("dd", "–")
        self.began_at = samples[0].at if samples else 0.0
        label = _("Chart of how busy the machine was over time. The latest values stand above it as numbers.")
        minutes = _("Minutes")
        names = (_("Processor (% of all cores)"), _("Memory in use (MB)"), _("Rows per second, all runs"))
        words = [ChartWords(label, (name,), minutes, x_least=1.0) for name in names]
        with box("columns three"):
            charts = []
            for chart_words, line in zip(words, self._points(samples), strict=True):
                with card():
                    charts.append(LineChart(chart_words, [line], "chart small"))
        self.charts = charts
        self._show(samples)
        ui.timer(SAMPLE_SECONDS, self._look)

    async def _look(self) -> None:
        with self.visitor.telling_problems():
            await self.visitor.watching_user()
            fresh = self.visitor.platform.machine.samples(self.seen_at)
            self.began_at = self.began_at or (fresh[0].at if fresh else 0.0)
            for chart, line in zip(self.charts, self._points(fresh), strict=True):
                chart.add([line])
            self._show(fresh)

    def _show(self, samples: Sequence[MachineSample]) -> None:
        if not samples:
            return
        self.seen_at = samples[-1].at
        for name, value in describe(self.visitor.translator, samples[-1]).items():
            self.stats[name].set_text(value)

    def _points(self, samples: Sequence[MachineSample]) -> Sequence[list[Point]]:
        """One line per chart."""
        minutes = [round((sample.at - self.began_at) / SECONDS_PER_MINUTE, 3) for sample in samples]
        lines = zip(*((sample.cpu_percent, sample.memory_used_mb, sample.rows_per_second) for sample in samples), strict=True)
        return [list(zip(minutes, line, strict=True)) for line in lines] or [[], [], []]


def stat_labels(_: Translator) -> dict[str, str]:
    return {
        "processor": _("Processor"),
        "memory": _("Memory"),
        "disk": _("Free disk space"),
        "running": _("Runs at work"),
        "waiting": _("Runs waiting"),
        "gpus": _("GPUs"),
    }


def describe(_: Translator, sample: MachineSample) -> dict[str, str]:
    """The latest figures in words."""
    gpus = [
        _(
            "{name}: {use}, {used} of {total}",
            name=gpu.name,
            use=_.percent(gpu.use_percent / 100),
            used=_.file_size(int(gpu.memory_used_mb * MEGABYTE)),
            total=_.file_size(int(gpu.memory_total_mb * MEGABYTE)),
        )
        for gpu in sample.gpus
    ]
    return {
        "processor": _.percent(sample.cpu_percent / 100),
        "memory": _(
            "{done} / {total}",
            done=_.file_size(int(sample.memory_used_mb * MEGABYTE)),
            total=_.file_size(int(sample.memory_total_mb * MEGABYTE)),
        ),
        "disk": _.file_size(int(sample.disk_free_mb * MEGABYTE)),
        "running": _.number(sample.running),
        "waiting": _.number(sample.waiting),
        "gpus": "; ".join(gpus) or _("none"),
    }

"""/machine: how busy the machine is, live: processor, memory, disk, GPUs, and how many runs are at work, wait, and how fast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fastapi import Request
from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from app.machine import SAMPLE_SECONDS, MachineSample
from app.platform import Platform
from app.records import Role, User
from components.elements import box, card, link_button, text
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
            with box("heading"):
                text("h1", _("Machine"))
                if is_administrator(request):
                    link_button(_("Who uses the disk"), "/storage")
            await visitor.load(view.fetch, view.build)


@dataclass
class MachinePage:
    """The machine in one window."""

    visitor: Visitor
    stats: dict[str, TextElement] = field(default_factory=dict)
    charts: Sequence[LineChart] = ()
    began_at: float = 0.0
    seen_at: float = 0.0

    @property
    def _gpus(self) -> int:
        return len(self.visitor.platform.places.gpus)

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
        with box("columns three"):
            charts = []
            for words, lines in zip(chart_words(_, self._gpus), self._lines(samples), strict=True):
                with card():
                    charts.append(LineChart(words, lines, "chart small"))
        self.charts = charts
        self._show(samples)
        ui.timer(SAMPLE_SECONDS, self._look)

    async def _look(self) -> None:
        with self.visitor.telling_problems():
            await self.visitor.watching_user()
            fresh = self.visitor.platform.machine.samples(self.seen_at)
            self.began_at = self.began_at or (fresh[0].at if fresh else 0.0)
            for chart, lines in zip(self.charts, self._lines(fresh), strict=True):
                chart.add(lines)
            self._show(fresh)

    def _show(self, samples: Sequence[MachineSample]) -> None:
        if not samples:
            return
        self.seen_at = samples[-1].at
        for name, value in describe(self.visitor.translator, samples[-1]).items():
            self.stats[name].set_text(value)

    def _lines(self, samples: Sequence[MachineSample]) -> Sequence[Sequence[list[Point]]]:
        """The lines of each chart: one, or one for each GPU."""
        machine = [
            [self._over_time(samples, [sample.cpu_percent for sample in samples])],
            [self._over_time(samples, [sample.memory_used_mb for sample in samples])],
            [self._over_time(samples, [sample.rows_per_second for sample in samples])],
        ]
        if not self._gpus:
            return machine
        known = [sample for sample in samples if len(sample.gpus) == self._gpus]  # their driver answered
        gpus = [[sample.gpus[number] for sample in known] for number in range(self._gpus)]
        use = [self._over_time(known, [gpu.use_percent for gpu in one]) for one in gpus]
        memory = [self._over_time(known, [gpu.memory_used_mb for gpu in one]) for one in gpus]
        return [*machine, use, memory]

    def _over_time(self, samples: Sequence[MachineSample], values: Sequence[float]) -> list[Point]:
        minutes = [round((sample.at - self.began_at) / SECONDS_PER_MINUTE, 3) for sample in samples]
        return list(zip(minutes, values, strict=True))


def is_administrator(request: Request) -> bool:
    """For what the page offers; what it leads to asks again."""
    user: User | None = getattr(request.state, "user", None)
    return user is not None and user.role == Role.ADMIN


def chart_words(_: Translator, gpus: int) -> list[ChartWords]:
    """What each chart says; those of the GPUs only where there are some."""
    label = _("Chart of how busy the machine was over time. The latest values stand above it as numbers.")
    names = [[_("Processor (% of all cores)")], [_("Memory in use (MB)")], [_("Rows per second, all runs")]]
    numbers = range(1, gpus + 1)
    if gpus == 1:
        names += [[_("GPU (%)")], [_("GPU memory in use (MB)")]]
    elif gpus:
        names += [
            [_("GPU {number} (%)", number=number) for number in numbers],
            [_("Memory of GPU {number} (MB)", number=number) for number in numbers],
        ]
    return [ChartWords(label, chart, _("Minutes"), x_least=1.0, is_persian=_.is_persian) for chart in names]


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
        "gpus": ("؛ " if _.is_persian else "; ").join(gpus) or _("none"),
    }

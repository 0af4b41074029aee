"""What a run's events tell, gathered for showing: points, log entries, and the speed from which the rest is estimated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from trainer.contract import JsonObject, Message

TRACES = ("train_loss", "validation_loss")
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A sentence of the log, when it was said (Unix time) and how serious it is."""

    at: float
    message: Message
    level: str


@dataclass(slots=True)
class RunStory:
    """Absorbs each event once, whatever comes twice; `points` and `entries` gather until they are taken."""

    last_number: int = 0
    epoch: float = 0.0
    points: list[list[Point]] = field(default_factory=lambda: [[] for _ in TRACES])
    was_cut: bool = False  # whether points that were taken already are gone: what is taken next is all there is
    rows_per_second: float | None = None
    entries: list[LogEntry] = field(default_factory=list)
    first_metric: tuple[float, int] | None = None  # (Unix time, step)
    latest_metric: tuple[float, int] | None = None
    _kept: list[list[tuple[int, Point]]] = field(default_factory=lambda: [[] for _ in TRACES])  # (step, point)

    def absorb(self, events: Iterable[JsonObject]) -> None:
        for event in events:
            if event["n"] <= self.last_number:
                continue
            self.last_number = event["n"]
            if event["type"] == "metric":
                self._absorb_metric(event)
            elif event["type"] == "attempt":
                self._absorb_attempt(event)
            elif event["type"] == "log":
                level = str(event.get("level", "info"))
                self.entries.append(LogEntry(event.get("at", 0.0), Message.from_dict(event["message"]), level))
            elif event["type"] == "problem":
                self.entries.append(LogEntry(event.get("at", 0.0), Message.from_dict(event["problem"]), "error"))

    def take_points(self) -> list[list[Point]]:
        """What is new; after a cut, everything."""
        whole = [[point for _step, point in kept] for kept in self._kept]
        taken = whole if self.was_cut else self.points
        self.points, self.was_cut = [[] for _ in TRACES], False
        return taken

    def take_entries(self) -> list[LogEntry]:
        taken, self.entries = self.entries, []
        return taken

    def remaining_seconds(self, total_steps: int) -> float | None:
        """From the speed so far; None before two metrics are known."""
        if self.first_metric is None or self.latest_metric is None:
            return None
        (first_at, first_step), (latest_at, latest_step) = self.first_metric, self.latest_metric
        if latest_step <= first_step or latest_at <= first_at:
            return None
        return (total_steps - latest_step) * (latest_at - first_at) / (latest_step - first_step)

    def _absorb_attempt(self, event: Mapping[str, Any]) -> None:
        """An attempt goes on from a step: what was reported beyond it did not survive, and the speed is measured anew."""
        self.first_metric = self.latest_metric = None
        kept = [[entry for entry in entries if entry[0] <= event["step"]] for entries in self._kept]
        self.was_cut = self.was_cut or kept != self._kept
        self._kept = kept
        if event["number"] == 1:
            return
        text = "Attempt {number} begins again with the first step."
        if event["resumed"]:
            text = "Attempt {number} goes on from epoch {epoch}."
        params = {"number": event["number"], "epoch": round(event["epoch"], 1)}
        self.entries.append(LogEntry(event.get("at", 0.0), Message(text, params), "info"))

    def _absorb_metric(self, event: Mapping[str, Any]) -> None:
        self.epoch = float(event["epoch"])
        for position, name in enumerate(TRACES):
            value = event["values"].get(name)
            if isinstance(value, int | float):
                point = (self.epoch, float(value))
                self.points[position].append(point)
                self._kept[position].append((event["step"], point))
        self.rows_per_second = event.get("rows_per_second", self.rows_per_second)
        self.latest_metric = (event.get("at", 0.0), event["step"])
        self.first_metric = self.first_metric or self.latest_metric

"""What a run's events tell, gathered for showing: points, log entries, and the speed from which the rest is estimated."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from app.records import Job
from components.line_chart import MOST_POINTS, Point, thin
from components.run_view import MOST_LOG_LINES as MOST_ENTRIES
from pages.run_speed import RunSpeed
from trainer.contract import JsonObject, Message

TRACES = ("train_loss", "validation_loss")
MOST_STORIES = 50


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A sentence of the log, when it was said (Unix time) and how serious it is."""

    at: float
    message: Message
    level: str


@dataclass(slots=True)
class RunStory:
    """Absorbs each event once, whatever comes twice; points and entries gather, thinned, until they are taken.

    It keeps nothing of what was taken, however long the run: when a new attempt goes on before a point that was taken
    already, `was_cut` says so, and whoever draws the points begins again with all events.
    """

    last_number: int = 0
    epoch: float = 0.0
    was_cut: bool = False
    speed: RunSpeed = field(default_factory=RunSpeed)
    first_metric: tuple[float, int] | None = None  # (Unix time, step)
    latest_metric: tuple[float, int] | None = None
    _points: list[list[tuple[int, Point]]] = field(default_factory=lambda: [[] for _ in TRACES])  # (step, point)
    _entries: list[LogEntry] = field(default_factory=list)
    _taken_to_step: int = 0
    _entries_to_number: int = 0  # the last event whose entry was gathered once

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
                self._add_entry(event, Message.from_dict(event["message"]), str(event.get("level", "info")))
            elif event["type"] == "problem":
                self._add_entry(event, Message.from_dict(event["problem"]), "error")
        for gathered in self._points:
            if len(gathered) > 2 * MOST_POINTS:
                gathered[:] = thin(gathered)

    def copy(self) -> RunStory:
        """One that goes its own way from here on."""
        points = [list(gathered) for gathered in self._points]
        return replace(self, speed=self.speed.copy(), _points=points, _entries=[*self._entries])

    def begin_again(self) -> None:
        """Absorb all events once more, for their points; entries that were gathered are not gathered twice."""
        self.last_number = self._taken_to_step = 0
        self.was_cut = False
        self._points = [[] for _ in TRACES]

    def take_points(self) -> list[list[Point]]:
        """What is new, one sequence per trace."""
        taken = [[point for _step, point in gathered] for gathered in self._points]
        self._taken_to_step = max([self._taken_to_step, *(gathered[-1][0] for gathered in self._points if gathered)])
        self._points = [[] for _ in TRACES]
        return taken

    def take_entries(self) -> list[LogEntry]:
        taken, self._entries = self._entries, []
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
        self.speed = RunSpeed(event["number"])
        self._points = [[entry for entry in gathered if entry[0] <= event["step"]] for gathered in self._points]
        self.was_cut = self.was_cut or self._taken_to_step > event["step"]
        if event["number"] == 1:
            return
        text = "Attempt {number} begins again with the first step."
        if event["resumed"]:
            text = "Attempt {number} goes on from epoch {epoch}."
        self._add_entry(event, Message(text, {"number": event["number"], "epoch": round(event["epoch"], 1)}), "info")

    def _add_entry(self, event: Mapping[str, Any], message: Message, level: str) -> None:
        if event["n"] > self._entries_to_number:
            self._entries_to_number = event["n"]
            self._entries.append(LogEntry(event.get("at", 0.0), message, level))
            del self._entries[:-MOST_ENTRIES]

    def _absorb_metric(self, event: Mapping[str, Any]) -> None:
        self.epoch = float(event["epoch"])
        for gathered, name in zip(self._points, TRACES, strict=True):
            value = event["values"].get(name)
            if isinstance(value, int | float):
                gathered.append((event["step"], (self.epoch, float(value))))
        at = float(event.get("at", 0.0))
        if "rows_per_second" in event:
            self.speed.absorb(at, event["rows_per_second"])
        self.latest_metric = (at, event["step"])
        self.first_metric = self.first_metric or self.latest_metric


class StoryShelf:
    """The stories of the runs that were looked at last, so that a page reads only what has happened since."""

    def __init__(self, read_logs: Callable[[Job, int], AsyncIterable[Sequence[JsonObject]]]) -> None:
        self._read_logs = read_logs
        self._stories: dict[str, RunStory] = {}

    async def story_of(self, job: Job) -> RunStory:
        """All that the logs hold by now; whoever asks has seen to it that they may."""
        whole = self._stories.pop(job.id, None) or RunStory()
        self._stories[job.id] = whole  # the last one looked at is the last one to go
        while len(self._stories) > MOST_STORIES:
            del self._stories[next(iter(self._stories))]
        async for events in self._read_logs(job, whole.last_number):
            whole.absorb(events)
        return whole.copy()

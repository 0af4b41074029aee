"""Events enter, what a person at a terminal wants to see leaves: one live line, then a table of results."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, TextIO

from trainer.contract.events import EventWriter
from trainer.contract.messages import Message
from trainer.contract.spec import AUTO

LINE_SECONDS = 0.1
PLAIN_LINE_SECONDS = 2.0


class TerminalEvents(EventWriter):
    """An event log that also prints: on a terminal one line that renews itself, in a file a line now and then."""

    def __init__(self, path: Path, output: TextIO) -> None:
        super().__init__(path)
        self._output = output
        self._is_live = output.isatty()
        self._printed_at = 0.0
        self._line_width = 0
        self._latest: dict[str, float] = {}
        self._epochs = 0

    def emit(self, kind: str, /, **fields: object) -> None:
        super().emit(kind, **fields)
        if kind == "metric":
            self._show_metric(fields)
        elif kind == "plan":
            self._show_plan(fields)
        elif kind == "log":
            self._show_log(fields)

    def end_line(self) -> None:
        """Leave the live line as it is and go on below it."""
        if self._line_width:
            print(file=self._output, flush=True)
            self._line_width = 0

    def _show_plan(self, plan: dict[str, Any]) -> None:
        self._epochs = plan["epochs"]
        rows = plan["rows"]
        self._print(
            f"Predicting “{plan['target']}” ({plan['task']}) from {plan['features']} features:"
            f" {rows['train']} rows to train, {rows['validation']} to validate, {rows['test']} to test."
        )

    def _show_log(self, log: dict[str, Any]) -> None:
        text = Message.from_dict(log["message"]).english()
        self._print(f"Warning: {text}" if log["level"] == "warning" else text)

    def _show_metric(self, metric: dict[str, Any]) -> None:
        self._latest.update(metric["values"])
        is_last = metric["step"] == metric["total_steps"]
        wait = LINE_SECONDS if self._is_live else PLAIN_LINE_SECONDS
        if time.monotonic() - self._printed_at < wait and not is_last:
            return
        self._printed_at = time.monotonic()
        values = "  ".join(f"{name.replace('_', ' ')} {value:.4g}" for name, value in self._latest.items())
        line = f"epoch {metric['epoch']:.1f}/{self._epochs}  {values}"
        if not self._is_live:
            self._print(line)
            return
        print("\r" + line.ljust(self._line_width), end="", file=self._output, flush=True)
        self._line_width = len(line)

    def _print(self, text: str) -> None:
        self.end_line()
        print(text, file=self._output, flush=True)


def format_report(report: dict[str, Any]) -> str:
    """A table of the metrics, and a line on the run."""
    parts = [part for part in ("test", "validation", "boosting", "words", "trivial") if report[part]]
    rows = [["", *parts]]
    rows += [[name.replace("_", " "), *(_number(report[part][name]) for part in parts)] for name in report["test"]]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join([row[0].ljust(widths[0]), *(row[i].rjust(widths[i]) for i in range(1, len(row)))]) for row in rows]
    counts, folds = report["rows"], report["folds"]
    known = f"{counts['train']} train, {counts['validation']} validation" if folds == 1 else f"{counts['train']} in {folds} folds"
    lines.append(f"rows: {known}, {counts['test']} test")
    if report["settings"]["network"] == AUTO:
        lines.append(Message.from_dict(report["model"]["reason"]).english())
    lines.append(f"best epoch: {report['best_epoch']} of {report['epochs']}; {report['seconds']:.1f} seconds")
    return "\n".join(lines)


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.1f}" if abs(value) >= 1000 else f"{value:.4f}"  # noqa: PLR2004

"""How an attempt ended, in a sentence: from its exit record, its last events and what it printed last."""

from __future__ import annotations

from app.records import JobStatus
from trainer.contract import ExitRecord, Message, Problem, Refusal, RunFolder, WorkerExit, read_events

LONGEST_LINE = 300


def final_status(record: ExitRecord | None) -> JobStatus:
    """The state that an exit stands for; no record means that the keeper itself vanished."""
    if record is None:
        return JobStatus.FAILED
    if record.code == WorkerExit.COMPLETED:
        return JobStatus.COMPLETED
    if record.code == WorkerExit.STOPPED or (record.stop_requested and record.signal in {"SIGTERM", "SIGKILL"}):
        return JobStatus.STOPPED
    return JobStatus.FAILED


def failure_of(folder: RunFolder, record: ExitRecord | None) -> Refusal:
    """Why a worker failed: its own problem event when it left one, else what its exit tells. Blocking: reads files."""
    if record is not None and record.code == WorkerExit.REFUSED:
        told = [event["problem"] for event in read_events(folder.events).events if event["type"] == "problem"]
        if told:
            return Refusal(Problem.from_dict(told[-1]))
    return Refusal(_crash(record))


def _crash(record: ExitRecord | None) -> Problem:
    if record is None:
        text = "The process that watched over the worker vanished, so the worker was ended. Start the run again."
        return Problem("keeper_vanished", Message(text))
    last_line = record.last_lines[-1][:LONGEST_LINE] if record.last_lines else ""
    if record.signal:
        text = "The worker was ended by the signal {signal}. Its last line was: {last_line}"
        return Problem("worker_killed", Message(text, {"signal": record.signal, "last_line": last_line or "–"}))
    text = "The worker failed (exit code {code}): {last_line}"
    return Problem("worker_failed", Message(text, {"code": record.code, "last_line": last_line or "–"}))

"""A job's latest figures, taken from its events, and how they are described to people and programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from app.records import Job, JobStatus, now
from trainer.contract import JsonObject, Message

RESULT_FIELDS = ("primary", "test", "validation", "boosting", "words", "trivial", "model", "network")
WORKER_STATES = {"LOADING": JobStatus.LOADING, "RUNNING": JobStatus.RUNNING}


def apply_events(job: Job, events: Iterable[JsonObject]) -> JobStatus | None:
    """Bring the figures of `job` up to date; returns the state that the worker reported last, if any."""
    state: JobStatus | None = None
    job.updated_at = now()
    for event in events:
        job.last_event = event["n"]
        match event["type"]:
            case "attempt":
                _apply_attempt(job, event)
            case "state":
                state = WORKER_STATES.get(event["state"], state)
            case "plan":
                job.total_steps = event["total_steps"]
                job.spec = {**job.spec, "task": event["task"], "target": event["target"]}
            case "metric":
                _apply_metric(job, event)
            case "result":
                job.metrics = {name: event[name] for name in RESULT_FIELDS if name in event}
    return state


def latest_speed(events: Sequence[JsonObject], otherwise: float) -> float:
    """Rows per second as the last metric among `events` tells it."""
    speeds = (event["rows_per_second"] for event in reversed(events) if "rows_per_second" in event)
    return float(next(speeds, otherwise))


def _apply_attempt(job: Job, event: JsonObject) -> None:
    """A new attempt stands where it goes on from: later steps of the one before it did not survive."""
    job.epoch, job.step = int(event["epoch"]), event["step"]
    job.progress = round(100.0 * job.step / job.total_steps, 2) if job.total_steps else 0.0


def _apply_metric(job: Job, event: JsonObject) -> None:
    values = event["values"]
    job.epoch = int(event["epoch"])
    job.step = event["step"]
    job.total_steps = event["total_steps"]
    job.progress = round(100.0 * job.step / job.total_steps, 2)
    job.loss = values.get("train_loss", job.loss)
    job.validation_loss = values.get("validation_loss", job.validation_loss)


def describe_state(job: Job) -> Message:
    """Where the job is, in a sentence."""
    if job.problem:
        return Message.from_dict(job.problem)
    if job.state.is_live:
        return _describe_live(job)
    if job.state == JobStatus.STOPPED and job.epoch:
        return Message("Stopped after epoch {epoch}.", {"epoch": job.epoch})
    return _SENTENCES[job.state]


def _describe_live(job: Job) -> Message:
    if job.stop_requested:
        return Message("Stopping: the current step is being finished and saved.")
    if job.pause_requested:
        return Message("Pausing: the current step is being finished and saved.")
    if job.state == JobStatus.RUNNING:
        current = min(job.epoch + 1, job.spec["epochs"])
        return Message("Training: epoch {epoch} of {epochs}.", {"epoch": current, "epochs": job.spec["epochs"]})
    return _SENTENCES[job.state]


_SENTENCES = {
    JobStatus.QUEUED: Message("Waiting for a free place."),
    JobStatus.STARTING: Message("Starting the worker."),
    JobStatus.LOADING: Message("Loading and preparing the data."),
    JobStatus.PAUSED: Message("Paused. Resume it and it goes on where it was."),
    JobStatus.STOPPED: Message("Stopped before the first epoch was done."),
    JobStatus.COMPLETED: Message("Completed. The model is ready."),
    JobStatus.FAILED: Message("Failed."),
}


def describe_job(job: Job) -> dict[str, Any]:
    """The `status` object of the REST interface."""
    return {
        "job_id": job.id,
        "status": job.status,
        "progress": job.progress,
        "epoch": job.epoch,
        "epochs": job.spec["epochs"],
        "step": job.step,
        "total_steps": job.total_steps,
        "loss": job.loss,
        "validation_loss": job.validation_loss,
        "message": describe_state(job).english(),
        "error": job.problem,
        "stop_requested": job.stop_requested,
        "pause_requested": job.pause_requested,
        "is_silent": job.is_silent,
        "priority": job.priority,
        "device": job.device,
        "last_event": job.last_event,
        "last_event_at": job.last_event_at.isoformat() if job.last_event_at else None,
        "dataset": job.dataset_id,
        "dataset_name": job.dataset_name,
        "dataset_version": job.dataset_version,
        "dataset_hash": job.dataset_hash,
        "settings": job.spec,
        "metrics": job.metrics,
        "attempt": job.attempt,
        "created_at": job.created_at.isoformat(),
        "started_at": job.started_at.isoformat() if job.started_at else None,
        "finished_at": job.finished_at.isoformat() if job.finished_at else None,
        "updated_at": job.updated_at.isoformat(),
    }

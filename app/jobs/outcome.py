"""How an attempt ended, in a state and a sentence: from its exit record, its last events and what it printed last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from app.records import JobStatus
from trainer.contract import (
    ExitRecord,
    Message,
    Problem,
    ProcessIdentity,
    Refusal,
    RunFolder,
    Scalar,
    WorkerExit,
    read_events,
)

LONGEST_LINE = 300
SECONDS_PER_MINUTE = 60
BYTES_PER_MB = 1 << 20
BYTES_PER_WEIGHT = 16  # as 32-bit numbers: the weight, its gradient, and the two averages that Adam keeps
ENDED_BY = frozenset({"SIGTERM", "SIGKILL"})
SAID_BY_WORKER: Mapping[int, JobStatus] = {
    WorkerExit.COMPLETED: JobStatus.COMPLETED,
    WorkerExit.STOPPED: JobStatus.STOPPED,
    WorkerExit.PAUSED: JobStatus.PAUSED,
}
LIMITS_THAT_FAIL = frozenset({"memory", "disk", "log"})


def final_status(record: ExitRecord | None, is_pause: bool = False) -> JobStatus:
    """The state that an exit stands for; no record means that the keeper itself vanished.

    `is_pause`, from `is_resumable_pause`, tells which of the two a stop was that the worker could not answer itself.
    """
    if record is None:
        return JobStatus.FAILED
    if record.limit in LIMITS_THAT_FAIL and record.code != WorkerExit.COMPLETED:
        return JobStatus.FAILED
    if record.code is not None and record.code in SAID_BY_WORKER:
        return SAID_BY_WORKER[record.code]
    if record.signal in ENDED_BY and (record.stop_requested or record.limit == "time"):
        return JobStatus.PAUSED if is_pause and record.stop_requested else JobStatus.STOPPED
    return JobStatus.FAILED


def is_resumable_pause(folder: RunFolder) -> bool:
    """Whether a pause was asked for and there is a checkpoint to go on from. Blocking: looks at files."""
    return folder.pause.exists() and any(folder.checkpoint.glob("*.pt"))


def failure_of(folder: RunFolder, record: ExitRecord | None, job_spec: Mapping[str, Any] | None = None) -> Refusal:
    """Why a worker ended before its time: its own problem event when it left one, else what its exit tells.

    `job_spec` holds the training settings, for advice on what to change. Blocking: reads files.
    """
    if record is None:
        return Refusal(_disappearance(folder))
    if record.code == WorkerExit.REFUSED:
        told = [event["problem"] for event in read_events(folder.events).events if event["type"] == "problem"]
        if told:
            return Refusal(Problem.from_dict(told[-1]))
    if record.limit is not None and record.code != WorkerExit.COMPLETED:
        return Refusal(_limit_reached(record, job_spec or {}))
    if record.code == WorkerExit.OUT_OF_MEMORY or record.is_system_out_of_memory:
        return Refusal(_out_of_memory(record, job_spec or {}))
    if record.code == WorkerExit.DISK_FULL:
        text = "The disk is full, so the run could not save what it had learnt. Free some space, then start or resume the run."
        return Refusal(Problem("disk_full", Message(text)))
    return Refusal(_crash(record))


def _disappearance(folder: RunFolder) -> Problem:
    """What became of a run that left no exit record."""
    keeper = folder.read_identity("keeper")
    if keeper is not None and keeper.boot_id != ProcessIdentity.of_this_process().boot_id:
        text = "The machine restarted while the run was at work. Resume it from its last checkpoint, or start it again."
        return Problem("machine_restarted", Message(text))
    if keeper is None or folder.read_identity("worker") is None:
        return Problem("never_started", Message("The run was cut off while it was starting. Start it again."))
    text = "The process that watched over the worker vanished, so the worker was ended. Start the run again."
    return Problem("keeper_vanished", Message(text))


def _limit_reached(record: ExitRecord, job_spec: Mapping[str, Any]) -> Problem:
    limit, used = record.limit_value or 0, record.limit_used or 0
    if record.limit == "memory":
        text = "The run needed more than the {limit} MB of memory one run may take (JOB_MEMORY_MB). {advice}"
        return Problem("memory_limit", Message(text, {"limit": round(limit), "advice": _advise(limit, job_spec)}))
    if record.limit == "time":
        text = (
            "The run was stopped after {limit} minutes, the longest one run may take (JOB_MINUTES)."
            " The best model so far is kept."
        )
        return Problem("time_limit", Message(text, {"limit": round(limit / SECONDS_PER_MINUTE, 2)}))
    if record.limit == "disk":
        text = (
            "The run filled {used} MB of disk space; one run may take {limit} MB (JOB_DISK_MB)."
            " A smaller network, or fewer checkpoints kept, needs less."
        )
        return Problem("disk_limit", Message(text, {"used": round(used), "limit": round(limit)}))
    text = "The run wrote {used} MB of log; one run may write {limit} MB (JOB_LOG_MB). Look at its last lines for what repeats."
    return Problem("log_limit", Message(text, {"used": round(used), "limit": round(limit)}))


def _out_of_memory(record: ExitRecord, job_spec: Mapping[str, Any]) -> Problem:
    """No limit of ours: the machine, or its GPU, had no more."""
    text = "The run asked for more memory than the machine had left: it held {used} MB. {advice}"
    if record.is_system_out_of_memory:
        text = "The machine ran out of memory and ended the run, which held {used} MB. {advice}"
    params: dict[str, Scalar | Message] = {"used": round(record.peak_memory_mb or 0), "advice": _advise(0, job_spec)}
    return Problem("out_of_memory", Message(text, params))


def _advise(limit_mb: float, job_spec: Mapping[str, Any]) -> Message:
    """What to change so that a run needs less memory."""
    batch_size = job_spec.get("batch_size")
    if not isinstance(batch_size, int):
        return Message("Free some memory, or allow a run more.")
    if batch_size <= 1 or _is_network_the_cause(limit_mb, job_spec):
        return Message("A smaller network needs less: fewer or narrower hidden layers.")
    text = "A batch size of {smaller} instead of {batch_size} needs less."
    return Message(text, {"smaller": _smaller(batch_size), "batch_size": batch_size})


def _smaller(batch_size: int) -> int:
    """The largest power of two that is at most half of it: the activations, which a batch multiplies, then halve at least."""
    return int(1 << ((batch_size // 2).bit_length() - 1))


def _is_network_the_cause(limit_mb: float, job_spec: Mapping[str, Any]) -> bool:
    """Whether the weights between the hidden layers take half of the limit, at whatever batch size."""
    widths: Sequence[int] = job_spec.get("hidden") or ()
    weights = sum(first * second for first, second in pairwise(widths))
    return 0 < limit_mb * BYTES_PER_MB / 2 < weights * BYTES_PER_WEIGHT


def _crash(record: ExitRecord) -> Problem:
    last_line = record.last_lines[-1][:LONGEST_LINE] if record.last_lines else ""
    if record.signal:
        text = "The worker was ended by the signal {signal}. Its last line was: {last_line}"
        return Problem("worker_killed", Message(text, {"signal": record.signal, "last_line": last_line or "–"}))
    text = "The worker failed (exit code {code}): {last_line}"
    return Problem("worker_failed", Message(text, {"code": record.code, "last_line": last_line or "–"}))

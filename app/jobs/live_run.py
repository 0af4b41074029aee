"""One live attempt as its run folder shows it: how far its log was read, whether it ended, and the last resort to end it.

Everything here blocks on files and processes, so the supervisor runs it in a thread.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import time
from dataclasses import dataclass

from app.records import Job
from trainer.contract import EventLog, ExitRecord, ProcessIdentity, RunFolder, find_event, read_events

READ_BYTES = 1 << 20
DEATH_SECONDS = 5.0
LOOK_FOR_END_SECONDS = 0.1  # new events are looked for at every look: they are what everybody watches
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Run:
    """One live attempt, and how far its log has been read."""

    job: Job
    folder: RunFolder
    is_launched: bool = True  # before that, its empty folder tells nothing
    log: EventLog | None = None  # None until the log was looked at for the first time
    keeper: ProcessIdentity | None = None  # once it was seen
    looked_for_end_at: float = 0.0
    stop_deadline: float | None = None
    saved_at: float = 0.0
    is_dirty: bool = False
    rows_per_second: float = 0.0
    began: tuple[float, float] | None = None  # (monotonic seconds, progress) when training was first seen


@dataclass(frozen=True, slots=True)
class Observation:
    """What one look at a run folder showed."""

    log: EventLog
    exit: ExitRecord | None
    has_vanished: bool


def observe(run: Run) -> Observation:
    """Look once; the exit is looked up before the log, so that what was written before the end is certainly read."""
    record, has_vanished = None, False
    if (now := time.monotonic()) - run.looked_for_end_at >= LOOK_FOR_END_SECONDS:
        run.looked_for_end_at = now
        record = run.folder.read_exit()
        has_vanished = record is None and not _is_keeper_alive(run) and run.folder.read_exit() is None
    known = run.log or _begin_of(run)
    return Observation(read_events(run.folder.events, known.end, known.last_number, READ_BYTES), record, has_vanished)


def _is_keeper_alive(run: Run) -> bool:
    run.keeper = run.keeper or run.folder.read_identity("keeper")
    return run.keeper is not None and run.keeper.is_alive()


def _begin_of(run: Run) -> EventLog:
    """Where reading begins: after what the job's figures already stand for, so that an adopted job never moves back."""
    return EventLog([], find_event(run.folder.events, run.job.last_event), run.job.last_event)


def touch_stop(folder: RunFolder, is_pause: bool = False) -> None:
    """Ask the keeper, in words that outlive us."""
    folder.path.mkdir(parents=True, exist_ok=True)
    if is_pause:
        folder.pause.touch()
    else:
        folder.pause.unlink(missing_ok=True)
    folder.stop.touch()


def kill_processes(folder: RunFolder) -> None:
    """End what is left of an attempt whose keeper cannot: the worker's whole group, then the keeper.

    Returns once both are gone, so that nothing of an attempt outlives the word that it has ended.
    """
    worker, keeper = folder.read_identity("worker"), folder.read_identity("keeper")
    if worker and worker.is_alive():
        with contextlib.suppress(ProcessLookupError):
            os.killpg(worker.pid, signal.SIGKILL)
    if keeper:
        keeper.send_signal(signal.SIGKILL)
    for process in filter(None, (worker, keeper)):
        if not process.wait_until_gone(DEATH_SECONDS):
            _log.error("Process %s of %s does not die, although it was killed", process.pid, folder.path.name)

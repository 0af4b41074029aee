"""Which state may follow which: the one table of legal moves."""

from __future__ import annotations

from app.records import JobStatus

MOVES: dict[JobStatus, frozenset[JobStatus]] = {
    JobStatus.QUEUED: frozenset({JobStatus.STARTING, JobStatus.STOPPED, JobStatus.FAILED}),
    JobStatus.STARTING: frozenset(
        {JobStatus.LOADING, JobStatus.RUNNING, JobStatus.COMPLETED, JobStatus.STOPPED, JobStatus.FAILED}
    ),
    JobStatus.LOADING: frozenset({JobStatus.RUNNING, JobStatus.COMPLETED, JobStatus.STOPPED, JobStatus.FAILED}),
    JobStatus.RUNNING: frozenset({JobStatus.PAUSED, JobStatus.COMPLETED, JobStatus.STOPPED, JobStatus.FAILED}),
    JobStatus.PAUSED: frozenset({JobStatus.QUEUED, JobStatus.STOPPED}),
    JobStatus.COMPLETED: frozenset(),
    JobStatus.FAILED: frozenset(),
    JobStatus.STOPPED: frozenset(),
}


def is_legal(seen: JobStatus, following: JobStatus) -> bool:
    return following in MOVES[seen]


def sources_of(following: JobStatus) -> tuple[JobStatus, ...]:
    """The states from which `following` may be reached."""
    return tuple(status for status, allowed in MOVES.items() if following in allowed)

"""Which state may follow which: the one table of legal moves."""

from __future__ import annotations

from app.records import JobStatus

ENDINGS = frozenset({JobStatus.PAUSED, JobStatus.COMPLETED, JobStatus.STOPPED, JobStatus.FAILED})
MOVES: dict[JobStatus, frozenset[JobStatus]] = {
    JobStatus.QUEUED: frozenset({JobStatus.STARTING, JobStatus.PAUSED, JobStatus.STOPPED}),
    JobStatus.STARTING: ENDINGS | {JobStatus.LOADING, JobStatus.RUNNING},
    JobStatus.LOADING: ENDINGS | {JobStatus.RUNNING},
    JobStatus.RUNNING: ENDINGS,
    JobStatus.PAUSED: frozenset({JobStatus.STOPPED}),
    JobStatus.COMPLETED: frozenset(),
    JobStatus.FAILED: frozenset(),
    JobStatus.STOPPED: frozenset(),
}
# From these a person may ask for another attempt of the same job: resume, retry, more epochs. Nothing else leaves them.
RESTARTABLE = frozenset({JobStatus.PAUSED, JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.STOPPED})


def is_legal(seen: JobStatus, following: JobStatus) -> bool:
    return following in MOVES[seen]


def sources_of(following: JobStatus) -> tuple[JobStatus, ...]:
    """The states from which `following` may be reached."""
    return tuple(status for status, allowed in MOVES.items() if following in allowed)

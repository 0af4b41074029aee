"""Who goes next: waiting jobs enter, the order in which free places are given to them leaves.

Higher priority first; then the person with the fewest jobs at work; then the one whose latest start is longest ago, so that
people take turns; then whoever waits longest, in the order that each person gave their own jobs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

NEVER = float("-inf")


class Waiting(Protocol):
    """What fairness needs to know of a job."""

    @property
    def owner_id(self) -> str: ...
    @property
    def priority(self) -> int: ...
    @property
    def queue_rank(self) -> float: ...


Candidate = TypeVar("Candidate", bound=Waiting)


def choose_next(
    waiting: Sequence[Candidate], at_work: Mapping[str, int], latest_starts: Mapping[str, float], most_per_user: int = 0
) -> Candidate | None:
    """The job that a free place goes to; None when nobody may take it.

    `at_work` counts live jobs per owner, `latest_starts` holds when each last had one started; 0 is no limit.
    """
    allowed = [job for job in waiting if not most_per_user or at_work.get(job.owner_id, 0) < most_per_user]
    if not allowed:
        return None

    def urgency(job: Candidate) -> tuple[float, ...]:
        return (-job.priority, at_work.get(job.owner_id, 0), latest_starts.get(job.owner_id, NEVER), job.queue_rank)

    return min(allowed, key=urgency)

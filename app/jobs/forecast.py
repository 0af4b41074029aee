"""When waiting jobs will start: the queue is played forward with what is known of how long runs take.

Enters what runs, what waits and estimates in seconds; leaves each waiting job's place and expected start.
"""

from __future__ import annotations

import heapq
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.jobs.fairness import choose_next
from app.records import Job


@dataclass(frozen=True, slots=True)
class QueuePlace:
    """Where a waiting job stands: `position` counts from 1; seconds until its start, or None when nobody can tell yet."""

    position: int
    waiting: int
    starts_in_seconds: float | None


@dataclass(frozen=True, slots=True)
class Occupied:
    """A place at work: whose, for how many more seconds (None: unknown), and whether it is one on a GPU."""

    owner_id: str
    remaining_seconds: float | None
    is_on_gpu: bool = False


def forecast(
    occupied: Sequence[Occupied],
    waiting: Sequence[Job],
    durations: Mapping[str, float | None],
    places: int,
    most_per_user: int = 0,
    latest_starts: Mapping[str, float] | None = None,
) -> dict[str, QueuePlace]:
    """Play the queue forward; `durations` holds the expected seconds of each waiting job by id.

    `latest_starts`, in Unix time, are when each owner last had a job started. An unknown duration makes every start that
    depends on it unknown, never a guess.
    """
    at_work = Counter(place.owner_id for place in occupied)
    ends = [(_or_never(place.remaining_seconds), place.owner_id) for place in occupied]
    heapq.heapify(ends)
    starts = dict(latest_starts or {})
    rows, clock, found = _rows_by_owner(waiting), 0.0, dict[str, QueuePlace]()
    while rows:
        # Of one person's jobs only the first can be next, so that a long queue is not looked through for every place.
        heads = [row[0] for row in rows.values()]
        job = choose_next(heads, at_work, starts, most_per_user) if len(ends) < places else None
        if job is None:
            if not ends:  # nobody may start, and nothing will end
                break
            clock, owner = heapq.heappop(ends)
            at_work[owner] -= 1
            continue
        rows[job.owner_id].popleft()
        if not rows[job.owner_id]:
            del rows[job.owner_id]
        found[job.id] = QueuePlace(len(found) + 1, len(waiting), clock if clock < NEVER else None)
        at_work[job.owner_id] += 1
        starts[job.owner_id] = LATER + len(found)  # later than any real start, and one after the other
        heapq.heappush(ends, (clock + _or_never(durations.get(job.id)), job.owner_id))
    return found


NEVER = float("inf")
LATER = 1e15


def _rows_by_owner(waiting: Sequence[Job]) -> dict[str, deque[Job]]:
    """Each person's own jobs, in the order in which they would start."""
    rows: dict[str, deque[Job]] = {}
    for job in sorted(waiting, key=lambda job: (-job.priority, job.queue_rank)):
        rows.setdefault(job.owner_id, deque()).append(job)
    return rows


def _or_never(seconds: float | None) -> float:
    return NEVER if seconds is None else seconds

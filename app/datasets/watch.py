"""Who wants to know when something about data sets changes: pages and requests wait, whoever changes something tells.

A wait is for one data set, or for the list of all that one person may see; of others' they hear nothing.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from app.records import Dataset

EVERYBODY = "everybody"  # beside the ids of data sets and of people


class DatasetWatch:
    """Tells all who wait; nothing is lost between two waits."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    def tell(self, record: Dataset, *, was_shared: bool = False) -> None:
        """Something about it changed; `was_shared`: and it was shared with the team until now."""
        self._wake(record.id)
        if record.owner_id is None or record.is_shared or was_shared:
            self._wake(EVERYBODY)
        else:
            self._wake(record.owner_id)

    @contextmanager
    def watching(self, dataset_id: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever the data set changed; clear it, then look."""
        with self._listening([dataset_id]) as event:
            yield event

    @contextmanager
    def watching_list(self, user_id: str) -> Iterator[asyncio.Event]:
        """Like `watching`, for all data sets that this person may see."""
        with self._listening([user_id, EVERYBODY]) as event:
            yield event

    def _wake(self, key: str) -> None:
        for event in self._waiting.get(key, ()):
            event.set()

    @contextmanager
    def _listening(self, keys: Iterable[str]) -> Iterator[asyncio.Event]:
        event = asyncio.Event()
        for key in keys:
            self._waiting[key].add(event)
        try:
            yield event
        finally:
            for key in keys:
                self._waiting[key].discard(event)
                if not self._waiting[key]:
                    del self._waiting[key]

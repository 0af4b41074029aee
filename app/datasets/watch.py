"""Who wants to know when something about a data set changes: pages and requests wait, the reader tells."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager


class DatasetWatch:
    """Tells all who wait for one data set; nothing is lost between two waits."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    def tell(self, dataset_id: str) -> None:
        for event in self._waiting.get(dataset_id, ()):
            event.set()

    @contextmanager
    def watching(self, dataset_id: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever the data set changed; clear it, then look."""
        event = asyncio.Event()
        self._waiting[dataset_id].add(event)
        try:
            yield event
        finally:
            self._waiting[dataset_id].discard(event)
            if not self._waiting[dataset_id]:
                del self._waiting[dataset_id]

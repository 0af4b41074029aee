"""A zygote that many tests use one after the other: each would wait seconds until one of its own has loaded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from app.jobs.launchers.local import SOURCE_ROOT, LocalLauncher
from app.jobs.launchers.zygote import Zygote

LOAD_SECONDS = 60.0


class LentZygote(Zygote):
    """A real one that launchers find open, and leave so; one that a test has killed is started again, as any is."""

    def __init__(self) -> None:
        super().__init__(SOURCE_ROOT, LocalLauncher(0.0)._worker_environment(1, {}))

    def open(self) -> None:
        pass

    def close(self) -> None:
        pass

    @contextmanager
    def lent(self) -> Iterator[LentZygote]:
        super().open()
        try:
            assert self.wait_until_ready(LOAD_SECONDS)
            yield self
        finally:
            super().close()

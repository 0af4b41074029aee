"""Readings that get no further, so that others have to wait."""

from __future__ import annotations

import gzip
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import httpx

from tests.journeys.conftest import WAIT_SECONDS, Person
from tests.servers import Server
from trainer.contract import RunFolder

SLOW = gzip.compress(("روز,مبلغ\n" + "۱۷ مرداد ۱۴۰۲,۱٬۲۰۰ تومان\n" * 300_000).encode())  # takes seconds to read


def wait_until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def workers_of(server: Server) -> set[int]:
    """Processes that read, or have read."""
    folders = [RunFolder(path) for path in (server.data_dir / "datasets").glob("*/reading-*")]
    return {worker.pid for folder in folders if (worker := folder.read_identity("worker")) is not None}


def post(person: Person, address: str, **body: Any) -> None:
    """Ask for something whose answer does not matter: the server may be killed before it has one."""
    with suppress(httpx.TransportError):
        person.client.post(address, **body)


@contextmanager
def every_place_taken(server: Server, person: Person) -> Iterator[None]:
    """Two files are being read and get no further, so that others wait."""
    before = workers_of(server)
    with ThreadPoolExecutor(2) as elsewhere:
        for name in ("one.csv.gz", "two.csv.gz"):
            elsewhere.submit(post, person, "/api/datasets/upload", files={"file": (name, SLOW)})
        wait_until(lambda: len(workers_of(server) - before) == 2)
        held = workers_of(server) - before
        for worker in held:
            os.kill(worker, signal.SIGSTOP)
        try:
            yield
        finally:
            for worker in held:
                with suppress(ProcessLookupError):
                    os.kill(worker, signal.SIGCONT)

"""A server that is killed while files are read, or wait to be: its next life goes on with what was asked for."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.journeys.conftest import Person, flowers, registered
from tests.journeys.test_rest_reading import SLOW, read_again, upload
from tests.servers import Server, free_port, running_server
from trainer.contract import RunFolder

SECONDS = 60.0
CHOSEN = {"kinds": {"height": "category"}}


def wait_until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def datasets_of(person: Person) -> dict[str, dict[str, Any]]:
    return {dataset["id"]: dataset for dataset in person.client.get("/api/datasets").json()["datasets"]}


def workers_of(server: Server) -> set[int]:
    """Processes that read, or have read."""
    folders = [RunFolder(path) for path in (server.data_dir / "datasets").glob("*/reading-*")]
    return {worker.pid for folder in folders if (worker := folder.read_identity("worker")) is not None}


def post(person: Person, address: str, **body: Any) -> None:
    """Ask for something, and hear no answer: the server is killed before it has one."""
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


def ask_to_read_again(sara: Person, dataset_id: str) -> None:
    post(sara, f"/api/datasets/{dataset_id}/reading", json=CHOSEN)


def upload_the_next_version(sara: Person, _dataset_id: str) -> None:
    post(sara, "/api/datasets/upload", files={"file": ("more.csv", flowers(400))}, data={"name": "Flowers"})


@pytest.mark.parametrize(
    ("is_used", "is_chosen_before", "ask", "rows"),
    [
        (False, False, ask_to_read_again, 300),
        (True, False, ask_to_read_again, 300),
        (False, True, upload_the_next_version, 400),
    ],
    ids=["in place", "as another version", "of a new version as the one before"],
)
def test_a_reading_that_waits_is_done_as_it_was_asked_for_after_a_kill(
    tmp_path: Path, is_used: bool, is_chosen_before: bool, ask: Callable[[Person, str], None], rows: int
) -> None:
    port = free_port()
    with ExitStack() as people:
        with running_server(tmp_path, port) as server, ThreadPoolExecutor(1) as elsewhere:
            sara, omid = (people.enter_context(registered(server, name)) for name in ("sara", "omid"))
            dataset = upload(sara, "flowers.csv", flowers(), "Flowers")
            if is_used:
                sara.wait_until_ended(sara.start_job(dataset=dataset["id"]))
            if is_chosen_before:
                read_again(sara, dataset["id"], **CHOSEN)
            with every_place_taken(server, omid):
                elsewhere.submit(ask, sara, dataset["id"])
                reading = sara.wait_for_dataset("READING")
                server.process.kill()
                server.process.wait()
        with running_server(tmp_path, port):
            wait_until(lambda: datasets_of(sara)[reading]["status"] == "READY")
            after = datasets_of(sara)[reading]
            assert (after["choices"], after["rows"], after["error"]) == (CHOSEN, rows, None)
            if not is_chosen_before:
                assert (reading == dataset["id"]) is not is_used

"""A server that is killed while files are read, or wait to be: its next life goes on with what was asked for."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.conftest import Person, flowers, registered
from tests.journeys.held_readings import every_place_taken, post, wait_until
from tests.journeys.test_rest_reading import read_again, upload
from tests.servers import free_port, running_server

CHOSEN = {"kinds": {"height": "category"}}


def datasets_of(person: Person) -> dict[str, dict[str, Any]]:
    return {dataset["id"]: dataset for dataset in person.client.get("/api/datasets").json()["datasets"]}


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

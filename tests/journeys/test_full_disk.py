"""A full disk, a real one of a few megabytes: everything is refused in words, nothing is broken, and work goes on after it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.conftest import flowers, registered
from tests.servers import Server
from tests.small_disk import disk_of, fill, server_on_small_disk

SHORT = {"epochs": 3, "batch_size": 16}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with server_on_small_disk(tmp_path) as running:
        yield running


def test_a_full_disk_refuses_in_words_and_work_goes_on_after_it(server: Server) -> None:
    with registered(server, "sara") as sara:
        dataset = sara.upload_flowers()
        assert sara.wait_until_ended(sara.start_job(dataset=dataset, **SHORT))["status"] == "COMPLETED"
        at_work = sara.start_job(dataset=dataset, epochs=1000, batch_size=1)
        sara.wait_until_training(at_work)
        filler = fill(disk_of(server))
        refusals = [sara.start(dataset=dataset), sara.upload("more.csv", flowers(5000))]
        for answer in refusals:
            assert (answer.status_code, answer.json()["code"]) == (503, "disk_full"), answer.text
            assert "disk is full" in answer.json()["error"]
        assert sara.status(at_work)["status"] == "RUNNING"
        assert sara.client.get("/api/training/jobs").status_code == 200
        assert [folder.name for folder in (disk_of(server) / "datasets").iterdir()] == [dataset]
        assert list((disk_of(server) / "incoming").iterdir()) == []
        filler.unlink()
        seen = sara.status(at_work)["step"]
        sara.wait(at_work, lambda status: status["step"] > seen)
        assert sara.wait_until_ended(sara.start_job(dataset=dataset, **SHORT))["status"] == "COMPLETED"
        sara.client.post(f"/api/training/{at_work}/stop")
        assert sara.wait_until_ended(at_work)["status"] == "STOPPED"
        with contextlib.closing(sqlite3.connect(disk_of(server) / "tamrin.db")) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]

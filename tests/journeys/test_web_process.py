"""The web process stays small: no torch, no scikit-learn, whatever its workers do; and it ends and comes back cleanly."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import psutil
import pytest

from tests.journeys.conftest import registered
from tests.servers import free_port, running_server, stop

MOST_MEMORY_MB = 250


@pytest.fixture
def people() -> Iterator[ExitStack]:
    """Whoever enters here keeps their connection across restarts of the server."""
    with ExitStack() as people:
        yield people


def test_the_web_process_never_loads_torch_and_stays_small(tmp_path: Path) -> None:
    with running_server(tmp_path) as server, registered(server, "sara") as sara:
        dataset_id = sara.upload_flowers()
        sara.client.get(f"/api/datasets/{dataset_id}/rows")
        httpx.get(f"{server.url}/login")
        jobs = [sara.start_job(dataset=dataset_id, epochs=5) for _ in range(3)]
        assert all(sara.wait_until_ended(job_id)["status"] == "COMPLETED" for job_id in jobs)
        process = psutil.Process(server.process.pid)
        mapped = {Path(region.path).name for region in process.memory_maps()}
        assert not [name for name in mapped if "torch" in name or "sklearn" in name]
        assert process.memory_info().rss < MOST_MEMORY_MB * 1024 * 1024


def test_a_job_outlives_the_server_and_is_found_again(tmp_path: Path, people: ExitStack) -> None:
    port = free_port()
    with running_server(tmp_path, port) as server:
        sara = people.enter_context(registered(server, "sara"))
        job_id = sara.start_job(dataset=sara.upload_flowers(), epochs=1000, batch_size=4)
        before = sara.wait_until_training(job_id)
        server.process.kill()
        server.process.wait()
    with running_server(tmp_path, port):
        after = sara.status(job_id)
        assert after["status"] == "RUNNING"
        later = sara.wait(job_id, lambda status: status["epoch"] > before["epoch"])
        assert later["attempt"] == 1
        assert sara.client.post(f"/api/training/{job_id}/stop").status_code == 200
        assert sara.wait_until_ended(job_id)["status"] == "STOPPED"


def test_the_true_end_is_known_after_a_restart(tmp_path: Path, people: ExitStack) -> None:
    port = free_port()
    with running_server(tmp_path, port) as server:
        sara = people.enter_context(registered(server, "sara"))
        job_id = sara.start_job(dataset=sara.upload_flowers(), epochs=1000, batch_size=16)
        sara.wait_until_training(job_id)
        stop(server.process)
    ended = tmp_path / "data" / "runs" / job_id / "attempt-1" / "exit.json"
    deadline = time.monotonic() + 120
    while not ended.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with running_server(tmp_path, port):
        status = sara.wait_until_ended(job_id)
        assert (status["status"], status["epoch"]) == ("COMPLETED", 1000)
        assert sara.client.get(f"/api/training/{job_id}/download").status_code == 200


@pytest.mark.parametrize("path", ["/api/auth/me", "/api/training/jobs"])
def test_a_login_survives_a_restart_and_a_logout_too(tmp_path: Path, people: ExitStack, path: str) -> None:
    port = free_port()
    with running_server(tmp_path, port) as server:
        sara, gone = (people.enter_context(registered(server, name)) for name in ("sara", "gone"))
        gone.client.post("/api/auth/logout")
    with running_server(tmp_path, port):
        assert sara.client.get(path).status_code == 200
        assert gone.client.get(path).status_code == 403


def test_what_a_killed_server_left_half_done_is_gone_or_finished(tmp_path: Path, people: ExitStack) -> None:
    port = free_port()
    with running_server(tmp_path, port) as server:
        sara = people.enter_context(registered(server, "sara"))
        kept = sara.upload_flowers()
    data = tmp_path / "data"
    (data / "incoming" / "half.part").write_bytes(b"half")
    (data / "datasets" / "data_orphan").mkdir()
    with running_server(tmp_path, port):
        assert list((data / "incoming").iterdir()) == []
        assert [folder.name for folder in (data / "datasets").iterdir()] == [kept]
        assert sara.client.get(f"/api/datasets/{kept}/rows").json()["total"] == 300


def test_reading_goes_on_when_the_server_is_killed_in_the_middle(tmp_path: Path, people: ExitStack) -> None:
    port = free_port()
    wide = ",".join(f"c{number}" for number in range(400)) + "\n" + (",".join("123.5" for _ in range(400)) + "\n") * 200
    with running_server(tmp_path, port) as server:
        sara = people.enter_context(registered(server, "sara"))
        with ThreadPoolExecutor(1) as uploading:
            answer = uploading.submit(sara.upload, "wide.csv", wide)
            keepers = tmp_path / "data" / "datasets"
            deadline = time.monotonic() + 30
            while not list(keepers.glob("*/reading-1/worker.json")):
                assert time.monotonic() < deadline
                time.sleep(0.01)
            server.process.kill()
            assert answer.exception() is not None
    with running_server(tmp_path, port):
        deadline = time.monotonic() + 60
        while (dataset := sara.client.get("/api/datasets").json()["datasets"][0])["status"] == "READING":
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert (dataset["status"], dataset["columns"], dataset["rows"]) == ("READY", 400, 200)


def test_no_zombie_is_left_behind(tmp_path: Path) -> None:
    with running_server(tmp_path) as server, registered(server, "sara") as sara:
        sara.upload_flowers()
        sara.wait_until_ended(sara.start_job())
        process = psutil.Process(server.process.pid)
        deadline = time.monotonic() + 10
        while [child.name() for child in process.children()] != ["zygote"]:
            assert time.monotonic() < deadline, process.children()
            time.sleep(0.05)
        (zygote,) = process.children()
        assert zygote.children() == []

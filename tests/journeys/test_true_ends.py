"""Whatever ends a run, its state says it and a sentence says why: limits, memory, the machine itself, a start cut short."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.conftest import Person, registered
from tests.servers import Server, free_port, running_server

LONG = {"epochs": 1000, "batch_size": 1}
SHORT = {"epochs": 3, "batch_size": 16}


@pytest.fixture
def people() -> Iterator[ExitStack]:
    """Whoever enters here keeps their connection across restarts of the server."""
    with ExitStack() as people:
        yield people


def attempt_folder(server: Server, job_id: str) -> Path:
    return server.data_dir / "runs" / job_id / "attempt-1"


def wait_for_checkpoint(sara: Person, server: Server, job_id: str) -> None:
    checkpoints = attempt_folder(server, job_id) / "checkpoint"
    sara.wait(job_id, lambda _status: any(checkpoints.glob("step-*.pt")))


def kill_everything(server: Server, job_id: str) -> None:
    """As a power cut does."""
    server.process.kill()
    server.process.wait()
    for role in ("keeper", "worker"):
        with contextlib.suppress(ProcessLookupError):
            os.kill(json.loads((attempt_folder(server, job_id) / f"{role}.json").read_text())["pid"], signal.SIGKILL)


def pretend_another_boot(server: Server, job_id: str) -> None:
    for role in ("keeper", "worker"):
        path = attempt_folder(server, job_id) / f"{role}.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "boot_id": "another boot"}))


@pytest.mark.parametrize("goes_on_by_itself", [False, True])
def test_a_run_cut_off_by_a_restart_of_the_machine_can_go_on(tmp_path: Path, people: ExitStack, goes_on_by_itself: bool) -> None:
    port, setting = free_port(), {"RESUME_INTERRUPTED": str(goes_on_by_itself)}
    with running_server(tmp_path, port) as server:
        sara = people.enter_context(registered(server, "sara"))
        job_id = sara.start_job(dataset=sara.upload_flowers(), **LONG)
        wait_for_checkpoint(sara, server, job_id)
        kill_everything(server, job_id)
    pretend_another_boot(server, job_id)
    with running_server(tmp_path, port, **setting):
        if not goes_on_by_itself:
            status = sara.wait_until_ended(job_id)
            assert (status["status"], status["error"]["code"]) == ("FAILED", "machine_restarted")
            assert "resume" in sara.status(job_id)["actions"]
            assert sara.client.post(f"/api/training/{job_id}/resume").status_code == 200
        status = sara.wait(job_id, lambda status: status["status"] == "RUNNING" and status["attempt"] == 2)
        assert sara.client.post(f"/api/training/{job_id}/stop").status_code == 200
        assert sara.wait_until_ended(job_id)["status"] == "STOPPED"
        text = (server.data_dir / "runs" / job_id / "attempt-2" / "worker.log").read_text()
        assert "Going on from step" in text


def test_a_start_that_a_power_cut_interrupted_is_made_good(tmp_path: Path, people: ExitStack) -> None:
    """The queue had given the job its place, and nothing else had happened."""
    port = free_port()
    with running_server(tmp_path, port, MAX_RUNNING_JOBS="1") as server:
        sara = people.enter_context(registered(server, "sara"))
        at_work = sara.start_job(dataset=sara.upload_flowers(), **LONG)
        sara.wait_until_training(at_work)
        waiting = sara.start_job(**SHORT)
        server.process.kill()
        server.process.wait()
    with contextlib.closing(sqlite3.connect(server.data_dir / "tamrin.db")) as database, database:
        database.execute("UPDATE jobs SET status = 'STARTING', attempt = 1 WHERE id = ?", [waiting])
        database.execute(
            "INSERT INTO attempts (job_id, number, folder, begins_with, first_event, started_at)"
            " VALUES (?, 1, ?, 'START', 1, '2026-01-01 00:00:00')",
            [waiting, f"runs/{waiting}/attempt-1"],
        )
    with running_server(tmp_path, port, MAX_RUNNING_JOBS="2"):
        assert sara.wait_until_ended(waiting)["status"] == "COMPLETED"
        assert sara.status(at_work)["status"] == "RUNNING"
        sara.client.post(f"/api/training/{at_work}/stop")
        sara.wait_until_ended(at_work)


def test_a_time_limit_ends_a_run_and_its_model_is_kept(tmp_path: Path) -> None:
    with running_server(tmp_path, JOB_MINUTES="0.1") as server, registered(server, "sara") as sara:
        job_id = sara.start_job(dataset=sara.upload_flowers(), **LONG)
        status = sara.wait_until_ended(job_id)
        assert (status["status"], status["error"]["code"]) == ("STOPPED", "time_limit")
        assert "0.1 minutes" in status["message"]
        assert sara.client.get(f"/api/training/{job_id}/download").status_code == 200


def test_a_run_that_needs_too_much_memory_fails_alone_and_says_what_to_change(tmp_path: Path) -> None:
    with running_server(tmp_path, JOB_MEMORY_MB="700") as server, registered(server, "sara") as sara:
        dataset = sara.upload_flowers()
        sibling = sara.start_job(dataset=dataset, **LONG)
        sara.wait_until_training(sibling)
        wide: dict[str, Any] = {**SHORT, "hidden": [4096] * 8}
        status = sara.wait_until_ended(sara.start_job(dataset=dataset, **wide))
        assert status["status"] == "FAILED"
        assert status["error"]["code"] in {"memory_limit", "out_of_memory"}
        assert "smaller network" in status["message"]
        assert sara.status(sibling)["status"] == "RUNNING"
        sara.client.post(f"/api/training/{sibling}/stop")
        assert sara.wait_until_ended(sibling)["status"] == "STOPPED"


def test_a_run_whose_keeper_hangs_is_stopped_all_the_same(sara: Person, server: Server) -> None:
    job_id = sara.start_job(dataset=sara.upload_flowers(), **LONG)
    sara.wait_until_training(job_id)
    keeper = json.loads((attempt_folder(server, job_id) / "keeper.json").read_text())["pid"]
    os.kill(keeper, signal.SIGSTOP)
    sara.client.post(f"/api/training/{job_id}/stop")
    status = sara.wait_until_ended(job_id)
    assert status["status"] == "STOPPED"
    deadline = time.monotonic() + 10
    while Path(f"/proc/{keeper}").exists() and "Z" not in Path(f"/proc/{keeper}/stat").read_text().rpartition(")")[2][:3]:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_silent_run_is_flagged_and_speaks_again(tmp_path: Path) -> None:
    with running_server(tmp_path, SILENT_MINUTES="0.02") as server, registered(server, "sara") as sara:
        job_id = sara.start_job(dataset=sara.upload_flowers(), **LONG)
        sara.wait_until_training(job_id)
        worker = json.loads((attempt_folder(server, job_id) / "worker.json").read_text())["pid"]
        os.kill(worker, signal.SIGSTOP)
        sara.wait(job_id, lambda status: status["is_silent"])
        os.kill(worker, signal.SIGCONT)
        sara.wait(job_id, lambda status: not status["is_silent"])
        sara.client.post(f"/api/training/{job_id}/stop")
        assert sara.wait_until_ended(job_id)["status"] == "STOPPED"

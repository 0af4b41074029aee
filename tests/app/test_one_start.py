"""An attempt starts once, at whatever step whoever starts it is killed, and is never left hanging."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.conftest import registered
from tests.servers import ROOT, running_server
from trainer.contract import RunFolder

LEAVE_SECONDS = 10.0
ALL_SECONDS = 300.0  # the last waits for all the others
# Writing the order, claiming the folder, being on record: fewer steps than these would mean that some were not counted.
FEWEST_STEPS = {"launcher": 10, "keeper": 12}


@pytest.mark.timeout(600)  # a process for every step
@pytest.mark.parametrize(("who", "ends"), [("launcher", {"COMPLETED"}), ("keeper", {"COMPLETED", "FAILED"})])
def test_a_start_that_is_killed_at_any_step_happens_once_or_fails_with_a_reason(tmp_path: Path, who: str, ends: set[str]) -> None:
    with running_server(tmp_path) as server, registered(server, "sara") as sara:
        token, user = sara.token, sara.client.get("/api/auth/me").json()["user"]["id"]
        dataset = sara.upload_flowers()
        data_dir = server.data_dir
    steps = start_and_die(data_dir, who, user, dataset)
    assert steps >= FEWEST_STEPS[who]
    with running_server(tmp_path, MAX_RUNNING_JOBS="4") as server, registered(server, "omid") as person:
        person.client.headers["Authorization"] = f"Bearer {token}"
        jobs = person.client.get("/api/training/jobs").json()["jobs"]
        assert len(jobs) == steps
        ended = [person.wait_until_ended(job["job_id"], ALL_SECONDS) for job in jobs]
    for job in ended:
        assert job["status"] in ends, job
        assert job["status"] == "COMPLETED" or job["message"], job
        assert count_starts(data_dir, job) == 1 or (job["status"] == "FAILED" and count_starts(data_dir, job) == 0), job
        assert all(is_gone(RunFolder(attempt), role) for attempt in attempts_of(data_dir, job) for role in ("keeper", "worker"))
    assert any(job["status"] == "COMPLETED" for job in ended)


def start_and_die(data_dir: Path, who: str, user: str, dataset: str) -> int:
    """How many attempts were started: one for each step, and the one that nobody died of."""
    command = [sys.executable, "-m", "tests.app.attempt_starter", who, user, dataset]
    one_thread = {"MAX_RUNNING_JOBS": "1", "THREADS_PER_JOB": "1"}  # more would wait for one another: many runs train at once
    environment = {**os.environ, **one_thread, "DATA_DIR": str(data_dir), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=data_dir, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def attempts_of(data_dir: Path, job: dict[str, Any]) -> list[Path]:
    return sorted((data_dir / "runs" / job["job_id"]).glob("attempt-*"))


def count_starts(data_dir: Path, job: dict[str, Any]) -> int:
    """How many workers ever said that they began."""
    logs = [attempt / "events.jsonl" for attempt in attempts_of(data_dir, job)]
    lines = [json.loads(line) for log in logs if log.exists() for line in log.read_text().splitlines()]
    return sum(line["type"] == "attempt" for line in lines)


def is_gone(folder: RunFolder, role: str) -> bool:
    process = folder.read_identity(role)
    return process is None or process.wait_until_gone(LEAVE_SECONDS)

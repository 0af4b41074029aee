"""From upload to model with the REST interface alone, through real keepers and workers."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.journeys.conftest import Person, flowers
from tests.servers import Server

LONG = {"epochs": 1000, "batch_size": 1}


def folder_of(server: Server, job_id: str) -> Path:
    return server.data_dir / "runs" / job_id / "attempt-1"


def process_of(server: Server, job_id: str, role: str) -> int:
    return int(json.loads((folder_of(server, job_id) / f"{role}.json").read_text())["pid"])


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def test_a_table_becomes_a_model_that_predicts(sara: Person, tmp_path: Path) -> None:
    dataset_id = sara.upload_flowers()
    job_id = sara.start_job(dataset=dataset_id, target="kind", epochs=20)
    assert job_id.startswith("job_")
    status = sara.wait_until_ended(job_id)
    assert status["status"] == "COMPLETED", status
    assert (status["progress"], status["epoch"]) == (100, 20)
    assert status["step"] == status["total_steps"]
    download = sara.client.get(f"/api/training/{job_id}/download")
    assert f'filename="{job_id}.pt"' in download.headers["content-disposition"]
    torch.load(io.BytesIO(download.content), weights_only=True)
    (tmp_path / "model.pt").write_bytes(download.content)
    (tmp_path / "new.csv").write_text("height,width,colour\n0.1,0.0,red\n6.2,2.1,blue\n")
    command = [sys.executable, "-m", "trainer", "predict", "--model", "model.pt", "--data", "new.csv"]
    predicted = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert "rose" in predicted.splitlines()[1]
    assert "iris" in predicted.splitlines()[2]


def test_the_specifications_own_request_trains_on_the_sample(sara: Person) -> None:
    answer = sara.client.post("/api/training", json={"epochs": 2, "batch_size": 16, "lr": 0.01})
    assert answer.json()["ok"] is True
    assert answer.json()["status"] == "QUEUED"
    status = sara.wait_until_ended(answer.json()["job_id"])
    assert (status["status"], status["dataset"]) == ("COMPLETED", "sample_iris")


@pytest.mark.parametrize("reference", ["id", "path"])
def test_a_data_set_is_named_by_its_id_or_its_path(sara: Person, reference: str) -> None:
    dataset = sara.upload("flowers.csv", flowers()).json()["dataset"]
    job_id = sara.start_job(dataset=dataset[reference])
    assert sara.status(job_id)["dataset"] == dataset["id"]


def test_epochs_and_batch_size_do_what_they_say(sara: Person) -> None:
    dataset_id = sara.upload_flowers()
    small = sara.wait_until_ended(sara.start_job(dataset=dataset_id, epochs=3, batch_size=10))
    large = sara.wait_until_ended(sara.start_job(dataset=dataset_id, epochs=3, batch_size=100))
    assert (small["epoch"], large["epoch"]) == (3, 3)
    assert small["total_steps"] == 3 * 20  # 64 % of 300 rows are 192: 20 steps of 10
    assert large["total_steps"] == 3 * 2


def test_a_stopped_job_keeps_its_last_checkpoint_and_leaves_no_process(sara: Person, server: Server) -> None:
    job_id = sara.start_job(dataset=sara.upload_flowers(), **LONG)
    sara.wait_until_training(job_id)
    worker, keeper = process_of(server, job_id, "worker"), process_of(server, job_id, "keeper")
    assert sara.client.post(f"/api/training/{job_id}/stop").json()["ok"] is True
    status = sara.wait_until_ended(job_id)
    assert status["status"] == "STOPPED"
    assert 0 < status["progress"] < 100
    assert list((folder_of(server, job_id) / "checkpoint").iterdir())
    assert not is_running(worker)
    deadline = time.monotonic() + 5
    while is_running(keeper):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_waiting_job_is_stopped_at_once(sara: Person) -> None:
    dataset_id = sara.upload_flowers()
    at_work = [sara.start_job(dataset=dataset_id, **LONG) for _ in range(2)]
    waiting = sara.start_job(dataset=dataset_id, **LONG)
    assert sara.status(waiting)["status"] == "QUEUED"
    assert sara.client.post(f"/api/training/{waiting}/stop").json()["status"]["status"] == "STOPPED"
    for job_id in at_work:
        assert sara.client.post(f"/api/training/{job_id}/stop").status_code == 200
        assert sara.wait_until_ended(job_id)["status"] == "STOPPED"


def test_no_more_jobs_run_than_allowed_and_the_rest_wait_their_turn(sara: Person) -> None:
    dataset_id = sara.upload_flowers()
    jobs = [sara.start_job(dataset=dataset_id, epochs=5) for _ in range(4)]
    most = 0
    while True:
        states = [job["status"] for job in sara.client.get("/api/training/jobs").json()["jobs"]]
        most = max(most, sum(state in {"STARTING", "LOADING", "RUNNING"} for state in states))
        if all(state == "COMPLETED" for state in states):
            break
        assert "FAILED" not in states
    assert most == 2
    assert len(states) == len(jobs)


@pytest.mark.alone
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_killed_worker_is_failed_with_its_signal_within_a_second(sara: Person, server: Server, number: signal.Signals) -> None:
    job_id = sara.start_job(dataset=sara.upload_flowers(), **LONG)
    sara.wait_until_training(job_id)
    killed_at = time.time()
    os.kill(process_of(server, job_id, "worker"), number)
    status = sara.wait_until_ended(job_id)
    assert status["status"] == "FAILED"
    assert number.name in status["message"]
    assert time.time() - killed_at < 1.0


def test_a_killed_keeper_takes_its_worker_along_and_the_job_is_failed(sara: Person, server: Server) -> None:
    job_id = sara.start_job(dataset=sara.upload_flowers(), **LONG)
    sara.wait_until_training(job_id)
    worker = process_of(server, job_id, "worker")
    os.kill(process_of(server, job_id, "keeper"), signal.SIGKILL)
    assert sara.wait_until_ended(job_id)["status"] == "FAILED"
    assert not is_running(worker)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"epochs": 0}, ("epochs", "0", "1000")),
        ({"epochs": 1001}, ("epochs", "1001", "1000")),
        ({"epochs": "many"}, ("epochs", "many")),
        ({"epochs": None}, ("epochs",)),
        ({"batch_size": 0}, ("batch_size", "0", "1")),
        ({"lr": "abc"}, ("lr", "abc")),
        ({"lr": 2}, ("lr", "2", "0.00001")),
        ({"lr": 10**400}, ("lr", "1000", "0.00001")),
        ({"target": "kind", "exclude": ["height", "width", "colour"]}, ("exclude", "kind")),
        ({"target": "nothing"}, ("target", "nothing", "height")),
        ({"network": "magic"}, ("network", "magic", "mlp")),
        ({"surprise": 1}, ("surprise",)),
        ({"dataset": "data_unknown"}, ("dataset", "data_unknown")),
        ({"dataset": 5}, ("dataset", "5")),
        ({"task": "regression", "target": "kind"}, ("task", "kind")),
    ],
)
def test_a_wrong_request_is_refused_by_field_value_and_bound(sara: Person, wrong: dict[str, Any], named: tuple[str, ...]) -> None:
    answer = sara.start(**{"dataset": sara.upload_flowers(), **wrong})
    assert answer.status_code == (404 if wrong.get("dataset") == "data_unknown" else 400), answer.text
    assert answer.json()["details"][0]["field"] == named[0]
    for part in named[1:]:
        assert part in answer.json()["error"]
    assert sara.client.get("/api/training/jobs").json()["jobs"] == []


def test_a_named_network_is_trained_by_its_recipe_and_compared_with_boosted_trees(sara: Person) -> None:
    body = {"dataset": sara.upload_flowers(), "target": "kind", "network": "auto"}
    answer = sara.client.post("/api/training", json=body)
    assert answer.status_code < 300, answer.text
    status = sara.wait_until_ended(answer.json()["job_id"])
    assert status["status"] == "COMPLETED"
    assert (status["settings"]["network"], status["settings"]["folds"], status["settings"]["lr"]) == ("auto", 5, 0.002)
    metrics = status["metrics"]
    assert (metrics["network"]["family"], metrics["model"]["is"]) == ("tabm", "both")
    assert metrics["test"]["accuracy"] > metrics["trivial"]["accuracy"]
    assert metrics["boosting"]["accuracy"] > metrics["trivial"]["accuracy"]


def test_a_batch_larger_than_any_table_is_one_step_per_epoch(sara: Person) -> None:
    status = sara.wait_until_ended(sara.start_job(batch_size=10**400))
    assert (status["status"], status["total_steps"]) == ("COMPLETED", 2)


def test_halves_of_characters_are_refused(sara: Person) -> None:
    for body in (b'{"epochs": 1, "batch_size": 1, "lr": 0.1, "target": "\\ud800"}', b'{"\\udfff": 1}'):
        answer = sara.client.post("/api/training", content=body, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_json")


def test_all_mistakes_of_a_request_come_together(sara: Person) -> None:
    answer = sara.client.post("/api/training", json={"epochs": 0, "batch_size": 0, "lr": 5})
    assert [detail["field"] for detail in answer.json()["details"]] == ["epochs", "batch_size", "lr"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("a,b\n" + "1,x\n2,x\n" * 10, "target_constant"),
        ("a,b\n" + "1,x\n2,y\n" * 10 + "3,rare\n", "class_too_small"),
    ],
)
def test_a_target_that_cannot_be_learned_is_refused_before_anything_starts(sara: Person, content: str, code: str) -> None:
    dataset_id = sara.upload("rows.csv", content).json()["dataset"]["id"]
    answer = sara.start(dataset=dataset_id, target="b")
    assert answer.status_code == 400
    assert answer.json()["details"][0]["code"] == code
    assert answer.json()["details"][0]["field"] == "target"


def test_somebody_elses_job_does_not_exist(sara: Person, omid: Person) -> None:
    job_id = sara.start_job()
    stranger = omid.client
    assert stranger.get("/api/training/status", params={"job_id": job_id}).status_code == 404
    assert stranger.post(f"/api/training/{job_id}/stop").status_code == 404
    assert stranger.get(f"/api/training/{job_id}/download").json()["error"] == "Model not found"
    assert stranger.get("/api/training/jobs").json()["jobs"] == []
    assert sara.wait_until_ended(job_id)["status"] == "COMPLETED"


def test_no_model_before_the_end(sara: Person) -> None:
    job_id = sara.start_job(dataset=sara.upload_flowers(), **LONG)
    answer = sara.client.get(f"/api/training/{job_id}/download")
    assert answer.status_code == 404
    assert answer.json()["error"] == "Model not found"
    sara.client.post(f"/api/training/{job_id}/stop")
    sara.wait_until_ended(job_id)


def test_stopping_what_has_ended_is_a_conflict(sara: Person) -> None:
    job_id = sara.start_job()
    sara.wait_until_ended(job_id)
    assert sara.client.post(f"/api/training/{job_id}/stop").status_code == 409
    assert sara.status(job_id)["status"] == "COMPLETED"

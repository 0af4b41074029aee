"""Pause, resume, retry, train longer and the queue, through the REST interface with real keepers and workers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.journeys.conftest import Person, registered
from tests.servers import Server, running_server
from trainer.contract import ProcessIdentity, read_events

LONG = {"epochs": 1000, "batch_size": 1}
SHORT = {"epochs": 3, "batch_size": 16}
LEAVE_SECONDS = 10.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One place, so that a second job waits."""
    with running_server(tmp_path_factory.mktemp("server"), MAX_RUNNING_JOBS="1") as running:
        yield running


def act(person: Person, job_id: str, action: str, **body: Any) -> dict[str, Any]:
    answer = person.client.post(f"/api/training/{job_id}/{action}", json=body)
    assert answer.status_code == 200, answer.text
    status: dict[str, Any] = answer.json()["status"]
    return status


def refusal(person: Person, job_id: str, action: str, **body: Any) -> tuple[int, str]:
    answer = person.client.post(f"/api/training/{job_id}/{action}", json=body)
    return answer.status_code, answer.json()["code"]


def events_of(server: Server, job_id: str) -> list[dict[str, Any]]:
    folder = server.data_dir / "runs" / job_id
    attempts = sorted(folder.iterdir(), key=lambda path: int(path.name.rpartition("-")[2]))
    return [event for attempt in attempts for event in read_events(attempt / "events.jsonl").events]


def test_a_paused_run_gives_up_its_place_and_goes_on_where_it_was(sara: Person, server: Server) -> None:
    job_id = sara.start_job(dataset=sara.upload_flowers(), **LONG)
    sara.wait_until_training(job_id)
    act(sara, job_id, "pause")
    paused = sara.wait(job_id, lambda status: status["status"] == "PAUSED")
    assert paused["actions"] == ["resume", "stop"]
    assert refusal(sara, job_id, "pause") == (409, "cannot_pause")
    assert sara.wait_until_ended(sara.start_job(**SHORT))["status"] == "COMPLETED", "the place was not free"
    act(sara, job_id, "resume")
    sara.wait(job_id, lambda status: status["status"] == "RUNNING" and status["step"] > paused["step"])
    act(sara, job_id, "stop")
    assert sara.wait_until_ended(job_id)["attempt"] == 2
    events = events_of(server, job_id)
    assert [event["n"] for event in events] == list(range(1, len(events) + 1)), "numbers go on from attempt to attempt"
    begins = [event for event in events if event["type"] == "attempt"]
    assert [(begin["number"], begin["resumed"]) for begin in begins] == [(1, False), (2, True)]
    assert begins[1]["step"] == paused["step"]
    steps = [event["step"] for event in events if event["type"] == "metric"]
    assert steps == sorted(steps)


def test_a_stopped_run_is_resumed_or_begins_again(sara: Person, server: Server) -> None:
    job_id = sara.start_job(dataset=sara.upload_flowers(), **LONG)
    sara.wait_until_training(job_id)
    act(sara, job_id, "stop")
    stopped = sara.wait_until_ended(job_id)
    assert sara.status(job_id)["actions"] == ["resume", "retry"]
    assert refusal(sara, job_id, "extend", epochs=5) == (409, "cannot_extend") or stopped["epochs"] == 1000
    assert act(sara, job_id, "retry")["epoch"] == 0
    sara.wait_until_training(job_id)
    act(sara, job_id, "stop")
    sara.wait_until_ended(job_id)
    begins = [event for event in events_of(server, job_id) if event["type"] == "attempt"]
    assert [(begin["resumed"], begin["step"]) for begin in begins] == [(False, 0), (False, 0)]


def test_a_stop_works_in_whatever_state_it_meets_the_run(sara: Person, server: Server) -> None:
    dataset, met = sara.upload_flowers(), set()
    for looks in range(12):
        job_id = sara.start_job(dataset=dataset, **LONG)
        for _ in range(looks):
            met.add(sara.status(job_id)["status"])
        act(sara, job_id, "stop")
        assert sara.wait_until_ended(job_id)["status"] == "STOPPED"
    assert len(met) >= 2, "the run was always in the same state, so nothing was shown"
    assert leftovers(server) == []


def test_a_run_is_stopped_while_the_zygote_does_not_answer(sara: Person, server: Server) -> None:
    zygote = next(child for child in psutil.Process(server.process.pid).children() if child.name() == "zygote")
    zygote.suspend()
    job_id = sara.start_job(**LONG)
    sara.wait(job_id, lambda status: status["status"] == "STARTING")
    act(sara, job_id, "stop")
    assert sara.wait_until_ended(job_id)["status"] == "STOPPED"
    assert events_of(server, job_id) == [], "a worker was started for nothing"
    assert leftovers(server) == []


def leftovers(server: Server) -> list[psutil.Process]:
    """Keepers and workers of this server that are still there, once they had time to go."""
    runs = server.data_dir / "runs"
    identities = [json.loads(path.read_text()) for path in runs.glob("*/attempt-*/*er.json")]
    known = [ProcessIdentity(**identity) for identity in identities]
    return [psutil.Process(process.pid) for process in known if not process.wait_until_gone(LEAVE_SECONDS)]


def test_a_completed_run_is_trained_longer_on_the_same_curves(sara: Person, server: Server) -> None:
    job_id = sara.start_job(dataset=sara.upload_flowers(), **SHORT)
    first = sara.wait_until_ended(job_id)
    assert first["status"] == "COMPLETED"
    assert sara.status(job_id)["actions"] == ["extend"]
    assert refusal(sara, job_id, "retry") == (409, "cannot_retry")
    assert refusal(sara, job_id, "extend", epochs=998) == (400, "out_of_bounds")
    assert refusal(sara, job_id, "extend", epochs="many") == (400, "out_of_bounds")
    act(sara, job_id, "extend", epochs=2)
    longer = sara.wait_until_ended(job_id)
    assert (longer["status"], longer["epochs"], longer["epoch"], longer["attempt"]) == ("COMPLETED", 5, 5, 2)
    ends = [event["epoch"] for event in events_of(server, job_id) if "validation_loss" in event.get("values", {})]
    assert ends == [1, 2, 3, 4, 5]
    assert sara.client.get(f"/api/training/{job_id}/download").status_code == 200


def test_waiting_jobs_know_their_place_and_change_it(sara: Person, omid: Person) -> None:
    dataset = sara.upload_flowers()
    at_work = sara.start_job(dataset=dataset, **LONG)
    sara.wait_until_training(at_work)
    first, second = (sara.start_job(dataset=dataset, **SHORT) for _ in range(2))
    theirs = omid.start_job(**SHORT)
    assert [person.status(job)["queue_position"] for person, job in ((omid, theirs), (sara, first), (sara, second))] == [1, 2, 3]
    act(sara, second, "move", places=-1)
    assert [sara.status(job)["queue_position"] for job in (second, first)] == [2, 3]
    assert refusal(sara, second, "move", places=-1) == (409, "cannot_move")
    assert refusal(sara, second, "move", places=5) == (400, "not_a_choice")
    assert refusal(omid, second, "move", places=1) == (404, "job_not_found")
    assert refusal(omid, first, "priority", priority=5) == (403, "not_an_administrator")
    for job in (first, second):
        act(sara, job, "stop")
    act(sara, at_work, "stop")
    assert omid.wait_until_ended(theirs)["status"] == "COMPLETED"
    sara.wait_until_ended(at_work)


def test_an_administrator_lets_somebodys_job_go_first(server: Server, tmp_path: Path) -> None:
    with (
        running_server(tmp_path, MAX_RUNNING_JOBS="1") as fresh,
        registered(fresh, "admin") as admin,
        registered(fresh, "sara") as sara,
    ):
        at_work = sara.start_job(**LONG)
        sara.wait_until_training(at_work)
        jobs = [sara.start_job(**SHORT) for _ in range(2)]
        assert act(admin, jobs[1], "priority", priority=5)["priority"] == 5
        assert [sara.status(job)["queue_position"] for job in jobs] == [2, 1]
        assert refusal(admin, jobs[1], "priority", priority="high") == (400, "out_of_bounds")
        assert refusal(admin, jobs[1], "stop") == (404, "job_not_found")
        act(sara, at_work, "stop")
        sara.wait_until_ended(at_work)


def test_a_waiting_run_is_held_and_let_go(sara: Person) -> None:
    at_work = sara.start_job(**LONG)
    sara.wait_until_training(at_work)
    held = sara.start_job(**SHORT)
    assert act(sara, held, "pause")["status"] == "PAUSED"
    act(sara, at_work, "stop")
    sara.wait_until_ended(at_work)
    assert sara.status(held)["status"] == "PAUSED"
    act(sara, held, "resume")
    assert sara.wait_until_ended(held)["status"] == "COMPLETED"


def test_the_log_is_paged_searched_and_downloaded(sara: Person) -> None:
    job_id = sara.start_job(dataset=sara.upload_flowers(), **SHORT)
    sara.wait_until_ended(job_id)
    page = sara.client.get(f"/api/training/{job_id}/log").json()
    assert page["earlier"] is None
    lines = [line["text"] for line in page["lines"]]
    assert any("Rows to learn from" in line for line in lines), lines
    found = sara.client.get(f"/api/training/{job_id}/log", params={"search": "rows to LEARN"}).json()
    assert len(found["lines"]) == 1
    download = sara.client.get(f"/api/training/{job_id}/log/download")
    assert download.text.splitlines() == lines
    assert sara.client.get(f"/api/training/{job_id}/log", params={"attempt": 7}).status_code == 404
    assert sara.client.get(f"/api/training/{job_id}/log", params={"before": -1}).status_code == 400


def test_what_a_run_uses_is_sampled(sara: Person) -> None:
    job_id = sara.start_job(dataset=sara.upload_flowers(), **LONG)

    def has_samples(_status: dict[str, Any]) -> bool:
        return len(sara.client.get(f"/api/training/{job_id}/usage").json()["samples"]) >= 2

    sara.wait(job_id, has_samples)
    act(sara, job_id, "stop")
    sara.wait_until_ended(job_id)
    samples = sara.client.get(f"/api/training/{job_id}/usage").json()["samples"]
    assert all(sample["memory_mb"] > 0 for sample in samples)
    assert [sample["at"] for sample in samples] == sorted(sample["at"] for sample in samples)


@pytest.mark.parametrize("action", ["stop", "pause", "resume", "retry", "extend", "move", "priority"])
def test_nobody_touches_somebody_elses_job(sara: Person, omid: Person, action: str) -> None:
    job_id = sara.start_job(**SHORT)
    body = {"extend": {"epochs": 1}, "move": {"places": 1}, "priority": {"priority": 1}}.get(action, {})
    code, reason = refusal(omid, job_id, action, **body)
    assert (code, reason) in {(404, "job_not_found"), (403, "not_an_administrator")}
    assert sara.wait_until_ended(job_id)["status"] == "COMPLETED"


@pytest.mark.parametrize("path", ["log", "log/download", "usage"])
def test_nobody_reads_somebody_elses_job(sara: Person, omid: Person, path: str) -> None:
    job_id = sara.start_job(**SHORT)
    answer = omid.client.get(f"/api/training/{job_id}/{path}")
    assert (answer.status_code, json.loads(answer.text)["code"]) == (404, "job_not_found")
    sara.wait_until_ended(job_id)

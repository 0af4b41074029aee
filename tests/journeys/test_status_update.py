"""Reports of workers that share no disk: only with the attempt's own token, and through the same numbered log."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from app.jobs.attempt_tokens import AttemptTokens
from tests.journeys.conftest import Person
from tests.servers import Server
from trainer.contract import read_events

PATH = "/api/training/internal/status-update"
LONG = {"epochs": 1000, "batch_size": 1}


def report(server: Server, job_id: str, token: str | None, **status: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.post(f"{server.url}{PATH}", json={"job_id": job_id, "status": status}, headers=headers)


def token_for(server: Server, job_id: str, attempt: int = 1) -> str:
    return AttemptTokens((server.data_dir / "secret.key").read_text().strip()).issue(job_id, attempt)


@pytest.fixture
def job_id(sara: Person) -> str:
    job_id = sara.start_job(dataset=sara.upload_flowers(), **LONG)
    sara.wait_until_training(job_id)
    return job_id


def end(person: Person, job_id: str) -> None:
    person.client.post(f"/api/training/{job_id}/stop")
    person.wait_until_ended(job_id)


def test_a_report_travels_through_the_numbered_log(sara: Person, server: Server, job_id: str) -> None:
    answer = report(server, job_id, token_for(server, job_id), message="Halfway there", loss=0.25)
    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    path = server.data_dir / "runs" / job_id / "attempt-1" / "events.jsonl"

    def is_told(_status: dict[str, Any]) -> bool:
        return "Halfway there" in str(read_events(path).events)

    sara.wait(job_id, is_told)
    end(sara, job_id)
    events = read_events(path).events
    assert [event["n"] for event in events] == list(range(1, len(events) + 1)), "two writers, one numbering"
    assert any(event.get("values") == {"train_loss": 0.25} for event in events)


def test_without_the_attempts_own_token_nothing_is_reported(sara: Person, server: Server, job_id: str) -> None:
    other = sara.start_job(**LONG)
    for token in (None, "forged", sara.token, token_for(server, other)):
        assert report(server, job_id, token, loss=0.1).status_code == 401
    end(sara, other)
    end(sara, job_id)


def test_an_attempt_that_is_over_reports_nothing(sara: Person, server: Server, job_id: str) -> None:
    assert report(server, job_id, token_for(server, job_id, attempt=2), loss=0.1).status_code == 409
    end(sara, job_id)
    assert report(server, job_id, token_for(server, job_id), loss=0.1).status_code == 409


def test_what_no_run_can_say_is_refused_by_name(sara: Person, server: Server, job_id: str) -> None:
    wrong = {"status": "COMPLETED", "epoch": -1, "step": 1.5, "loss": "low", "message": "x" * 5000, "mood": "good"}
    answer = report(server, job_id, token_for(server, job_id), **wrong)
    assert answer.status_code == 400
    assert {detail["field"] for detail in answer.json()["details"]} == set(wrong)
    bodies: list[Any] = [[], {"job_id": job_id}, {"job_id": job_id, "status": 5}]
    for body in bodies:
        headers = {"Authorization": f"Bearer {token_for(server, job_id)}"}
        assert httpx.post(f"{server.url}{PATH}", json=body, headers=headers).status_code == 400
    end(sara, job_id)

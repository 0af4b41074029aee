"""The feed for programs as server-sent events: every event of a run once and in order, whatever happens to the server."""

from __future__ import annotations

import contextlib
import json
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.journeys.conftest import Person, registered
from tests.servers import Server, free_port, running_server, stop
from trainer.contract import JsonObject, read_events

SHORT = {"epochs": 30, "batch_size": 4}


def read_stream(person: Person, job_id: str, after: int | None = None, most: int | None = None) -> Iterator[tuple[str, str, Any]]:
    """(event, id, data) as they come, until the stream ends."""
    headers = {} if after is None else {"Last-Event-ID": str(after)}
    with person.client.stream("GET", f"/api/training/{job_id}/events", headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        kind, number = "message", ""
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if name == "event":
                kind = value
            elif name == "id":
                number = value
            elif name == "data":
                yield kind, number, json.loads(value)
                kind, number = "message", ""


def on_disk(server: Server, job_id: str) -> list[JsonObject]:
    return read_events(server.data_dir / "runs" / job_id / "attempt-1" / "events.jsonl").events


def test_a_stream_tells_every_event_once_then_the_end(sara: Person, server: Server) -> None:
    job_id = sara.start_job(dataset=sara.upload_flowers(), **SHORT)
    told = list(read_stream(sara, job_id))
    events = [data for kind, _, data in told if kind == "message"]
    assert events == on_disk(server, job_id)
    assert [number for kind, number, _ in told if kind == "message"] == [str(event["n"]) for event in events]
    assert told[-1][0] == "end"
    assert [data["status"] for kind, _, data in told if kind == "status"][-1] == "COMPLETED"


def test_an_ended_run_is_replayed_from_any_number(sara: Person, server: Server) -> None:
    job_id = sara.start_job(dataset=sara.upload_flowers(), **SHORT)
    sara.wait_until_ended(job_id)
    whole = on_disk(server, job_id)
    for after in (0, 1, len(whole) // 2, len(whole) - 1):
        told = [data for kind, _, data in read_stream(sara, job_id, after) if kind == "message"]
        assert told == whole[after:]
    nothing_left = sara.client.get(f"/api/training/{job_id}/events", headers={"Last-Event-ID": str(len(whole))})
    assert nothing_left.status_code == 204


@pytest.mark.parametrize("number", ["soon", "-1", "1.5", "۳", "9" * 30])
def test_a_number_that_is_none_is_refused(sara: Person, number: str) -> None:
    job_id = sara.start_job()
    answer = sara.client.get(f"/api/training/{job_id}/events", headers=[(b"Last-Event-ID", number.encode())])
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_value")


def test_nobody_follows_somebody_elses_run(sara: Person, omid: Person) -> None:
    job_id = sara.start_job()
    assert omid.client.get(f"/api/training/{job_id}/events").status_code == 404


def test_a_stream_ends_with_its_login(sara: Person) -> None:
    job_id = sara.start_job(dataset=sara.upload_flowers(), epochs=1000, batch_size=1)
    stream = read_stream(sara, job_id)
    next(stream)
    with httpx.Client(base_url=sara.client.base_url, headers={"Authorization": f"Bearer {sara.token}"}) as other:
        other.post(f"/api/training/{job_id}/stop")
        other.post("/api/auth/logout")
    kinds = [kind for kind, _, _ in stream]
    assert kinds.count("end") <= 1  # either the run or the login ended first; what matters is that the stream did


def read_until_killed(sara: Person, server: Server, job_id: str, after: int) -> list[JsonObject]:
    """Twenty events or more; then the server is killed, and the stream breaks."""
    events: list[JsonObject] = []
    with contextlib.suppress(httpx.TransportError):
        for kind, _, data in read_stream(sara, job_id, after):
            if kind == "message":
                events.append(data)
            if len(events) == 20:
                stop(server.process, signal.SIGKILL)
    assert len(events) >= 20, "the stream broke before the server was killed"
    return events


def test_a_killed_server_costs_a_stream_no_event(tmp_path: Path) -> None:
    port, events = free_port(), list[JsonObject]()
    with ExitStack() as people:
        with running_server(tmp_path, port) as server:
            sara = people.enter_context(registered(server, "sara"))
            job_id = sara.start_job(dataset=sara.upload_flowers(), epochs=400, batch_size=4)
            events += read_until_killed(sara, server, job_id, 0)
        with running_server(tmp_path, port) as server:
            events += read_until_killed(sara, server, job_id, events[-1]["n"])
        with running_server(tmp_path, port):
            events += [data for kind, _, data in read_stream(sara, job_id, events[-1]["n"]) if kind == "message"]
            assert events == on_disk(server, job_id)
            assert [event["n"] for event in events] == list(range(1, len(events) + 1))
            assert sara.status(job_id)["status"] == "COMPLETED"

"""What the journeys share: a person with a token, data of our own making, and waiting for a job."""

from __future__ import annotations

import csv
import io
import random
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.servers import Server, new_server

WAIT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account, working through the REST interface."""

    client: httpx.Client
    token: str

    def upload(self, filename: str, content: bytes | str, name: str = "") -> httpx.Response:
        data = content.encode() if isinstance(content, str) else content
        return self.client.post("/api/datasets/upload", files={"file": (filename, data)}, data={"name": name})

    def upload_flowers(self) -> str:
        answer = self.upload("flowers.csv", flowers())
        assert answer.status_code == 200, answer.text
        return str(answer.json()["dataset"]["id"])

    def wait_for_dataset(self, status: str) -> str:
        """The id of the first data set that has this status, once there is one."""
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            datasets = self.client.get("/api/datasets").json()["datasets"]
            if found := [dataset["id"] for dataset in datasets if dataset["status"] == status]:
                return str(found[0])
            assert time.monotonic() < deadline, datasets
            time.sleep(0.02)

    def wait_for_dataset_called(self, name: str) -> str:
        """The id of the data set of this name, once there is one."""
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            datasets = self.client.get("/api/datasets").json()["datasets"]
            if found := [dataset["id"] for dataset in datasets if dataset["name"] == name]:
                return str(found[0])
            assert time.monotonic() < deadline, datasets
            time.sleep(0.02)

    def start(self, **settings: Any) -> httpx.Response:
        return self.client.post("/api/training", json={"epochs": 2, "batch_size": 16, "lr": 0.01, **settings})

    def start_job(self, **settings: Any) -> str:
        answer = self.start(**settings)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["job_id"])

    def status(self, job_id: str) -> dict[str, Any]:
        answer = self.client.get("/api/training/status", params={"job_id": job_id})
        assert answer.status_code == 200, answer.text
        status: dict[str, Any] = answer.json()["status"]
        return status

    def wait(self, job_id: str, reached: Callable[[dict[str, Any]], bool], seconds: float = WAIT_SECONDS) -> dict[str, Any]:
        """Ask for the status until it is as wished."""
        deadline = time.monotonic() + seconds
        while not reached(status := self.status(job_id)):
            assert time.monotonic() < deadline, status
            time.sleep(0.02)
        return status

    def wait_until_ended(self, job_id: str, seconds: float = WAIT_SECONDS) -> dict[str, Any]:
        return self.wait(job_id, lambda status: status["status"] in {"COMPLETED", "FAILED", "STOPPED"}, seconds)

    def wait_until_training(self, job_id: str) -> dict[str, Any]:
        return self.wait(job_id, lambda status: status["status"] == "RUNNING" and status["epoch"] >= 1)


def flowers(rows: int = 300, seed: int = 1) -> str:
    """A table that can be learned: three kinds of flowers, two measures, a colour, some values missing."""
    chance = random.Random(seed)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["height", "width", "colour", "kind"])
    for number in range(rows):
        kind = number % 3
        height = chance.gauss(kind * 3, 0.5)
        colour = chance.choice([["red", "white"], ["white", "blue"], ["blue", "red"]][kind])
        writer.writerow(
            [f"{height:.3f}" if number % 17 else "", f"{chance.gauss(kind, 0.4):.3f}", colour, ("rose", "tulip", "iris")[kind]]
        )
    return text.getvalue()


@contextmanager
def registered(server: Server, name: str) -> Iterator[Person]:
    """A new person; one server serves the whole session, so every address is used once."""
    email = f"{name}-{secrets.token_hex(4)}@example.com"
    with httpx.Client(base_url=server.url, timeout=60) as client:
        answer = client.post("/api/auth/register", json={"email": email, "password": "a passphrase", "name": name})
        assert answer.status_code == 200, answer.text
        token = answer.json()["token"]
        client.cookies.clear()
        client.headers["Authorization"] = f"Bearer {token}"
        yield Person(client, token)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with new_server(tmp_path_factory.mktemp("server"), MAX_UPLOAD_MB="1", MAX_RUNNING_JOBS="2") as server:
        yield server

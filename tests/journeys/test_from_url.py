"""Files that the server fetches from web addresses: as good as uploads, and given up when whoever asked has left."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.journeys.conftest import WAIT_SECONDS, Person, flowers
from tests.journeys.held_readings import every_place_taken, wait_until
from tests.journeys.tus import incoming
from tests.servers import Server, running_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("addresses"), ALLOW_URL_IMPORT="any") as running:
        yield running


@pytest.fixture(scope="module")
def content() -> bytes:
    return flowers(60_000).encode()


@contextmanager
def elsewhere(content: bytes, holds_back: int = 0) -> Iterator[tuple[str, list[socket.socket]]]:
    """A server that sends one file, or all of it but the end; its address, and its connections."""
    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor(1) as serving:
        connections: list[socket.socket] = []

        def serve() -> None:
            connection, _ = listening.accept()
            connections.append(connection)
            connection.recv(10_000)
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n"
            connection.sendall(head.encode() + content[: len(content) - holds_back])
            if not holds_back:
                connection.close()

        serving.submit(serve)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/data/flowers.csv", connections
        for connection in connections:
            connection.close()


def test_a_table_is_fetched_from_a_web_address(sara: Person, server: Server, content: bytes) -> None:
    with elsewhere(content) as (url, _connections):
        answer = sara.client.post("/api/datasets/from-url", json={"url": url, "name": "From afar"})
    assert answer.status_code == 200, answer.text
    dataset = answer.json()["dataset"]
    assert (dataset["name"], dataset["filename"], dataset["rows"]) == ("From afar", "flowers.csv", 60_000)
    assert Path(server.data_dir, "datasets", dataset["id"], "original").read_bytes() == content
    assert incoming(server) == []


def test_nothing_is_fetched_for_somebody_who_has_left(sara: Person, server: Server, content: bytes) -> None:
    with elsewhere(content, holds_back=100) as (url, connections):
        with pytest.raises(httpx.ReadTimeout):
            sara.client.post("/api/datasets/from-url", json={"url": url}, timeout=1)
        connections[0].settimeout(WAIT_SECONDS)
        assert connections[0].recv(1) == b"", "the server hangs up"
    deadline = time.monotonic() + WAIT_SECONDS
    while incoming(server):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert sara.client.get("/api/datasets").json()["datasets"] == []


def ask_to_fetch(server: Server, person: Person, url: str) -> socket.socket:
    """A connection on which a file was asked for."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    connection = socket.create_connection((host, int(port)))
    body = json.dumps({"url": url})
    head = {"Host": host, "Authorization": f"Bearer {person.token}", "Content-Length": str(len(body))}
    lines = ["POST /api/datasets/from-url HTTP/1.1", *(f"{name}: {value}" for name, value in head.items())]
    connection.sendall("\r\n".join([*lines, "Content-Type: application/json", "", body]).encode())
    return connection


def test_nothing_is_read_for_somebody_who_has_left(sara: Person, omid: Person, server: Server, content: bytes) -> None:
    with every_place_taken(server, omid), elsewhere(content) as (url, _connections):
        with ask_to_fetch(server, sara, url):
            dataset_id = sara.wait_for_dataset("READING")
        wait_until(lambda: sara.client.get("/api/datasets").json()["datasets"] == [])
        wait_until(lambda: not (server.data_dir / "datasets" / dataset_id).exists())
        wait_until(lambda: incoming(server) == [])


@pytest.mark.parametrize("body", [{}, {"url": 5}, {"url": "ftp://example.com/a.csv"}, {"url": "http://127.0.0.1:9/a.csv"}])
def test_what_cannot_be_fetched_is_refused_in_a_sentence_beside_its_field(sara: Person, body: dict[str, object]) -> None:
    answer = sara.client.post("/api/datasets/from-url", json=body)
    assert answer.status_code == 400
    assert answer.json()["details"][0]["field"] == "url"

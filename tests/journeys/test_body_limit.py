"""Bodies of requests: above a megabyte they are refused, announced or not, except where files come in as streams."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.journeys.conftest import Person, registered
from tests.servers import Server

LIMIT = 1_000_000
STREAMS = {("POST", "/api/datasets/upload"), ("PATCH", "/api/datasets/uploads/{upload_id}")}
WAIT_SECONDS = 10.0
PIECE = b" " * 50_000


def head_of(server: Server, lines: list[str]) -> bytes:
    host = server.url.removeprefix("http://")
    return "\r\n".join(
        ["POST /api/auth/login HTTP/1.1", f"Host: {host}", "Content-Type: application/json", *lines, "", ""]
    ).encode()


def assert_refused(answer: httpx.Response) -> None:
    assert answer.status_code == 413, answer.text
    assert set(answer.json()) == {"error", "code", "details"}
    assert (answer.json()["code"], "1 MB" in answer.json()["error"]) == ("body_too_large", True)


def pieces(count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield PIECE


def test_what_is_announced_too_large_is_refused_before_a_byte_of_it_comes(server: Server) -> None:
    host, _, port = server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), WAIT_SECONDS) as connection:
        connection.sendall(head_of(server, ["Content-Length: 150000000"]))
        assert connection.recv(1000).startswith(b"HTTP/1.1 413 ")


def test_what_is_not_announced_is_counted_and_refused_while_it_still_comes(server: Server) -> None:
    host, _, port = server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), WAIT_SECONDS) as connection:
        connection.sendall(head_of(server, ["Transfer-Encoding: chunked"]))
        for piece in pieces(LIMIT // len(PIECE) + 1):
            connection.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 413 "), "the body has not ended yet"


def test_every_route_but_the_streams_has_the_limit(sara: Person, server: Server) -> None:
    paths = httpx.get(f"{server.url}/api/openapi.json").json()["paths"]
    routes = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert routes >= STREAMS
    tried = [*sorted(routes - STREAMS), ("POST", "/api/nothing/here")]
    for method, path in [route for route in tried if route[1].startswith("/api/")]:
        address = re.sub(r"[{}]", "", path)
        for content in (b" " * (LIMIT + 1), pieces(LIMIT // len(PIECE) + 1)):
            answer = sara.client.request(method, address, content=content)
            assert answer.status_code == 413, (method, path)
            if method != "HEAD":
                assert_refused(answer)


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"]
)
def test_a_body_of_any_type_has_the_limit(server: Server, content_type: str) -> None:
    answer = httpx.post(f"{server.url}/api/auth/login", content=b"a" * (LIMIT + 1), headers={"Content-Type": content_type})
    assert_refused(answer)


def test_a_stranger_is_turned_away_first(server: Server) -> None:
    assert httpx.post(f"{server.url}/api/training", content=b" " * (LIMIT + 1)).status_code == 401


@pytest.mark.parametrize("is_announced", [True, False])
def test_a_body_up_to_the_limit_is_heard(server: Server, is_announced: bool) -> None:
    with registered(server, "nima") as nima:
        email = nima.client.get("/api/auth/me").json()["user"]["email"]
        body = json.dumps({"email": email, "password": "a passphrase"}).encode().ljust(LIMIT)
        content: Any = body if is_announced else iter([body[:100], body[100:500_000], body[500_000:]])
        answer = nima.client.post("/api/auth/login", content=content, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["user"]["email"]) == (200, email)

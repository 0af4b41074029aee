"""Resumable uploads against the real server: cut, killed, contended, given up, lied about."""

from __future__ import annotations

import hashlib
import socket
import struct
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.api.guard import COOKIE
from tests.journeys.conftest import Person, flowers, registered
from tests.journeys.held_readings import every_place_taken, post
from tests.journeys.tus import BYTES, TUS, begin, incoming, offset_of, send
from tests.servers import Server, free_port, running_server

MEGABYTE = 1_000_000
WAIT_SECONDS = 30.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("uploads"), MAX_UPLOAD_MB="4", ALLOW_URL_IMPORT="any") as running:
        yield running


@pytest.fixture(scope="module")
def content() -> bytes:
    return flowers(60_000).encode()


def wait_for_offset(person: Person, path: str, reached: Callable[[int], bool]) -> int:
    deadline = time.monotonic() + WAIT_SECONDS
    while not reached(offset := offset_of(person, path)):
        assert time.monotonic() < deadline, offset
        time.sleep(0.01)
    return offset


def open_patch(server: Server, person: Person, path: str, length: int) -> socket.socket:
    """A connection on which `length` bytes of the beginning were promised."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    connection = socket.create_connection((host, int(port)))
    head = {**BYTES, "Host": host, "Authorization": f"Bearer {person.token}", "Upload-Offset": "0", "Content-Length": str(length)}
    lines = [f"PATCH {path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items()), "", ""]
    connection.sendall("\r\n".join(lines).encode())
    return connection


def finish(person: Person, path: str) -> dict[str, Any]:
    answer = person.client.post(f"{path}/finish")
    assert answer.status_code == 200, answer.text
    dataset: dict[str, Any] = answer.json()["dataset"]
    return dataset


def original(server: Server, dataset: dict[str, Any]) -> bytes:
    return Path(server.data_dir, "datasets", dataset["id"], "original").read_bytes()


def test_a_file_comes_in_parts_and_is_a_data_set_like_any_other(sara: Person, server: Server, content: bytes) -> None:
    path = begin(sara, len(content))
    half = len(content) // 2
    assert send(sara, path, 0, content[:half]).headers["upload-offset"] == str(half)
    seen = sara.client.head(path, headers=TUS)
    assert (seen.headers["upload-length"], seen.headers["cache-control"]) == (str(len(content)), "no-store")
    assert seen.headers["upload-metadata"].startswith("filename ")
    (listed,) = sara.client.get("/api/datasets/uploads").json()["uploads"]
    assert (listed["id"], listed["received"], listed["size"]) == (path.rpartition("/")[2], half, len(content))
    assert sara.client.post(f"{path}/finish").json()["code"] == "upload_incomplete"
    assert send(sara, path, half, content[half:]).status_code == 204
    dataset = finish(sara, path)
    assert (dataset["name"], dataset["filename"], dataset["type"], dataset["size"]) == (
        "Flowers",
        "flowers.csv",
        "csv",
        len(content),
    )
    assert (dataset["rows"], original(server, dataset)) == (60_000, content)
    assert dataset["sha256"] == hashlib.sha256(content).hexdigest()
    assert finish(sara, path)["id"] == dataset["id"], "whoever missed the answer asks again"
    assert sara.client.head(path, headers=TUS).status_code == 404
    assert incoming(server) == []


@pytest.mark.parametrize("is_reset", [False, True])
def test_what_came_before_the_connection_was_cut_is_kept(sara: Person, server: Server, content: bytes, is_reset: bool) -> None:
    path = begin(sara, len(content))
    sent = len(content) // 3
    with open_patch(server, sara, path, len(content)) as connection:
        connection.sendall(content[:sent])
        if is_reset:
            wait_for_offset(sara, path, lambda offset: offset > 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    arrived = wait_for_offset(sara, path, lambda offset: offset > 0 if is_reset else offset == sent)
    while (answer := send(sara, path, arrived, content[arrived:])).status_code == 409:  # the last bytes were still on their way
        arrived = offset_of(sara, path)
    assert answer.status_code == 204
    assert original(server, finish(sara, path)) == content


def test_a_connection_that_is_dead_without_a_sign_holds_nobody_up(sara: Person, server: Server, content: bytes) -> None:
    path = begin(sara, len(content))
    with open_patch(server, sara, path, len(content)) as silent:
        silent.sendall(content[: MEGABYTE // 2])
        arrived = wait_for_offset(sara, path, lambda offset: offset > 0)
        while (answer := send(sara, path, arrived, content[arrived:])).status_code == 409:
            arrived = offset_of(sara, path)
        silent.sendall(content[MEGABYTE // 2 :])
        assert b" 409 " in silent.recv(1000).partition(b"\r\n")[0]
    assert answer.status_code == 204
    assert original(server, finish(sara, path)) == content


def test_a_killed_server_goes_on_where_the_bytes_ended(tmp_path: Path, content: bytes) -> None:
    port = free_port()
    with ExitStack() as people:
        with running_server(tmp_path, port) as server:
            sara = people.enter_context(registered(server, "sara"))
            path = begin(sara, len(content))
            with open_patch(server, sara, path, len(content)) as connection:
                connection.sendall(content[: len(content) // 2])
                before = wait_for_offset(sara, path, lambda offset: offset > 0)
                server.process.kill()
                server.process.wait()
        with running_server(tmp_path, port) as server:
            arrived = offset_of(sara, path)
            assert before <= arrived <= len(content) // 2
            assert send(sara, path, arrived, content[arrived:]).status_code == 204
            dataset = finish(sara, path)
            assert original(server, dataset) == content
            assert dataset["sha256"] == hashlib.sha256(content).hexdigest()
            assert incoming(server) == []


def test_whoever_lost_the_answer_to_a_finished_upload_gets_it_after_a_kill(tmp_path: Path, content: bytes) -> None:
    port = free_port()
    with ExitStack() as people:
        with running_server(tmp_path, port) as server:
            sara, omid = (people.enter_context(registered(server, name)) for name in ("sara", "omid"))
            path = begin(sara, len(content))
            assert send(sara, path, 0, content).status_code == 204
            dataset = finish(sara, path)
            server.process.kill()
            server.process.wait()
        with running_server(tmp_path, port):
            again = finish(sara, path)
            assert (again["id"], again["status"], again["rows"]) == (dataset["id"], "READY", 60_000)
            assert omid.client.post(f"{path}/finish").status_code == 404
            assert sara.client.delete(path, headers=TUS).status_code == 404, "it is a data set by now"
            assert sara.client.delete(f"/api/datasets/{dataset['id']}").status_code == 200
            assert sara.client.post(f"{path}/finish").status_code == 404


@pytest.mark.parametrize("is_given_up", [False, True])
def test_an_upload_that_was_being_read_at_a_kill_is_asked_for_again_or_given_up(tmp_path: Path, is_given_up: bool) -> None:
    port, rows = free_port(), flowers(5000).encode()
    with ExitStack() as people, ExitStack() as held, ThreadPoolExecutor(1) as elsewhere:
        with running_server(tmp_path, port) as server:
            sara, omid = (people.enter_context(registered(server, name)) for name in ("sara", "omid"))
            path = begin(sara, len(rows))
            assert send(sara, path, 0, rows).status_code == 204
            held.enter_context(every_place_taken(server, omid))
            elsewhere.submit(post, sara, f"{path}/finish")
            dataset_id = sara.wait_for_dataset("READING")
            server.process.kill()
            server.process.wait()
        with running_server(tmp_path, port) as server:
            if is_given_up:
                assert omid.client.delete(path, headers=TUS).status_code == 404
                assert sara.client.delete(path, headers=TUS).status_code == 204
                assert not (server.data_dir / "datasets" / dataset_id).exists()
                assert sara.client.post(f"{path}/finish").status_code == 404
                return
            answer = elsewhere.submit(finish, sara, path)
            assert omid.client.post(f"{path}/finish").status_code == 404
            held.close()
            dataset = answer.result()
            assert (dataset["id"], dataset["status"], dataset["rows"]) == (dataset_id, "READY", 5000)


def test_two_at_once_do_not_mix(sara: Person, omid: Person, server: Server, content: bytes) -> None:
    contents = {sara.token: content, omid.token: content[::-1]}

    def upload(person: Person) -> bytes:
        mine = contents[person.token]
        path = begin(person, len(mine))
        for start in range(0, len(mine), 100_000):
            assert send(person, path, start, mine[start : start + 100_000]).status_code == 204
        arrived = (server.data_dir / "incoming" / f"{path.rpartition('/')[2]}.part").read_bytes()
        person.client.delete(path, headers=TUS)
        return arrived

    with ThreadPoolExecutor(2) as people:
        assert list(people.map(upload, (sara, omid))) == [contents[sara.token], contents[omid.token]]


def test_an_upload_that_is_given_up_leaves_nothing(sara: Person, server: Server) -> None:
    path = begin(sara, 1000)
    send(sara, path, 0, b"a,b\n")
    assert len(incoming(server)) == 2
    assert sara.client.delete(path, headers=TUS).status_code == 204
    assert incoming(server) == []
    for answer in (sara.client.head(path, headers=TUS), send(sara, path, 4, b"1,2\n"), sara.client.delete(path, headers=TUS)):
        assert answer.status_code == 404


def test_an_upload_that_is_given_up_while_it_is_read_leaves_nothing(sara: Person, server: Server) -> None:
    content = ("روز,مبلغ\n" + "۱۷ مرداد ۱۴۰۲,۱٬۲۰۰ تومان\n" * 80_000).encode()
    path = begin(sara, len(content))
    assert send(sara, path, 0, content).status_code == 204
    with ThreadPoolExecutor(1) as elsewhere:
        answer = elsewhere.submit(sara.client.post, f"{path}/finish")
        dataset_id = sara.wait_for_dataset("READING")
        assert sara.client.delete(path, headers=TUS).status_code == 204
        assert answer.result().json()["code"] == "reading_stopped"
    assert not (server.data_dir / "datasets" / dataset_id).exists()
    assert incoming(server) == []


def test_a_file_that_cannot_be_read_is_refused_at_the_end_and_leaves_nothing(sara: Person, server: Server) -> None:
    path = begin(sara, 0)
    for _ in range(2):
        answer = sara.client.post(f"{path}/finish")
        assert (answer.status_code, "empty" in answer.json()["error"]) == (400, True)
    assert incoming(server) == []
    assert sara.client.get("/api/datasets").json()["datasets"] == []


@pytest.mark.parametrize("is_announced", [True, False])
def test_more_than_was_announced_is_413_and_leaves_nothing(sara: Person, server: Server, is_announced: bool) -> None:
    path = begin(sara, 300_000)
    body = [bytes(100_000)] * 4
    content: Any = b"".join(body) if is_announced else iter(body)
    answer = sara.client.patch(path, headers=BYTES | {"Upload-Offset": "0"}, content=content)
    assert (answer.status_code, answer.json()["code"]) == (413, "longer_than_announced")
    assert incoming(server) == []
    assert sara.client.head(path, headers=TUS).status_code == 404


def test_somebody_elses_upload_does_not_exist(sara: Person, omid: Person, server: Server) -> None:
    path = begin(sara, 8)
    assert omid.client.get("/api/datasets/uploads").json()["uploads"] == []
    for answer in (
        omid.client.head(path, headers=TUS),
        send(omid, path, 0, b"a,b\n1,2\n"),
        omid.client.post(f"{path}/finish"),
        omid.client.delete(path, headers=TUS),
    ):
        assert answer.status_code == 404
    assert offset_of(sara, path) == 0
    sara.client.delete(path, headers=TUS)
    assert incoming(server) == []


def test_the_protocol_is_spoken_in_full(sara: Person) -> None:
    abilities = sara.client.options("/api/datasets/uploads").headers
    assert (abilities["tus-version"], abilities["tus-extension"], abilities["tus-max-size"]) == (
        "1.0.0",
        "creation,termination",
        "4000000",
    )
    assert sara.client.post("/api/datasets/uploads", headers={"Upload-Length": "1"}).status_code == 412
    path = begin(sara, 10)
    other = sara.client.head(path, headers={"Tus-Resumable": "0.2.2"})
    assert (other.status_code, other.headers["tus-version"]) == (412, "1.0.0")
    misplaced = send(sara, path, 5, b"x")
    assert (misplaced.status_code, misplaced.headers["tus-resumable"]) == (409, "1.0.0")
    assert send(sara, path, 0, b"x", **{"Content-Type": "text/csv"}).status_code == 415
    instead = {"X-HTTP-Method-Override": "PATCH", "Upload-Offset": "0"}
    assert sara.client.post(path, headers=BYTES | instead, content=b"0123456789").headers["upload-offset"] == "10"
    assert sara.client.post(path, headers=TUS | {"X-HTTP-Method-Override": "DELETE"}).status_code == 204


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upload-Length": "10"}, 400),
        ({"Upload-Length": "ten", "Upload-Metadata": "filename YS5jc3Y="}, 400),
        ({"Upload-Length": "-1", "Upload-Metadata": "filename YS5jc3Y="}, 400),
        ({"Upload-Length": "9" * 5000, "Upload-Metadata": "filename YS5jc3Y="}, 400),
        ({"Upload-Defer-Length": "1", "Upload-Metadata": "filename YS5jc3Y="}, 400),
        ({"Upload-Length": "10", "Upload-Metadata": "filename !!!"}, 400),
        ({"Upload-Length": "10", "Upload-Metadata": "filename /w=="}, 400),
        ({"Upload-Length": "10", "Upload-Metadata": "filename YS5leGU="}, 415),
        ({"Upload-Length": "4000001", "Upload-Metadata": "filename YS5jc3Y="}, 413),
    ],
)
def test_an_announcement_that_cannot_be_used_is_refused_in_a_sentence(
    sara: Person, server: Server, headers: dict[str, str], status: int
) -> None:
    answer = sara.client.post("/api/datasets/uploads", headers=TUS | headers)
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"error", "code", "details"}
    assert incoming(server) == []


def test_another_site_cannot_use_a_persons_cookie_for_any_of_it(sara: Person, server: Server) -> None:
    path = begin(sara, 10)
    foreign = {"Cookie": f"{COOKIE}={sara.token}", "Origin": "https://evil.example"}
    with httpx.Client(base_url=server.url, headers=BYTES | foreign | {"Upload-Offset": "0"}) as stranger:
        for method, address in [
            ("POST", "/api/datasets/uploads"),
            ("PATCH", path),
            ("POST", path),
            ("DELETE", path),
            ("POST", f"{path}/finish"),
            ("POST", "/api/datasets/upload"),
            ("POST", "/api/datasets/from-url"),
        ]:
            answer = stranger.request(method, address, content=b"x")
            assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin"), (method, address)
    sara.client.delete(path, headers=TUS)

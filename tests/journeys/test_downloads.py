"""Taking tables away, whatever becomes of the download: parts that are not there, people who leave, a disk that fills up."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.journeys.conftest import Person, registered
from tests.servers import Server, running_server
from tests.small_disk import disk_of, server_on_small_disk
from tests.stored_tables import store_table, write_table

LARGE = "SELECT i, repeat('x', 500) || i AS text FROM range(200_000) t(i)"  # a hundred megabytes as CSV
WAIT_SECONDS = 30


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("downloads")) as running:
        yield running


def exports_of(data_dir: Path) -> list[Path]:
    return list((data_dir / "exports").glob("*"))


def wait_until_none_is_left(server: Server) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while left := exports_of(server.data_dir):
        assert time.monotonic() < deadline, left
        time.sleep(0.02)


def ask_for_table(server: Server, token: str, dataset_id: str) -> socket.socket:
    """A connection on which a table comes as CSV, for as long as the test reads it."""
    address = urlsplit(server.url)
    connection = socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=WAIT_SECONDS)
    lines = [f"GET /api/datasets/{dataset_id}/table HTTP/1.1", f"Host: {address.netloc}", f"Authorization: Bearer {token}"]
    connection.sendall("\r\n".join([*lines, "", ""]).encode())
    return connection


@pytest.mark.parametrize(("asked", "status"), [("bytes=999999999-", 416), ("bytes=nothing", 400), ("rows=1-2", 400)])
@pytest.mark.parametrize("path", ["table", "table?format=parquet", "original"])
def test_a_part_that_is_not_there_is_refused_in_words_and_leaves_no_file(
    sara: Person, server: Server, asked: str, status: int, path: str
) -> None:
    dataset = sara.upload_flowers()
    answer = sara.client.get(f"/api/datasets/{dataset}/{path}", headers={"Range": asked})
    assert (answer.status_code, answer.json()["code"]) == (status, "unusable_range"), answer.text
    assert f"“{asked}”" in answer.json()["error"]
    wait_until_none_is_left(server)


def test_a_part_that_is_there_is_sent(sara: Person) -> None:
    address = f"/api/datasets/{sara.upload_flowers()}/table"
    part = sara.client.get(address, headers={"Range": "bytes=3-8"})
    assert (part.status_code, part.content) == (206, b"height")


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_a_table_that_is_gone_is_not_found(sara: Person, server: Server, file_format: str) -> None:
    dataset = sara.upload_flowers()
    (server.data_dir / "datasets" / dataset / "reading-1" / "table.parquet").unlink()
    answer = sara.client.get(f"/api/datasets/{dataset}/table", params={"format": file_format})
    assert (answer.status_code, answer.json()["code"]) == (404, "table_gone"), answer.text


def test_whoever_leaves_leaves_no_file_behind(sara: Person, server: Server) -> None:
    dataset = store_table(server, LARGE, "large")
    with ask_for_table(server, sara.token, dataset) as connection:
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        assert len(exports_of(server.data_dir)) == 1
    wait_until_none_is_left(server)
    with ask_for_table(server, sara.token, dataset):
        while not exports_of(server.data_dir):  # it is being written
            time.sleep(0.01)
    wait_until_none_is_left(server)
    assert sara.client.get(f"/api/datasets/{dataset}/rows?limit=1").status_code == 200


def test_nobody_takes_every_place(sara: Person, omid: Person, server: Server) -> None:
    dataset = store_table(server, LARGE, "large")
    with ask_for_table(server, sara.token, dataset) as first, ask_for_table(server, sara.token, dataset) as second:
        for connection in (first, second):
            assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        third = sara.client.get(f"/api/datasets/{dataset}/table")
        assert (third.status_code, third.json()["code"]) == (409, "too_many_exports")
        assert omid.client.get(f"/api/datasets/{omid.upload_flowers()}/table").status_code == 200
    wait_until_none_is_left(server)


def test_what_a_killed_server_left_is_removed_when_it_starts(tmp_path: Path) -> None:
    left = tmp_path / "data" / "exports" / "half.csv"
    left.parent.mkdir(parents=True)
    left.write_text("a,b\n")
    with running_server(tmp_path):
        assert not left.exists()


@pytest.mark.alone
def test_a_table_that_would_fill_the_disk_is_not_written(tmp_path: Path) -> None:
    with server_on_small_disk(tmp_path, free_space_mb=30) as server, registered(server, "sara") as sara:
        dataset = sara.upload_flowers()
        # Repeated cells take little as Parquet: only the writing shows how much they are as text.
        write_table(disk_of(server) / "datasets" / dataset / "reading-1", "SELECT repeat('x', 1000) AS a FROM range(100_000)")
        answer = sara.client.get(f"/api/datasets/{dataset}/table")
        assert (answer.status_code, answer.json()["code"]) == (503, "disk_nearly_full"), answer.text
        assert exports_of(disk_of(server)) == []
        assert sara.client.get(f"/api/datasets/{sara.upload_flowers()}/table").status_code == 200

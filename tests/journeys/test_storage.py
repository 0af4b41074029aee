"""Room on the disk: a quota that holds, a floor that stays free, and who sees what everybody uses."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.journeys.conftest import WAIT_SECONDS, Person, flowers, registered
from tests.journeys.tus import TUS, announce, begin, incoming, send
from tests.servers import Server, running_server
from tests.small_disk import disk_of, server_on_small_disk

MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("storage"), MAX_UPLOAD_MB="4", USER_QUOTA_MB="6") as running:
        yield running


@pytest.fixture(scope="module", autouse=True)
def admin(server: Server) -> Iterator[Person]:
    """The first account is the administrator's."""
    with registered(server, "admin") as person:
        yield person


def test_the_quota_holds_for_both_ways_of_uploading(sara: Person, server: Server) -> None:
    content = flowers(60_000).encode()
    path = begin(sara, 4 * MEGABYTE)
    refused = [announce(sara, 3 * MEGABYTE), sara.upload("more.csv", bytes(3 * MEGABYTE))]
    for answer in refused:
        assert (answer.status_code, answer.json()["code"]) == (413, "quota_exceeded"), answer.text
        assert "4 MB of your 6 MB" in answer.json()["error"]
    sara.client.delete(path, headers=TUS)
    dataset = sara.upload("flowers.csv", content, "Flowers").json()["dataset"]
    (own,) = sara.client.get("/api/storage").json()["people"]
    assert own["dataset_bytes"] > len(content), "the table that was read from it counts too"
    path = begin(sara, 4 * MEGABYTE)
    full = announce(sara, 3 * MEGABYTE)
    assert "such as “Flowers”" in full.json()["error"]
    sara.client.delete(f"/api/datasets/{dataset['id']}")
    for upload in (path, begin(sara, 2 * MEGABYTE)):
        sara.client.delete(upload, headers=TUS)
    assert incoming(server) == []


def test_reading_a_file_again_needs_room_too(sara: Person, server: Server) -> None:
    dataset = sara.upload("flowers.csv", flowers(30_000).encode(), "Flowers").json()["dataset"]
    address = f"/api/datasets/{dataset['id']}"
    wait_until_measured(sara, address)
    (own,) = sara.client.get("/api/storage").json()["people"]
    table_bytes = own["dataset_bytes"] - dataset["size"]

    def read_again_leaving(left: int) -> httpx.Response:
        """With so much left of the quota."""
        uploads = []
        reserved = 6 * MEGABYTE - sara.client.get("/api/storage").json()["people"][0]["dataset_bytes"] - left
        while reserved > 0:
            uploads.append(begin(sara, min(reserved, 3 * MEGABYTE)))
            reserved -= 3 * MEGABYTE
        answer = sara.client.post(f"{address}/reading", json={"kinds": {"colour": "text"}})
        for upload in uploads:
            sara.client.delete(upload, headers=TUS)
        return answer

    def expect_refusal(answer: httpx.Response) -> None:
        assert (answer.status_code, answer.json()["code"]) == (413, "quota_exceeded"), answer.text
        assert "There is no room to read this file again, which takes about" in answer.json()["error"]

    spare = 100_000  # for what was added to the profile meanwhile
    expect_refusal(read_again_leaving(table_bytes - spare))
    assert read_again_leaving(table_bytes + spare).status_code == 200, "the table that is replaced makes room for the next"
    wait_until_measured(sara, address)
    sara.wait_until_ended(sara.start_job(dataset=dataset["id"], epochs=1, batch_size=4096))
    (own,) = sara.client.get("/api/storage").json()["people"]
    folders = {folder.name for folder in (server.data_dir / "datasets").iterdir()}
    expect_refusal(read_again_leaving(own["dataset_bytes"] - spare))
    assert {folder.name for folder in (server.data_dir / "datasets").iterdir()} == folders
    assert read_again_leaving(own["dataset_bytes"] + spare).json()["dataset"]["version"] == 2


def wait_until_measured(person: Person, address: str) -> None:
    """Until the profile is whole: what a data set takes is measured after that."""
    deadline = time.monotonic() + WAIT_SECONDS
    while (
        "stages" not in (profile := person.client.get(f"{address}/profile").json()["profile"])
        or "warnings" not in profile["stages"]
    ):
        assert time.monotonic() < deadline, profile
        time.sleep(0.05)


def test_uploads_stop_before_the_disk_is_full(tmp_path: Path) -> None:
    with server_on_small_disk(tmp_path, free_space_mb=30) as server, registered(server, "sara") as sara:
        answer = announce(sara, 30 * MEGABYTE)
        assert (answer.status_code, answer.json()["code"]) == (503, "disk_nearly_full")
        path = begin(sara, 8 * MEGABYTE)
        (disk_of(server) / "filler").write_bytes(bytes(15 * MEGABYTE))
        answers = [
            send(sara, path, 0, bytes(8 * MEGABYTE)),
            sara.client.post(
                "/api/datasets/upload",
                headers={"Content-Type": "multipart/form-data; boundary=sep"},
                content=iter(form_of_unknown_length()),
            ),
        ]
        for answer in answers:
            assert (answer.status_code, answer.json()["code"]) == (503, "disk_nearly_full"), answer.text
        assert list((disk_of(server) / "incoming").iterdir()) == []
        assert sara.upload_flowers()


def form_of_unknown_length() -> Iterator[bytes]:
    yield b'--sep\r\nContent-Disposition: form-data; name="file"; filename="rows.csv"\r\n\r\n'
    for _ in range(8):
        yield bytes(MEGABYTE)
    yield b"\r\n--sep--\r\n"


def test_administrators_see_what_everybody_uses_and_others_their_own(admin: Person, sara: Person, omid: Person) -> None:
    sara.upload_flowers()
    path = begin(sara, 4 * MEGABYTE)
    everybody = admin.client.get("/api/storage").json()
    assert {"admin", "sara", "omid"} <= {use["name"] for use in everybody["people"]}
    assert everybody["disk"]["total_bytes"] > everybody["disk"]["free_bytes"] > 0
    own = sara.client.get("/api/storage").json()
    assert own["people"] == [use for use in everybody["people"] if use["user_id"] == own["people"][0]["user_id"]]
    assert (own["people"][0]["unfinished_bytes"], own["quota_bytes"]) == (4 * MEGABYTE, 6 * MEGABYTE)
    assert "disk" not in own
    assert omid.client.get("/api/storage").json()["people"][0]["datasets"] == 0
    sara.client.delete(path, headers=TUS)

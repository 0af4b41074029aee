"""Uploads through the REST interface: what comes in, what is refused, and that nothing is left behind."""

from __future__ import annotations

import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from tests.journeys.conftest import Person, flowers, registered
from tests.servers import Server, running_server


def files_of(server: Server) -> set[Path]:
    return {path for name in ("datasets", "incoming") for path in (server.data_dir / name).glob("*")}


def test_an_upload_is_described_and_listed(sara: Person) -> None:
    content = flowers()
    answer = sara.upload("flowers.csv", content, "My flowers").json()
    dataset = answer["dataset"]
    assert answer["ok"] is True
    assert (dataset["name"], dataset["filename"], dataset["type"]) == ("My flowers", "flowers.csv", "csv")
    assert (dataset["size"], dataset["rows"], dataset["columns"]) == (len(content), 300, 4)
    assert sara.client.get("/api/datasets").json() == {"ok": True, "datasets": [dataset]}
    assert sara.client.get("/api/datasets/").json() == {"ok": True, "datasets": [dataset]}
    assert sara.client.get(f"/api/datasets/{dataset['id']}").json()["dataset"] == dataset


def test_the_profile_knows_columns_kinds_and_a_target(sara: Person) -> None:
    profile = sara.client.get(f"/api/datasets/{sara.upload_flowers()}/profile").json()["profile"]
    kinds = {column["name"]: column["kind"] for column in profile["columns"]}
    assert kinds == {"height": "number", "width": "number", "colour": "category", "kind": "category"}
    assert profile["columns"][0]["missing"] == 18
    assert (profile["suggested"]["target"], profile["suggested"]["task"]) == ("kind", "multiclass")


def test_rows_come_by_the_page(sara: Person) -> None:
    rows = f"/api/datasets/{sara.upload_flowers()}/rows"
    first = sara.client.get(rows, params={"offset": 0, "limit": 10}).json()
    last = sara.client.get(rows, params={"offset": 295, "limit": 10}).json()
    assert first["columns"] == ["height", "width", "colour", "kind"]
    assert (len(first["rows"]), len(last["rows"]), last["total"]) == (10, 5, 300)
    assert first["rows"][0][0] is None
    assert sara.client.get(rows, params={"limit": 0}).status_code == 400
    assert sara.client.get(rows, params={"offset": "x"}).status_code == 400


@pytest.mark.parametrize(
    ("filename", "content"),
    [
        ("rows.json", json.dumps([{"a": n, "b": "xy"[n % 2]} for n in range(20)])),
        ("rows.jsonl", "\n".join(json.dumps({"a": n, "b": "xy"[n % 2]}) for n in range(20))),
    ],
)
def test_json_comes_in_as_a_table(sara: Person, filename: str, content: str) -> None:
    dataset = sara.upload(filename, content).json()["dataset"]
    assert (dataset["rows"], dataset["columns"]) == (20, 2)


@pytest.mark.parametrize(
    ("filename", "content", "status", "named"),
    [
        ("empty.csv", b"", 400, "empty"),
        ("header.csv", b"a,b,c\n", 400, ""),
        ("one.csv", b"a\n1\n2\n", 400, ""),
        ("noise.csv", bytes(range(256)) * 50, 400, ""),
        ("rows.xyz", b"a,b\n1,2\n", 415, "rows.xyz"),
        ("broken.jsonl", b'{"a": 1, "b": 2}\n{"a": 1, "b": 2}\n{"a": \n{"a": 1, "b": 2}\n', 400, "3"),
        ("broken.json", b'[{"a": 1},\n{"a": }]', 400, "2"),
        ("number.json", b"5", 400, ""),
        ("nul.csv", b"a,b\n1,2\n3,\0\n", 400, "3"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence_and_leaves_nothing(
    sara: Person, server: Server, filename: str, content: bytes, status: int, named: str
) -> None:
    before = files_of(server)
    answer = sara.upload(filename, content)
    assert answer.status_code == status, answer.text
    assert named in answer.json()["error"]
    assert "Traceback" not in answer.json()["error"]
    assert sara.client.get("/api/datasets").json()["datasets"] == []
    assert files_of(server) == before


def test_a_file_past_the_limit_is_413_and_leaves_nothing(sara: Person, server: Server) -> None:
    before = files_of(server)
    answer = sara.upload("large.csv", b"a,b\n" + b"1,2\n" * 600_000)
    assert answer.status_code == 413
    assert files_of(server) == before


@pytest.mark.parametrize("field", ["other", "name", 'other"; filename="a.csv'])
@pytest.mark.parametrize("is_file_first", [True, False])
def test_whatever_else_a_form_holds_counts_against_the_limit(
    sara: Person, server: Server, field: str, is_file_first: bool
) -> None:
    before = files_of(server)
    small = [b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\na,b\n1,2\n2,1\n\r\n']
    large = [f'--x\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n'.encode(), *[b"a" * 100_000] * 11, b"\r\n"]
    parts = [*small, *large] if is_file_first else [*large, *small]
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = sara.client.post("/api/datasets/upload", content=iter([*parts, b"--x--\r\n"]), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "file_too_large"), answer.text
    assert files_of(server) == before


def test_a_request_without_a_file_is_refused(sara: Person) -> None:
    post = partial(sara.client.post, "/api/datasets/upload")
    for answer in (
        post(data={"name": "x"}),
        post(files={"other": ("a.csv", b"a,b\n1,2\n")}),
        post(content=b"junk", headers={"Content-Type": "multipart/form-data; boundary=x"}),
        post(content=b"junk", headers={"Content-Type": f"multipart/form-data; boundary={'x' * 300}"}),
    ):
        assert answer.status_code == 400
        assert answer.json()["details"][0]["field"] == "file"


def test_samples_are_everybodys_and_nobodys_to_delete(sara: Person) -> None:
    assert sara.start().status_code == 200  # waits until the samples are written
    samples = sara.client.get("/api/datasets/samples").json()["datasets"]
    assert {sample["id"] for sample in samples} == {
        "sample_iris",
        "sample_wine",
        "sample_breast_cancer",
        "sample_digits",
        "sample_diabetes",
    }
    assert sara.client.get("/api/datasets/sample_iris/rows").json()["total"] == 150
    assert sara.client.delete("/api/datasets/sample_iris").status_code == 403


def test_deleting_takes_record_and_files(sara: Person, server: Server) -> None:
    before = files_of(server)
    dataset_id = sara.upload_flowers()
    assert files_of(server) != before
    assert sara.client.delete(f"/api/datasets/{dataset_id}").json() == {"ok": True}
    assert sara.client.get(f"/api/datasets/{dataset_id}").status_code == 404
    assert files_of(server) == before


def test_a_data_set_in_use_is_not_deleted(sara: Person) -> None:
    dataset_id = sara.upload_flowers()
    job_id = sara.start_job(dataset=dataset_id, epochs=1000, batch_size=1)
    answer = sara.client.delete(f"/api/datasets/{dataset_id}")
    assert answer.status_code == 409
    assert job_id in answer.json()["error"]
    sara.client.post(f"/api/training/{job_id}/stop")
    sara.wait_until_ended(job_id)
    assert sara.client.delete(f"/api/datasets/{dataset_id}").status_code == 200


def test_whose_run_uses_a_shared_data_set_is_nobody_elses_business(sara: Person, omid: Person) -> None:
    dataset_id = sara.upload_flowers()
    sara.client.patch(f"/api/datasets/{dataset_id}", json={"shared": True})
    others = omid.start_job(dataset=dataset_id, epochs=1000, batch_size=1)
    answer = sara.client.delete(f"/api/datasets/{dataset_id}")
    assert (answer.status_code, answer.json()["code"]) == (409, "dataset_in_use")
    assert "run of somebody else uses" in answer.json()["error"]
    assert "job_" not in answer.text
    own = sara.start_job(dataset=dataset_id, epochs=1000, batch_size=1)
    assert own in sara.client.delete(f"/api/datasets/{dataset_id}").json()["error"], "what one can stop is named"
    for person, job_id in ((omid, others), (sara, own)):
        person.client.post(f"/api/training/{job_id}/stop")
        person.wait_until_ended(job_id)
    assert sara.client.delete(f"/api/datasets/{dataset_id}").status_code == 200


def test_all_versions_are_deleted_at_once_or_none(sara: Person, omid: Person, server: Server) -> None:
    before = files_of(server)
    versions = [sara.upload_flowers() for _ in range(3)]
    other = omid.upload_flowers()
    used = sara.start_job(dataset=versions[1], epochs=1000, batch_size=1)
    address = f"/api/datasets/{versions[0]}/versions"
    refused = sara.client.delete(address)
    assert (refused.status_code, refused.json()["code"]) == (409, "dataset_in_use")
    assert f"Version 2 of the data set “flowers” is in use by the run {used}" in refused.json()["error"]
    assert len(sara.client.get(address).json()["versions"]) == 3
    sara.client.post(f"/api/training/{used}/stop")
    sara.wait_until_ended(used)
    assert omid.client.delete(address).status_code == 404
    assert sara.client.delete(address).json() == {"ok": True, "deleted": 3}
    assert sara.client.get("/api/datasets").json()["datasets"] == []
    assert sara.status(used)["status"] == "STOPPED"
    omid.client.delete(f"/api/datasets/{other}")
    assert files_of(server) == before


def test_versions_that_are_being_read_are_deleted_with_the_others(sara: Person, server: Server) -> None:
    first = sara.upload("amounts.csv", "day,amount\n1,2\n3,4\n").json()["dataset"]["id"]
    slow = gzip.compress(("day,amount\n" + "۱۷ مرداد ۱۴۰۲,۱٬۲۰۰ تومان\n" * 300_000).encode())
    with ThreadPoolExecutor(1) as pool:
        uploading = pool.submit(sara.upload, "amounts.csv.gz", slow)
        sara.wait_for_dataset("READING")
        assert sara.client.delete(f"/api/datasets/{first}/versions").status_code == 200
        assert uploading.result().json()["code"] == "reading_stopped"
    assert sara.client.get("/api/datasets").json()["datasets"] == []


def test_an_administrator_stops_sharing_and_is_told_what_became_of_it(tmp_path: Path) -> None:
    with running_server(tmp_path) as fresh, registered(fresh, "admin") as admin, registered(fresh, "sara") as sara:
        address = f"/api/datasets/{sara.upload_flowers()}"
        assert admin.client.patch(address, json={"shared": False}).status_code == 404
        sara.client.patch(address, json={"shared": True})
        answer = admin.client.patch(address, json={"shared": False, "description": "Not for everybody."})
        assert answer.status_code == 200, answer.text
        dataset = answer.json()["dataset"]
        assert (dataset["shared"], dataset["description"]) == (False, "Not for everybody.")
        assert admin.client.get(address).status_code == 404
        assert sara.client.get(address).json()["dataset"] == dataset


def test_somebody_elses_data_set_does_not_exist(sara: Person, omid: Person) -> None:
    dataset_id = sara.upload_flowers()
    for path in ("", "/rows", "/profile"):
        assert omid.client.get(f"/api/datasets/{dataset_id}{path}").status_code == 404
    assert omid.client.delete(f"/api/datasets/{dataset_id}").status_code == 404
    assert omid.start(dataset=dataset_id).status_code == 404
    assert omid.client.get("/api/datasets").json()["datasets"] == []
    assert sara.client.get(f"/api/datasets/{dataset_id}").status_code == 200

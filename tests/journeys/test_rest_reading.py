"""How files are read, through the REST interface: guesses, choices, previews, decisions, versions, sharing, downloads."""

from __future__ import annotations

import csv
import io
import os
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from tests.journeys.conftest import Person, flowers
from tests.journeys.held_readings import SLOW, every_place_taken, wait_until
from tests.servers import Server
from trainer.contract import RunFolder
from trainer.giving_way import BEHIND_PAGES

PERSIAN = "نام;قیمت;تاریخ;نوع\n" + "".join(
    f"كالاي {number};{number * 1000 + 500:,};1402/{number % 12 + 1:02}/{number % 28 + 1:02};{'الف' if number % 2 else 'ب'}\n"
    for number in range(30)
).replace("1", "۱").replace("2", "۲").replace("0", "۰")
BROKEN = flowers() + "only one cell\n1,2,3,4,5,6\n"


def upload(person: Person, filename: str, content: bytes | str, name: str = "") -> dict[str, Any]:
    answer = person.upload(filename, content, name)
    assert answer.status_code == 200, answer.text
    dataset: dict[str, Any] = answer.json()["dataset"]
    return dataset


def profile_of(person: Person, dataset_id: str) -> dict[str, Any]:
    profile: dict[str, Any] = person.client.get(f"/api/datasets/{dataset_id}/profile").json()["profile"]
    return profile


def kinds_of(person: Person, dataset_id: str) -> dict[str, str]:
    return {column["name"]: column["kind"] for column in profile_of(person, dataset_id)["columns"]}


def read_again(person: Person, dataset_id: str, **choices: Any) -> dict[str, Any]:
    answer = person.client.post(f"/api/datasets/{dataset_id}/reading", json=choices)
    assert answer.status_code == 200, answer.text
    dataset: dict[str, Any] = answer.json()["dataset"]
    return dataset


def test_every_guess_is_told(sara: Person) -> None:
    dialect = profile_of(sara, upload(sara, "prices.csv", PERSIAN.replace("ی", "ي").encode("utf-16"))["id"])["dialect"]
    told = {name: dialect[name] for name in ("encoding", "delimiter", "header", "decimal", "skip_lines", "comment")}
    assert told == {
        "encoding": "utf-16-le", "delimiter": ";", "header": True, "decimal": ".", "skip_lines": 0, "comment": "",
    }  # fmt: skip


def test_a_preview_shows_other_choices_and_changes_nothing(sara: Person) -> None:
    dataset = upload(sara, "flowers.csv", flowers())
    shown = sara.client.post(f"/api/datasets/{dataset['id']}/preview", json={"header": False}).json()["preview"]
    assert [column["name"] for column in shown["columns"]] == ["column_1", "column_2", "column_3", "column_4"]
    assert shown["rows"][0] == ["height", "width", "colour", "kind"]
    assert sara.client.get(f"/api/datasets/{dataset['id']}").json()["dataset"] == dataset


def test_choices_that_cannot_be_used_are_named_together(sara: Person) -> None:
    dataset = upload(sara, "flowers.csv", flowers())
    choices = {"encoding": "klingon", "skip_lines": -1, "colour": "red", "kinds": {"height": "tall"}}
    for action in ("preview", "reading"):
        answer = sara.client.post(f"/api/datasets/{dataset['id']}/{action}", json=choices)
        assert answer.status_code == 400
        assert {problem["field"] for problem in answer.json()["details"]} == {"encoding", "skip_lines", "colour", "kinds"}
    assert sara.client.post(f"/api/datasets/{dataset['id']}/reading", json=[1]).status_code == 400


def test_a_table_that_no_run_used_is_read_anew_in_place_and_remembers_the_choices(sara: Person) -> None:
    dataset = upload(sara, "flowers.csv", flowers())
    again = read_again(sara, dataset["id"], kinds={"height": "category"})
    assert (again["id"], again["version"], again["choices"]) == (dataset["id"], 1, {"kinds": {"height": "category"}})
    assert again["content_hash"] != dataset["content_hash"]
    assert kinds_of(sara, dataset["id"])["height"] == "category"


def test_a_reading_that_is_refused_leaves_the_table_as_it_was(sara: Person) -> None:
    dataset = upload(sara, "flowers.csv", flowers())
    answer = sara.client.post(f"/api/datasets/{dataset['id']}/reading", json={"delimiter": "|"})
    assert (answer.status_code, answer.json()["code"]) == (400, "one_column")
    assert sara.client.get(f"/api/datasets/{dataset['id']}").json()["dataset"] == dataset
    assert sara.client.get(f"/api/datasets/{dataset['id']}/rows").json()["total"] == 300


def test_a_table_that_a_run_used_stays_and_another_version_is_made(sara: Person, server: Server) -> None:
    dataset = upload(sara, "flowers.csv", flowers())
    job_id = sara.start_job(dataset=dataset["id"])
    again = read_again(sara, dataset["id"], kinds={"height": "category"})
    assert again["id"] != dataset["id"]
    assert (again["series"], again["version"]) == (dataset["series"], 2)
    assert kinds_of(sara, dataset["id"])["height"] == "number"
    original = [server.data_dir / "datasets" / version["id"] / "original" for version in (dataset, again)]
    assert original[0].samefile(original[1])
    status = sara.wait_until_ended(job_id)
    assert (status["dataset_version"], status["dataset_hash"]) == (1, dataset["content_hash"])
    versions = sara.client.get(f"/api/datasets/{again['id']}/versions").json()["versions"]
    assert [(version["version"], version["runs"]) for version in versions] == [(2, 0), (1, 1)]


def test_uploading_under_the_same_name_makes_a_new_version(sara: Person, omid: Person) -> None:
    first = upload(sara, "flowers.csv", flowers(), "Flowers")
    second = upload(sara, "more.csv", flowers(400, seed=2), "Flowers")
    other = upload(omid, "flowers.csv", flowers(), "Flowers")
    assert (second["series"], second["version"], second["rows"]) == (first["series"], 2, 400)
    assert (other["version"], other["series"] == first["series"]) == (1, False)
    assert sara.client.get(f"/api/datasets/{first['id']}/rows").json()["total"] == 300


def test_what_was_chosen_for_one_version_is_chosen_for_the_next(sara: Person) -> None:
    first = upload(sara, "flowers.csv", BROKEN, "Flowers")
    read_again(sara, first["id"], kinds={"height": "category"}, missing=["red"])
    sara.client.post(f"/api/datasets/{first['id']}/leave-out")
    second = upload(sara, "more.csv", BROKEN, "Flowers")
    assert second["choices"] == {"kinds": {"height": "category"}, "missing": ["red"]}, "lost rows are decided on anew"
    assert kinds_of(sara, second["id"])["height"] == "category"
    assert second["content_hash"] != first["content_hash"]


def test_choices_that_do_not_fit_the_next_version_give_way_and_that_is_said(sara: Person, server: Server) -> None:
    first = upload(sara, "flowers.csv", flowers().replace(",", "|"), "Flowers")
    read_again(sara, first["id"], delimiter="|")
    second = upload(sara, "more.csv", flowers(), "Flowers")
    assert (second["status"], second["rows"], second["choices"]) == ("READY", 300, {})
    assert second["error"]["code"] == "choices_left"
    assert [path.name for path in (server.data_dir / "datasets" / second["id"]).glob("reading-*")] == ["reading-2"]


def test_after_a_refusal_another_way_of_reading_is_really_tried(sara: Person) -> None:
    dataset = upload(sara, "flowers.csv", flowers())
    assert sara.client.post(f"/api/datasets/{dataset['id']}/reading", json={"delimiter": "|"}).status_code == 400
    assert read_again(sara, dataset["id"], kinds={"height": "category"})["choices"] == {"kinds": {"height": "category"}}


@contextmanager
def slow_upload(person: Person) -> Iterator[tuple[str, Future[Any]]]:
    """An upload that takes seconds to read; the id of its data set, which is being read."""
    with ThreadPoolExecutor(1) as elsewhere:
        answer = elsewhere.submit(person.upload, "amounts.csv.gz", SLOW)
        yield person.wait_for_dataset("READING"), answer


def test_a_reading_can_be_stopped(sara: Person, server: Server) -> None:
    with slow_upload(sara) as (dataset_id, answer):
        assert sara.client.delete(f"/api/datasets/{dataset_id}/reading").json() == {"ok": True, "dataset": None}
        assert (answer.result().status_code, answer.result().json()["code"]) == (400, "reading_stopped")
    assert sara.client.get("/api/datasets").json()["datasets"] == []
    assert not (server.data_dir / "datasets" / dataset_id).exists()


def test_people_take_turns_at_having_their_files_read_and_each_file_tells_its_place(
    sara: Person, omid: Person, server: Server
) -> None:
    def before(person: Person) -> dict[str, int | None]:
        datasets = person.client.get("/api/datasets").json()["datasets"]
        return {dataset["filename"]: dataset["readings_before"] for dataset in datasets}

    with ThreadPoolExecutor(3) as elsewhere, every_place_taken(server, omid):
        waiting = [elsewhere.submit(omid.upload, name, flowers()) for name in ("three.csv", "four.csv")]
        wait_until(lambda: sorted(before(omid).values(), key=str) == [0, 1, None, None])
        waiting.append(elsewhere.submit(sara.upload, "flowers.csv", flowers()))
        wait_until(lambda: before(sara) == {"flowers.csv": 0})
        assert sorted(before(omid).values(), key=str) == [1, 2, None, None]
        for dataset in omid.client.get("/api/datasets").json()["datasets"]:
            if dataset["readings_before"] == 2:
                omid.client.delete(f"/api/datasets/{dataset['id']}/reading").raise_for_status()
        assert sorted(before(omid).values(), key=str) == [1, None, None]
    answers = [answer.result() for answer in waiting]
    assert sorted(answer.status_code for answer in answers) == [200, 200, 400]
    assert answers[2].json()["dataset"]["readings_before"] is None


def test_stopping_twice_is_stopping_once(sara: Person) -> None:
    with slow_upload(sara) as (dataset_id, answer), ThreadPoolExecutor(2) as people:
        stops = list(people.map(lambda _: sara.client.delete(f"/api/datasets/{dataset_id}/reading").status_code, range(2)))
        assert 200 in stops
        assert set(stops) <= {200, 404, 409}
        assert answer.result().json()["code"] == "reading_stopped"
    assert sara.client.get("/api/datasets").json()["datasets"] == []


def test_reading_gives_way_to_the_pages(sara: Person, server: Server) -> None:
    with slow_upload(sara) as (dataset_id, _answer):
        folder = RunFolder(server.data_dir / "datasets" / dataset_id / "reading-1")
        deadline = time.monotonic() + 30
        while (worker := folder.read_identity("worker")) is None or os.getpriority(os.PRIO_PROCESS, worker.pid) != BEHIND_PAGES:
            assert time.monotonic() < deadline, worker
            time.sleep(0.01)
        sara.client.delete(f"/api/datasets/{dataset_id}").raise_for_status()


def test_what_is_being_read_can_be_deleted(sara: Person, server: Server) -> None:
    with slow_upload(sara) as (dataset_id, answer):
        assert sara.client.delete(f"/api/datasets/{dataset_id}").status_code == 200
        assert answer.result().json()["code"] == "reading_stopped"
    assert not (server.data_dir / "datasets" / dataset_id).exists()


def test_a_stopped_reading_leaves_the_table_that_was_there(sara: Person, omid: Person) -> None:
    dataset = upload(sara, "amounts.csv.gz", SLOW)
    with ThreadPoolExecutor(1) as elsewhere:
        answer = elsewhere.submit(sara.client.post, f"/api/datasets/{dataset['id']}/reading", json={"decimal": "."})
        sara.wait_for_dataset("READING")
        assert omid.client.delete(f"/api/datasets/{dataset['id']}/reading").status_code == 404
        stopped = sara.client.delete(f"/api/datasets/{dataset['id']}/reading").json()["dataset"]
        assert answer.result().json()["code"] == "reading_stopped"
    assert (stopped["status"], stopped["choices"]) == ("READY", {})
    assert sara.client.get(f"/api/datasets/{dataset['id']}/rows").json()["total"] == dataset["rows"]
    assert sara.client.delete(f"/api/datasets/{dataset['id']}/reading").json()["code"] == "not_being_read"


def test_rows_that_cannot_be_read_wait_for_a_decision(sara: Person) -> None:
    dataset = upload(sara, "broken.csv", BROKEN)
    assert (dataset["rows"], dataset["unreadable_rows"]) == (300, 2)
    rejected = profile_of(sara, dataset["id"])["rejected"]
    assert [(row["line"], row["text"]) for row in rejected["rows"]] == [(302, "only one cell"), (303, "1,2,3,4,5,6")]
    refused = sara.start(dataset=dataset["id"])
    assert (refused.status_code, refused.json()["code"]) == (409, "rows_undecided")
    assert sara.client.post(f"/api/datasets/{dataset['id']}/leave-out").status_code == 200
    assert sara.wait_until_ended(sara.start_job(dataset=dataset["id"]))["status"] == "COMPLETED"


def test_a_decision_about_some_rows_is_none_about_others(sara: Person) -> None:
    dataset = upload(sara, "a.csv", b"a;b\n1;2\nx;y;z\n3;4\n5;6\n#7\n")
    for comment, is_decided in (("#", False), ("x", False), ("x", True)):
        answer = sara.client.post(f"/api/datasets/{dataset['id']}/reading", json={"comment": comment}).json()["dataset"]
        assert (answer["unreadable_rows"], answer["choices"].get("leave_out_unreadable", False)) == (1, is_decided)
        sara.client.post(f"/api/datasets/{dataset['id']}/leave-out").raise_for_status()


def test_name_description_and_sharing_belong_to_all_versions(sara: Person) -> None:
    first, second = (upload(sara, "flowers.csv", flowers(seed=seed), "Flowers") for seed in (1, 2))
    other = upload(sara, "other.csv", flowers(), "Other")
    address = f"/api/datasets/{second['id']}"
    changed = sara.client.patch(address, json={"name": "گل‌ها", "description": "دو خط\nاینجا", "shared": True})
    assert changed.status_code == 200, changed.text
    older = sara.client.get(f"/api/datasets/{first['id']}").json()["dataset"]
    assert (older["name"], older["description"], older["shared"]) == ("گل‌ها", "دو خط\nاینجا", True)
    taken = sara.client.patch(f"/api/datasets/{other['id']}", json={"name": "گل‌ها"})
    assert (taken.status_code, taken.json()["code"]) == (409, "name_taken")
    for wrong in ({"name": 5}, {"shared": "yes"}, {"owner": "me"}, {"name": "x" * 300}, {"description": "x" * 5000}):
        assert sara.client.patch(address, json=wrong).status_code == 400


def test_what_is_shared_may_be_read_and_trained_on_but_not_changed(sara: Person, omid: Person) -> None:
    dataset = upload(sara, "flowers.csv", flowers())
    address = f"/api/datasets/{dataset['id']}"
    assert omid.client.get(address).status_code == 404
    assert sara.client.patch(address, json={"shared": True}).status_code == 200
    for path in ("", "/rows", "/profile", "/versions", "/original", "/table"):
        assert omid.client.get(address + path).status_code == 200
    assert omid.wait_until_ended(omid.start_job(dataset=dataset["id"]))["status"] == "COMPLETED"
    assert omid.client.patch(address, json={"name": "mine"}).status_code == 403
    assert omid.client.delete(address).status_code == 403
    for action in ("preview", "reading", "leave-out"):
        assert omid.client.post(f"{address}/{action}", json={}).status_code == 403
    assert omid.client.get("/api/datasets").json()["datasets"] == []


def test_the_original_and_the_clean_table_can_be_taken_away(sara: Person, server: Server) -> None:
    content = '@name,+price\n=1+1,"۱۲٬۰۰۰"\n+5,۳\n-x,۴\n@x,۵\nplain,۶\n'
    dataset = upload(sara, "formulas.csv", content, "جدول")
    address = f"/api/datasets/{dataset['id']}"
    original = sara.client.get(f"{address}/original")
    assert original.content == content.encode()
    assert "formulas.csv" in original.headers["content-disposition"]
    table = sara.client.get(f"{address}/table", params={"format": "csv"})
    assert table.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(table.content.decode("utf-8-sig"))))
    assert [row[1] for row in rows] == ["'+price", "12000", "3", "4", "5", "6"]
    assert [row[0] for row in rows] == ["'@name", "'=1+1", "'+5", "'-x", "'@x", "plain"]
    assert sara.client.get(f"{address}/table", params={"format": "parquet"}).content[:4] == b"PAR1"
    assert sara.client.get(f"{address}/table", params={"format": "exe"}).status_code == 400
    assert list((server.data_dir / "exports").iterdir()) == []


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ('first,address,zip\nJohn,"Any town, WW",08123', [("John", "Any town, WW", "08123")]),
        ('a,b,c\n1,"",""\n2,3,4', [("1", "", ""), ("2", "3", "4")]),
        ('a,b,c\r\n1,"",""\r\n2,3,4', [("1", "", ""), ("2", "3", "4")]),
        ('a,b\n1,"ha ""ha"" ha"\n3,4\n', [("1", 'ha "ha" ha'), ("3", "4")]),
        ('k,v\n1,"{""type"": ""Point"", ""at"": [102.0, 0.5]}"\n', [("1", '{"type": "Point", "at": [102.0, 0.5]}')]),
        ('a,b,c\n1,2,3\n"Once \na time",5,6\n7,8,9\n', [("1", "2", "3"), ("Once \na time", "5", "6"), ("7", "8", "9")]),
        ('a,b\r\n1,2\r\n"Once \r\na time",5\r\n', [("1", "2"), ("Once \r\na time", "5")]),
        ('a,b\n1,"ha \n""ha"" \nha"\n3,4\n', [("1", 'ha \n"ha" \nha'), ("3", "4")]),
        ("a,b,c\n1,2,3\n", [("1", "2", "3")]),
        ("a,b,c\r\n1,2,3\r\n", [("1", "2", "3")]),
        ("a,b,c\n1,2,3\n4,5,ʤ", [("1", "2", "3"), ("4", "5", "ʤ")]),
    ],
)
def test_cells_come_out_as_they_went_in(sara: Person, content: str, rows: list[tuple[str, ...]]) -> None:
    dataset = upload(sara, "table.csv", content)
    shown = sara.client.get(f"/api/datasets/{dataset['id']}/rows").json()
    assert [tuple("" if cell is None else str(cell) for cell in row) for row in shown["rows"]] == rows

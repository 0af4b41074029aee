"""The page of a file that gives no table yet: it says why, and another way of reading it mends that; a reading can be stopped."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import openpyxl
from playwright.sync_api import Page, expect

from tests.conftest import OpenPage
from tests.journeys.conftest import Person, flowers, registered
from tests.journeys.held_readings import SLOW, every_place_taken, post, wait_until
from tests.servers import Server

READ_MS = 30_000


def two_sheets() -> bytes:
    """A workbook of which the sheet that one sees is no table."""
    book = openpyxl.Workbook()
    cover = book.active
    assert cover is not None
    cover.append(["Made by the sales department"])
    cover.append(["On a Monday"])
    sheet = book.create_sheet("Sales")
    for row in (["city", "price"], ["Yazd", 1.5], ["Shiraz", 2.5], ["Yazd", 3.5]):
        sheet.append(row)
    sheet.sheet_state = "hidden"
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def upload(page: Page, path: Path, content: bytes) -> None:
    path.write_bytes(content)
    page.locator("input[name=file]").set_input_files(path)
    page.get_by_role("button", name="Upload", exact=True).click()


def datasets_of(person: Person) -> list[dict[str, Any]]:
    datasets: list[dict[str, Any]] = person.client.get("/api/datasets").json()["datasets"]
    return datasets


def has(person: Person, filename: str) -> bool:
    return filename in {dataset["filename"] for dataset in datasets_of(person)}


@contextmanager
def slow_reading(open_page: OpenPage, token: str, path: Path) -> Iterator[tuple[Page, Page]]:
    """The page with the upload whose file is being read, and the page of its data set."""
    page = open_page("/datasets", token)
    upload(page, path, SLOW)
    expect(page.locator(".transfer[data-state=reading]")).to_be_visible()
    other = open_page("/datasets", token)
    other.get_by_role("link", name=path.name.partition(".")[0]).click()
    expect(other.get_by_role("button", name="Stop reading")).to_be_visible(timeout=READ_MS)
    yield page, other


def test_choosing_another_sheet_mends_a_workbook(open_page: OpenPage, token: str, tmp_path: Path) -> None:
    page = open_page("/datasets", token)
    upload(page, tmp_path / "sales.xlsx", two_sheets())
    page.wait_for_url("**/datasets/data_*", timeout=READ_MS)
    expect(page.get_by_role("alert")).to_contain_text("The table has one column")
    page.get_by_label("Sheet", exact=True).click()
    page.get_by_role("option", name="Sales").click()
    expect(page.get_by_role("columnheader", name="price · Number")).to_be_visible(timeout=READ_MS)
    page.get_by_role("button", name="Read the file like this").click()
    expect(page.locator(".profile-column h3")).to_have_text(["city", "price"], timeout=READ_MS)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_file_without_a_table_shows_at_once_how_it_begins(open_page: OpenPage, token: str, tmp_path: Path) -> None:
    page = open_page("/datasets", token)
    upload(page, tmp_path / "words.csv", ("word\n" + "\n".join(f"item{number}" for number in range(30))).encode())
    page.wait_for_url("**/datasets/data_*", timeout=READ_MS)
    expect(page.get_by_role("columnheader", name="word · Identifier")).to_be_visible(timeout=READ_MS)
    expect(page.get_by_role("table", name="The first rows, read like this").get_by_role("row", name="item0")).to_be_visible()
    expect(page.get_by_label("Around texts")).to_have_value('As found: Double quotes (\u00a0"\u00a0)')


def test_nothing_is_said_to_be_found_in_a_file_that_cannot_be_looked_at(open_page: OpenPage, token: str, tmp_path: Path) -> None:
    page = open_page("/datasets", token)
    upload(page, tmp_path / "names_only.csv", b"a,b,c\n")
    page.wait_for_url("**/datasets/data_*", timeout=READ_MS)
    for label in ("Encoding", "Around texts", "Names in the first row", "Comments"):
        expect(page.get_by_label(label, exact=True)).to_have_value("As found")


def test_a_stopped_reading_can_begin_anew(open_page: OpenPage, token: str, tmp_path: Path) -> None:
    with slow_reading(open_page, token, tmp_path / "amounts.csv.gz") as (page, other):
        other.get_by_role("button", name="Stop reading").click()
        expect(other.get_by_role("alert")).to_contain_text("The reading of “amounts” was stopped.", timeout=READ_MS)
        page.wait_for_url("**/datasets/data_*", timeout=READ_MS)  # where the person is told as well
        expect(page.get_by_role("alert")).to_contain_text("was stopped", timeout=READ_MS)
    other.get_by_role("button", name="Read the file like this").click()
    expect(other.locator(".profile-column h3").first).to_have_text("روز", timeout=READ_MS)


def test_an_upload_can_be_cancelled_while_it_is_read(open_page: OpenPage, token: str, tmp_path: Path) -> None:
    with slow_reading(open_page, token, tmp_path / "amounts.csv.gz") as (page, other):
        page.get_by_role("button", name="Cancel “amounts.csv.gz”").click()
        expect(page.locator(".transfer")).to_have_count(0)
        expect(other.get_by_text("The data set you were looking at is gone")).to_be_visible(timeout=READ_MS)


def test_a_file_that_waits_to_be_read_tells_its_place(open_page: OpenPage, server: Server) -> None:
    with registered(server, "omid") as omid, registered(server, "sara") as sara, ThreadPoolExecutor(2) as elsewhere:
        with every_place_taken(server, omid):
            for name in ("one.csv", "two.csv"):
                elsewhere.submit(post, sara, "/api/datasets/upload", files={"file": (name, flowers())})
                wait_until(partial(has, sara, name))
            first, second = (str(dataset["id"]) for dataset in reversed(datasets_of(sara)))
            page = open_page(f"/datasets/{second}", sara.token)
            expect(page.get_by_text("Waiting for its turn to be read: 1 file before it.")).to_be_visible()
            persian = open_page(f"/datasets/{second}", sara.token, locale="fa-IR")
            expect(persian.get_by_text("در نوبت خواندن است: ۱ فایل پیش از آن است.")).to_be_visible()
            page.get_by_role("button", name="Stop reading").focus()
            sara.client.delete(f"/api/datasets/{first}/reading").raise_for_status()
            expect(page.get_by_text("Waiting for its turn to be read: this file is next.")).to_be_visible()
            expect(persian.get_by_text("نوبت بعدی همین فایل است")).to_be_visible()
            expect(page.get_by_role("button", name="Stop reading")).to_be_focused()
        expect(page.locator(".profile-column h3").first).to_have_text("height", timeout=READ_MS)


def test_the_upload_form_tells_a_files_place_while_others_are_read(open_page: OpenPage, server: Server, tmp_path: Path) -> None:
    with registered(server, "hamed") as hamed, registered(server, "nika") as nika, ThreadPoolExecutor(1) as elsewhere:
        with every_place_taken(server, hamed):
            elsewhere.submit(post, nika, "/api/datasets/upload", files={"file": ("first.csv", flowers())})
            wait_until(partial(has, nika, "first.csv"))
            page, persian = open_page("/datasets", nika.token), open_page("/datasets", nika.token, locale="fa-IR")
            expect(page.get_by_role("row", name="first.csv")).to_contain_text("Waiting to be read")
            upload(page, tmp_path / "second.csv", flowers().encode())
            expect(page.locator(".transfer")).to_contain_text("Waiting for its turn to be read: 1 file before it.")
            expect(page.locator(".upload > [role=status]")).to_have_text(re.compile("second.csv: Waiting for its turn"))
            expect(page.get_by_role("progressbar", name="second.csv")).to_have_count(0)
            persian.locator("input[name=file]").set_input_files(tmp_path / "second.csv")
            persian.get_by_label("نام", exact=True).fill("سوم")
            persian.get_by_role("button", name="بارگذاری", exact=True).click()
            expect(persian.locator(".transfer")).to_contain_text("در نوبت خواندن است: ۲ فایل پیش از آن است.")
            first = next(str(dataset["id"]) for dataset in datasets_of(nika) if dataset["filename"] == "first.csv")
            nika.client.delete(f"/api/datasets/{first}/reading").raise_for_status()
            expect(page.locator(".transfer")).to_contain_text("Waiting for its turn to be read: this file is next.")
            persian.get_by_role("button", name="انصراف از «second.csv»").click()
            expect(persian.locator(".transfer")).to_have_count(0)
        page.wait_for_url("**/datasets/data_*", timeout=READ_MS)

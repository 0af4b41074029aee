"""The page of a data set while others, or oneself, change what it shows."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.conftest import PASSWORD, OpenPage, register
from tests.journeys.conftest import flowers
from tests.journeys.test_downloads import ask_for_table
from tests.servers import Server
from tests.stored_tables import store_table

READ_MS = 30_000
FLOWERS = flowers()
GONE = {
    "en-US": "The data set you were looking at is gone: it was deleted, or is no longer shared with you.",
    "fa-IR": "مجموعه‌داده‌ای که می‌دیدید دیگر در دسترس شما نیست: حذف شده یا دیگر با شما مشترک نیست.",
}


def upload(server: Server, token: str, filename: str = "flowers.csv", content: str = FLOWERS, **changes: Any) -> str:
    """The id of a new data set of this person."""
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
        answer = client.post("/api/datasets/upload", files={"file": (filename, content.encode())})
        dataset_id = str(answer.json()["dataset"]["id"])
        client.patch(f"/api/datasets/{dataset_id}", json=changes).raise_for_status()
        return dataset_id


def open_dataset(open_page: OpenPage, dataset_id: str, token: str, locale: str = "en-US") -> Page:
    page = open_page(f"/datasets/{dataset_id}", token, locale)
    expect(page.locator(".table-cells tbody tr").first).to_be_visible(timeout=READ_MS)
    return page


@pytest.mark.parametrize("locale", ["en-US", "fa-IR"])
def test_who_may_no_longer_see_it_is_led_to_the_list_and_told_why(
    open_page: OpenPage, server: Server, token: str, locale: str
) -> None:
    dataset_id = upload(server, register(server, f"owner-{locale}@example.com"), shared=True)
    page = open_dataset(open_page, dataset_id, token, locale)
    owner = open_page(f"/datasets/{dataset_id}", _login(server, f"owner-{locale}@example.com"))
    owner.get_by_role("button", name="Edit").click()
    owner.get_by_role("checkbox", name="The whole team").click()
    owner.get_by_role("button", name="Save").click()
    page.wait_for_url("**/datasets?gone", timeout=READ_MS)
    expect(page.get_by_role("status").filter(has_text=GONE[locale])).to_be_visible()


@pytest.mark.parametrize("locale", ["en-US", "fa-IR"])
def test_names_of_any_length_leave_the_page_as_wide_as_a_phone(
    open_page: OpenPage, server: Server, token: str, locale: str
) -> None:
    content = FLOWERS.replace("kind", "kind_of_flower_in_the_garden_behind_the_house_by_the_river", 1)
    dataset_id = upload(server, token, content=content)
    page = open_page(f"/datasets/{dataset_id}", token, locale, width=390)
    title = "What tells about" if locale == "en-US" else "چه چیزی از"
    expect(page.get_by_role("heading", name=title)).to_be_visible(timeout=READ_MS)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_who_may_not_decide_about_unreadable_rows_is_told_who_does(open_page: OpenPage, server: Server, token: str) -> None:
    owner = register(server, "careless@example.com")
    page = open_dataset(open_page, upload(server, owner, content=f"{FLOWERS}broken\n", shared=True), token)
    expect(page.get_by_text("1 row could not be read. The data set’s owner has to decide what becomes of it")).to_be_visible()
    expect(page.get_by_role("button", name="Leave this row out")).to_have_count(0)


def test_who_deletes_it_is_not_told_that_it_is_gone(open_page: OpenPage, server: Server, token: str) -> None:
    dataset_id = upload(server, token)
    page, other = (open_dataset(open_page, dataset_id, token) for _ in range(2))
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
    page.wait_for_url("**/datasets", timeout=READ_MS)
    expect(page.get_by_role("heading", level=1)).to_have_text("Data")
    expect(page.get_by_text(GONE["en-US"])).to_have_count(0)
    other.wait_for_url("**/datasets?gone", timeout=READ_MS)


def test_the_table_is_downloaded_or_it_is_said_why_not(open_page: OpenPage, server: Server, token: str) -> None:
    large = store_table(server, "SELECT i, repeat('x', 500) || i AS text FROM range(200_000) t(i)", "large")
    page = open_dataset(open_page, upload(server, token), token)
    page.locator("summary", has_text="Download").press("Enter")
    link = page.get_by_role("link", name="Clean table, CSV")
    with page.expect_download() as downloading:
        link.press("Enter")
    assert downloading.value.suggested_filename == "flowers.csv"
    assert downloading.value.path().read_bytes().startswith(b"\xef\xbb\xbfheight,")
    with ask_for_table(server, token, large) as first, ask_for_table(server, token, large) as second:
        for connection in (first, second):
            assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        link.press("Enter")
        expect(page.get_by_text("2 tables of yours are being written or downloaded as CSV already.")).to_be_visible()


def test_all_versions_are_deleted_after_it_was_said_what_used_them(open_page: OpenPage, server: Server, token: str) -> None:
    first, latest = upload(server, token), upload(server, token)
    answer = httpx.post(
        f"{server.url}/api/training",
        headers={"Authorization": f"Bearer {token}"},
        json={"dataset": first, "epochs": 1000, "batch_size": 1, "lr": 0.01},
    )
    job_id = answer.json()["job_id"]
    page = open_dataset(open_page, latest, token)
    page.get_by_role("button", name="Delete all versions").press("Enter")
    dialog = page.get_by_role("alertdialog")
    expect(dialog).to_contain_text("All 2 versions of “flowers”, and everything read from them, will be deleted.")
    expect(dialog).to_contain_text(f"1 run of yours was trained on them: {job_id}.")
    dialog.get_by_role("button", name="Delete all").press("Enter")
    expect(page.get_by_text("Version 1 of the data set “flowers” is in use by the run")).to_be_visible(timeout=READ_MS)
    page.request.post(f"/api/training/{job_id}/stop")
    expect(dialog).to_have_count(0)

    def is_over() -> bool:
        status = page.request.get(f"/api/training/status?job_id={job_id}").json()["status"]["status"]
        return str(status) in {"STOPPED", "COMPLETED"}

    wait_for(is_over)
    page.get_by_role("button", name="Delete all versions").press("Enter")
    dialog.get_by_role("button", name="Delete all").press("Enter")
    page.wait_for_url("**/datasets", timeout=READ_MS)
    expect(page.get_by_text("You have not uploaded anything yet.")).to_be_visible(timeout=READ_MS)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + READ_MS / 1000
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _login(server: Server, email: str) -> str:
    answer = httpx.post(f"{server.url}/api/auth/login", json={"email": email, "password": PASSWORD})
    return str(answer.json()["token"])


@pytest.mark.usefixtures("token")  # somebody who was there before the reader, and owns what is stored
def test_all_that_is_shared_can_be_paged_through(open_page: OpenPage, server: Server) -> None:
    reader = register(server, "reader@example.com")
    for number in range(21):
        store_table(server, "SELECT 1 AS a, 2 AS b", f"shared {number}")
    page = open_page("/datasets", reader)
    section = page.locator("section", has=page.get_by_role("heading", name="Shared with you"))
    rows = section.locator("tbody tr")
    expect(rows).to_have_count(20, timeout=READ_MS)
    expect(section.get_by_text(re.compile(r"^1 to 20 of \d+$"))).to_be_visible()
    seen = rows.locator("td, th").first.inner_text()
    section.get_by_role("button", name="Next").press("Enter")
    expect(section.get_by_text(re.compile(r"^21 to \d+ of \d+$"))).to_be_visible()
    expect(rows.locator("td, th").first).not_to_have_text(seen)
    expect(section.get_by_role("button", name="Next")).to_have_attribute("aria-disabled", "true")

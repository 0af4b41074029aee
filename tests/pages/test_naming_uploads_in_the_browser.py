"""What becomes of files by their names, seen in the form before they are sent; and tables that are pasted, and named there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.conftest import OpenPage
from tests.journeys.conftest import flowers
from tests.pages.test_upload_in_the_browser import DONE_MS, choose, datasets_of, open_data, row_of
from tests.servers import Server


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "flowers.csv"
    path.write_text(flowers(300), encoding="utf-8")
    return path


def test_a_table_is_pasted_from_a_spreadsheet(open_page: OpenPage, token: str) -> None:
    page = open_data(open_page, token)
    page.get_by_text("Paste a table").click()
    page.get_by_role("button", name="Add this table").click()
    expect(page.get_by_text("Paste some rows first.")).to_be_visible()
    rows = "\n".join(f"{number}\t{'abc'[number % 3]}" for number in range(30))
    page.get_by_label("Cells copied from a spreadsheet, or lines with separators").fill(f"قد\tرنگ\n{rows}")
    page.get_by_label("Name of the table").fill("از صفحه‌گسترده")
    page.get_by_role("button", name="Add this table").click()
    page.wait_for_url("**/datasets/data_*", timeout=DONE_MS)
    expect(page.get_by_role("heading", level=1)).to_have_text("از صفحه‌گسترده")
    expect(page.get_by_text("قد", exact=True).first).to_be_visible()


def paste(page: Page, rows: str, name: str = "") -> None:
    page.locator("#upload-pasted").fill(rows)
    page.get_by_label("Name of the table").fill(name)
    page.get_by_role("button", name="Add this table").click()


def test_a_file_joins_a_shared_data_set_only_after_that_was_said(
    open_page: OpenPage, token: str, server: Server, small: Path
) -> None:
    page = open_data(open_page, token)
    sent = FilePayload(name=small.name, mimeType="text/csv", buffer=small.read_bytes())
    first = page.request.post("/api/datasets/upload", multipart={"file": sent}).json()["dataset"]
    page.request.patch(f"/api/datasets/{first['id']}", data={"shared": True})
    choose(page, small)
    note = row_of(page, "flowers.csv").locator(".notice")
    expect(note).to_have_text(
        re.compile("“.?flowers.?” exists already, and is shared with the team: this becomes version 2 of it")
    )
    name = page.get_by_label("Name", exact=True)
    expect(name).to_have_accessible_description(re.compile("becomes version 2"))
    name.fill("my own flowers")
    expect(note).to_have_count(0)
    name.fill("")
    expect(note).to_be_visible()
    page.get_by_role("button", name="Upload", exact=True).click()
    page.wait_for_url("**/datasets/data_*", timeout=DONE_MS)
    expect(page.get_by_text("version 2 · shared with the team")).to_be_visible()
    assert {(dataset["version"], dataset["shared"]) for dataset in datasets_of(server, token)} == {(1, True), (2, True)}


def test_of_several_files_each_may_get_another_name(
    open_page: OpenPage, token: str, server: Server, small: Path, tmp_path: Path
) -> None:
    page = open_data(open_page, token)
    (tmp_path / "again").mkdir()
    twin, other = tmp_path / "again" / "flowers.csv", tmp_path / "other.csv"
    twin.write_bytes(small.read_bytes())
    other.write_text(flowers(50))
    choose(page, small, twin, other)
    expect(page.locator(".transfer .notice")).to_have_count(1)
    row = page.locator(".transfer").nth(1)
    expect(row).to_contain_text("version 2 of the same data set")
    row.get_by_label("Name", exact=True).fill("twins")
    expect(page.locator(".transfer .notice")).to_have_count(0)
    page.get_by_role("button", name="Upload 3 files").click()
    expect(page.locator(".transfer[data-state=done]")).to_have_count(3, timeout=DONE_MS)
    assert {str(dataset["name"]) for dataset in datasets_of(server, token)} == {"flowers", "twins", "other"}
    choose(page, other)
    expect(page.locator(".transfer .notice")).to_contain_text("version 2 of it")
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.locator(".transfer").last).to_contain_text(re.compile("Ready: version 2 of “.?other.?”"), timeout=DONE_MS)


def test_pasted_tables_keep_out_of_each_others_way(open_page: OpenPage, token: str, server: Server) -> None:
    rows = "\n".join(["height\tcolour", *(f"{number}\t{'abc'[number % 3]}" for number in range(30))])
    page = open_data(open_page, token)
    page.get_by_text("Paste a table").click()
    for expected in ("Pasted table", "Pasted table 2"):
        paste(page, rows)
        page.wait_for_url("**/datasets/data_*", timeout=DONE_MS)
        expect(page.get_by_role("heading", level=1)).to_have_text(expected)
        page = open_data(open_page, token)
        page.get_by_text("Paste a table").click()
    paste(page, rows, "Pasted table")
    name = page.get_by_label("Name", exact=True)
    expect(name).to_be_focused()
    expect(page.locator(".transfer .notice")).to_contain_text("becomes version 2 of it")
    assert len(datasets_of(server, token)) == 2, "nothing is sent before that was said"
    name.fill("Prices")
    page.keyboard.press("Enter")
    page.wait_for_url("**/datasets/data_*", timeout=DONE_MS)
    expect(page.get_by_role("heading", level=1)).to_have_text("Prices")

"""The page of a file that gives no table yet: it says why, and another way of reading it mends that; a reading can be stopped."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import openpyxl
from playwright.sync_api import Page, expect

from tests.conftest import OpenPage

READ_MS = 30_000
SLOW = gzip.compress(("روز,مبلغ\n" + "۱۷ مرداد ۱۴۰۲,۱٬۲۰۰ تومان\n" * 300_000).encode())  # takes seconds to read


def two_sheets() -> bytes:
    """A workbook whose first sheet is no table."""
    book = openpyxl.Workbook()
    cover = book.active
    assert cover is not None
    cover.append(["Made by the sales department"])
    cover.append(["On a Monday"])
    sheet = book.create_sheet("Sales")
    for row in (["city", "price"], ["Yazd", 1.5], ["Shiraz", 2.5], ["Yazd", 3.5]):
        sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def upload(page: Page, path: Path, content: bytes) -> None:
    path.write_bytes(content)
    page.locator("input[name=file]").set_input_files(path)
    page.get_by_role("button", name="Upload", exact=True).click()


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

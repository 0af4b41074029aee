"""How a file is read, chosen on its page: which words stand for no value."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from locales.numerals import to_persian_digits
from tests.conftest import OpenPage
from tests.servers import Server

READ_MS = 30_000
ROWS = 'city,price\nYazd,NA\nShiraz,"n,a"\nTabriz,5\n' + "Qom,7\n" * 20


@pytest.fixture
def dataset_id(server: Server, token: str) -> str:
    answer = httpx.post(
        f"{server.url}/api/datasets/upload",
        headers={"Authorization": f"Bearer {token}"},
        files={"file": ("prices.csv", ROWS.encode())},
        timeout=60,
    )
    return str(answer.json()["dataset"]["id"])


def choices_of(server: Server, token: str, dataset_id: str) -> dict[str, Any]:
    answer = httpx.get(f"{server.url}/api/datasets/{dataset_id}", headers={"Authorization": f"Bearer {token}"})
    choices: dict[str, Any] = answer.json()["dataset"]["choices"]
    return choices


def open_reading(page: Page) -> None:
    panel = page.locator("details", has_text="How the file is read")
    if panel.get_attribute("open") is None:
        panel.locator("summary").press("Enter")


def choose_words(page: Page, option: str) -> None:
    page.get_by_label("Words for “missing”", exact=True).press("Enter")
    page.get_by_role("option", name=option).click()


def expect_rows(page: Page, *rows: list[str]) -> None:
    for position, cells in enumerate(rows):
        expect(page.locator(".table-cells tbody tr").nth(position).locator("td")).to_have_text(cells, timeout=READ_MS)


def test_no_word_at_all_may_stand_for_missing(open_page: OpenPage, server: Server, token: str, dataset_id: str) -> None:
    page = open_page(f"/datasets/{dataset_id}", token)
    expect_rows(page, ["Yazd", "missing"], ["Shiraz", "n,a"])
    open_reading(page)
    choose_words(page, "No word, only empty cells")
    expect(page.get_by_role("columnheader", name="price · ")).to_be_visible(timeout=READ_MS)
    page.get_by_role("button", name="Read the file like this").press("Enter")
    expect_rows(page, ["Yazd", "NA"], ["Shiraz", "n,a"])
    assert choices_of(server, token, dataset_id) == {"missing": []}
    page.reload()
    open_reading(page)
    expect(page.get_by_label("Words for “missing”", exact=True)).to_have_value("No word, only empty cells")
    expect(page.get_by_label("These words, one on each line")).to_be_hidden()


def test_words_of_ones_own_may_hold_commas(open_page: OpenPage, server: Server, token: str, dataset_id: str) -> None:
    page = open_page(f"/datasets/{dataset_id}", token)
    open_reading(page)
    choose_words(page, "Words of your own")
    page.get_by_label("These words, one on each line").fill("n,a\n\n 5 \n")
    expect(page.get_by_role("row", name="Tabriz missing").first).to_be_visible(timeout=READ_MS)  # in the preview
    page.get_by_role("button", name="Read the file like this").press("Enter")
    expect_rows(page, ["Yazd", "NA"], ["Shiraz", "missing"], ["Tabriz", "missing"])
    assert choices_of(server, token, dataset_id) == {"missing": ["n,a", "5"]}
    page.reload()
    open_reading(page)
    expect(page.get_by_label("These words, one on each line")).to_have_value("n,a\n5")
    page.get_by_role("button", name="As found").press("Enter")
    expect(page.get_by_label("These words, one on each line")).to_be_hidden()


def test_the_preview_writes_numbers_and_dates_as_the_table_does(open_page: OpenPage, server: Server, token: str) -> None:
    lines = [f"یزد,-{number},{to_persian_digits(f'1٫{number % 9 + 1}')},2024-03-{number % 28 + 1:02}" for number in range(40)]
    rows = "\n".join(["شهر,price,قد,روز", *lines])
    headers = {"Authorization": f"Bearer {token}"}
    files = {"file": ("heights.csv", rows.encode())}
    sent = httpx.post(f"{server.url}/api/datasets/upload", headers=headers, files=files, timeout=60).json()
    page = open_page(f"/datasets/{sent['dataset']['id']}", token, locale="fa-IR")
    page.locator("summary", has_text="فایل چگونه خوانده می‌شود").press("Enter")
    page.get_by_label("سطرهایی که از بالا نادیده گرفته شوند").fill("بسیار")
    expect(page.get_by_text("«سطرهایی که از بالا نادیده گرفته شوند» نمی‌تواند «بسیار» باشد")).to_have_count(1)
    page.get_by_label("سطرهایی که از بالا نادیده گرفته شوند").fill("۰")
    preview = page.get_by_role("table", name="نخستین ردیف‌ها، اگر همین‌گونه خوانده شوند")
    expect(preview.locator("th")).to_have_text(["شهر · ثابت", "price · عدد صحیح", "قد · عدد", "روز · تاریخ"], timeout=READ_MS)
    cells = preview.locator("tbody tr").nth(7).locator("td")
    expect(cells).to_have_text(["یزد", "-۷", "۱٫۸", re.compile(r"۱۴۰۲/۱۲/۱۸\s*2024-03-08")])  # as it stands in the file
    assert preview.locator("th").evaluate_all("all => all.map(th => th.dir)") == ["rtl", "ltr", "rtl", "rtl"]
    sides = "all => all.map(cell => getComputedStyle(cell).textAlign)"
    assert preview.locator("th").evaluate_all(sides) == ["right", "right", "right", "left"]


def test_what_is_wrong_with_a_word_stands_below_it(open_page: OpenPage, token: str, dataset_id: str) -> None:
    page = open_page(f"/datasets/{dataset_id}", token)
    open_reading(page)
    choose_words(page, "Words of your own")
    page.get_by_label("These words, one on each line").fill("x" * 300)
    expect(page.get_by_label("These words, one on each line")).to_have_attribute("aria-invalid", "true", timeout=READ_MS)

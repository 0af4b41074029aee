"""A table's way from the desk to a run, in a real browser and both languages: dropped, read another way, cleaned, looked at."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import OpenPage

ENDED_MS = 90_000
READ_MS = 30_000
# Two names are numbers, and so the names look like a row of values.
HEADER = "كالا;140;دسته;102"
ROWS = [
    f"كالاي {row};{row * 37 % 101 * 1000},5;{'خوراك' if row * 37 % 101 > 50 else 'پوشاك'};{100 + row % 4}" for row in range(60)
]
BROKEN = ["تنها يك خانه", "يك;2;سه;4;5;6"]
PERSIAN_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


@dataclass(frozen=True, slots=True)
class Words:
    """What a person reads and presses, in one language; and the file that they bring."""

    locale: str
    encoding: str
    has_persian_digits: bool
    drop: str
    reading: str
    header: str
    header_yes: str
    read_so: str
    look: str
    leave_out: str
    kind: str
    chosen: str
    histogram: str
    target: str
    new_run: str
    start: str
    completed: str


ENGLISH = Words(
    "en-US", "windows-1256", False, "Upload", "How the file is read", "Names in the first row",
    "Yes: they are the columns’ names", "Read the file like this", "Look at these rows",
    "Leave these 2 rows out", "^Kind of .*102", "You chose it.",
    "^Histogram of .*140", "Column to predict", "New run", "Start training", "Completed",
)  # fmt: skip
PERSIAN = Words(
    "fa-IR", "utf-16", True, "بارگذاری", "فایل چگونه خوانده می‌شود", "نام‌ها در ردیف نخست", "بله، نام ستون‌هاست",
    "فایل را همین‌گونه بخوان", "دیدن این ردیف‌ها",
    "این ۲ ردیف کنار گذاشته شوند", "^نوع .*۱۰۲", "خودتان برگزیده‌اید.", "^هیستوگرام .*۱۴۰", "ستون هدف",
    "اجرای تازه", "آغاز آموزش", "پایان‌یافته",
)  # fmt: skip


def written(words: Words) -> bytes:
    text = "\r\n".join([HEADER, *ROWS[:30], BROKEN[0], *ROWS[30:], BROKEN[1]]) + "\r\n"
    return (text.translate(PERSIAN_DIGITS) if words.has_persian_digits else text).encode(words.encoding)


def drop(page: Page, filename: str, content: bytes) -> None:
    """Let go of a file over the card for uploads, as from the desk."""
    transfer = page.evaluate_handle(
        """([name, content]) => {
            const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], name));
            return transfer;
        }""",
        [filename, base64.b64encode(content).decode()],
    )
    target = page.locator(".drop").first
    for event in ("dragenter", "dragover", "drop"):
        target.dispatch_event(event, {"dataTransfer": transfer})


def choose(page: Page, label: str, option: str) -> None:
    """Choose in one of Quasar's fields."""
    page.get_by_label(label, exact=True).click()
    page.get_by_role("option", name=option, exact=True).click()


@pytest.mark.parametrize("words", [ENGLISH, PERSIAN], ids=["english", "persian"])
def test_a_persian_table_is_dropped_mended_and_trained_on(open_page: OpenPage, token: str, words: Words) -> None:
    page = open_page("/datasets", token, locale=words.locale)
    drop(page, "كالاها.csv", written(words))
    page.get_by_role("button", name=words.drop, exact=True).click()
    page.wait_for_url("**/datasets/data_*", timeout=READ_MS)
    first_name = page.locator(".profile-column h3").first
    expect(first_name).to_have_text("column_1", timeout=READ_MS)  # the row of names was taken for values

    page.locator("summary", has_text=words.reading).click()
    choose(page, words.header, words.header_yes)
    expect(page.get_by_role("columnheader", name=re.compile("^کالا"))).to_be_visible(timeout=READ_MS)  # the preview
    page.get_by_role("button", name=words.read_so).click()
    expect(first_name).to_have_text("کالا", timeout=READ_MS)

    dataset = page.url
    page.get_by_role("main").get_by_role("link", name=words.new_run, exact=True).first.click()
    page.get_by_role("link", name=words.look).click()  # nothing is trained on before it is decided
    page.wait_for_url(dataset)

    page.get_by_role("button", name=words.leave_out).click()
    expect(page.get_by_role("button", name=words.leave_out)).to_have_count(0)

    page.get_by_label(re.compile(words.kind)).select_option("category")
    page.get_by_role("button", name=words.read_so).click()
    expect(page.get_by_text(words.chosen)).to_be_visible(timeout=READ_MS)
    expect(page.get_by_label(re.compile(words.kind))).to_have_value("category")
    expect(page.get_by_role("img", name=re.compile(words.histogram))).to_be_visible(timeout=READ_MS)
    expect(page.get_by_role("button", name=words.leave_out)).to_have_count(0)  # what was decided stays decided

    page.get_by_role("main").get_by_role("link", name=words.new_run, exact=True).first.click()
    page.wait_for_url("**/runs/new?dataset=*")
    expect(page.get_by_label(words.target)).to_have_value(re.compile("دسته"))
    page.get_by_role("button", name=words.start).click()
    page.wait_for_url("**/runs/job_*")
    expect(page.get_by_text(words.completed, exact=True)).to_be_visible(timeout=ENDED_MS)

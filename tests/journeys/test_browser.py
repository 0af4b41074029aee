"""The whole way in a real browser, in both languages: register, upload, train, watch, stop, complete, download, predict."""

from __future__ import annotations

import re
import secrets
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import OpenPage, wait_until_live
from tests.journeys.conftest import flowers

ENDED_MS = 90_000
CHART_LENGTH = "(document.querySelector('.js-plotly-plot')?.data?.[1]?.x?.length ?? 0)"


@dataclass(frozen=True, slots=True)
class Words:
    """What a person reads and presses, in one language."""

    locale: str
    direction: str
    name: str
    email: str
    password: str
    register: str
    data_name: str
    upload: str
    new_run: str
    target: str
    epochs: str
    batch_size: str
    start: str
    stop: str
    stopped: str
    completed: str
    download: str
    results: str


ENGLISH = Words(
    "en-US", "ltr", "Name", "E-mail address", "Password", "Register", "Name", "Upload", "New run", "Column to predict",
    "Epochs", "Batch size", "Start training", "Stop", "Stopped", "Completed", "Download model", "Results",
)  # fmt: skip
PERSIAN = Words(
    "fa-IR", "rtl", "نام", "نشانی ایمیل", "گذرواژه", "ثبت‌نام", "نام", "بارگذاری", "اجرای تازه", "ستون هدف",
    "شمار دوره‌ها", "اندازهٔ دسته", "آغاز آموزش", "توقف", "متوقف‌شده", "پایان‌یافته", "دریافت مدل", "نتیجه‌ها",
)  # fmt: skip


def register(page: Page, words: Words) -> None:
    page.get_by_label(words.email).fill(f"{secrets.token_hex(6)}@example.com")
    page.get_by_label(words.password).fill("a long passphrase")
    page.get_by_label(words.name, exact=True).fill("Sara")
    page.get_by_role("button", name=words.register).click()
    page.wait_for_url(lambda url: "/register" not in url)


def upload(page: Page, words: Words, table: Path) -> None:
    page.goto("/datasets")
    wait_until_live(page)
    page.locator("input[type=file]").set_input_files(table)
    page.get_by_label(words.data_name, exact=True).fill("گل‌ها flowers")
    page.get_by_role("button", name=words.upload).click()
    page.wait_for_url("**/datasets/data_*", timeout=30_000)
    expect(page.get_by_role("heading", level=1)).to_have_text("گل‌ها flowers")


def start_run(page: Page, words: Words, epochs: str, batch_size: str) -> None:
    page.get_by_role("main").get_by_role("link", name=words.new_run, exact=False).first.click()
    page.wait_for_url("**/runs/new?dataset=*")
    wait_until_live(page)
    expect(page.get_by_label(words.target)).to_have_value(re.compile("kind"))
    page.get_by_label(words.epochs).fill(epochs)
    page.get_by_label(words.batch_size).fill(batch_size)
    page.get_by_role("button", name=words.start).click()
    page.wait_for_url("**/runs/job_*")


@pytest.mark.parametrize("words", [ENGLISH, PERSIAN], ids=["english", "persian"])
def test_a_person_leaves_with_a_model_that_predicts(open_page: OpenPage, words: Words, tmp_path: Path) -> None:
    table = tmp_path / "flowers.csv"
    table.write_text(flowers(), encoding="utf-8")
    page = open_page("/register", locale=words.locale)
    assert page.evaluate("document.documentElement.dir") == words.direction
    register(page, words)
    upload(page, words, table)

    start_run(page, words, "1000", "1")
    page.wait_for_function(f"() => {CHART_LENGTH} >= 2", timeout=ENDED_MS)
    seen = page.evaluate(CHART_LENGTH)
    page.wait_for_function(f"() => {CHART_LENGTH} > {seen}", timeout=ENDED_MS)  # it moves without a reload
    page.get_by_role("button", name=words.stop).click()
    page.get_by_role("alertdialog").get_by_role("button", name=words.stop).click()
    expect(page.get_by_text(words.stopped, exact=True)).to_be_visible(timeout=ENDED_MS)

    start_run(page, words, "۲۰" if words is PERSIAN else "20", "16")
    expect(page.get_by_text(words.completed, exact=True)).to_be_visible(timeout=ENDED_MS)
    expect(page.get_by_role("table", name=words.results)).to_be_visible()
    with page.expect_download() as downloading:
        page.get_by_role("link", name=words.download).click()
    model = tmp_path / "model.pt"
    downloading.value.save_as(model)
    assert downloading.value.suggested_filename == page.url.rpartition("/")[2] + ".pt"
    (tmp_path / "new.csv").write_text("height,width,colour\n0.1,0.0,red\n6.2,2.1,blue\n")
    command = [sys.executable, "-m", "trainer", "predict", "--model", str(model), "--data", "new.csv"]
    predicted = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout.splitlines()
    assert "rose" in predicted[1]
    assert "iris" in predicted[2]


def test_the_indicator_tells_the_truth_when_the_server_goes_and_comes_back(open_page: OpenPage) -> None:
    page = open_page("/login")
    indicator = page.get_by_role("status").filter(has_text="Live")
    expect(indicator).to_be_visible()
    page.context.set_offline(True)
    expect(page.get_by_role("status").filter(has_text="Reconnecting")).to_be_visible()
    page.context.set_offline(False)
    expect(indicator).to_be_visible(timeout=30_000)

"""A profile in a real browser: it grows under the reader's eyes, its columns open, and their kinds can be changed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.conftest import OpenPage
from tests.servers import ROOT, START_SECONDS, Server, free_port, stop
from tests.trainer.profiled import profile_query

HOSTILE = "<img src=x onerror=alert(1)>"
TABLE = f"""SELECT i % 40 AS age, 1.5 * (i % 41) AS pay, ['red', 'blue', '{HOSTILE}'][1 + i % 3] AS "{HOSTILE}",
    i % 2 AS label, DATE '2024-03-20' + (i % 300)::INT AS joined, 'a sentence with number ' || i AS words,
    {", ".join(f"(hash(i + {n}) % 97)::DOUBLE AS n{n}" for n in range(24))} FROM range(300) t(i)"""  # noqa: S608


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Not the whole product: a page with a profile that grows when a test says so."""
    folder, port = tmp_path_factory.mktemp("profile"), free_port()
    (folder / "profile.json").write_text(json.dumps({"rows": 300, "bytes": 9_000, **profile_query(folder, TABLE)}))
    command = [sys.executable, "-m", "tests.pages.profile_window", str(port), str(folder / "profile.json")]
    with (folder / "window.log").open("wb") as log:
        # NiceGUI takes itself for a test of its own where pytest names one.
        environment = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    running = Server(f"http://127.0.0.1:{port}", folder, process)
    try:
        wait_until_it_answers(running, folder / "window.log")
        yield running
    finally:
        stop(process)


def wait_until_it_answers(server: Server, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        assert server.process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        try:
            if httpx.get(server.url, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)


def column(page: Page, name: str) -> Locator:
    return page.locator(".profile-column").filter(has=page.get_by_role("heading", name=name, exact=True))


def test_sections_fill_in_without_a_reload_and_what_is_open_stays_open(open_page: OpenPage) -> None:
    page = open_page("/?stages=2")
    page.evaluate("window.wasLoadedOnce = true")
    age = column(page, "age")
    expect(age.get_by_text("Being computed…")).to_be_visible()
    expect(page.get_by_role("heading", name="Warnings")).to_have_count(0)
    age.locator("summary").press("Enter")
    expect(age.locator("details")).to_have_attribute("open", "")
    page.get_by_role("button", name="go on").click()
    expect(age.get_by_role("img", name="Histogram of “age” from 0 to 40")).to_be_visible()
    expect(age.get_by_text("Standard deviation")).to_be_visible()
    page.get_by_role("button", name="go on").click()
    expect(page.get_by_role("table", name="Correlations")).to_be_visible()
    page.get_by_role("button", name="go on").click()
    expect(page.get_by_role("heading", name="Warnings")).to_be_visible()
    expect(page.get_by_text("Being computed…")).to_have_count(0)
    expect(age.locator("details")).to_have_attribute("open", "")
    assert page.evaluate("window.wasLoadedOnce") is True


def test_columns_come_in_pages_and_are_found_by_name(open_page: OpenPage) -> None:
    page = open_page("/")
    column(page, "pay").locator("summary").click()
    page.get_by_role("button", name="Next").click()
    expect(page.locator(".profile-column")).to_have_count(5)
    page.get_by_role("button", name="Previous").click()
    expect(column(page, "pay").locator("details")).to_have_attribute("open", "")
    page.get_by_label("Find a column").fill("N2")
    expect(page.locator(".profile-column h3")).to_have_text(["n2", "n20", "n21", "n22", "n23"])


def test_a_person_changes_a_kind_and_takes_it_back(open_page: OpenPage) -> None:
    page = open_page("/")
    kind = page.get_by_label("Kind of “age”")
    kind.select_option("Category")
    expect(page.get_by_text("age is category")).to_be_visible()
    kind.select_option("Whole number")
    expect(page.get_by_text("age is None")).to_be_visible()  # as it was found


def test_the_other_measure_is_a_button_away(open_page: OpenPage) -> None:
    page = open_page("/")
    table = page.get_by_role("table", name="Correlations")
    before = table.inner_text()
    page.get_by_role("button", name="In order (Spearman)").press("Enter")
    expect(page.get_by_role("button", name="In order (Spearman)")).to_have_attribute("aria-pressed", "true")
    assert table.inner_text() != before


def test_names_and_values_are_shown_as_text(open_page: OpenPage) -> None:
    page = open_page("/")
    hostile = column(page, HOSTILE)
    hostile.locator("summary").click()
    expect(hostile.locator(".profile-top")).to_contain_text(HOSTILE)
    assert page.locator("img").count() == 0


@pytest.mark.parametrize("language", ["en", "fa"])
def test_a_narrow_window_holds_everything_in_both_directions(open_page: OpenPage, language: str) -> None:
    page = open_page(f"/?language={language}", width=390)
    for summary in page.locator(".profile-details > summary").all()[:4]:
        summary.click()
    expect(page.locator(".profile-more")).to_have_count(4)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    bars = "[...document.querySelector('.profile-large').querySelectorAll('rect')]"
    places = page.evaluate(f"{bars}.map(bar => bar.getBoundingClientRect().x)")
    assert places == sorted(places)  # numbers grow to the right in every language

"""Pausing, resuming, retrying, training longer, the queue and the log, as a person meets them; live in every window."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.conftest import OpenPage, wait_until_live
from tests.servers import Server, running_server

LOSS_POINTS = "(document.querySelector('.js-plotly-plot')?.data ?? [{x: []}, {x: []}]).map(trace => trace.x.length)"
SLOW_MS = 60_000
LONG = {"epochs": 1000, "batch_size": 1}
SHORT = {"epochs": 6, "batch_size": 16}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One place, so that a second run waits."""
    with running_server(tmp_path_factory.mktemp("server"), MAX_RUNNING_JOBS="1") as running:
        yield running


def start(server: Server, token: str, **settings: Any) -> str:
    request = {"lr": 0.01, **settings}
    answer = httpx.post(f"{server.url}/api/training", json=request, headers={"Authorization": f"Bearer {token}"}, timeout=60)
    answer.raise_for_status()
    return str(answer.json()["job_id"])


def stop(server: Server, token: str, job_id: str) -> None:
    httpx.post(f"{server.url}/api/training/{job_id}/stop", headers={"Authorization": f"Bearer {token}"})


def expect_state(page: Page, state: str) -> None:
    expect(page.locator(".chip")).to_have_text(state, timeout=SLOW_MS)


def expect_buttons(page: Page, *names: str) -> None:
    expect(page.locator(".heading").get_by_role("button")).to_have_text(list(names), timeout=SLOW_MS)


def test_a_run_is_paused_and_resumed_and_every_window_sees_it(open_page: OpenPage, server: Server, token: str) -> None:
    job_id = start(server, token, **LONG)
    page, other = open_page(f"/runs/{job_id}", token), open_page(f"/runs/{job_id}", token, locale="fa-IR")
    expect_state(page, "Training")
    expect(page.locator(".stat").filter(has_text="Rows per second").locator("dd")).not_to_have_text("–", timeout=SLOW_MS)
    page.get_by_role("button", name="Pause").click()
    expect_state(page, "Paused")
    expect_state(other, "مکث")
    expect_buttons(page, "Resume", "Stop")
    expect_buttons(other, "از سر گرفتن", "توقف")
    before = page.evaluate(LOSS_POINTS)
    other.get_by_role("button", name="از سر گرفتن").click()
    expect_state(page, "Training")
    page.wait_for_function(f"{LOSS_POINTS}[1] > {before[1]}", timeout=SLOW_MS)
    expect(page.locator(".log")).to_contain_text("Attempt 2 goes on from epoch", timeout=SLOW_MS)
    expect(page.get_by_text("of one core. Memory:")).to_be_visible(timeout=SLOW_MS)
    stop(server, token, job_id)
    expect_state(other, "متوقف‌شده")
    expect_buttons(page, "Resume", "Retry")


def test_a_completed_run_is_trained_longer_on_the_same_chart(open_page: OpenPage, server: Server, token: str) -> None:
    job_id = start(server, token, **SHORT)
    page = open_page(f"/runs/{job_id}", token)
    expect_state(page, "Completed")
    page.get_by_role("button", name="Train longer").click()
    field = page.get_by_role("dialog").get_by_role("textbox")
    field.fill("۴")
    field.press("Enter")
    expect(page.locator(".stat").first.locator("dd")).to_have_text("10 / 10", timeout=SLOW_MS)
    expect_state(page, "Completed")
    page.wait_for_function(f"{LOSS_POINTS}[1] === 10", timeout=SLOW_MS)
    page.get_by_role("link", name="New run like this").click()
    page.wait_for_url("**/runs/new?**")
    wait_until_live(page)
    expect(page.get_by_label("Epochs")).to_have_value("10")
    expect(page.get_by_label("Batch size")).to_have_value("16")
    expect(page.get_by_label("Learning rate")).to_have_value("0.01")


def test_a_stopped_run_is_retried_with_empty_curves(open_page: OpenPage, server: Server, token: str) -> None:
    job_id = start(server, token, **LONG)
    page = open_page(f"/runs/{job_id}", token)
    expect_state(page, "Training")
    page.wait_for_function(f"{LOSS_POINTS}[1] >= 5", timeout=SLOW_MS)
    stop(server, token, job_id)
    expect_buttons(page, "Resume", "Retry")
    page.get_by_role("button", name="Retry").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Retry").click()
    expect(page.locator(".log")).to_contain_text("Attempt 2 begins again", timeout=SLOW_MS)
    page.wait_for_function(f"{LOSS_POINTS}[1] >= 1", timeout=SLOW_MS)
    stop(server, token, job_id)
    expect_buttons(page, "Resume", "Retry")
    first = page.evaluate("document.querySelector('.js-plotly-plot').data[0].x")
    assert first == sorted(first), "points of the first attempt are still drawn"


def test_waiting_runs_show_their_place_and_change_it(open_page: OpenPage, server: Server, token: str) -> None:
    at_work, first, second = start(server, token, **LONG), start(server, token, **SHORT), start(server, token, **SHORT)
    page = open_page(f"/runs/{second}", token, locale="fa-IR")
    expect(page.get_by_text("نوبت ۲ از ۲ در صف.")).to_be_visible(timeout=SLOW_MS)
    page.get_by_role("button", name="جلوتر در صف").click()
    expect(page.get_by_text("نوبت ۱ از ۲ در صف.")).to_be_visible(timeout=SLOW_MS)
    expect(page.get_by_role("button", name="عقب‌تر در صف")).to_be_visible()
    for job_id in (first, at_work):
        stop(server, token, job_id)
    expect_state(page, "پایان‌یافته")


def test_the_complete_log_is_searched(open_page: OpenPage, server: Server, token: str) -> None:
    job_id = start(server, token, **SHORT)
    page = open_page(f"/runs/{job_id}", token)
    expect_state(page, "Completed")
    page.get_by_role("link", name="Complete log").click()
    page.wait_for_url("**/log")
    wait_until_live(page)
    lines = page.get_by_role("log")
    expect(lines).to_contain_text("Rows to learn from")
    page.get_by_label("Search").fill("same predictions")
    expect(lines).not_to_contain_text("Rows to learn from")
    expect(lines).to_contain_text("gave the same predictions")
    page.get_by_label("Search").fill("no such words")
    expect(lines).to_have_text("No line holds these words.")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download log").click()
    assert "Rows to learn from" in download.value.path().read_text()


def test_the_machine_tells_how_busy_it_is(open_page: OpenPage, token: str) -> None:
    page = open_page("/machine", token)
    expect(page.locator(".stat").filter(has_text="Processor").locator("dd")).to_contain_text("%", timeout=SLOW_MS)
    page.wait_for_function(f"{LOSS_POINTS}[0] >= 2", timeout=SLOW_MS)

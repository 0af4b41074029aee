"""Where the keyboard's focus is after a dialog and a pager, and what windows that go away leave in the server's log."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.conftest import OpenPage, wait_until_live
from tests.pages.test_runs_in_the_browser import wait_for_samples
from tests.servers import Server, running_server

FORGOTTEN_SECONDS = 60.0  # the server waits 20 s for a window to come back (pages/mount.py)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that tells in its log which windows it forgot."""
    with running_server(tmp_path_factory.mktemp("server"), LOG_LEVEL="debug") as running:
        yield running


def open_data_set(open_page: OpenPage, server: Server, token: str) -> Page:
    rows = "".join(f"{number},{number % 3}\n" for number in range(30))
    answer = httpx.post(
        f"{server.url}/api/datasets/upload",
        files={"file": ("small.csv", f"amount,kind\n{rows}".encode())},
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
    )
    answer.raise_for_status()
    page = open_page(f"/datasets/{answer.json()['dataset']['id']}", token=token)
    page.get_by_role("button", name="Delete").wait_for()
    return page


def open_dialog(page: Page) -> Locator:
    page.get_by_role("button", name="Delete").press("Enter")
    dialog = page.get_by_role("alertdialog")
    expect(dialog.get_by_role("button", name="Keep")).to_be_focused()
    return dialog


def server_log(server: Server) -> str:
    return (server.data_dir.parent / "server.log").read_text(encoding="utf-8")


def wait_for_line(server: Server, line: str) -> None:
    deadline = time.monotonic() + FORGOTTEN_SECONDS
    while line not in server_log(server):
        assert time.monotonic() < deadline, f"{line!r} is not in {server_log(server)[-2000:]}"
        time.sleep(0.1)


def test_a_dialog_gives_the_focus_back(open_page: OpenPage, server: Server, token: str) -> None:
    page = open_data_set(open_page, server, token)
    opener = page.get_by_role("button", name="Delete")
    for key in ("Escape", "Enter", "Escape"):  # Enter presses the button that keeps
        dialog = open_dialog(page)
        page.keyboard.press(key)
        expect(dialog).to_have_count(0)
        expect(opener).to_be_focused()
        expect(opener).to_have_attribute("aria-busy", "false")
    page.wait_for_function("document.querySelectorAll('.q-dialog').length === 0")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_pointed_at_button_keeps_the_ground_that_its_words_are_read_on(open_page: OpenPage, token: str, theme: str) -> None:
    page = open_page("/datasets", token=token)
    page.context.add_cookies([{"name": "tamrin_theme", "value": theme, "url": page.url}])
    page.reload()
    button = page.get_by_role("button", name="Upload", exact=True)
    ground = "button => getComputedStyle(button).backgroundColor"
    before = button.evaluate(ground)
    button.hover()
    assert button.evaluate(ground) == before


def test_what_clears_a_field_shows_when_it_has_the_focus(open_page: OpenPage, server: Server, token: str) -> None:
    page = open_data_set(open_page, server, token)
    page.get_by_role("combobox", name="Columns", exact=True).focus()
    page.keyboard.press("Tab")
    clear = page.get_by_role("button", name="Clear").first
    expect(clear).to_be_focused()
    assert clear.evaluate("icon => getComputedStyle(icon).boxShadow") != "none"


def test_a_menu_closes_by_escape_and_when_one_turns_elsewhere(open_page: OpenPage, server: Server, token: str) -> None:
    page = open_data_set(open_page, server, token)
    opener, link = page.locator("summary", has_text="Download"), page.get_by_role("link", name="Original file")
    opener.press("Enter")
    link.focus()
    page.keyboard.press("Escape")
    expect(link).to_be_hidden()
    expect(opener).to_be_focused()
    opener.press("Enter")
    expect(link).to_be_visible()
    page.get_by_role("heading", level=1).click()
    expect(link).to_be_hidden()
    opener.press("Enter")
    expect(link).to_be_visible()
    opener.press("Shift+Tab")
    expect(link).to_be_hidden()
    opener.press("Enter")
    with page.expect_download():
        link.click()


def test_a_pager_keeps_the_focus_at_either_end(open_page: OpenPage, token: str) -> None:
    page = open_page("/datasets", token=token)
    wait_for_samples(page)
    page.goto("/datasets/sample_iris")
    back, forward = (page.get_by_role("button", name=name) for name in ("Previous", "Next"))
    expect(back).to_have_attribute("aria-disabled", "true")
    for first in (26, 51, 76, 101, 126):
        forward.press("Enter")
        expect(page.get_by_text(re.compile(f"^{first} to "))).to_be_visible()
    expect(forward).to_have_attribute("aria-disabled", "true")
    expect(forward).to_be_focused()
    forward.press("Enter")
    back.press("Enter")
    expect(page.get_by_text("101 to 125 of 150")).to_be_visible()
    expect(forward).to_have_attribute("aria-disabled", "false")


def test_windows_that_go_away_leave_no_error_in_the_log(open_page: OpenPage, server: Server, token: str) -> None:
    asking = open_data_set(open_page, server, token)
    open_dialog(asking)
    asking.goto("about:blank")  # the server forgets the page while its dialog is open
    staying, leaving = (open_page("/runs", token=token) for _ in range(2))
    httpx.post(f"{server.url}/api/auth/logout", headers={"Authorization": f"Bearer {token}"}).raise_for_status()
    for logged_out in (staying, leaving):
        logged_out.wait_for_url("**/login*")
        wait_until_live(logged_out)
    leaving.goto("about:blank")
    for path in ("/datasets/{dataset_id}", "/runs", "/login"):  # all at the same time
        wait_for_line(server, f"A window of {path} was forgotten")
    assert "ERROR" not in server_log(server)
    assert "Traceback" not in server_log(server)

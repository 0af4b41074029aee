"""What tests of the running product share: a server of one's own, and a browser that reports every error it meets."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import hypothesis
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Error, Page, Request, expect, sync_playwright

from app.api.guard import COOKIE
from tests.browsers import launch_chromium
from tests.journeys.conftest import Person, registered
from tests.servers import Server, running_server

# Equal code meets equal examples. HYPOTHESIS_PROFILE=search looks for new ones, in every run others.
hypothesis.settings.register_profile("repeatable", derandomize=True)
hypothesis.settings.register_profile("search", derandomize=False)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

# Browsers report every refusal of a request as an error of the page; a refusal that the page explains is none.
EXPLAINED = "Failed to load resource: the server responded with a status of 4"
# What they report, again and again, while there is no server to connect to; the last while it takes its leave.
UNREACHABLE = re.compile(
    r"(WebSocket connection to '.*' failed|Failed to load resource): .*net::ERR_(CONNECTION_(REFUSED|RESET)|INTERNET_\w+)"
    r"|WebSocket is already in CLOSING or CLOSED state"
)
PASSWORD = "a long passphrase"
LOCAL = ("data:", "blob:", "about:")
# What is so at once on an idle machine takes longer where other tests run beside; Playwright waits no longer than needed.
EXPECT_MS = 30_000
expect.set_options(timeout=EXPECT_MS)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("server")) as running:
        yield running


# A module's own, and no session's: while Playwright runs, its event loop keeps asynchronous tests from theirs.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = launch_chromium(playwright)
        yield started
        started.close()


OpenPage = Callable[..., Page]


@dataclass
class Outage:
    """A time in which a test has taken the server away: all that its windows may say then is that they cannot reach it."""

    is_now: bool = False

    @contextmanager
    def expected(self) -> Iterator[None]:
        """Leave it when every window is connected again."""
        self.is_now = True
        yield
        self.is_now = False


@pytest.fixture
def outage() -> Outage:
    return Outage()


@pytest.fixture
def open_page(browser: Browser, server: Server, outage: Outage) -> Iterator[OpenPage]:
    """Open a window of its own at a path, optionally logged in with a token; errors in any of them fail the test."""
    problems: list[str] = []
    contexts: list[BrowserContext] = []

    def on_console(message: ConsoleMessage) -> None:
        is_cut_off = outage.is_now and UNREACHABLE.match(message.text)
        if message.type == "error" and not message.text.startswith(EXPLAINED) and not is_cut_off:
            problems.append(f"console: {message.text}")

    def on_request(request: Request) -> None:
        if not request.url.startswith((server.url, *LOCAL)):
            problems.append(f"request to another host: {request.url}")

    def on_page_error(error: Error) -> None:
        problems.append(f"page: {error}")

    def on_dialog(dialog: Dialog) -> None:
        problems.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def open_at(path: str, token: str | None = None, locale: str = "en-US", width: int = 1280) -> Page:
        context = browser.new_context(locale=locale, viewport={"width": width, "height": 900}, base_url=server.url)
        contexts.append(context)
        if token:
            context.add_cookies([{"name": COOKIE, "value": token, "url": server.url}])
        page = context.new_page()
        page.on("console", on_console)
        page.on("pageerror", on_page_error)
        page.on("dialog", on_dialog)
        page.on("request", on_request)
        page.goto(path)
        wait_until_live(page)
        return page

    yield open_at
    for context in contexts:
        context.close()
    assert not problems, "\n".join(problems)


def wait_until_live(page: Page) -> None:
    page.wait_for_function("window.did_handshake === true")


@pytest.fixture
def token(server: Server) -> str:
    """Somebody new, logged in."""
    return register(server, f"{secrets.token_hex(8)}@example.com")


@pytest.fixture
def sara(server: Server) -> Iterator[Person]:
    with registered(server, "sara") as person:
        yield person


@pytest.fixture
def omid(server: Server) -> Iterator[Person]:
    with registered(server, "omid") as person:
        yield person


def register(server: Server, email: str) -> str:
    answer = httpx.post(f"{server.url}/api/auth/register", json={"email": email, "password": PASSWORD, "name": "Sara"})
    answer.raise_for_status()
    return str(answer.json()["token"])

"""Who is looking at a page: their login, language and time zone; and the rule that each handler checks the login anew.

A page stays connected for as long as its window is open, and so outlives the login that it was built under.
"""

from __future__ import annotations

import asyncio
import copy
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import Request
from nicegui import Client, background_tasks, ui
from nicegui.element import Element

from app.errors import NotAllowed, NotAuthenticated, NotFound
from app.platform import Platform
from app.records import User
from components.page_frame import page_frame
from components.states import error_state, loading_state
from locales import Translator, choose_language
from trainer.contract import Refusal

NOTICE_MS = 8_000
QUICK_SECONDS = 0.5  # data that takes longer is announced by a loading state
# How long a live view may rest on the last check of the login: pages.open_pages makes one for all windows every two seconds.
WATCH_SECONDS = 3.0
VISITOR = "visitor"  # where a window's client keeps its visitor
THEMES = {"light": False, "dark": True}
QUASAR_LANGUAGES = {"en": "en-US", "fa": "fa-IR"}
# NiceGUI answers with an error when a page takes longer: on a busy machine a late page is better than none.
LONGEST_BUILD_SECONDS = 60.0


@dataclass
class Visitor:
    """One window of one person."""

    platform: Platform
    translator: Translator
    token: str
    address: str
    _user: User | None = field(default=None, repr=False)  # as the request that asked for the page was found to be
    _checked_at: float = field(default_factory=time.monotonic)

    async def user(self) -> User:
        """The person, if this login is still valid.

        Raises:
            NotAllowed, NotAuthenticated: it is not.
        """
        if not self.token:
            raise NotAuthenticated
        user = await self.platform.accounts.authenticate(self.token)
        self.vouch_for(user)
        return user

    def vouch_for(self, user: User) -> None:
        """Take it that the login is valid: somebody has just checked."""
        self._user, self._checked_at = user, time.monotonic()

    async def watching_user(self) -> User:
        """Like `user`, for what only looks: the last check may be a few seconds old."""
        if self._user is not None and time.monotonic() - self._checked_at < WATCH_SECONDS:
            return self._user
        return await self.user()

    def doubt(self) -> None:
        """Take it that the login may have ended: whatever comes next checks it."""
        self._user = None

    @contextmanager
    def telling_problems(self) -> Iterator[None]:
        """Turns a refusal into a sentence on the page, and the end of the login into the login page."""
        try:
            yield
        except Refusal as refusal:
            self.tell(refusal)

    def tell(self, refusal: Refusal) -> None:
        """Say what was refused; without a valid login, go and get one."""
        if is_login_lost(refusal):
            self.leave()
            return
        sentences = [self.translator.message(problem.message) for problem in refusal.problems]
        ui.notify(" ".join(sentences), type="negative", timeout=NOTICE_MS, multi_line=True)

    def leave(self) -> None:
        ui.navigate.to(login_address(self.address))

    async def load(self, fetch: Callable[[User], Awaitable[Any]], build: Callable[[Any], None]) -> None:
        """Draw what `fetch` gives into the open region: at once when it comes quickly, else after a loading state."""
        _ = self.translator
        region = ui.element("div").classes("form")
        task = background_tasks.create(self._fetch(fetch), handle_exceptions=False)
        await asyncio.wait({task}, timeout=QUICK_SECONDS)
        if not task.done():
            with region:
                waiting = loading_state(_("Loading…"))
            await ui.context.client.connected()
            await asyncio.wait({task})
            waiting.delete()
        try:
            content = task.result()
        except Refusal as refusal:
            self._show_refusal(region, refusal)
            return
        with region:
            build(content)

    async def _fetch(self, fetch: Callable[[User], Awaitable[Any]]) -> Any:  # noqa: ANN401 - whatever the page asks for
        return await fetch(await self.watching_user())

    def _show_refusal(self, region: Element, refusal: Refusal) -> None:
        if is_login_lost(refusal):
            self.leave()
            return
        _ = self.translator
        if isinstance(refusal, NotFound):
            ui.status_code(404)
        sentences = [_.message(problem.message) for problem in refusal.problems]
        links = [(_("To your runs"), "/runs"), (_("To your data"), "/datasets")]
        has_heading = any(element.tag == "h1" for element in region.client.elements.values())
        with region:
            error_state(_("This cannot be shown"), sentences, links, is_part=has_heading)


def page_at(path: str, reconnect_seconds: float | None = None) -> ui.page:
    """Offer the decorated function as a page; `reconnect_seconds` is how long it waits for a window that was cut off."""
    return ui.page(path, response_timeout=LONGEST_BUILD_SECONDS, reconnect_timeout=reconnect_seconds)


def welcome(platform: Platform, request: Request) -> Visitor:
    """Recognise the visitor and set the page's language and colours; call it first in every page."""
    language = choose_language(
        request.cookies.get("tamrin_language"), request.headers.get("accept-language", ""), platform.settings.default_language
    )
    dress(ui.context.client, language, request)
    query = f"?{request.url.query}" if request.url.query else ""
    token = getattr(request.state, "token", None) or ""
    translator, user = Translator(language, _zone_of(request)), getattr(request.state, "user", None)
    visitor = Visitor(platform, translator, token, request.url.path + query, user)
    ui.context.client.storage[VISITOR] = visitor
    return visitor


def dress(client: Client, language: str, request: Request) -> None:
    """The page object is shared by all visitors of a route: each gets a copy of their own."""
    client.page = copy.copy(client.page)
    client.page.language = QUASAR_LANGUAGES[language]  # type: ignore[assignment]
    client.page.dark = THEMES.get(request.cookies.get("tamrin_theme", ""))


def while_open(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Do `work` from when the window is connected until it is forgotten: a short loss of the network does not end it."""
    client = ui.context.client

    async def begin() -> None:
        await client.connected()
        if not client.is_deleted:
            await work()

    task = background_tasks.create(begin(), name=f"{work.__qualname__} for a window", context=client)
    client.on_delete(lambda: task.cancel() and None)


@contextmanager
def framed(visitor: Visitor, title: str, current: str = "") -> Iterator[Element]:
    """The page's frame for somebody who is logged in."""
    user: User | None = getattr(ui.context.client.request.state, "user", None)
    _ = visitor.translator
    ui.on_exception(lambda: ui.notify(_("Something went wrong. Nothing was changed; try again."), type="negative"))
    with page_frame(_, title, current=current, user_name=user.name if user else None) as main:
        yield main


def login_address(address: str) -> str:
    return f"/login?next={quote(address, safe='')}"


def is_login_lost(refusal: Refusal) -> bool:
    return isinstance(refusal, NotAuthenticated) or (
        isinstance(refusal, NotAllowed) and refusal.problems[0].code == "invalid_token"
    )


def _zone_of(request: Request) -> tzinfo:
    """The browser's time zone once it has told us, else the server's."""
    name = unquote(request.cookies.get("tamrin_zone", ""))
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone = datetime.now().astimezone().tzinfo
        assert zone is not None, "an aware time has a zone"
        return zone

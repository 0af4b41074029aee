"""In front of the REST interface: a body is refused above a megabyte, by what it announces or while it still comes.

Excepted are the two streams that go to disk piece by piece, within a limit of their own: multipart uploads and tus.
"""

from __future__ import annotations

import re

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as Event

from app.api import tus
from app.api.bodies import announced_bytes
from app.datasets.uploads import MEGABYTE
from app.errors import TooLarge, error_body
from trainer.contract import Message

# The largest bodies that somebody needs are how a file is read and a run's specification: some kilobytes.
LARGEST_BODY_BYTES = MEGABYTE
GUARDED_PREFIX = "/api/"
UPLOAD_PATH = "/api/datasets/upload"
TUS_UPLOAD = re.compile(rf"{tus.PREFIX}/[^/]+")


class BodyLimit:
    """ASGI middleware that hands a body on when all of it is there, and so holds no more than the limit of it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(GUARDED_PREFIX):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        length = announced_bytes(headers)
        if length == 0 or _is_stream(scope, headers):
            await self._app(scope, receive, send)
            return
        arrived = None if length is not None and length > LARGEST_BODY_BYTES else await _receive_all(receive)
        if arrived is None:
            refused = _too_large()
            await JSONResponse(error_body(refused), refused.status)(scope, receive, send)
            return
        await self._app(scope, _replay(arrived, receive), send)


async def _receive_all(receive: Receive) -> Event | None:
    """The whole body as one event, or that the client has left; None when it is too much."""
    body = bytearray()
    while (event := await receive())["type"] == "http.request":
        body += event.get("body", b"")
        if len(body) > LARGEST_BODY_BYTES:
            return None
        if not event.get("more_body", False):
            return {"type": "http.request", "body": bytes(body), "more_body": False}
    return event


def _replay(arrived: Event, receive: Receive) -> Receive:
    waiting = [arrived]

    async def replay() -> Event:
        return waiting.pop() if waiting else await receive()

    return replay


def _is_stream(scope: Scope, headers: Headers) -> bool:
    method, path = scope["method"], scope["path"]
    if (method, path) == ("POST", UPLOAD_PATH):
        return True
    if not TUS_UPLOAD.fullmatch(path):
        return False
    return method == "PATCH" or (method == "POST" and headers.get(tus.OVERRIDE, "").upper() == "PATCH")


def _too_large() -> TooLarge:
    text = "The body of the request is larger than {limit} MB, the limit here. Send less at once; files are sent as uploads."
    return TooLarge("body_too_large", Message(text, {"limit": LARGEST_BODY_BYTES // MEGABYTE}))

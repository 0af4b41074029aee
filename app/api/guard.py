"""The guard in front of every route, page and socket: whoever is not on the short list needs a valid token.

The token comes as bearer token or as cookie. What a browser sends by itself, the cookie, is believed for changes only
when the request comes from our own pages.
"""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from app.accounts import Accounts
from app.errors import NotAllowed, NotAuthenticated, PlatformError, error_body
from app.records import User
from trainer.contract import Message

COOKIE = "tamrin_session"
OPEN_PATHS = frozenset(
    {
        "/login",
        "/register",
        "/health",
        "/favicon.ico",
        "/api-docs",
        "/api/openapi.json",
        "/api/auth/login",
        "/api/auth/register",
        "/api/training/internal/status-update",  # asks for the attempt's own token instead
    }
)
# The framework's own scripts and its socket: a socket shows nothing but the page its unguessable client id belongs to.
# Programs' own socket asks for its token when they connect.
OPEN_PREFIXES = ("/api-docs-assets/", "/_nicegui/", "/_nicegui_ws/", "/socket.io/")
GUARDED_PREFIXES = ("/_nicegui/client/",)
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
POLICY_VIOLATION = 1008


class Guard:
    """ASGI middleware for HTTP and WebSocket; leaves `user` and `token` in the request's state."""

    def __init__(self, app: ASGIApp, accounts: Accounts) -> None:
        self._app = app
        self._accounts = accounts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            if bearer_of(headers) is None:
                _check_origin(scope, headers)
            user, token = await self._identify(headers)
            if user is None and not _is_open(scope["path"]):
                raise NotAuthenticated
        except PlatformError as error:
            if not (_is_open(scope["path"]) and error.problems[0].code == "invalid_token"):
                await _refuse(scope, receive, send, error)
                return
            user, token = None, None
        scope.setdefault("state", {}).update(user=user, token=token)
        await self._app(scope, receive, send)

    async def _identify(self, headers: Headers) -> tuple[User | None, str | None]:
        token = bearer_of(headers) or cookie_of(headers)
        return (await self._accounts.authenticate(token), token) if token else (None, None)


def bearer_of(headers: Headers) -> str | None:
    """The token that a program sends; a browser never sends one by itself."""
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    return bearer.strip() or None if scheme.lower() == "bearer" else None


def cookie_of(headers: Headers) -> str | None:
    """The token that a browser sends with every request."""
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return cookie.value if cookie else None


def _is_open(path: str) -> bool:
    return path in OPEN_PATHS or (path.startswith(OPEN_PREFIXES) and not path.startswith(GUARDED_PREFIXES))


def _check_origin(scope: Scope, headers: Headers) -> None:
    """Refuse what another site makes a browser send: changes and sockets whose Origin is not this host."""
    if scope["type"] == "http" and scope["method"] in SAFE_METHODS:
        return
    if _is_foreign(headers.get("origin"), headers.get("host")) or headers.get("sec-fetch-site") in {"cross-site", "same-site"}:
        text = "This request came from another site, so it was not carried out. Use the pages of this server."
        raise NotAllowed("foreign_origin", Message(text))


def _is_foreign(origin: str | None, host: str | None) -> bool:
    """Whether an Origin header names another host than the one asked; what cannot be read is foreign."""
    try:
        return origin is not None and urlsplit(origin).netloc != host
    except ValueError:
        return True


async def _refuse(scope: Scope, receive: Receive, send: Send, error: PlatformError) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": POLICY_VIOLATION})
    elif scope["path"].startswith("/api") or scope["method"] not in SAFE_METHODS:
        await JSONResponse(error_body(error), error.status)(scope, receive, send)
    else:
        query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
        await RedirectResponse(f"/login?next={quote(scope['path'] + query, safe='')}", 303)(scope, receive, send)

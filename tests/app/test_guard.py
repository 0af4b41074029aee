"""The guard: nothing answers a stranger but the short list, and another site cannot use a person's cookie."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from app.api import create_api
from app.api.guard import COOKIE, OPEN_PATHS
from app.platform import Platform
from app.settings import Settings

ALLOWED_WITHOUT_A_TOKEN = {
    "/login",
    "/register",
    "/health",
    "/favicon.ico",
    "/api-docs",
    "/api/openapi.json",
    "/api/auth/login",
    "/api/auth/register",
    "/api/training/internal/status-update",  # asks for the attempt's own token instead: see test_status_update.py
}


@pytest.fixture
async def api(settings: Settings) -> AsyncIterator[FastAPI]:
    platform = Platform(settings)
    yield create_api(platform)
    platform.database.close()


@pytest.fixture
async def client(api: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=api)
    async with httpx.AsyncClient(transport=transport, base_url="http://tamrin.local") as client:
        yield client


@pytest.fixture
async def token(client: httpx.AsyncClient) -> str:
    body = {"email": "sara@example.com", "password": "a passphrase", "name": "Sara"}
    answer = await client.post("/api/auth/register", json=body)
    client.cookies.clear()
    return str(answer.json()["token"])


def test_the_short_list_is_exactly_what_was_agreed() -> None:
    assert OPEN_PATHS == ALLOWED_WITHOUT_A_TOKEN


async def test_every_route_refuses_a_stranger(api: FastAPI, client: httpx.AsyncClient) -> None:
    paths = api.openapi()["paths"]
    tried = [(method.upper(), path) for path, methods in paths.items() for method in methods]
    assert len(tried) >= 14
    for method, path in tried:
        if path in ALLOWED_WITHOUT_A_TOKEN:
            continue
        answer = await client.request(method, path.replace("{", "").replace("}", ""))
        assert answer.status_code == 401, (method, path)
        assert method == "HEAD" or answer.json()["code"] == "not_authenticated"


@pytest.mark.parametrize("path", ["/", "/runs", "/datasets", "/anything/else?x=1"])
async def test_a_page_leads_a_stranger_to_the_login(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login?next=%2F")


async def test_bearer_token_and_cookie_open_the_same_doors(client: httpx.AsyncClient, token: str) -> None:
    by_bearer = await client.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"})
    by_cookie = await client.get("/api/auth/me", headers={"Cookie": f"{COOKIE}={token}"})
    assert by_bearer.json() == by_cookie.json()
    assert by_bearer.json()["user"]["email"] == "sara@example.com"


async def test_an_invalid_token_is_403_and_none_is_401(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/auth/me", headers={"Authorization": "Bearer nonsense"})).status_code == 403
    assert (await client.get("/api/auth/me")).status_code == 401
    assert (await client.get("/api/auth/me", headers={"Authorization": "Basic abc"})).status_code == 401


async def test_a_dead_cookie_still_reaches_the_login(client: httpx.AsyncClient) -> None:
    answer = await client.get("/health", headers={"Cookie": f"{COOKIE}=dead"})
    assert answer.json() == {"ok": True}


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}],
)
async def test_another_site_cannot_make_a_browser_change_anything(
    client: httpx.AsyncClient, token: str, headers: dict[str, str]
) -> None:
    with_cookie = {"Cookie": f"{COOKIE}={token}", **headers}
    assert (await client.post("/api/auth/logout", headers=with_cookie)).status_code == 403
    assert (await client.post("/api/auth/login", json={}, headers=headers)).status_code == 403
    assert (await client.get("/api/auth/me", headers={"Cookie": f"{COOKIE}={token}"})).status_code == 200


@pytest.mark.parametrize(
    "origin", ["http://[", "//", "tamrin.local", "http://tamrin.local.evil.example", "http://tamrin.local@evil"]
)
async def test_an_origin_that_is_not_ours_is_refused_however_it_is_written(client: httpx.AsyncClient, origin: str) -> None:
    assert (await client.post("/api/auth/login", json={}, headers={"Origin": origin})).status_code == 403


async def test_our_own_pages_may_post(client: httpx.AsyncClient, token: str) -> None:
    headers = {"Cookie": f"{COOKIE}={token}", "Origin": "http://tamrin.local", "Sec-Fetch-Site": "same-origin"}
    assert (await client.post("/api/auth/logout", headers=headers)).status_code == 200


async def test_the_cookie_is_out_of_reach_for_scripts(client: httpx.AsyncClient) -> None:
    body = {"email": "sara@example.com", "password": "a passphrase", "name": "Sara"}
    cookie = (await client.post("/api/auth/register", json=body)).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"email": "a@example.com"}, ["password", "name"]),
        ({"email": 5, "password": "secret1", "name": "A"}, ["email"]),
        ({"email": "a@example.com", "password": None, "name": "A"}, ["password"]),
    ],
)
async def test_a_bad_body_is_400_and_names_its_fields(
    client: httpx.AsyncClient, body: dict[str, object], fields: list[str]
) -> None:
    answer = await client.post("/api/auth/register", json=body)
    assert answer.status_code == 400
    assert [detail["field"] for detail in answer.json()["details"]] == fields


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'"text"', b"\xff\xfe", b"null", b'{"email": "\\ud800", "password": "secret1"}', b"[" * 50_000],
)
async def test_what_is_no_json_object_is_400_with_a_sentence(client: httpx.AsyncClient, content: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await client.post("/api/auth/login", content=content, headers=headers)
    assert answer.status_code == 400
    assert set(answer.json()) == {"error", "code", "details"}


async def test_unknown_paths_and_methods_answer_in_the_same_shape(client: httpx.AsyncClient, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    for method, path, status in [("GET", "/api/nothing", 404), ("PATCH", "/api/auth/me", 405)]:
        answer = await client.request(method, path, headers=headers)
        assert answer.status_code == status
        assert set(answer.json()) == {"error", "code", "details"}


async def test_the_documentation_needs_nothing_from_elsewhere(client: httpx.AsyncClient) -> None:
    page = (await client.get("/api-docs")).text
    assert "http://" not in page.replace("http://tamrin.local", "")
    assert "https://" not in page
    assert (await client.get("/api-docs-assets/swagger-ui-bundle.js")).status_code == 200
    assert "/api/training" in (await client.get("/api/openapi.json")).json()["paths"]

"""Who sends and asks for big files in benchmarks/big_files.py, each in a process of their own.

Enter a server, a token and what to do; leave seconds or counts. A window behaves as the script in a browser's does.
"""

from __future__ import annotations

import asyncio
import html
import json
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx

from benchmarks.audience import COOKIE, ELEMENTS, Window

PATIENCE_SECONDS = 300.0
MEGABYTE = 1_000_000
BOUNDARY = "a-boundary-that-no-row-holds"
HEAD = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="large.csv"\r\nContent-Type: text/csv\r\n\r\n'
).encode()
TAIL = f"\r\n--{BOUNDARY}--\r\n".encode()
# The first row is no text: the file is received whole, and refused at once when it is read.
BROKEN = b"height,width,kind\n\0,1,rose\n"
ROW = b"12.345,6.789,tulip\n"
RARE, ABSENT = "نادر", "nowhere to be found"
PAGES_BACK = 5
LOOK_SECONDS = 1.0


def upload(server: str, token: str, megabytes: int) -> float:
    """Stream so much into the server; returns the seconds until it was received and refused."""
    size = megabytes * MEGABYTE
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        "Content-Length": str(len(HEAD) + size + len(TAIL)),
    }
    began = time.perf_counter()
    content = _form(size)
    answer = httpx.post(f"{server}/api/datasets/upload", headers=headers, content=content, timeout=PATIENCE_SECONDS)
    assert answer.json()["code"] == "not_text", answer.text
    return time.perf_counter() - began


def _form(size: int) -> Iterator[bytes]:
    block = (ROW * (MEGABYTE // len(ROW) + 1))[:MEGABYTE]
    yield HEAD
    yield BROKEN
    yield block[len(BROKEN) :]
    for _ in range(size // MEGABYTE - 1):
        yield block
    yield TAIL


def read_log(server: str, token: str, job: str, seconds: float) -> dict[str, str]:
    """Page through, search, download and look at the log of a run for so long; says how often and how fast."""
    return asyncio.run(_Readers(server, token, job, time.monotonic() + seconds).read())


class _Readers:
    """People at one log, each with a connection of their own."""

    def __init__(self, server: str, token: str, job: str, until: float) -> None:
        self._server = server
        self._cookies = {COOKIE: token}
        self._log = f"/api/training/{job}/log"
        self._page = f"/runs/{job}/log"
        self._until = until
        self._took: dict[str, list[float]] = {}
        self._told: Counter[str] = Counter()

    async def read(self) -> dict[str, str]:
        async with asyncio.TaskGroup() as people:
            for reader in (self._turn_pages, self._search, self._download, self._open_page, self._watch_window):
                people.create_task(reader())
        took = {what: f"{len(times)} times, {sum(times) / len(times):.2f} s each" for what, times in self._took.items()}
        return {**took, "told to the open page": f"{self._told.total()} messages"}

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self._server, cookies=self._cookies, timeout=PATIENCE_SECONDS)

    async def _ask(self, client: httpx.AsyncClient, what: str, path: str, **query: str | int) -> httpx.Response:
        began = time.perf_counter()
        answer = await client.get(path, params=query)
        answer.raise_for_status()
        self._took.setdefault(what, []).append(time.perf_counter() - began)
        return answer

    async def _turn_pages(self) -> None:
        async with self._client() as client:
            while time.monotonic() < self._until:
                page = (await self._ask(client, "last page", self._log)).json()
                for _ in range(PAGES_BACK):
                    page = (await self._ask(client, "page before", self._log, before=page["earlier"])).json()
                middle = page["size"] // 2  # inside the line that does not end
                for place in (middle, 0):
                    page = (await self._ask(client, "page after", self._log, after=place)).json()
                    assert page["lines"], "there is something to see everywhere"

    async def _search(self) -> None:
        async with self._client() as client:
            while time.monotonic() < self._until:
                rare = (await self._ask(client, "search for a rare word", self._log, search=RARE)).json()
                assert len(rare["lines"]) > 0, "the word is there"
                absent = (await self._ask(client, "search for no word of it", self._log, search=ABSENT)).json()
                assert absent["lines"] == []

    async def _download(self) -> None:
        async with self._client() as client:
            while time.monotonic() < self._until:
                began, received = time.perf_counter(), 0
                async with client.stream("GET", f"{self._log}/download") as answer:
                    async for block in answer.aiter_raw():
                        received += len(block)
                assert received == int(answer.headers["Content-Length"])
                self._took.setdefault("download", []).append(time.perf_counter() - began)

    async def _open_page(self) -> None:
        async with self._client() as client:
            while time.monotonic() < self._until:
                await self._ask(client, "the page", self._page)
                await asyncio.sleep(LOOK_SECONDS)

    async def _watch_window(self) -> None:
        """A window in which somebody searches for what is not there: it looks again every other second."""
        async with self._client() as client:
            page = (await client.get(self._page)).text
        window = _SearchingWindow(self._server, self._page, page, self._told)
        async with window.opened():
            await window.type_words(ABSENT)
            await asyncio.sleep(self._until - time.monotonic())


class _SearchingWindow(Window):
    """The log's page, with somebody at the field for searching."""

    def __init__(self, server: str, address: str, page: str, told: Counter[str]) -> None:
        super().__init__(server, address, page, told)
        self._field, self._listener = _search_field(page)

    async def type_words(self, words: str) -> None:
        event = {"client_id": self._client_id, "id": self._field, "listener_id": self._listener, "args": [json.dumps(words)]}
        await self._socket.emit("event", event)


def _search_field(page: str) -> tuple[int, str]:
    match = ELEMENTS.search(page)
    assert match, "the page has no elements"
    elements: dict[str, Any] = json.loads(html.unescape(match[1]))
    number, field = next(found for found in elements.items() if found[1].get("props", {}).get("name") == "search")
    return int(number), next(event["listener_id"] for event in field["events"] if event["type"] == "update:value")

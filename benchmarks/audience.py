"""The viewers of benchmarks/page_under_load.py, in a process of their own: `python -m benchmarks.audience`.

KIND (windows or streams), SERVER, TOKEN and the jobs to watch enter as arguments; a line says when all are there, and
another, once standard input has closed, how much they were told. A window behaves as the script in a browser's window does.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import html
import json
import re
import sys
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import socketio

COOKIE = "tamrin_session"
QUERY = re.compile(r"query: (\{'client_id'.*?\})", re.DOTALL)
ELEMENTS = re.compile(r"parseElements\(String\.raw`(.*?)`\)", re.DOTALL)
ACKNOWLEDGE_SECONDS = 3.0
PATIENCE_SECONDS = 60.0


class Window:
    """A run's page, opened: it draws at once what it is told to draw, and says so."""

    def __init__(self, server: str, address: str, page: str, told: Counter[str]) -> None:
        self._server = server
        self._told = told
        self._next_message = 0
        match = QUERY.search(page)
        assert match, f"{address} is no page"
        self._client_id = str(re.findall(r"'client_id': '([^']+)'", match[1])[0])
        self._tell_drawn = _listeners_of_charts(page, address)
        self._socket = socketio.AsyncClient(reconnection=False, request_timeout=PATIENCE_SECONDS)
        self._socket.on("*", self._on_message)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        identity = {"tab_id": str(uuid.uuid4()), "old_tab_id": "", "document_id": str(uuid.uuid4())}
        query = {"client_id": self._client_id, "next_message_id": "0", "implicit_handshake": "true", **identity}
        address = f"{self._server}?{httpx.QueryParams(query)}"
        await self._socket.connect(
            address, transports=["websocket"], socketio_path="/_nicegui_ws/socket.io", wait_timeout=PATIENCE_SECONDS
        )
        for chart in self._tell_drawn:
            await self._drawn(chart)
        acknowledging = asyncio.create_task(self._acknowledge())
        try:
            yield
        finally:
            acknowledging.cancel()
            await self._socket.disconnect()

    async def _on_message(self, name: str, data: Any = None) -> None:  # noqa: ANN401 - whatever the server sends
        self._told[name] += 1
        if isinstance(data, dict) and "_id" in data:
            self._next_message = data["_id"] + 1
        if name == "update" and isinstance(data, dict):  # a page that took its time draws its charts later
            late = {number: element for number, element in data.items() if isinstance(element, dict)}
            for chart, listener in _listeners_of(late).items():
                if chart not in self._tell_drawn:
                    self._tell_drawn[chart] = listener
                    await self._drawn(chart)
        if name == "run_javascript":
            for chart in self._tell_drawn:
                if f"({chart}," in data["code"]:
                    self._told["drawn"] += 1
                    await self._drawn(chart)

    async def _drawn(self, chart: int) -> None:
        event = {"client_id": self._client_id, "id": chart, "listener_id": self._tell_drawn[chart], "args": []}
        await self._socket.emit("event", event)

    async def _acknowledge(self) -> None:
        while True:
            await asyncio.sleep(ACKNOWLEDGE_SECONDS)
            await self._socket.emit("ack", {"client_id": self._client_id, "next_message_id": self._next_message})


def _listeners_of_charts(page: str, address: str) -> dict[int, str]:
    """Which listener each chart's element tells that it was drawn."""
    match = ELEMENTS.search(page)
    assert match, f"{address} has no elements"
    return _listeners_of(json.loads(html.unescape(match[1])))


def _listeners_of(elements: Mapping[str, Any]) -> dict[int, str]:
    return {
        int(number): event["listener_id"]
        for number, element in elements.items()
        for event in element.get("events", [])
        if event["type"] == "plotly_afterplot"
    }


async def watch_window(server: str, token: str, job_id: str, told: Counter[str], present: asyncio.Barrier) -> None:
    async with httpx.AsyncClient(base_url=server, cookies={COOKIE: token}, timeout=PATIENCE_SECONDS) as client:
        answer = await client.get(f"/runs/{job_id}")
        answer.raise_for_status()
    async with Window(server, f"/runs/{job_id}", answer.text, told).opened():
        await present.wait()
        await asyncio.Event().wait()


async def watch_stream(server: str, token: str, job_id: str, told: Counter[str], present: asyncio.Barrier) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx.AsyncClient(base_url=server, headers=headers, timeout=PATIENCE_SECONDS) as client,
        client.stream("GET", f"/api/training/{job_id}/events") as answer,
    ):
        answer.raise_for_status()
        await present.wait()
        async for block in answer.aiter_raw():
            told["events"] += block.count(b"id: ")


KINDS: dict[str, Callable[..., Coroutine[Any, Any, None]]] = {"windows": watch_window, "streams": watch_stream}


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=sorted(KINDS))
    parser.add_argument("server")
    parser.add_argument("token")
    parser.add_argument("jobs", nargs="+")
    arguments = parser.parse_args()
    told: Counter[str] = Counter()
    watch = KINDS[arguments.kind]
    present = asyncio.Barrier(len(arguments.jobs) + 1)
    viewers = [watch(arguments.server, arguments.token, job, told, present) for job in arguments.jobs]
    watching = asyncio.gather(*viewers)  # the first viewer that is lost is lost loudly
    leaving = asyncio.create_task(_leave(present))
    either: set[asyncio.Future[Any]] = {watching, leaving}
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if watching.done():
        watching.result()
    watching.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watching
    print(json.dumps(told), flush=True)


async def _leave(present: asyncio.Barrier) -> None:
    await present.wait()
    print("there", flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())

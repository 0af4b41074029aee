"""The feed for programs over socket.io, with the real Python client and the JavaScript client that browsers load."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import socketio
from socketio.exceptions import ConnectionError as ConnectionRefused

from tests.journeys.conftest import Person, registered
from tests.servers import Server, free_port, running_server
from trainer.contract import JsonObject, read_events

WAIT_SECONDS = 60.0
LONG = {"epochs": 1000, "batch_size": 1}


class Listener:
    """A real client that remembers what it was told."""

    def __init__(self) -> None:
        self.client = socketio.AsyncClient(reconnection=False)
        self.told: list[tuple[str, Any]] = []
        self._changed = asyncio.Event()
        self.client.on("*", self._remember)
        self.client.on("connect_error", lambda data: self._remember("connect_error", data))
        self.client.on("disconnect", lambda *_: self._remember("disconnect", None))

    def _remember(self, name: str, data: Any = None) -> None:
        self.told.append((name, data))
        self._changed.set()

    def of(self, name: str) -> list[Any]:
        return [data for told, data in self.told if told == name]

    def events(self) -> list[JsonObject]:
        return [event for update in self.of("job_update") for event in update["events"]]

    async def close_session(self) -> None:
        """Which the client leaves to the garbage collector."""
        session = self.client.eio.http
        if session is not None and not session.closed:
            await session.close()

    async def wait(self, reached: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT_SECONDS):
            while not reached():
                self._changed.clear()
                await self._changed.wait()


@asynccontextmanager
async def connected(server: Server, token: str, transport: str = "websocket") -> AsyncIterator[Listener]:
    listener = Listener()
    try:
        await listener.client.connect(server.url, auth={"token": token}, transports=[transport])
        yield listener
    finally:
        await listener.client.disconnect()
        await listener.close_session()


def on_disk(server: Server, job_id: str) -> list[JsonObject]:
    attempts = sorted((server.data_dir / "runs" / job_id).iterdir())
    return [event for attempt in attempts for event in read_events(attempt / "events.jsonl").events]


@pytest.mark.parametrize(
    ("auth", "sentence"),
    [
        (None, "Authentication error: No token provided"),
        ({}, "Authentication error: No token provided"),
        ({"token": ""}, "Authentication error: No token provided"),
        ({"token": 5}, "Authentication error: No token provided"),
        ({"token": "forged"}, "Authentication error: Invalid token"),
    ],
)
async def test_who_has_no_valid_token_is_refused_in_so_many_words(server: Server, auth: Any, sentence: str) -> None:
    listener = Listener()
    with pytest.raises(ConnectionRefused):
        await listener.client.connect(server.url, auth=auth)
    await listener.close_session()
    assert listener.of("connect_error") == [{"message": sentence}]


@pytest.mark.parametrize(("transport", "epochs"), [("polling", 8), ("websocket", 30)])  # polling takes a request per event
async def test_a_subscriber_is_told_every_event_once_and_in_order(
    server: Server, sara: Person, transport: str, epochs: int
) -> None:
    async with connected(server, sara.token, transport) as listener:
        job_id = sara.start_job(dataset=sara.upload_flowers(), epochs=epochs, batch_size=4)
        answer = await listener.client.call("subscribe_job", job_id)
        assert (answer["ok"], answer["status"]["job_id"]) == (True, job_id)
        await listener.wait(lambda: bool(listener.of("job_update")) and listener.of("job_update")[-1]["status"] == "COMPLETED")
        assert listener.events() == on_disk(server, job_id)
        progress = [update["progress"] for update in listener.of("job_update")]
        assert progress == sorted(progress)


async def test_an_owner_is_told_of_all_their_jobs_and_of_nobody_elses(server: Server, sara: Person, omid: Person) -> None:
    async with connected(server, sara.token) as listener:
        await listener.client.call("subscribe_user_jobs")
        theirs, mine = omid.start_job(), sara.start_job()
        await listener.wait(lambda: any(status["status"] == "COMPLETED" for status in listener.of("job_status")))
        assert {status["job_id"] for status in listener.of("job_status")} == {mine}
        omid.wait_until_ended(theirs)
        assert {status["job_id"] for status in listener.of("job_status")} == {mine}


async def test_somebody_elses_job_is_refused_like_one_that_is_not_there(server: Server, sara: Person, omid: Person) -> None:
    job_id = sara.start_job()
    async with connected(server, omid.token) as listener:
        refusals = [await listener.client.call("subscribe_job", name) for name in (job_id, "job_0")]
        assert [refusal["code"] for refusal in refusals] == ["job_not_found", "job_not_found"]
        await listener.client.emit("subscribe_job", job_id)
        await listener.wait(lambda: len(listener.of("subscribe_error")) == 3)
        sara.wait_until_ended(job_id)
        assert listener.of("job_update") == []


@pytest.mark.parametrize("garbage", [None, 5, [], ["x"], {}, {"job_id": 5}, {"job_id": "x", "after": "y"}, "x" * 10_000])
async def test_garbage_is_refused_and_the_connection_lives(server: Server, sara: Person, garbage: Any) -> None:
    async with connected(server, sara.token) as listener:
        for name in ("subscribe_job", "unsubscribe_job", "subscribe_user_jobs", "no_such_event"):
            await listener.client.emit(name, garbage)
        await listener.wait(lambda: bool(listener.of("subscribe_error")))
        assert (await listener.client.call("subscribe_user_jobs"))["ok"]


async def test_who_unsubscribes_is_told_nothing_more(server: Server, sara: Person) -> None:
    job_id = sara.start_job(dataset=sara.upload_flowers(), **LONG)
    async with connected(server, sara.token) as listener:
        await listener.client.call("subscribe_job", job_id)
        await listener.wait(lambda: bool(listener.events()))
        await listener.client.call("unsubscribe_job", job_id)
        told = len(listener.of("job_update"))
        sara.client.post(f"/api/training/{job_id}/stop")
        sara.wait_until_ended(job_id)
        await listener.client.call("subscribe_user_jobs")  # whatever was on its way has come by now
        assert len(listener.of("job_update")) == told


async def test_a_logout_ends_the_connection(server: Server, sara: Person) -> None:
    async with connected(server, sara.token) as listener:
        sara.client.post("/api/auth/logout")
        await listener.wait(lambda: bool(listener.of("disconnect")))


async def test_a_killed_server_costs_a_client_no_event(tmp_path: Path) -> None:
    """The client says after which number to go on; another attempt goes on counting."""
    port, events = free_port(), list[JsonObject]()
    with ExitStack() as people:
        with running_server(tmp_path, port) as server:
            sara = people.enter_context(registered(server, "sara"))
            job_id = sara.start_job(dataset=sara.upload_flowers(), **LONG)
            async with connected(server, sara.token) as listener:
                await listener.client.emit("subscribe_job", job_id)
                await listener.wait(lambda: len(listener.events()) > 20)
                server.process.kill()
                await listener.wait(lambda: bool(listener.of("disconnect")))
                events += listener.events()
        with running_server(tmp_path, port) as server:
            async with connected(server, sara.token) as listener:
                await listener.client.emit("subscribe_job", (job_id, {"after": events[-1]["n"]}))
                await listener.wait(lambda: len(listener.events()) > 20)
                sara.client.post(f"/api/training/{job_id}/pause")
                await listener.wait(lambda: listener.of("job_update")[-1]["status"] == "PAUSED")
                sara.client.post(f"/api/training/{job_id}/resume")
                await listener.wait(lambda: any(event["type"] == "attempt" for event in listener.events()))
                sara.client.post(f"/api/training/{job_id}/stop")
                await listener.wait(lambda: listener.of("job_update")[-1]["status"] == "STOPPED")
                events += listener.events()
            assert events == on_disk(server, job_id)
            assert [event["n"] for event in events] == list(range(1, len(events) + 1))

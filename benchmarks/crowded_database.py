"""`python -m benchmarks.crowded_database [seconds]`: 50 writers, 200 readers and another process at one SQLite file.

The writers start, move and stop runs, log in and out; the other process (benchmarks/outside_writer.py) counts up in a
table of its own. Exit code 1: an answer was missing or 5xx, something was locked, or an acknowledged write is not there.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import sqlite3
import ssl
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from benchmarks.outside_writer import COUNTER, Outsider, writing_from_outside
from tests.journeys.conftest import Person, flowers, registered
from tests.servers import Server, running_server

RUN_WRITERS, LOGIN_WRITERS, READERS, PEOPLE = 46, 4, 200, 5
SECONDS, PATIENCE_SECONDS = 60.0, 60.0
RUNS_WAITING = "1000000"  # as many as one likes
LONG_ROWS = 4_000  # a thousand epochs of these outlast every measurement, and keep the one place taken
SERVER_ERROR = 500
LOCKED = ("database is locked", "database_busy")
PASSWORD = "a passphrase"  # noqa: S105 - that of `registered`
LATEST = "/api/training/status?job_id="
READS = ("/api/training/jobs?limit=20", LATEST, "/api/datasets", LATEST, "/api/training/jobs?limit=20", LATEST, "/runs", LATEST)


@dataclass
class Tally:
    """What was asked and answered, and which writes were acknowledged."""

    until: float
    answers: Counter[int] = field(default_factory=Counter)  # by HTTP status
    unanswered: list[str] = field(default_factory=list)
    locked: int = 0
    delays: dict[str, list[float]] = field(default_factory=lambda: {"reads": [], "writes": []})  # milliseconds
    started: list[str] = field(default_factory=list)  # ids of runs
    stopped: list[str] = field(default_factory=list)
    moves: int = 0
    logins: Counter[str] = field(default_factory=Counter)  # how many of a person's logins are to be there
    logouts: int = 0

    @property
    def is_time_left(self) -> bool:
        return time.monotonic() < self.until


@dataclass(frozen=True)
class Client:
    """Somebody with a connection of their own."""

    http: httpx.AsyncClient
    tally: Tally
    person: Person

    async def read(self, path: str) -> None:
        await self._ask("reads", "GET", path, self.person.token)

    async def write(self, path: str, token: str, **body: Any) -> dict[str, Any] | None:  # noqa: ANN401 - as JSON allows
        """The answer; None when it is a refusal or there is none."""
        answer = await self._ask("writes", "POST", path, token, body)
        content: dict[str, Any] | None = answer.json() if answer and answer.is_success else None
        return content

    async def _ask(
        self, kind: str, method: str, path: str, token: str, body: dict[str, Any] | None = None
    ) -> httpx.Response | None:
        began = time.perf_counter()
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            answer = await self.http.request(method, path, headers=headers, json=body or None)
        except httpx.TransportError as error:
            self.tally.unanswered.append(repr(error))
            return None
        self.http.cookies.clear()  # who asks is told by the token alone
        self.tally.delays[kind].append((time.perf_counter() - began) * 1000)
        self.tally.answers[answer.status_code] += 1
        self.tally.locked += any(word in answer.text for word in LOCKED)
        return answer


async def write_runs(client: Client, dataset: str, latest: dict[str, str]) -> None:
    """Start a run, which waits; let it change places; stop it."""
    tally, token = client.tally, client.person.token
    while tally.is_time_left:
        answer = await client.write("/api/training", token, dataset=dataset, epochs=2, batch_size=16, lr=0.01)
        if answer is None:
            continue
        job = latest[token] = answer["job_id"]
        tally.started.append(job)
        if await client.write(f"/api/training/{job}/move", token, places=-1) is not None:
            tally.moves += 1
        if await client.write(f"/api/training/{job}/stop", token) is not None:
            tally.stopped.append(job)


async def write_logins(client: Client, email: str) -> None:
    """Log in, and out again every other time."""
    tally = client.tally
    for number in itertools.count():
        if not tally.is_time_left:
            return
        login = await client.write("/api/auth/login", "", email=email, password=PASSWORD)
        if login is None:
            continue
        tally.logins[email] += 1
        if number % 2 and await client.write("/api/auth/logout", login["token"]) is not None:
            tally.logins[email] -= 1
            tally.logouts += 1


async def read_on(client: Client, turn: int, latest: dict[str, str]) -> None:
    while client.tally.is_time_left:
        path = READS[turn % len(READS)]
        await client.read(path + latest[client.person.token] if path == LATEST else path)
        turn += 1


async def crowd(
    server: Server, people: Sequence[Person], datasets: Sequence[str], latest: dict[str, str], seconds: float
) -> Tally:
    """All of them at once, until the time is up and each has the answer to its last request.

    `latest` is a run of each person's, by their token, to look at.
    """
    tally = Tally(time.monotonic() + seconds)
    trust = ssl.create_default_context()  # once: a client that makes its own takes a while
    emails = [person.client.get("/api/auth/me").json()["user"]["email"] for person in people]
    tally.logins.update(emails)  # registering logged them in
    async with contextlib.AsyncExitStack() as stack:
        clients = []
        for number in range(RUN_WRITERS + LOGIN_WRITERS + READERS):
            http = httpx.AsyncClient(base_url=server.url, timeout=PATIENCE_SECONDS, verify=trust)
            clients.append(Client(await stack.enter_async_context(http), tally, people[number % len(people)]))
        writers, others = clients[:RUN_WRITERS], clients[RUN_WRITERS:]
        works = [write_runs(client, datasets[number % len(people)], latest) for number, client in enumerate(writers)]
        works += [write_logins(client, emails[number]) for number, client in enumerate(others[:LOGIN_WRITERS])]
        works += [read_on(client, turn, latest) for turn, client in enumerate(others[LOGIN_WRITERS:])]
        await asyncio.gather(*works)
    return tally


def count_lost(file: Path, tally: Tally, outsider: Outsider) -> dict[str, int]:
    """Acknowledged writes that are not in the database."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        status = dict(connection.execute("SELECT id, status FROM jobs"))
        (same_place,) = connection.execute("SELECT count(*) - count(DISTINCT queue_rank) FROM jobs").fetchone()
        per_person = "SELECT email, count(*) FROM sessions JOIN users ON users.id = user_id GROUP BY email"
        sessions = dict(connection.execute(per_person))
        (counted,) = connection.execute(COUNTER).fetchone()
    return {
        "runs started": len(tally.started) - sum(job in status for job in set(tally.started)),
        "runs stopped": sum(status.get(job) != "STOPPED" for job in tally.stopped),
        "places changed": same_place,  # changing places gives each other's; a lost half leaves two runs at one place
        "logins and logouts": sum(abs(sessions[email] - count) for email, count in tally.logins.items()),
        "counted by the other process": outsider.acknowledged - counted,
    }


def report(server: Server, log: Path, tally: Tally, outsider: Outsider) -> int:
    file = server.data_dir / "tamrin.db"
    failures = sum(count for status, count in tally.answers.items() if status >= SERVER_ERROR)
    locked = tally.locked + sum("locked" in problem for problem in outsider.problems) + log.read_text().count(LOCKED[0])
    lost = count_lost(file, tally, outsider)
    with contextlib.closing(sqlite3.connect(file)) as connection:
        (integrity,) = connection.execute("PRAGMA integrity_check").fetchone()
    print(f"requests: {sum(tally.answers.values())}; answers by status: {dict(sorted(tally.answers.items()))}")
    print(
        f"acknowledged: {len(tally.started)} runs started, {len(tally.stopped)} stopped, {tally.moves} changed places,"
        f" {tally.logins.total() + tally.logouts - PEOPLE} logins, {tally.logouts} logouts;"
        f" {outsider.acknowledged} writes by another process"
    )
    for kind, delays in tally.delays.items():
        percentiles = statistics.quantiles(delays, n=100)
        p50, p95, p99 = percentiles[49], percentiles[94], percentiles[98]
        print(f"{kind}: {len(delays)}, median {p50:.0f} ms, 95th percentile {p95:.0f} ms, 99th percentile {p99:.0f} ms")
    print(f"write-ahead log: {file.with_name('tamrin.db-wal').stat().st_size / 1e6:.1f} MB; integrity_check: {integrity}")
    print(f"5xx: {failures}   unanswered: {len(tally.unanswered)}   locked: {locked}   lost: {sum(lost.values())}", end="")
    print(f"   other process refused: {len(outsider.problems)}")
    for surprise in {*tally.unanswered, *outsider.problems, *(f"lost: {what}" for what, count in lost.items() if count)}:
        print(f"    {surprise}")
    is_well = not (failures or tally.unanswered or locked or any(lost.values()) or outsider.problems) and integrity == "ok"
    return 0 if is_well else 1


@contextmanager
def one_long_run(person: Person) -> Iterator[None]:
    """A run that takes the only place, so that all others wait."""
    dataset = str(person.upload("flowers.csv", flowers(LONG_ROWS)).json()["dataset"]["id"])
    job = person.start_job(dataset=dataset, epochs=1000, batch_size=1)
    try:
        person.wait_until_training(job)
        yield
    finally:
        person.client.post(f"/api/training/{job}/stop")
        person.wait_until_ended(job)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seconds", type=float, nargs="?", default=SECONDS)
    seconds = parser.parse_args().seconds
    with (
        tempfile.TemporaryDirectory(prefix="tamrin-crowd-") as folder,
        running_server(Path(folder), MAX_RUNNING_JOBS="1", WAITING_JOBS_PER_USER=RUNS_WAITING) as server,
        contextlib.ExitStack() as stack,
    ):
        people = [stack.enter_context(registered(server, f"person{number}")) for number in range(PEOPLE)]
        datasets = [person.upload_flowers() for person in people]
        with one_long_run(people[0]):
            latest = {person.token: person.start_job(dataset=dataset) for person, dataset in zip(people, datasets, strict=True)}
            with writing_from_outside(server.data_dir / "tamrin.db") as outsider:
                tally = asyncio.run(crowd(server, people, datasets, latest, seconds))
            return report(server, Path(folder) / "server.log", tally, outsider)


if __name__ == "__main__":
    sys.exit(main())

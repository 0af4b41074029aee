"""`python -m benchmarks.page_under_load`: how fast pages answer while 20 jobs train and 50 viewers watch.

Side by side in one run: nothing else happens; the jobs train; 50 programs read their event streams; 50 windows show their
pages. The viewers are a process of their own (benchmarks/audience.py). Exit code 1: slower than promised.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from benchmarks.audience import COOKIE
from tests.journeys.conftest import Person, flowers, registered
from tests.servers import Server, running_server

JOBS, VIEWERS, REQUESTS = 20, 50, 150
PAUSE_SECONDS = 0.2  # between two pages: as if each of the viewers opened one every ten seconds
ALLOWED_MS = 200.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=JOBS)
    parser.add_argument("--viewers", type=int, default=VIEWERS)
    parser.add_argument("--requests", type=int, default=REQUESTS)
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="tamrin-load-") as folder,
        running_server(Path(folder), MAX_RUNNING_JOBS=str(arguments.jobs)) as server,
        registered(server, "sara") as sara,
    ):
        ask = Asking(server, sara, arguments.requests)
        ask.describe("nothing else happens", "/runs")
        slowest = []
        with training(sara, arguments.jobs) as jobs:
            watched = [jobs[number % len(jobs)] for number in range(arguments.viewers)]
            ask.describe(f"{len(jobs)} jobs train", "/runs")
            for kind in ("streams", "windows"):
                with audience(server, sara, kind, watched):
                    for page in ("/runs", f"/runs/{jobs[0]}"):
                        when = f"{len(jobs)} jobs train, {len(watched)} {kind}"
                        slowest.append(ask.describe(when, page))
    print(f"95th percentile allowed: {ALLOWED_MS:.0f} ms; the slowest: {max(slowest):.0f} ms")
    return 0 if max(slowest) <= ALLOWED_MS else 1


class Asking:
    """Asks for one page after the other, and says how long they took to come."""

    def __init__(self, server: Server, sara: Person, requests: int) -> None:
        self._server = server
        self._sara = sara
        self._requests = requests

    def describe(self, when: str, page: str) -> float:
        """Prints percentiles; returns the 95th, in milliseconds."""
        process = psutil.Process(self._server.process.pid)
        busy, started = sum(process.cpu_times()[:2]), time.perf_counter()
        delays = self._ask(page)
        share = (sum(process.cpu_times()[:2]) - busy) / (time.perf_counter() - started)
        percentiles = statistics.quantiles(delays, n=100)
        name = "a run's page" if page.startswith("/runs/") else "the list of runs"
        print(
            f"{when}: {name}: median {statistics.median(delays):.0f} ms, 95th percentile {percentiles[94]:.0f} ms,"
            f" most {max(delays):.0f} ms; the server took {share:.0%} of a processor, {process.memory_info().rss / 1e6:.0f} MB",
            flush=True,
        )
        return percentiles[94]

    def _ask(self, page: str) -> list[float]:
        delays = []
        with httpx.Client(base_url=self._server.url, cookies={COOKIE: self._sara.token}, timeout=60) as client:
            for _ in range(self._requests):
                started = time.perf_counter()
                client.get(page).raise_for_status()
                delays.append((time.perf_counter() - started) * 1000)
                time.sleep(PAUSE_SECONDS)
        return delays


@contextmanager
def training(sara: Person, count: int) -> Iterator[Sequence[str]]:
    dataset = str(sara.upload("flowers.csv", flowers()).json()["dataset"]["id"])
    jobs = [sara.start_job(dataset=dataset, epochs=1000, batch_size=1) for _ in range(count)]
    try:
        for job_id in jobs:
            sara.wait_until_training(job_id)
        yield jobs
    finally:
        for job_id in jobs:
            sara.client.post(f"/api/training/{job_id}/stop")
        for job_id in jobs:
            sara.wait_until_ended(job_id)


@contextmanager
def audience(server: Server, sara: Person, kind: str, jobs: Sequence[str]) -> Iterator[None]:
    command = [sys.executable, "-m", "benchmarks.audience", kind, server.url, sara.token, *jobs]
    viewers = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert viewers.stdout is not None
        assert viewers.stdout.readline() == "there\n", "the viewers did not come"
        yield
        told = json.loads(viewers.communicate(timeout=60)[0])
        assert viewers.returncode == 0, "viewers were lost"
        assert sum(told.values()) > 0, "nobody was told anything"
        print(f"    the {len(jobs)} {kind} were told: {told}", flush=True)
    finally:
        viewers.kill()
        viewers.wait()


if __name__ == "__main__":
    sys.exit(main())

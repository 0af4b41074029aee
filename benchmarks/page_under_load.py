"""`python -m benchmarks.page_under_load`: how fast pages answer while 20 jobs train and 50 viewers watch.

The viewers are event streams of programs, read as they come; the page asked for is the list of runs, as a browser asks.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from pathlib import Path

import httpx

from tests.journeys.conftest import Person, flowers, registered
from tests.servers import Server, running_server

JOBS, VIEWERS, REQUESTS = 20, 50, 200
ALLOWED_MS = 200.0


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="tamrin-load-") as folder,
        running_server(Path(folder), MAX_RUNNING_JOBS=str(JOBS)) as server,
        registered(server, "sara") as sara,
    ):
        alone = ask(server, sara, REQUESTS)
        jobs = start_jobs(sara)
        done = threading.Event()
        viewers = [threading.Thread(target=view, args=(server, sara, jobs[number % JOBS], done)) for number in range(VIEWERS)]
        for viewer in viewers:
            viewer.start()
        under_load = ask(server, sara, REQUESTS)
        done.set()
        for job_id in jobs:
            sara.client.post(f"/api/training/{job_id}/stop")
        for viewer in viewers:
            viewer.join()
    describe("nothing else happens", alone)
    describe(f"{JOBS} jobs train and {VIEWERS} viewers watch", under_load)
    print(f"95th percentile allowed: {ALLOWED_MS:.0f} ms")


def start_jobs(sara: Person) -> list[str]:
    dataset = str(sara.upload("flowers.csv", flowers()).json()["dataset"]["id"])
    jobs = [sara.start_job(dataset=dataset, epochs=1000, batch_size=1) for _ in range(JOBS)]
    for job_id in jobs:
        sara.wait_until_training(job_id)
    return jobs


def view(server: Server, sara: Person, job_id: str, done: threading.Event) -> None:
    headers = {"Authorization": f"Bearer {sara.token}"}
    address = f"{server.url}/api/training/{job_id}/events"
    with httpx.stream("GET", address, headers=headers, timeout=60) as stream:
        for _line in stream.iter_lines():
            if done.is_set():
                return


def ask(server: Server, sara: Person, requests: int) -> list[float]:
    """Milliseconds until each page was there, one request after the other."""
    delays = []
    with httpx.Client(base_url=server.url, cookies={"tamrin_session": sara.token}, timeout=60) as client:
        for _ in range(requests):
            started = time.perf_counter()
            client.get("/runs").raise_for_status()
            delays.append((time.perf_counter() - started) * 1000)
    return delays


def describe(when: str, delays: list[float]) -> None:
    percentiles = statistics.quantiles(delays, n=100)
    print(
        f"{when}: median {statistics.median(delays):.0f} ms, 95th percentile {percentiles[94]:.0f} ms, most {max(delays):.0f} ms"
    )


if __name__ == "__main__":
    main()

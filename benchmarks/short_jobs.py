"""`python -m benchmarks.short_jobs [jobs]`: many short jobs, and what is left of them in the server when they are done.

Counts the server's descriptors, threads, children, zombies and memory after the first few jobs and after the last.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.journeys.conftest import Person, flowers, registered
from tests.servers import Server, running_server

WARM_UP = 20
AT_ONCE = 50
QUIET_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Belongings:
    """What a server holds, and what it left lying about."""

    descriptors: int
    threads: int
    children: int
    zombies: int
    memory_mb: float

    @classmethod
    def of(cls, server: Server) -> Belongings:
        process = psutil.Process(server.process.pid)
        everything = list(psutil.process_iter(["status", "ppid"]))
        zombies = sum(child.info["status"] == psutil.STATUS_ZOMBIE for child in everything)
        memory = process.memory_info().rss / 1e6
        return cls(process.num_fds(), process.num_threads(), len(process.children(recursive=True)), zombies, round(memory, 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("jobs", type=int, nargs="?", default=500)
    count = parser.parse_args().jobs
    with (
        tempfile.TemporaryDirectory(prefix="tamrin-short-") as folder,
        running_server(Path(folder), MAX_RUNNING_JOBS="4") as server,
        registered(server, "sara") as sara,
    ):
        dataset = str(sara.upload("flowers.csv", flowers()).json()["dataset"]["id"])
        run_jobs(sara, dataset, WARM_UP)
        before = settled(server)
        print(f"after {WARM_UP} jobs:  {before}", flush=True)
        started = time.monotonic()
        failed = run_jobs(sara, dataset, count)
        seconds = time.monotonic() - started
        print(f"after {count} more: {settled(server)}")
        print(f"{count} jobs in {seconds:.0f} s ({count / seconds:.1f} a second), {failed} of them not completed")


def run_jobs(sara: Person, dataset: str, count: int) -> int:
    """Run so many jobs of two epochs; returns how many did not complete."""
    waiting: list[str] = []
    failed = started = 0
    while started < count or waiting:
        while started < count and len(waiting) < AT_ONCE:
            waiting.append(sara.start_job(dataset=dataset, epochs=2, batch_size=64))
            started += 1
        failed += sara.wait_until_ended(waiting.pop(0))["status"] != "COMPLETED"
    return failed


def settled(server: Server) -> Belongings:
    """After a while in which nothing happens: connections and idle threads are let go."""
    time.sleep(QUIET_SECONDS)
    return Belongings.of(server)


if __name__ == "__main__":
    main()

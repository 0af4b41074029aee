"""`python -m benchmarks.big_files`: does the server still answer while an upload of 1 GB arrives and a log of 100 MB is read?

Twenty jobs train. Side by side in one run: nothing else happens; the upload streams in; the log is paged, searched and
downloaded. Exit code 1: the 99th percentile of the answers is over 200 ms, or memory grew by more than 50 MB.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TypeVar

from benchmarks.big_file_visitors import MEGABYTE, RARE, read_log, upload
from benchmarks.loop_lag import Phase, feel
from benchmarks.page_under_load import training
from tests.journeys.conftest import Person, registered
from tests.servers import Server, running_server

Result = TypeVar("Result")
JOBS = 20
UPLOAD_MB, LOG_MB, ENDLESS_MB = 1000, 100, 30
SECONDS = 10.0
ALLOWED_MS, ALLOWED_MB = 200.0, 50.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=JOBS)
    parser.add_argument("--upload-mb", type=int, default=UPLOAD_MB)
    parser.add_argument("--log-mb", type=int, default=LOG_MB)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="tamrin-big-") as folder,
        running_server(Path(folder), MAX_UPLOAD_MB="2000", MAX_RUNNING_JOBS=str(arguments.jobs)) as server,
        registered(server, "sara") as sara,
        ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as elsewhere,
    ):
        job = finished_run(server, sara, arguments.log_mb * MEGABYTE)
        measuring = Measuring(server, sara, elsewhere, arguments.seconds)
        with training(sara, arguments.jobs):
            phases = asyncio.run(measuring.all_phases(job, arguments.upload_mb))
        kept = [path for folder in ("incoming", "datasets") for path in (server.data_dir / folder).rglob("*")]
        assert all(path.stat().st_size < MEGABYTE for path in kept), "nothing stays of the upload that was refused"
    return verdict(phases)


class Measuring:
    """One phase after the other at one server."""

    def __init__(self, server: Server, sara: Person, elsewhere: ProcessPoolExecutor, seconds: float) -> None:
        self._server = server
        self._sara = sara
        self._elsewhere = elsewhere
        self._seconds = seconds

    async def all_phases(self, job: str, upload_mb: int) -> Sequence[Phase]:
        address, token = self._server.url, self._sara.token
        await self._work(abs, -1)  # the process is there before the clock runs
        quiet = await self._phase("nothing else happens", asyncio.sleep(self._seconds))
        uploading = self._work(upload, address, token, upload_mb)
        arriving = await self._phase(f"an upload of {upload_mb} MB", uploading)
        print(f"    it took {uploading.result():.1f} s", flush=True)
        reading = self._work(read_log, address, token, job, self._seconds)
        read = await self._phase("a log is read", reading)
        for what, how_often in reading.result().items():
            print(f"    {what}: {how_often}", flush=True)
        return quiet, arriving, read

    async def _phase(self, name: str, work: Awaitable[object]) -> Phase:
        phase = await feel(self._server, name, work)
        print(phase.describe(), flush=True)
        return phase

    def _work(self, function: Callable[..., Result], *arguments: object) -> asyncio.Future[Result]:
        return asyncio.get_running_loop().run_in_executor(self._elsewhere, function, *arguments)


def finished_run(server: Server, sara: Person, log_bytes: int) -> str:
    """A run that is over, and whose worker wrote a great deal."""
    job = sara.start_job(dataset=sara.upload_flowers())
    sara.wait_until_ended(job)
    for path in (f"/api/training/{job}/log", f"/api/training/{job}/log/download", f"/runs/{job}/log"):
        sara.client.get(path).raise_for_status()  # what the first of its kind loads is no matter of size
    write_log(server.data_dir / "runs" / job / "attempt-1" / "worker.log", log_bytes)
    return job


def write_log(path: Path, size: int) -> None:
    """Lines as training scripts print them, a rare word among them, and in the middle a line that does not end."""
    lines = [
        f"2026-01-01 12:00:00 step {number} loss 0.{number:06} ✓ {RARE if number % 2500 == 0 else ''}\n"
        for number in range(10_000)
    ]
    block = "".join(lines).encode()
    endless = min(ENDLESS_MB * MEGABYTE, size // 3)
    with path.open("wb") as file:
        while file.tell() < (size - endless) // 2:
            file.write(block)
        file.write(b"=" * endless)
        while file.tell() < size:
            file.write(block)


def verdict(phases: Sequence[Phase]) -> int:
    slowest = max(phase.p99 for phase in phases)
    grown = max(phase.peak for phase in phases) - phases[0].peak
    print(f"99th percentile allowed: {ALLOWED_MS:.0f} ms; the slowest: {slowest:.0f} ms")
    print(f"memory allowed beyond that of the first phase: {ALLOWED_MB:.0f} MB; taken: {grown:.0f} MB")
    return 0 if slowest <= ALLOWED_MS and grown <= ALLOWED_MB else 1


if __name__ == "__main__":
    sys.exit(main())

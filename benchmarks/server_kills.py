"""`python -m benchmarks.server_kills [kills]`: SIGKILL the server at random moments with four jobs at work, and count.

Most servers are killed once four jobs are at work under them, the others at any moment of their start.

Every job is meant to end in a way known beforehand: completed, stopped, or failed by a signal sent to its worker. Counted
at the end: jobs lost, metric numbers missing, wrong final states, workers started twice, processes left over.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import statistics
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.journeys.conftest import Person, flowers, registered
from tests.servers import Server, free_port, running_server
from trainer.contract import RunFolder, WorkerExit

PLACES = 4
LONGEST_LIFE_SECONDS = 1.5
EARLY_SHARE = 0.3  # of the servers: killed whatever their jobs do
LEAVE_SECONDS = 5.0
PATIENCE = {"STOP_GRACE_SECONDS": "60"}  # a machine this busy finishes a step and a model slowly
ENDED = {"COMPLETED", "FAILED", "STOPPED"}
CHANGE_SHARE = 0.15


@dataclass
class Trial:
    """Everything that was started, and what is to become of it."""

    folder: Path
    port: int
    token: str = ""
    dataset: str = ""
    fates: dict[str, set[str]] = field(default_factory=dict)  # the final states that would be right
    settled: set[str] = field(default_factory=set)
    at_work: list[int] = field(default_factory=list)  # jobs, at each kill
    random: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - chance, no secret

    def person(self, server: Server) -> Person:
        return Person(
            httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {self.token}"}, timeout=30), self.token
        )

    def jobs(self, person: Person) -> dict[str, dict[str, Any]]:
        return {job["job_id"]: job for job in person.client.get("/api/training/jobs").json()["jobs"]}

    def keep_busy(self, person: Person) -> int:
        """Start jobs until all places are taken, and let the fates of those at work happen; how many are at work."""
        live = [job for job in self.jobs(person).values() if job["status"] not in ENDED]
        for _ in range(PLACES + 1 - len(live)):
            job_id = person.start_job(dataset=self.dataset, epochs=self.random.randint(40, 150), batch_size=2)
            self.fates[job_id] = {"COMPLETED"}
        for job in live:
            is_ripe = job["status"] == "RUNNING" and job["epoch"] >= 1 and job["job_id"] not in self.settled
            if is_ripe and self.random.random() < CHANGE_SHARE:
                self._settle(person, job["job_id"], self.random.choice(["stop", "kill", "let go"]))
        return sum(job["status"] not in {"QUEUED", "STARTING"} for job in live)

    def _settle(self, person: Person, job_id: str, how: str) -> None:
        """Stop the job, kill its worker, or do nothing; while the outcome of the attempt is in doubt, two fates are right."""
        self.settled.add(job_id)
        if how == "stop":
            self.fates[job_id] = {"COMPLETED", "STOPPED"}
            person.client.post(f"/api/training/{job_id}/stop")
        elif how == "kill":
            worker = json.loads((self.folder / "data/runs" / job_id / "attempt-1/worker.json").read_text())
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker["pid"], signal.SIGKILL)
            self.fates[job_id] = {"COMPLETED", "FAILED"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kills", type=int, nargs="?", default=100)
    kills = parser.parse_args().kills
    with tempfile.TemporaryDirectory(prefix="tamrin-kills-") as folder:
        trial = Trial(Path(folder), free_port())
        started = time.monotonic()
        for number in range(1, kills + 1):
            with running_server(trial.folder, trial.port, MAX_RUNNING_JOBS=str(PLACES), **PATIENCE) as server:
                sign_up(trial, server)
                work_until_killed(trial, server)
            if number % 10 == 0:
                print(
                    f"{number} kills, {len(trial.fates)} jobs so far, {statistics.mean(trial.at_work):.1f} at work when killed,"
                    f" {time.monotonic() - started:.0f} s",
                    flush=True,
                )
        with running_server(trial.folder, trial.port, MAX_RUNNING_JOBS=str(PLACES), **PATIENCE) as server:
            report(trial, wait_for_all(trial, server))


def work_until_killed(trial: Trial, server: Server) -> None:
    """Use the server until it is killed, in the middle of whatever it does."""
    killer = threading.Timer(trial.random.random() * LONGEST_LIFE_SECONDS, server.process.kill)
    is_early = trial.random.random() < EARLY_SHARE
    person, at_work, is_doomed = trial.person(server), 0, False
    with contextlib.suppress(httpx.TransportError):
        while True:
            at_work = trial.keep_busy(person)
            if not is_doomed and (is_early or at_work == PLACES):
                is_doomed = True
                killer.start()
    killer.join()
    trial.at_work.append(at_work)
    person.client.close()


def sign_up(trial: Trial, server: Server) -> None:
    if trial.token:
        return
    with registered(server, "sara") as sara:
        trial.token = sara.token
        trial.dataset = str(sara.upload("flowers.csv", flowers()).json()["dataset"]["id"])


def wait_for_all(trial: Trial, server: Server) -> dict[str, dict[str, Any]]:
    person = trial.person(server)
    while True:
        jobs = trial.jobs(person)
        if all(job["status"] in ENDED for job in jobs.values()):
            return jobs
        time.sleep(0.2)


def report(trial: Trial, jobs: dict[str, dict[str, Any]]) -> None:
    missing = wrong = twice = left_over = 0
    for job_id, job in jobs.items():
        attempt = trial.folder / "data/runs" / job_id / "attempt-1"
        record = RunFolder(attempt).read_exit()
        assert record is not None, "an ended job has an exit record"
        events = [json.loads(line) for line in (attempt / "events.jsonl").read_text().splitlines()]
        numbers = [event["n"] for event in events]
        missing += len(set(range(1, max(numbers) + 1)) - set(numbers)) + (job["last_event"] != max(numbers))
        twice += sum(event["type"] == "attempt" for event in events) != 1
        told_by_exit = {0: "COMPLETED", WorkerExit.STOPPED: "STOPPED"}.get(-1 if record.code is None else record.code, "FAILED")
        if job["status"] != told_by_exit or job["status"] not in trial.fates.get(job_id, {"COMPLETED"}):
            wrong += 1
            print(f"{job_id}: {job['status']}, not {told_by_exit} of {trial.fates.get(job_id)}: {job['message']}")
        for role in ("keeper", "worker"):
            process = RunFolder(attempt).read_identity(role)
            left_over += process is not None and not process.wait_until_gone(LEAVE_SECONDS)
    states = ", ".join(f"{count} {status}" for status, count in sorted(Counter(job["status"] for job in jobs.values()).items()))
    print(f"jobs: {len(jobs)} ({states})")
    print(f"jobs lost: {len(set(trial.fates) - set(jobs))}")
    print(f"metric numbers missing: {missing}")
    print(f"wrong final states: {wrong}")
    print(f"workers started twice: {twice}")
    print(f"processes left over: {left_over}")


if __name__ == "__main__":
    main()

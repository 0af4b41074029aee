"""Terminal states are final: whoever races, with however old a view of the job, an ended attempt stays as it ended."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlmodel import func, select

from app.database import Database
from app.jobs.queue import JobQueue
from app.records import LIVE, TERMINAL, Attempt, Begin, Dataset, Job, JobStatus, User

ENDINGS = sorted(TERMINAL | {JobStatus.PAUSED})


class RacingOverOneJob(RuleBasedStateMachine):
    """Several hands hold views of one job, some of them old, and each does what it would do on what it sees."""

    @initialize()
    def begin(self) -> None:
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.database = Database(f"sqlite:///{Path(self.folder.name) / 'tamrin.db'}")
        self.database.upgrade()
        self.queue = JobQueue(self.database)
        user = User(email="sara@example.com", name="Sara", password_hash="x")
        iris = Dataset(id="data_iris", name="Iris", filename="iris.csv", type="csv", size=1, sha256="", status="READY")
        job = Job(owner_id=user.id, dataset_id=iris.id, dataset_name="Iris", spec={"epochs": 1})
        self.runner.run(self.database.write(lambda session: session.add(user)))
        self.runner.run(self.database.write(lambda session: session.add(iris)))
        self.runner.run(self.queue.add(job))
        self.views = [self._stored(job.id)]
        self.attempt = self.restarts = 0
        self.ended_as: dict[int, str] = {}

    def _stored(self, job_id: str) -> Job:
        return self.runner.run(self.database.read(lambda session: session.get_one(Job, job_id)))

    def _view(self, number: int) -> Job:
        return self.views[number % len(self.views)]

    @rule()
    def look(self) -> None:
        self.views.append(self._stored(self.views[0].id))

    @rule()
    def claim(self) -> None:
        claimed = self.runner.run(self.queue.claim())
        if claimed:
            self.views.append(claimed)

    @rule(number=st.integers(0, 20), to=st.sampled_from([*ENDINGS, JobStatus.LOADING, JobStatus.RUNNING]))
    def move(self, number: int, to: JobStatus) -> None:
        self.runner.run(self.queue.move(self._view(number), to))

    @rule(number=st.integers(0, 20), begins_with=st.sampled_from(Begin))
    def restart(self, number: int, begins_with: Begin) -> None:
        self.restarts += self.runner.run(self.queue.restart(self._view(number), begins_with))

    @rule(number=st.integers(0, 20))
    def save_an_old_snapshot(self, number: int) -> None:
        self.runner.run(self.queue.save_snapshot([self._view(number)]))

    @invariant()
    def what_ended_stays_as_it_ended(self) -> None:
        job = self._stored(self.views[0].id)
        attempts = self.runner.run(
            self.database.read(lambda session: session.exec(select(func.count()).select_from(Attempt)).one())
        )
        assert attempts == job.attempt, "every attempt was started once"
        assert job.attempt >= self.attempt
        if job.status in TERMINAL:
            assert self.ended_as.setdefault(self.restarts, job.status) == job.status
        elif job.status in LIVE:
            assert self.restarts not in self.ended_as, "what ended is at work again, and nobody asked for it"
        self.attempt = job.attempt

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.database.close()
            self.runner.close()
            self.folder.cleanup()


TestRacingOverOneJob = RacingOverOneJob.TestCase
TestRacingOverOneJob.settings = hypothesis_settings(max_examples=25, stateful_step_count=30, deadline=None)

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from app.jobs.launchers.local import SOURCE_ROOT, LocalLauncher
from app.jobs.launchers.zygote import MustStartCold
from tests.app.lent_zygote import LentZygote
from tests.trainer.conftest import ingest_file, write_flowers
from trainer.contract import IngestOrder, Limits, ProcessIdentity, RunFolder, TrainingSpec, TrainOrder, WorkerExit, read_events
from trainer.giving_way import AUTOGROUP, LAST_IN_LINE

DEADLINE_SECONDS = 60.0
GRACE_SECONDS = 30.0  # training has the lowest priority: on a busy machine it stops late
ENDLESS = TrainingSpec(target="kind", epochs=1000, batch_size=1, hidden=(8,))
PRINTING_WORKER = """
import json, os
def run_worker(path):
    print(json.dumps(dict(os.environ)))
    return 0
"""


MakeLauncher = Callable[..., LocalLauncher]


@pytest.fixture
async def make_launcher() -> AsyncIterator[MakeLauncher]:
    """Launchers whose keepers are all waited for when the test is over."""
    made: list[LocalLauncher] = []

    def make(source_root: Path = SOURCE_ROOT) -> LocalLauncher:
        made.append(LocalLauncher(GRACE_SECONDS, source_root))
        return made[-1]

    yield make
    await wait_for(lambda: all(_has_reaped_all(launcher) for launcher in made))


@pytest.fixture
async def launcher(
    make_launcher: MakeLauncher, lent_zygote: LentZygote, caplog: pytest.LogCaptureFixture
) -> AsyncIterator[LocalLauncher]:
    """One whose zygote is ready."""
    caplog.set_level(logging.INFO)
    running = make_launcher()
    running.zygote = lent_zygote
    async with running.running():
        assert await asyncio.to_thread(running.zygote.wait_until_ready, DEADLINE_SECONDS)
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path / "run")


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    (tmp_path / "rows.csv").write_text("a,b\n1,x\n2,y\n3,x\n")
    return tmp_path / "rows.csv"


def reading(rows: Path, output: Path) -> dict[str, Any]:
    return IngestOrder(str(rows), "csv", str(output)).as_dict()


def zygote_of(launcher: LocalLauncher) -> ProcessIdentity:
    identity = launcher.zygote.identity
    assert identity is not None
    return identity


def cold_starts(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage().partition(": ")[2] for record in caplog.records if "started cold" in record.getMessage()]


async def wait_for(is_reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not is_reached():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


def steps_of(folder: RunFolder) -> int:
    return max((event["step"] for event in read_events(folder.events).events if event["type"] == "metric"), default=0)


async def start_endless(launcher: LocalLauncher, folder: RunFolder, tmp_path: Path) -> ProcessIdentity:
    """An endless training that has begun; its worker."""
    table = await asyncio.to_thread(ingest_file, write_flowers(tmp_path / "flowers.csv"), tmp_path / "flowers")
    await launcher.launch(folder, TrainOrder(str(table), ENDLESS).as_dict())
    await wait_for(lambda: steps_of(folder) > 0)
    worker = folder.read_identity("worker")
    assert worker is not None
    return worker


async def stop(launcher: LocalLauncher, folder: RunFolder) -> int | None:
    folder.stop.touch()
    record = await launcher.wait(folder, DEADLINE_SECONDS)
    return record.code if record else None


async def test_keeper_is_on_record_when_launch_returns(launcher: LocalLauncher, folder: RunFolder, rows: Path) -> None:
    await launcher.launch(folder, reading(rows, folder.path / "out"), limits=Limits(memory_mb=4096))
    keeper = folder.read_identity("keeper")
    assert keeper is not None
    assert json.loads(folder.spec.read_text())["limits"]["memory_mb"] == 4096
    record = await launcher.wait(folder, DEADLINE_SECONDS)
    assert record is not None
    assert record.code == WorkerExit.COMPLETED


async def test_fifty_launches_at_once_start_fifty_keepers_and_leave_no_zombie(
    launcher: LocalLauncher, rows: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folders = [RunFolder(tmp_path / f"run {number}") for number in range(50)]
    await asyncio.gather(*(launcher.launch(folder, reading(rows, folder.path / "out")) for folder in folders))
    records = await asyncio.gather(*(launcher.wait(folder, DEADLINE_SECONDS) for folder in folders))
    assert [record and record.code for record in records] == [WorkerExit.COMPLETED] * 50
    started = [[event["state"] for event in read_events(folder.events).events if "state" in event] for folder in folders]
    assert started == [["LOADING", "RUNNING"]] * 50
    assert len({folder.read_identity("keeper") for folder in folders}) == 50
    assert cold_starts(caplog) == []
    zygote = psutil.Process(zygote_of(launcher).pid)
    await wait_for(lambda: zygote.children() == [])
    launcher.reap()
    assert not [child for child in psutil.Process().children() if child.status() == psutil.STATUS_ZOMBIE]


def _has_reaped_all(launcher: LocalLauncher) -> bool:
    launcher.reap()
    return not launcher._children


async def test_folder_that_is_launched_twice_has_one_worker(
    make_launcher: MakeLauncher, launcher: LocalLauncher, folder: RunFolder, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    worker = await start_endless(launcher, folder, tmp_path)
    keeper = folder.read_identity("keeper")
    order, cold = json.loads(folder.spec.read_text()), make_launcher()
    await asyncio.gather(launcher.launch(folder, order), launcher.launch(folder, order))
    await cold.launch(folder, order)
    assert cold_starts(caplog) == ["there is no zygote"]
    await wait_for(lambda: psutil.Process(zygote_of(launcher).pid).children() == _processes(keeper))
    assert (folder.read_identity("keeper"), folder.read_identity("worker")) == (keeper, worker)
    assert worker.is_alive()
    assert await stop(launcher, folder) == WorkerExit.STOPPED
    assert [event["state"] for event in read_events(folder.events).events if event["type"] == "state"] == ["LOADING", "RUNNING"]


def _processes(identity: ProcessIdentity | None) -> list[psutil.Process]:
    assert identity is not None
    return [psutil.Process(identity.pid)]


async def test_training_gives_way_to_the_pages_and_its_keeper_to_nobody(
    launcher: LocalLauncher, folder: RunFolder, tmp_path: Path
) -> None:
    worker, keeper = await start_endless(launcher, folder, tmp_path), folder.read_identity("keeper")
    assert keeper is not None
    assert os.getpriority(os.PRIO_PROCESS, worker.pid) == LAST_IN_LINE
    assert os.getpriority(os.PRIO_PROCESS, keeper.pid) == os.getpriority(os.PRIO_PROCESS, 0)
    if AUTOGROUP.exists():
        group = await asyncio.to_thread(Path(f"/proc/{worker.pid}/autogroup").read_text)
        assert group.split()[-1] == str(LAST_IN_LINE)
    assert await stop(launcher, folder) == WorkerExit.STOPPED


async def test_job_survives_the_death_of_the_zygote_and_the_next_one_starts_cold(
    launcher: LocalLauncher, folder: RunFolder, rows: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    worker = await start_endless(launcher, folder, tmp_path)
    zygote = zygote_of(launcher)
    assert zygote.send_signal(signal.SIGKILL)
    assert await asyncio.to_thread(zygote.wait_until_gone, DEADLINE_SECONDS)
    steps = steps_of(folder)
    await wait_for(lambda: steps_of(folder) > steps)

    second, third = RunFolder(tmp_path / "second"), RunFolder(tmp_path / "third")
    record = await launcher.run(second, reading(rows, second.path / "out"), DEADLINE_SECONDS)
    assert record is not None
    assert (record.code, cold_starts(caplog)) == (WorkerExit.COMPLETED, ["the zygote has ended with code -9"])
    assert await asyncio.to_thread(launcher.zygote.wait_until_ready, DEADLINE_SECONDS)
    record = await launcher.run(third, reading(rows, third.path / "out"), DEADLINE_SECONDS)
    assert record is not None
    assert (record.code, len(cold_starts(caplog))) == (WorkerExit.COMPLETED, 1)

    assert worker.is_alive()
    assert await stop(launcher, folder) == WorkerExit.STOPPED


async def test_zygote_that_does_not_answer_is_replaced_and_the_job_starts_once(
    launcher: LocalLauncher, folder: RunFolder, rows: Path, caplog: pytest.LogCaptureFixture
) -> None:
    zygote = zygote_of(launcher)
    assert zygote.send_signal(signal.SIGSTOP)
    record = await launcher.run(folder, reading(rows, folder.path / "out"), DEADLINE_SECONDS)
    assert record is not None
    assert record.code == WorkerExit.COMPLETED
    assert cold_starts(caplog) == ["the zygote does not answer: timed out"]
    assert not zygote.is_alive()
    assert [event["state"] for event in read_events(folder.events).events if "state" in event] == ["LOADING", "RUNNING"]


async def test_whoever_cannot_wait_for_the_zygote_to_load_is_started_cold(
    make_launcher: MakeLauncher, folder: RunFolder, rows: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    launcher, later = make_launcher(), RunFolder(tmp_path / "later")
    async with launcher.running():
        assert not launcher.is_warm
        record = await launcher.run(folder, reading(rows, folder.path / "out"), DEADLINE_SECONDS)
        assert record is not None
        assert (record.code, cold_starts(caplog)) == (WorkerExit.COMPLETED, ["the zygote is still loading"])
        await wait_for(lambda: launcher.is_warm)
        record = await launcher.run(later, reading(rows, later.path / "out"), DEADLINE_SECONDS)
        assert record is not None
        assert (record.code, len(cold_starts(caplog))) == (WorkerExit.COMPLETED, 1)


async def test_a_zygote_that_cannot_load_is_not_waited_for(
    make_launcher: MakeLauncher, folder: RunFolder, rows: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    shutil.copytree(SOURCE_ROOT / "trainer", tmp_path / "trainer", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "trainer" / "zygote.py").write_text("raise SystemExit(1)")
    launcher = make_launcher(tmp_path)
    async with launcher.running():
        await wait_for(lambda: launcher.is_warm)
        record = await launcher.run(folder, reading(rows, folder.path / "out"), DEADLINE_SECONDS)
        assert record is not None
        assert (record.code, cold_starts(caplog)) == (WorkerExit.COMPLETED, ["the zygote could not load"])


async def test_launcher_that_ends_ends_its_zygote_and_no_keeper(
    make_launcher: MakeLauncher, folder: RunFolder, tmp_path: Path
) -> None:
    launcher = make_launcher()
    async with launcher.running():
        assert await asyncio.to_thread(launcher.zygote.wait_until_ready, DEADLINE_SECONDS)
        zygote = zygote_of(launcher)
        worker = await start_endless(launcher, folder, tmp_path)
    assert not zygote.is_alive()
    with pytest.raises(MustStartCold):
        launcher.zygote.fork_keeper(folder, 1.0, {})
    steps = steps_of(folder)
    await wait_for(lambda: steps_of(folder) > steps)
    assert worker.is_alive()
    assert await stop(launcher, folder) == WorkerExit.STOPPED


async def test_changed_code_runs_in_the_next_job_and_workers_see_no_secret(
    make_launcher: MakeLauncher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setenv("SECRET_KEY", "s" * 40)
    monkeypatch.setenv("DATABASE_URL", "postgresql://somebody:password@localhost/tamrin")
    shutil.copytree(SOURCE_ROOT / "trainer", tmp_path / "trainer", ignore=shutil.ignore_patterns("__pycache__"))
    launcher = make_launcher(tmp_path)
    async with launcher.running():
        assert await asyncio.to_thread(launcher.zygote.wait_until_ready, DEADLINE_SECONDS)
        first = zygote_of(launcher)
        environ = await asyncio.to_thread(Path(f"/proc/{first.pid}/environ").read_text)
        assert "SECRET_KEY" not in environ
        assert "DATABASE_URL" not in environ

        (tmp_path / "trainer" / "worker.py").write_text(PRINTING_WORKER)
        cold = await _environment_of_a_worker(launcher, RunFolder(tmp_path / "cold"))
        assert cold_starts(caplog) == ["the code has changed"]
        assert not first.is_alive()

        assert await asyncio.to_thread(launcher.zygote.wait_until_ready, DEADLINE_SECONDS)
        forked = await _environment_of_a_worker(launcher, RunFolder(tmp_path / "forked"))
        assert len(cold_starts(caplog)) == 1
    assert forked == cold
    assert (forked["CUDA_VISIBLE_DEVICES"], forked["OMP_NUM_THREADS"]) == ("3", "2")
    assert not {"SECRET_KEY", "DATABASE_URL"} & set(forked)


async def _environment_of_a_worker(launcher: LocalLauncher, folder: RunFolder) -> dict[str, str]:
    await launcher.launch(folder, {"kind": "printed"}, threads=2, environment={"CUDA_VISIBLE_DEVICES": "3"})
    record = await launcher.wait(folder, DEADLINE_SECONDS)
    assert record is not None
    assert record.code == 0, folder.log.read_text()
    environment: dict[str, str] = json.loads(folder.log.read_text())
    return environment

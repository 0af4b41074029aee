from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from trainer.contract import (
    ExitRecord,
    IngestOrder,
    JsonObject,
    ProcessIdentity,
    RunFolder,
    TrainingSpec,
    TrainOrder,
    WorkerExit,
    read_events,
)
from trainer.keeper import Keeper, spawn_worker
from trainer.model.bundle import load_bundle

DEADLINE_SECONDS = 60.0
# Fields of events, and of the sentences in them, that no two runs need share.
TIMES = frozenset({"at", "seconds", "size", "sha256", "rows_per_second"})
ENDLESS = TrainingSpec(target="kind", epochs=1000, batch_size=1, hidden=(8,))
# Serves without loading anything, beside a thread that never ends.
SECOND_THREAD = """
import socket, sys, threading
from trainer.zygote import serve
threading.Thread(target=threading.Event().wait, daemon=True).start()
serve(socket.socket(fileno=int(sys.argv[1])))
"""
NEWLY_IMPORTED = """
import sys
from pathlib import Path
from trainer.zygote import load_modules
load_modules()
loaded = set(sys.modules)
from trainer.worker import run_worker
assert run_worker(Path(sys.argv[1])) == 0
print(*sorted(set(sys.modules) - loaded), file=sys.stderr)
"""


class RunningZygote:
    """A zygote and the end of its socket that asks."""

    def __init__(self, process: subprocess.Popen[bytes], connection: socket.socket) -> None:
        self.process = process
        self._connection = connection
        self._answers = connection.makefile("rb")

    def answer(self) -> JsonObject:
        line: JsonObject = json.loads(self._answers.readline())
        return line

    def ask(self, folder: RunFolder, grace_seconds: float = 5.0) -> JsonObject:
        request = {"folder": str(folder.path), "grace_seconds": grace_seconds, "environment": {"PATH": "/bin"}}
        self._connection.sendall(json.dumps(request).encode() + b"\n")
        return self.answer()

    def hang_up(self) -> None:
        self._answers.close()
        self._connection.close()


@contextmanager
def started_zygote(*command: str) -> Iterator[RunningZygote]:
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen([sys.executable, *command, str(theirs.fileno())], pass_fds=[theirs.fileno()])
    zygote = RunningZygote(process, ours)
    try:
        assert zygote.answer() == {"ready": True}
        yield zygote
    finally:
        zygote.hang_up()
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def zygote() -> Iterator[RunningZygote]:
    with started_zygote("-m", "trainer.zygote") as running:
        yield running


Start = Callable[..., ProcessIdentity]


@pytest.fixture
def start(zygote: RunningZygote, folder: RunFolder) -> Iterator[Start]:
    """Have a keeper forked for an order; whatever is left of it is ended with the test."""
    keepers: list[ProcessIdentity] = []

    def run(order: Any) -> ProcessIdentity:
        folder.write_spec(order if isinstance(order, dict) else order.as_dict())
        keepers.append(ProcessIdentity(**zygote.ask(folder)["keeper"]))
        return keepers[-1]

    yield run
    for keeper in keepers:
        keeper.send_signal(signal.SIGKILL)


def wait_for(is_reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not is_reached():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def wait_for_exit(folder: RunFolder) -> ExitRecord:
    wait_for(folder.exit.exists)
    record = folder.read_exit()
    assert record is not None
    return record


def wait_for_worker(folder: RunFolder) -> ProcessIdentity:
    """The worker, once it trains."""
    wait_for(lambda: any(event["type"] == "metric" for event in read_events(folder.events).events))
    wait_for(lambda: folder.read_identity("worker") is not None)  # the keeper may write it later than a worker trains
    worker = folder.read_identity("worker")
    assert worker is not None
    return worker


def told(folder: RunFolder) -> list[JsonObject]:
    """The events, but for the times in them."""
    return [without_times(event) for event in read_events(folder.events).events]


def without_times(told: JsonObject) -> JsonObject:
    return {name: without_times(value) if isinstance(value, dict) else value for name, value in told.items() if name not in TIMES}


def test_zygote_has_one_thread_and_keeps_it(zygote: RunningZygote, start: Start, folder: RunFolder, flowers: Path) -> None:
    start(TrainOrder(str(flowers), TrainingSpec(target="kind", epochs=1)))
    wait_for_exit(folder)
    assert len(list(Path(f"/proc/{zygote.process.pid}/task").iterdir())) == 1


def test_zygote_with_a_second_thread_forks_nothing(folder: RunFolder) -> None:
    with started_zygote("-c", SECOND_THREAD) as crowded:
        assert crowded.ask(folder) == {"error": "it has 2 threads"}
    assert not (folder.path / "keeper.json").exists()


def test_zygote_ends_with_its_socket() -> None:
    with started_zygote("-c", SECOND_THREAD) as running:
        running.hang_up()
        assert running.process.wait(timeout=DEADLINE_SECONDS) == 0


def test_forked_worker_leaves_what_a_cold_one_leaves(start: Start, folder: RunFolder, flowers: Path, tmp_path: Path) -> None:
    order = TrainOrder(str(flowers), TrainingSpec(target="kind", epochs=3))
    keeper = start(order)
    assert wait_for_exit(folder).code == WorkerExit.COMPLETED
    (tmp_path / "cold").mkdir()
    cold = RunFolder(tmp_path / "cold")
    cold.write_spec(order.as_dict())
    subprocess.run([sys.executable, "-m", "trainer.keeper", str(cold.path)], check=True, start_new_session=True)
    assert told(folder) == told(cold)
    weights, cold_weights = (load_bundle(run.model).trained.network.state_dict() for run in (folder, cold))
    assert all(torch.equal(weights[name], cold_weights[name]) for name in cold_weights)
    left, left_cold = ({path.name for path in run.path.iterdir()} - {"usage.jsonl"} for run in (folder, cold))
    assert left == left_cold  # a run of less than a second may end before the first sample of what it uses
    assert folder.read_identity("keeper") == keeper


def test_forked_processes_hold_no_socket_and_lead_groups_of_their_own(start: Start, folder: RunFolder, flowers: Path) -> None:
    keeper = start(TrainOrder(str(flowers), ENDLESS))
    worker = wait_for_worker(folder)
    for process in (keeper, worker):
        open_files = {path.name: str(path.readlink()) for path in Path(f"/proc/{process.pid}/fd").iterdir()}
        assert not [name for name in open_files.values() if name.startswith("socket:")], open_files
        assert (open_files["0"], open_files["1"], open_files["2"]) == ("/dev/null", str(folder.log), str(folder.log))
        assert Path(f"/proc/{process.pid}/cwd").readlink() == folder.path
    fields = {process.pid: _group_and_session(process.pid) for process in (keeper, worker)}
    assert fields == {keeper.pid: (keeper.pid, keeper.pid), worker.pid: (worker.pid, keeper.pid)}


def _group_and_session(pid: int) -> tuple[int, int]:
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(after_name[2]), int(after_name[3])


def test_stop_reaches_a_forked_worker(start: Start, folder: RunFolder, flowers: Path) -> None:
    start(TrainOrder(str(flowers), ENDLESS))
    wait_for_worker(folder)
    folder.stop.touch()
    record = wait_for_exit(folder)
    assert (record.code, record.stop_requested, record.killed_after_grace) == (WorkerExit.STOPPED, True, False)


def test_forked_worker_dies_with_its_keeper(start: Start, folder: RunFolder, flowers: Path) -> None:
    keeper = start(TrainOrder(str(flowers), ENDLESS))
    worker = wait_for_worker(folder)
    assert keeper.send_signal(signal.SIGKILL)
    assert worker.wait_until_gone(DEADLINE_SECONDS)


def test_defect_of_a_forked_worker_leaves_its_traceback_and_code_one(start: Start, folder: RunFolder) -> None:
    start({"kind": "nonsense"})
    record = wait_for_exit(folder)
    assert record.code == 1
    assert "ValueError" in record.last_lines[-1]


def test_forked_worker_refuses_with_the_code_of_a_refusal(start: Start, folder: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("only\n1\n")
    start(IngestOrder(str(tmp_path / "rows.csv"), "csv", str(tmp_path / "out")))
    assert wait_for_exit(folder).code == WorkerExit.REFUSED


def test_fatal_signal_of_a_forked_worker_writes_where_it_struck(start: Start, folder: RunFolder, flowers: Path) -> None:
    start(TrainOrder(str(flowers), ENDLESS))
    assert wait_for_worker(folder).send_signal(signal.SIGSEGV)
    assert wait_for_exit(folder).signal == "SIGSEGV"
    log = folder.log.read_text()
    assert "Fatal Python error: Segmentation fault" in log
    assert "in run_worker" in log


def test_no_keeper_works_in_a_folder_that_another_has_claimed(start: Start, folder: RunFolder, flowers: Path) -> None:
    keeper = start(TrainOrder(str(flowers), ENDLESS))
    worker = wait_for_worker(folder)
    second = start(TrainOrder(str(flowers), ENDLESS))
    assert second.wait_until_gone(DEADLINE_SECONDS)
    subprocess.run([sys.executable, "-m", "trainer.keeper", str(folder.path)], check=True)
    assert (folder.read_identity("keeper"), folder.read_identity("worker")) == (keeper, worker)
    assert not folder.exit.exists()
    assert [event["state"] for event in told(folder) if event["type"] == "state"] == ["LOADING", "RUNNING"]


def test_keeper_goes_on_when_its_launcher_claimed_the_folder_for_it(folder: RunFolder) -> None:
    assert folder.claim_identity("keeper", ProcessIdentity.of_this_process())
    folder.stop.touch()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        Keeper(folder, 1.0, spawn_worker).run()
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert wait_for_exit(folder).signal == "SIGTERM"


def test_training_imports_nothing_that_the_zygote_has_not_loaded(folder: RunFolder, flowers: Path) -> None:
    folder.write_spec(TrainOrder(str(flowers), TrainingSpec(target="kind", epochs=1)).as_dict())
    # In a process of its own, whose parent is no keeper and is not asked for.
    command = [sys.executable, "-c", NEWLY_IMPORTED, str(folder.path)]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stderr.split() == []

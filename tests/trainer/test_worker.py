from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from trainer.contract import (
    ExitRecord,
    IngestOrder,
    JsonObject,
    RunFolder,
    SamplesOrder,
    TrainingSpec,
    TrainOrder,
    WorkerExit,
    read_events,
)
from trainer.learning.checkpoint import list_checkpoints, load_checkpoint
from trainer.model.bundle import load_bundle

ENDLESS = TrainingSpec(target="kind", epochs=1000, batch_size=1, hidden=(8,))
Start = Callable[[Any], subprocess.Popen[bytes]]


@pytest.fixture
def start(folder: RunFolder) -> Iterator[Start]:
    """Start a real keeper for an order; whatever is left of it is ended with the test."""
    keepers: list[subprocess.Popen[bytes]] = []

    def run(order: Any) -> subprocess.Popen[bytes]:
        folder.write_spec(order if isinstance(order, dict) else order.as_dict())
        keepers.append(subprocess.Popen([sys.executable, "-m", "trainer.keeper", str(folder.path)], start_new_session=True))
        return keepers[-1]

    yield run
    for keeper in keepers:
        keeper.kill()
        keeper.wait()


def wait_until(keeper: subprocess.Popen[bytes], is_reached: Callable[[], bool]) -> None:
    """Look again and again; a keeper that ends before the condition is reached fails the test at once."""
    while not is_reached():
        with contextlib.suppress(subprocess.TimeoutExpired):
            keeper.wait(timeout=0.02)
            assert is_reached(), "the keeper has ended"


def events_of(folder: RunFolder, kind: str) -> list[JsonObject]:
    return [event for event in read_events(folder.events).events if event["type"] == kind]


def has_finished_an_epoch(folder: RunFolder) -> bool:
    return any("validation_loss" in event["values"] for event in events_of(folder, "metric"))


def read_exit(folder: RunFolder) -> ExitRecord:
    record = folder.read_exit()
    assert record is not None
    return record


def test_training_completes(start: Start, folder: RunFolder, flowers: Path) -> None:
    assert start(TrainOrder(str(flowers), TrainingSpec(target="kind", epochs=2))).wait() == 0
    assert (read_exit(folder).code, read_exit(folder).signal) == (WorkerExit.COMPLETED, None)
    assert [event["state"] for event in events_of(folder, "state")] == ["LOADING", "RUNNING"]
    (artefact,) = events_of(folder, "artefact")
    assert (artefact["name"], artefact["size"]) == ("model.pt", folder.model.stat().st_size)
    (result,) = events_of(folder, "result")
    assert result["test"] == json.loads(folder.report.read_text())["test"]


def test_stopped_job_keeps_its_last_checkpoint_and_its_best_model(start: Start, folder: RunFolder, flowers: Path) -> None:
    keeper = start(TrainOrder(str(flowers), ENDLESS))
    wait_until(keeper, lambda: has_finished_an_epoch(folder))
    keeper.send_signal(signal.SIGTERM)
    keeper.wait()
    record = read_exit(folder)
    assert (record.code, record.signal, record.stop_requested, record.killed_after_grace) == (
        WorkerExit.STOPPED,
        None,
        True,
        False,
    )
    assert load_checkpoint(list_checkpoints(folder.checkpoint)[0])["step"] >= 96
    assert load_bundle(folder.model).coding.name == "kind"
    assert events_of(folder, "result")[0]["stopped"]


def test_killed_worker_is_recorded_by_the_name_of_its_signal(start: Start, folder: RunFolder, flowers: Path) -> None:
    keeper = start(TrainOrder(str(flowers), ENDLESS))
    wait_until(keeper, lambda: bool(events_of(folder, "state")))
    worker = folder.read_identity("worker")
    assert worker is not None
    assert worker.send_signal(signal.SIGKILL)
    keeper.wait()
    assert (read_exit(folder).code, read_exit(folder).signal, read_exit(folder).stop_requested) == (None, "SIGKILL", False)


def test_worker_never_outlives_its_keeper(start: Start, folder: RunFolder, flowers: Path) -> None:
    keeper = start(TrainOrder(str(flowers), ENDLESS))
    wait_until(keeper, lambda: bool(events_of(folder, "state")))
    worker = folder.read_identity("worker")
    assert worker is not None
    keeper.kill()
    keeper.wait()
    with contextlib.suppress(ProcessLookupError):  # gone already
        wait_until_gone(worker.pid)
    assert not worker.is_alive()


def wait_until_gone(pid: int) -> None:
    """Block on a pidfd, which becomes readable when the process ends."""
    descriptor = os.pidfd_open(pid)
    try:
        assert select.select([descriptor], [], [], 30)[0], "the worker lives on"
    finally:
        os.close(descriptor)


def test_defect_leaves_its_traceback_in_the_log_and_code_one(start: Start, folder: RunFolder) -> None:
    start({"kind": "nonsense"}).wait()
    record = read_exit(folder)
    assert record.code == 1
    assert "ValueError" in record.last_lines[-1]
    assert events_of(folder, "problem") == []


def test_refused_order_tells_the_problem_to_the_reader(start: Start, folder: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("only\n1\n")
    start(IngestOrder(str(tmp_path / "rows.csv"), "csv", str(tmp_path / "out"))).wait()
    assert read_exit(folder).code == WorkerExit.REFUSED
    (event,) = events_of(folder, "problem")
    assert (event["problem"]["code"], event["problem"]["params"]) == ("one_column", {"column": "only"})


def test_upload_is_ingested_by_a_worker(start: Start, folder: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"a": 1, "b": "x"}\n{"a": 2, "b": "y"}\n')
    start(IngestOrder(str(tmp_path / "rows.jsonl"), "jsonl", str(tmp_path / "out"))).wait()
    assert read_exit(folder).code == WorkerExit.COMPLETED
    assert json.loads((tmp_path / "out" / "profile.json").read_text())["rows"] == 2


def test_samples_are_written_whole_with_their_target(start: Start, folder: RunFolder, tmp_path: Path) -> None:
    output = tmp_path / "samples"
    start(SamplesOrder(str(output))).wait()
    assert read_exit(folder).code == WorkerExit.COMPLETED, read_exit(folder).last_lines
    profiles = {path.name: json.loads((path / "profile.json").read_text()) for path in output.iterdir()}
    suggested = {
        name: (profile["rows"], profile["suggested"]["target"], profile["suggested"]["task"])
        for name, profile in profiles.items()
    }
    assert suggested == {
        "iris": (150, "species", "multiclass"),
        "wine": (178, "cultivar", "multiclass"),
        "breast_cancer": (569, "diagnosis", "binary"),
        "digits": (1797, "digit", "multiclass"),
        "diabetes": (442, "progression", "regression"),
    }
    assert profiles["iris"]["columns"][-1]["examples"] == ["setosa", "versicolor", "virginica"]

"""A full disk, a real one of a few megabytes: training goes on, nothing half-written stays, nothing that was told is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from trainer.contract import JsonObject, TrainingSpec, TrainOrder, WorkerExit

MEGABYTES = 4
# Runs in a mount namespace of its own, so that the small file system goes with it, and needs no root.
MOUNT = 'mount -t tmpfs -o size="$1"m tmpfs "$2" && shift 2 && exec "$@"'
SCRIPT = """
import json, os, sys
from pathlib import Path

from trainer.contract import RunFolder, TrainOrder, read_events, read_order
from trainer.learning import loop
from trainer.learning.checkpoint import list_checkpoints, load_checkpoint
from trainer.learning.learner import Learner
from trainer.worker import run_worker

folder = RunFolder(Path(sys.argv[1]) / "run")
folder.path.mkdir()
folder.write_spec(json.loads(sys.argv[2]))
fill_at, free_at = int(sys.argv[3]), int(sys.argv[4])
ballast = Path(sys.argv[1]) / "ballast"
loop.CHECKPOINT_SECONDS = 0.0  # at every report
take_step = Learner.take_step


def fill():
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 16, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                pass


def step_on_a_full_disk(self, rows, targets, step):
    if step == fill_at:
        fill()
    if step == free_at:
        ballast.unlink()
    return take_step(self, rows, targets, step)


Learner.take_step = step_on_a_full_disk
code = run_worker(folder.path)
ballast.unlink(missing_ok=True)
log = read_events(folder.events)
print("\\n" + json.dumps({
    "code": code,
    "events": log.events,
    "torn": folder.events.stat().st_size - log.end,
    "files": sorted(str(path.relative_to(folder.path)) for path in folder.path.rglob("*") if path.is_file()),
    "steps": [load_checkpoint(path)["step"] for path in list_checkpoints(folder.checkpoint)],
}))
"""
EPOCHS, STEPS = 8, 40


def run_on_small_disk(tmp_path: Path, order: JsonObject, fill_at: int, free_at: int) -> dict[str, Any]:
    disk = tmp_path / "disk"
    disk.mkdir()
    namespaces = ["--mount"] if os.geteuid() == 0 else ["--mount", "--map-root-user"]
    mount = ["unshare", *namespaces, "sh", "-ec", MOUNT, "mount", str(MEGABYTES), str(disk)]
    script = [sys.executable, "-c", SCRIPT, str(disk), json.dumps(order), str(fill_at), str(free_at)]
    done = subprocess.run([*mount, *script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def make_order(table: Path) -> JsonObject:
    return TrainOrder(str(table), TrainingSpec(target="kind", epochs=EPOCHS, batch_size=20, hidden=(32,))).as_dict()


def test_training_goes_on_while_the_disk_is_full_and_saves_again_when_there_is_space(tmp_path: Path, flowers: Path) -> None:
    found = run_on_small_disk(tmp_path, make_order(flowers), fill_at=12, free_at=31)
    assert found["code"] == WorkerExit.COMPLETED
    events = found["events"]
    assert [event["n"] for event in events] == list(range(1, len(events) + 1))
    ends = [event["epoch"] for event in events if "validation_loss" in event.get("values", {})]
    assert ends == list(range(1, EPOCHS + 1)), "what was told while the disk was full is written when there is space"
    warnings = [event for event in events if event["type"] == "log" and event["level"] == "warning"]
    assert len(["disk" in str(event["message"]) for event in warnings]) == 1
    assert events[-1]["type"] == "result"
    assert found["steps"][0] == STEPS
    assert {"model.pt", "report.json"} <= set(found["files"])
    assert not [name for name in found["files"] if name.endswith((".tmp", ".unproven"))]


def test_a_model_that_cannot_be_written_leaves_nothing_half_done_and_says_that_the_disk_is_full(
    tmp_path: Path, flowers: Path
) -> None:
    found = run_on_small_disk(tmp_path, make_order(flowers), fill_at=STEPS - 3, free_at=-1)
    assert found["code"] == WorkerExit.DISK_FULL
    assert found["torn"] == 0
    assert sorted(name for name in found["files"] if not name.startswith("checkpoint/")) == ["events.jsonl", "spec.json"]
    assert found["steps"] == [35, 30]
    assert len([name for name in found["files"] if name.startswith("checkpoint/")]) == len(found["steps"])

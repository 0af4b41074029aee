"""A checkpoint is never torn: killed at any step of writing one, the newest that is listed can be loaded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.trainer.checkpoint_saver import STEPS, make_loop
from trainer.learning.checkpoint import list_checkpoints, load_checkpoint, save_checkpoint, sweep_leftovers


def test_killed_at_every_write_step_the_newest_listed_checkpoint_loads(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "tests.trainer.checkpoint_saver", str(tmp_path)], check=True)
    kills = sorted(tmp_path.iterdir(), key=lambda folder: int(folder.name))
    assert len(kills) > STEPS * len(("open", "write", "write", "fsync", "rename", "fsync")), "not every step was tried"
    for folder in kills:
        saved = int((folder / "saved").read_text() or 0)
        listed = list_checkpoints(folder / "checkpoint")
        newest = load_checkpoint(listed[0])["step"] if listed else 0
        assert newest in {saved, saved + 1}, f"killed at call {folder.name}: a durable checkpoint is gone"
        assert all(load_checkpoint(path)["step"] for path in listed)
    assert (kills[-1] / "saved").read_text() == str(STEPS)


def test_the_newest_few_are_kept(tmp_path: Path) -> None:
    loop = make_loop(tmp_path)
    for step in range(1, 13):
        loop.step = step
        save_checkpoint(tmp_path / "checkpoint", loop, keep=3)
    assert [load_checkpoint(path)["step"] for path in list_checkpoints(tmp_path / "checkpoint")] == [12, 11, 10]
    assert len(list((tmp_path / "checkpoint").iterdir())) == 3


def test_what_a_killed_worker_left_half_written_is_swept(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, make_loop(tmp_path), keep=2)
    (tmp_path / ".step-000000000007.pt.123.tmp").write_bytes(b"half")
    sweep_leftovers(tmp_path)
    assert list(tmp_path.glob(".*")) == []
    assert len(list_checkpoints(tmp_path)) == 1

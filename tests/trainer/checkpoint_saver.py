"""Saves three checkpoints, keeping one, in a child that kills itself just before the n-th change it asks of the file system.

`python -m tests.trainer.checkpoint_saver FOLDER`: once for every n, each in FOLDER/<n>, until a child lives to the end.
Each child writes the number of steps whose checkpoint is durable into FOLDER/<n>/saved.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import torch
import torch._dynamo  # here once: the first optimiser of every child would import it

from tests.dying import die_at
from trainer.contract import EventWriter, SettledSpec
from trainer.learning.checkpoint import save_checkpoint
from trainer.learning.learner import Learner, TrainingData
from trainer.learning.loop import Checkpoints, TrainingLoop
from trainer.networks import NetworkShape, build_network
from trainer.preparing.rows import Rows
from trainer.preparing.targets import TargetCoding

STEPS = 3


def main() -> None:
    root = Path(sys.argv[1])
    for fatal in range(1, 1000):
        folder = root / str(fatal)
        folder.mkdir()
        if (child := os.fork()) == 0:
            save_all(folder, fatal)
            os._exit(0)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
            return


def save_all(folder: Path, fatal: int) -> None:
    loop = make_loop(folder)
    saved = os.open(folder / "saved", os.O_WRONLY | os.O_CREAT)
    die_at(fatal)
    for step in range(1, STEPS + 1):
        loop.step = step
        save_checkpoint(folder / "checkpoint", loop, keep=1)
        os.pwrite(saved, str(step).encode(), 0)


def make_loop(folder: Path) -> TrainingLoop:
    spec = SettledSpec(target="kind", epochs=9, batch_size=1, hidden=(4,))
    rows, targets = Rows(torch.ones(8, 2), torch.zeros(8, 0, dtype=torch.long)), torch.zeros(8, dtype=torch.long)
    network = build_network(spec.network, NetworkShape(2, 0, (), 2, hidden=spec.hidden), 0)
    data, coding = TrainingData(rows, targets, torch.arange(8), torch.arange(8)), TargetCoding("kind", "binary", ("a", "b"))
    learner, events = Learner(network, data, spec, coding), EventWriter(folder / "events.jsonl")
    return TrainingLoop([learner], spec, coding, events, Checkpoints(folder), bool)


if __name__ == "__main__":
    main()

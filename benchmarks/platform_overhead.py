"""`python -m benchmarks.platform_overhead`: what does all that is around a run's loop cost it?

The same network learns the same rows for the same epochs, round after round in turn: in a bare loop, which takes the steps and
predicts the validation rows at the end of each epoch, and as a run, with its events, checkpoints and figures, under a keeper that
samples what it uses. 32,561 rows of 14 numbers, batches of 256, two layers of 256. Exit code 1: a run's loop takes more than
3 % longer.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy
import torch

from trainer.contract import EventWriter, IngestOrder, RunFolder, TrainingSpec, TrainOrder
from trainer.learning.learners import build_learners
from trainer.learning.loop import choose_threads
from trainer.preparing.preparation import prepare
from trainer.preparing.storage import choose_storage
from trainer.preparing.table import load_table
from trainer.reading.ingest import TABLE_FILE, ingest

ROWS, COLUMNS = 32_561, 14
EPOCHS, ROUNDS = 40, 5
WANTED = 1.03
SPEC = TrainingSpec(target="y", task="binary", network="mlp", epochs=EPOCHS, batch_size=256, lr=0.001, hidden=(256, 256))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--bare", type=Path, help="a table: time the bare loop on it, and print the seconds")
    arguments = parser.parse_args()
    if arguments.bare:
        print(_time_bare(arguments.bare))
        return 0
    with tempfile.TemporaryDirectory(prefix="tamrin-overhead-") as workspace:
        table = _write_table(Path(workspace))
        bare, whole = [], []
        for number in range(arguments.rounds):
            command = [sys.executable, "-m", "benchmarks.platform_overhead", "--bare", str(table)]
            bare.append(float(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
            whole.append(_time_run(table, Path(workspace) / f"run-{number}"))
            print(f"  bare {bare[-1]:.2f} s, as a run {whole[-1]:.2f} s", flush=True)
    ratios = [one / other for one, other in zip(whole, bare, strict=True)]
    ratio = statistics.median(ratios)
    print(f"medians of {len(bare)}: bare {statistics.median(bare):.2f} s, as a run {statistics.median(whole):.2f} s")
    print(f"a run's loop takes {ratio:.3f} times as long (median of the rounds); wanted at most {WANTED}: {ratio <= WANTED}")
    return 0 if ratio <= WANTED else 1


def _write_table(folder: Path) -> Path:
    generator = numpy.random.default_rng(0)
    numbers = generator.normal(size=(ROWS, COLUMNS)).round(4)
    classes = (numbers[:, :3].sum(axis=1) + generator.normal(size=ROWS) > 0).astype(int)
    header = ",".join([*(f"x{column}" for column in range(COLUMNS)), "y"])
    numpy.savetxt(folder / "table.csv", numpy.column_stack([numbers, classes]), "%g", ",", header=header, comments="")
    ingest(IngestOrder(str(folder / "table.csv"), "csv", str(folder / "data")))
    return folder / "data" / TABLE_FILE


def _time_bare(table: Path) -> float:
    with tempfile.TemporaryDirectory(prefix="tamrin-overhead-") as folder:
        events = EventWriter(Path(folder) / "events.jsonl")
        torch.set_num_threads(1)
        prepared = prepare(load_table(table), SPEC, events)
        _, (learner,) = build_learners(prepared, choose_storage(Path(folder)))
        torch.set_num_threads(choose_threads(learner.network, SPEC.batch_size or 1, os.cpu_count() or 1))
        generator = torch.Generator().manual_seed(0)
        began = time.perf_counter()
        for epoch in range(EPOCHS):
            batches = learner.start_epoch(generator, epoch, 0)
            for position in range(learner.steps_per_epoch):
                rows, targets = batches[position * 256 : (position + 1) * 256]
                learner.take_step(rows, targets, epoch * learner.steps_per_epoch + position)
            learner.predict_validation()
        seconds = time.perf_counter() - began
        events.close()
        return seconds


def _time_run(table: Path, path: Path) -> float:
    path.mkdir()
    folder = RunFolder(path)
    folder.write_spec(TrainOrder(str(table), SPEC, threads=os.cpu_count() or 1).as_dict())
    subprocess.run([sys.executable, "-m", "trainer.keeper", str(path)], check=True)
    return float(json.loads(folder.report.read_text(encoding="utf-8"))["effort"]["training"])


if __name__ == "__main__":
    sys.exit(main())

"""`python -m benchmarks.training_memory`: how much memory does training take, for each byte of the encoded table?

A table of numbers is generated and trained on in a process of its own; its peak of memory, less what it has once everything is
imported, is compared with the size of the encoded rows (four bytes a number). Then once more where the process may not
take as much as these: the rows must be mapped from a file. Exit code 1: it took more than three times, or the second run failed.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from trainer.contract import EventWriter, IngestOrder, RunFolder, TrainingSpec, TrainOrder
from trainer.learning.report import peak_memory_mb
from trainer.learning.training import train
from trainer.preparing.table import load_table
from trainer.reading.ingest import TABLE_FILE, ingest

ROWS, COLUMNS = 4_000_000, 40
WANTED = 3.0
MEGABYTE = 1_000_000
# What DuckDB and torch take whatever the table: their buffers while a column is read, arenas, stacks.
ROOM_MB = 350


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--train", type=Path, help="a table: train on it, and print what that took")
    parser.add_argument("--limit-mb", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.train:
        print(*_train(arguments.train, arguments.limit_mb))
        return 0
    with tempfile.TemporaryDirectory(prefix="tamrin-memory-") as workspace:
        table = _write_table(Path(workspace), arguments.rows)
        encoded = arguments.rows * COLUMNS * 4 / MEGABYTE
        took, seconds = _measure(table, 0)
        print(f"{arguments.rows:,} rows of {COLUMNS} numbers, {encoded:.0f} MB encoded: {took:.0f} MB at most, {seconds:.0f} s")
        print(f"{took / encoded:.2f} times the encoded table; wanted at most {WANTED}: {took <= WANTED * encoded}")
        limit = int(encoded * 0.5) + ROOM_MB
        print(f"with {limit} MB to take at most, half of the encoded table and {ROOM_MB} MB:", flush=True)
        limited, seconds = _measure(table, limit)
        print(f"  trained in {seconds:.0f} s" if limited >= 0 else "  it failed")
    return 0 if took <= WANTED * encoded and limited >= 0 else 1


def _measure(table: Path, limit_mb: int) -> tuple[float, float]:
    command = [sys.executable, "-m", "benchmarks.training_memory", "--train", str(table), "--limit-mb", str(limit_mb)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        print(done.stderr[-2000:], file=sys.stderr)
        return -1.0, 0.0
    took, seconds = done.stdout.split()
    return float(took), float(seconds)


def _write_table(folder: Path, rows: int) -> Path:
    columns = ", ".join(f"(hash(i * 7919 + {column}) % 2000003)::DOUBLE / 1000 AS x{column}" for column in range(COLUMNS))
    with duckdb.connect() as connection:
        query = f"SELECT {columns}, i % 2 AS y FROM range({rows}) t(i)"  # noqa: S608
        connection.execute(f"COPY ({query}) TO '{folder / 'table.parquet'}' (FORMAT parquet)")
    ingest(IngestOrder(str(folder / "table.parquet"), "parquet", str(folder / "data"), memory_mb=4096, threads=2))
    return folder / "data" / TABLE_FILE


def _train(table: Path, limit_mb: int) -> tuple[float, float]:
    """Megabytes more than after the imports, and seconds."""
    small = load_table(table)  # opens DuckDB once: what it takes then it takes for any table
    del small
    before = peak_memory_mb()
    if limit_mb:
        taken = int(Path("/proc/self/status").read_text("ascii").split("VmData:")[1].split()[0]) * 1024
        resource.setrlimit(resource.RLIMIT_DATA, (taken + limit_mb * MEGABYTE,) * 2)
    spec = TrainingSpec(target="y", task="binary", network="linear", epochs=1, batch_size=4096, lr=0.01, max_minutes=2.0)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="tamrin-memory-", dir=table.parent) as folder:
        events = EventWriter(Path(folder) / "events.jsonl")
        train(TrainOrder(str(table), spec, 2), RunFolder(Path(folder)), events, lambda: False)
        events.close()
    return peak_memory_mb() - before, time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())

"""`python -m benchmarks.click_to_ready`: how long does a table of 100 MB take from the click to the page that shows it?

Side by side in one run, several times: the file is written and brought to disk; DuckDB alone makes Parquet of it; it is
uploaded over HTTP until the answer says READY. Disks bring a file home in very different times, so the medians are
compared. Exit code 1: the upload took more than 1.5 times the other two together.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from benchmarks.generated_csv import write_csv
from tests.journeys.conftest import Person, registered
from tests.servers import running_server

MEGABYTES = 100
ROUNDS = 5
ALLOWED = 1.5
PATIENCE_SECONDS = 600.0
# A process of its own, as the worker is; only the conversion itself is timed.
BARE = """
import sys, time, duckdb
with duckdb.connect(config={"threads": int(sys.argv[3])}) as connection:
    began = time.perf_counter()
    connection.execute(f"COPY (SELECT * FROM read_csv('{sys.argv[1]}')) TO '{sys.argv[2]}' (FORMAT parquet)")
    print(time.perf_counter() - began)
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=MEGABYTES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="tamrin-click-") as folder,
        running_server(Path(folder) / "server", MAX_UPLOAD_MB=str(arguments.megabytes * 2)) as server,
        registered(server, "sara") as sara,
    ):
        table = Path(folder) / "table.csv"
        rows = write_csv(table, arguments.megabytes)
        print(f"{table.stat().st_size / 1e6:.0f} MB, {rows:,} rows", flush=True)
        rounds = [_round(Path(folder), table, sara, rows) for _ in range(arguments.rounds)]
    writing, converting, uploading = (statistics.median(times) for times in zip(*rounds, strict=True))
    ratio = uploading / (writing + converting)
    print(
        f"medians of {len(rounds)}: write {writing:.2f} s + bare DuckDB {converting:.2f} s; click to ready {uploading:.2f} s:"
        f" {ratio:.2f} times; allowed: {ALLOWED}"
    )
    return 0 if ratio <= ALLOWED else 1


def _round(folder: Path, table: Path, sara: Person, rows: int) -> tuple[float, float, float]:
    writing, converting = _write(table, folder / "copy.csv"), _convert(table, folder / "bare.parquet")
    uploading = _upload(table, sara, rows)
    ratio = uploading / (writing + converting)
    print(
        f"write {writing:.2f} s + bare DuckDB {converting:.2f} s = {writing + converting:.2f} s;"
        f" click to ready {uploading:.2f} s: {ratio:.2f} times",
        flush=True,
    )
    return writing, converting, uploading


def _write(table: Path, copy: Path) -> float:
    data = table.read_bytes()
    began = time.perf_counter()
    with copy.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    took = time.perf_counter() - began
    copy.unlink()
    return took


def _convert(table: Path, parquet: Path) -> float:
    command = [sys.executable, "-c", BARE, str(table), str(parquet), str(os.cpu_count() or 1)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    parquet.unlink()
    return float(done.stdout.split()[-1])  # after the progress bar that DuckDB draws when it takes long


def _upload(table: Path, sara: Person, rows: int) -> float:
    """The time until the answer; the sender is curl, which costs the machine little."""
    curl = shutil.which("curl")
    assert curl, "curl is needed to send the file"
    command = [
        curl,
        "-sS",
        "-H",
        f"Authorization: Bearer {sara.token}",
        "-F",
        f"file=@{table}",
        f"{sara.client.base_url}/api/datasets/upload",
    ]
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    took = time.perf_counter() - began
    dataset = httpx.Response(200, content=done.stdout.encode()).json()["dataset"]
    assert (dataset["status"], dataset["rows"]) == ("READY", rows), dataset
    address = f"/api/datasets/{dataset['id']}"
    deadline = time.monotonic() + PATIENCE_SECONDS
    while "warnings" not in sara.client.get(f"{address}/profile").json()["profile"].get("stages", ["warnings"]):
        assert time.monotonic() < deadline, "the profile is never whole"
        time.sleep(0.2)
    sara.client.delete(address).raise_for_status()
    return took


if __name__ == "__main__":
    sys.exit(main())

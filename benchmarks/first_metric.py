"""From the click on Start to the first metric on disk, beside a plain train.py: `python -m benchmarks.first_metric`.

In turns, in one run: `cold_train.py` from the start of its process; a job of a real server from its POST, as the button
sends it; the same worker started cold, which is what a job takes while the zygote loads. The clock stops when the file
holds the first metric.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pandas

from app.jobs.launchers.local import LocalLauncher
from benchmarks import cold_train
from tests.journeys.conftest import Person, registered
from tests.servers import Server, running_server
from trainer.contract import RunFolder, TrainingSpec, TrainOrder
from trainer.reading.duckdb_session import open_duckdb, quote_path

ROUNDS = 9
WANTED_RATIO = 15.0
LOOK_SECONDS = 0.0005
LONGEST_SECONDS = 60.0
SAMPLE, TARGET = "sample_breast_cancer", "diagnosis"
SETTINGS = {"target": TARGET, "epochs": cold_train.EPOCHS, "batch_size": cold_train.BATCH_ROWS, "lr": cold_train.RATE}
METRIC = '"type":"metric"'


def main() -> int:
    with tempfile.TemporaryDirectory() as name, running_server(Path(name)) as server, registered(server, "sara") as sara:
        folder = Path(name)
        _wait_for_zygote(server, sara)
        table = server.data_dir.resolve() / "samples" / SAMPLE.removeprefix("sample_") / "table.parquet"
        text = _write_csv(table, folder / "table.csv")
        ways: dict[str, Callable[[int], float]] = {
            "python train.py": lambda turn: _time_script(text, folder / f"metrics-{turn}.jsonl"),
            "click on Start": lambda _turn: _time_click(server, sara),
            "the worker, started cold": lambda turn: _time_cold_worker(table, RunFolder(folder / f"cold-{turn}")),
        }
        seconds: dict[str, list[float]] = {way: [] for way in ways}
        for turn in range(ROUNDS + 1):
            for way, measure in ways.items():
                took = measure(turn)
                if turn:  # the first round only fills the disk cache
                    seconds[way].append(took)
    return _report(seconds)


def _report(seconds: dict[str, list[float]]) -> int:
    medians = {way: statistics.median(figures) for way, figures in seconds.items()}
    for way, figures in seconds.items():
        low, middle, high = (1000 * value for value in (min(figures), medians[way], max(figures)))
        print(f"{way:26} {middle:7.0f} ms (from {low:.0f} to {high:.0f}, {ROUNDS} times)")
    ratio = medians["python train.py"] / medians["click on Start"]
    print(f"The first metric is there {ratio:.1f} times as fast; wanted: {WANTED_RATIO:.0f}.")
    return 0 if ratio >= WANTED_RATIO else 1


def _time_script(table: Path, metrics: Path) -> float:
    started = time.perf_counter()
    script = subprocess.Popen([sys.executable, cold_train.__file__, str(table), TARGET, str(metrics)])
    took = _wait_for(lambda: metrics.exists() and metrics.stat().st_size > 0) - started
    assert script.wait() == 0
    return took


def _time_click(server: Server, sara: Person) -> float:
    runs = server.data_dir / "runs"
    known = set(runs.glob("*"))
    request = {**SETTINGS, "dataset": SAMPLE}
    answers: list[str] = []
    click = threading.Thread(target=lambda: answers.append(sara.client.post("/api/training", json=request).json()["job_id"]))
    started = time.perf_counter()
    click.start()
    took = _wait_for(lambda: any(_has_metric(run / "attempt-1") for run in set(runs.glob("*")) - known)) - started
    click.join()
    sara.wait_until_ended(answers[0])
    return took


def _time_cold_worker(table: Path, folder: RunFolder) -> float:
    async def launch_and_wait() -> float:
        launcher = LocalLauncher(5.0)
        started = time.perf_counter()
        await launcher.launch(folder, TrainOrder(str(table), TrainingSpec.parse(SETTINGS)).as_dict())
        took = _wait_for(lambda: _has_metric(folder.path)) - started
        await launcher.wait(folder, LONGEST_SECONDS)
        return took

    return asyncio.run(launch_and_wait())


def _has_metric(attempt: Path) -> bool:
    events = RunFolder(attempt).events
    return events.exists() and METRIC in events.read_text(encoding="utf-8")


def _wait_for(is_reached: Callable[[], bool]) -> float:
    """When it was reached, by the clock `time.perf_counter`."""
    deadline = time.perf_counter() + LONGEST_SECONDS
    while not is_reached():
        assert time.perf_counter() < deadline, "no metric was written"
        time.sleep(LOOK_SECONDS)
    return time.perf_counter()


def _wait_for_zygote(server: Server, sara: Person) -> None:
    """Run jobs until one is forked: its keeper then stands in the zygote's place, not in the server's."""
    deadline = time.perf_counter() + LONGEST_SECONDS
    while _time_click(server, sara) > 1.0:
        assert time.perf_counter() < deadline, "every job is started cold: see the server's log"


def _write_csv(table: Path, text: Path) -> Path:
    with open_duckdb([table], None, 1024, 1) as connection:
        frame: pandas.DataFrame = connection.execute(f"SELECT * FROM read_parquet({quote_path(table)})").df()  # noqa: S608
    frame.to_csv(text, index=False)
    return text


if __name__ == "__main__":
    sys.exit(main())

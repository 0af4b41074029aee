"""What a run uses, as its keeper measures it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.pretended_gpus import GPUS, PretendedDriver
from tests.trainer.keepers import Keepers, end_of, wait_until
from trainer.contract import RunFolder
from trainer.keeping.gauges import MemoryGauge, Occupied
from trainer.keeping.gpu_gauge import GpuGauge
from trainer.keeping.usage_log import UsageLog, sample_interval

MONTH_SECONDS = 30 * 86_400


def samples_of(folder: RunFolder) -> list[dict[str, Any]]:
    """Those that were written whole by now."""
    if not folder.usage.exists():
        return []
    whole, _, _ = folder.usage.read_text().rpartition("\n")
    return [json.loads(line) for line in whole.splitlines()]


def test_usage_is_sampled_over_the_worker_and_its_children(keepers: Keepers) -> None:
    script = """
block = bytearray(os.urandom(1 << 20)) * 50
if os.fork() == 0:
    other = bytearray(os.urandom(1 << 20)) * 30
    wait()
note()
while True:
    pass
"""
    keeper, folder = keepers.start(script)
    wait_until(lambda: len(samples_of(folder)) >= 4 and samples_of(folder)[-1]["memory_mb"] >= 80)
    latest = samples_of(folder)[-1]
    folder.stop.touch()
    record = end_of(keeper, folder)
    assert sorted(latest) == ["at", "cpu_percent", "disk_mb", "memory_mb", "threads"]
    assert latest["cpu_percent"] > 5
    assert 80 <= latest["memory_mb"] < 130, "what a fork shares counts once"
    assert latest["threads"] == 2
    assert latest["disk_mb"] > 0
    assert record.peak_memory_mb is not None
    assert record.peak_memory_mb >= latest["memory_mb"]


def test_usage_lines_stay_few_however_long_the_run(tmp_path: Path) -> None:
    log, lines = UsageLog(tmp_path / "usage.jsonl", started=0.0), 0
    now = 0.0
    while now < MONTH_SECONDS:
        now += sample_interval(now)
        lines += 1
        if lines % 100 == 0:
            log.sample([], Occupied(1.0, 1), now)
            log.sample([], Occupied(1.0, 1), now + 0.5)  # not due again
    assert lines < 6000
    assert len((tmp_path / "usage.jsonl").read_text().splitlines()) == lines // 100


def test_memory_that_forks_share_is_counted_once() -> None:
    script = """
import os, sys
block = bytearray(os.urandom(1 << 20)) * 100
if child := os.fork():
    print(child, flush=True)
sys.stdin.read()
"""
    parent = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    assert parent.stdin is not None
    try:
        pids = [parent.pid, int(parent.stdout.readline())]
        gauge = MemoryGauge()
        readings = [gauge.read(pids, now).memory_mb for now in (0.0, 0.25, 0.5, 1.5)]
        assert all(100 <= reading < 150 for reading in readings), readings
        assert MemoryGauge().read([parent.pid], 0.0).threads == 1
    finally:
        parent.stdin.close()
        parent.stdout.close()
        parent.wait()


def test_a_short_run_is_sampled_from_its_first_quarter_second_on(tmp_path: Path) -> None:
    log, looks = UsageLog(tmp_path / "usage.jsonl", started=0.0), [hundredth / 100 for hundredth in range(301)]
    for now in looks:
        log.sample([], Occupied(1.0, 1), now)
    assert 7 <= len((tmp_path / "usage.jsonl").read_text().splitlines()) <= 9, "a few in each of three seconds"


def test_a_run_on_a_gpu_says_how_busy_and_how_full_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    driver = PretendedDriver("pynvml")
    monkeypatch.setitem(sys.modules, "pynvml", driver)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", GPUS[0])
    log = UsageLog(tmp_path / "usage.jsonl", started=0.0)
    log.sample([], Occupied(1.0, 1), 1.0)
    driver.is_answering = False
    log.sample([], Occupied(1.0, 1), 10.0)
    first, second = (json.loads(line) for line in (tmp_path / "usage.jsonl").read_text().splitlines())
    assert (first["gpu_percent"], first["gpu_memory_mb"]) == (37.0, 3072.0)
    assert "gpu_percent" not in second, "nothing is better than a figure of long ago"


@pytest.mark.parametrize("visible_devices", ["", "-1", "GPU-somebody-elses", "GPU-a,GPU-b"])
def test_a_run_without_a_gpu_of_its_own_says_nothing_of_one(visible_devices: str) -> None:
    assert GpuGauge(visible_devices).read() == {}

"""What pages tell of GPUs. They are pretended, for want of some: of the machine by its driver, of a run by its usage log."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.conftest import OpenPage
from tests.servers import ROOT, Server, running_server

SLOW_MS = 60_000
LEGENDS = "[...document.querySelectorAll('.js-plotly-plot')].map(plot => (plot.data ?? []).map(trace => trace.name))"
POINTS = "[...document.querySelectorAll('.js-plotly-plot')].map(plot => (plot.data ?? []).map(trace => trace.x.length))"
RUN_SECONDS = 400


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    wrapper = [sys.executable, "-m", "tests.pretended_gpus"]
    with running_server(tmp_path_factory.mktemp("server"), wrapper=wrapper, PYTHONPATH=str(ROOT)) as running:
        yield running


def expect_charts(page: Page, *names: list[str]) -> None:
    page.wait_for_function(f"JSON.stringify({LEGENDS}) === '{json.dumps(names, ensure_ascii=False, separators=(',', ':'))}'")


def test_the_machine_charts_each_gpu(open_page: OpenPage, token: str) -> None:
    page = open_page("/machine", token)
    stat = page.locator(".stat").filter(has_text="GPUs").locator("dd")
    expect(stat).to_have_text("Large: 37%, 3.2 GB of 85.9 GB; Small: 37%, 3.2 GB of 8.6 GB", timeout=SLOW_MS)
    page.reload()
    expect_charts(
        page,
        ["Processor (% of all cores)"],
        ["Memory in use (MB)"],
        ["Rows per second, all runs"],
        ["GPU 1 (%)", "GPU 2 (%)"],
        ["Memory of GPU 1 (MB)", "Memory of GPU 2 (MB)"],
    )
    page.wait_for_function(f"{POINTS}.flat().every(points => points >= 2)", timeout=SLOW_MS)


@pytest.mark.parametrize(("locale", "seconds", "unit"), [("en-US", 30, "Seconds"), ("fa-IR", RUN_SECONDS, "دقیقه")])
def test_a_run_charts_its_gpu_over_a_time_that_suits_its_length(
    open_page: OpenPage, server: Server, token: str, locale: str, seconds: int, unit: str
) -> None:
    job_id = run_once(server, token)
    write_usage(server.data_dir / "runs" / job_id / "attempt-1" / "usage.jsonl", seconds)
    page = open_page(f"/runs/{job_id}", token, locale=locale)
    page.wait_for_function(f"{POINTS}.length >= 5 && {POINTS}[3][0] > 20", timeout=SLOW_MS)
    title = page.evaluate("document.querySelectorAll('.js-plotly-plot')[3].layout.xaxis.title.text")
    last = page.evaluate("document.querySelectorAll('.js-plotly-plot')[3].data[0].x.at(-1)")
    assert (title, last) == (unit, pytest.approx(seconds if unit == "Seconds" else seconds / 60, abs=0.01))


def run_once(server: Server, token: str) -> str:
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
        job_id = client.post("/api/training", json={"epochs": 60, "batch_size": 8, "lr": 0.01}).json()["job_id"]
        deadline = time.monotonic() + SLOW_MS / 1000
        while client.get("/api/training/status", params={"job_id": job_id}).json()["status"]["status"] != "COMPLETED":
            assert time.monotonic() < deadline
            time.sleep(0.05)
    return str(job_id)


def write_usage(path: Path, seconds: int) -> None:
    """As the keeper of a run on a GPU would have written it."""
    common = {"cpu_percent": 99.0, "memory_mb": 800.0, "threads": 4, "disk_mb": 1.5, "gpu_memory_mb": 3072.0}
    samples = [{"at": 1_000_000.0 + second, **common, "gpu_percent": 30.0 + second % 50} for second in range(seconds + 1)]
    path.write_text("".join(json.dumps(sample) + "\n" for sample in samples))

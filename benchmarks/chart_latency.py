"""From the worker writing a point to the browser drawing it: `python -m benchmarks.chart_latency`.

A real server, a real worker, a real browser. The time of an event is the one the worker wrote into it, before its own
buffering; the time of drawing is when the chart's data holds the point. Both clocks are this machine's.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.browsers import launch_chromium
from tests.journeys.conftest import Person, flowers, registered
from tests.servers import running_server

WATCH_SECONDS = 20.0
ALLOWED_MS = 300.0
ROWS = 4_000
# Notes, for every point of the validation loss, when the chart's data first held it; also counts whole redraws.
WATCH = """() => {
  window.seen = {}; window.redraws = 0;
  const plot = document.querySelector('.js-plotly-plot');
  for (const name of ['react', 'newPlot']) {
    const original = Plotly[name];
    Plotly[name] = (...args) => { window.redraws++; return original(...args); };
  }
  const look = () => {
    for (const x of plot.data[1].x) { if (!(x in window.seen)) window.seen[x] = Date.now() / 1000; }
    requestAnimationFrame(look);
  };
  look();
}"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, running_server(Path(folder)) as server, registered(server, "sara") as sara:
        job_id = _start_long_job(sara)
        sara.wait_until_training(job_id)
        with sync_playwright() as playwright:
            browser = launch_chromium(playwright)
            context = browser.new_context()
            context.add_cookies([{"name": "tamrin_session", "value": sara.token, "url": server.url}])
            page = context.new_page()
            seen = _watch(page, f"{server.url}/runs/{job_id}")
            redraws = page.evaluate("window.redraws")
            browser.close()
        sara.client.post(f"/api/training/{job_id}/stop")
        sara.wait_until_ended(job_id)
        log = server.data_dir / "runs" / job_id / "attempt-1" / "events.jsonl"
        _report(_delays(seen, log), redraws)


def _start_long_job(sara: Person) -> str:
    dataset = sara.upload("flowers.csv", flowers(ROWS)).json()["dataset"]
    return sara.start_job(dataset=dataset["id"], epochs=1000, batch_size=8)


def _watch(page: Page, address: str) -> dict[float, float]:
    page.goto(address)
    page.wait_for_function("window.did_handshake === true")
    page.wait_for_function("document.querySelector('.js-plotly-plot')?.data?.[1]?.x.length > 0")
    page.evaluate(WATCH)
    time.sleep(WATCH_SECONDS)
    seen: dict[str, float] = page.evaluate("window.seen")
    backlog = min(seen.values()) + 1.0  # what was there when watching began tells nothing
    return {float(epoch): at for epoch, at in seen.items() if at > backlog}


def _delays(seen: dict[float, float], log: Path) -> list[float]:
    events: list[dict[str, Any]] = [json.loads(line) for line in log.read_text().splitlines()]
    points = [event for event in events if event["type"] == "metric" and "validation_loss" in event["values"]]
    written = {event["epoch"]: event["at"] for event in points}
    return sorted((at - written[epoch]) * 1000 for epoch, at in seen.items())


def _report(delays: list[float], redraws: int) -> None:
    p95 = delays[int(0.95 * (len(delays) - 1))]
    print(f"points {len(delays)}   whole redraws {redraws}")
    print(f"delay, ms: median {statistics.median(delays):.0f}   95th percentile {p95:.0f}   most {delays[-1]:.0f}")
    print(f"share of the allowed {ALLOWED_MS:.0f} ms at the 95th percentile: {p95 / ALLOWED_MS:.2f}")


if __name__ == "__main__":
    main()

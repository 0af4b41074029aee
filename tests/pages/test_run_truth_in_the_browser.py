"""A run's page tells the truth whatever happens to the server, the worker, the memory or the disk; live, without a reload."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import OpenPage, Outage
from tests.journeys.conftest import WAIT_SECONDS, Person
from tests.pages.test_run_control_in_the_browser import LOSS_POINTS, SLOW_MS, expect_buttons, expect_state
from tests.pages.test_runs_in_the_browser import CHART_POINTS, recorded_points
from tests.servers import Server, running_server, stop
from tests.small_disk import disk_of, fill, server_on_small_disk
from trainer.contract import ProcessIdentity, RunFolder

StartAgain = Callable[[], Server]
# Small steps, and yet at most a few points in a tenth of a second: the chart is not thinned before a test is done with it.
LONG = {"epochs": 1000, "batch_size": 1, "hidden": [512, 512]}  # checkpoints of 4 MB
SHORT = {"epochs": 3, "batch_size": 16}
ROOM_BYTES = 2 << 20  # for what a run says of itself, not for what it has learnt


@pytest.fixture
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Server]:
    """One for each test, which may end it. Nothing is left at work, and its log holds no stack trace."""
    start: Callable[[Path], AbstractContextManager[Server]] = getattr(request, "param", running_server)
    with start(tmp_path) as running:
        yield running
        data_dir = disk_of(running) if running.process.poll() is None else running.data_dir
        for record in data_dir.glob("runs/*/attempt-*/worker.json"):
            if worker := RunFolder(record.parent).read_identity("worker"):
                worker.send_signal(signal.SIGKILL)
    log = (tmp_path / "server.log").read_text()
    assert "Traceback" not in log, log


@pytest.fixture
def start_again(server: Server, tmp_path: Path) -> Iterator[StartAgain]:
    """Start the test's server once more, as it was. Ask for it before `open_page`: windows are closed before servers end."""
    with ExitStack() as servers:
        yield lambda: servers.enter_context(running_server(tmp_path, urlsplit(server.url).port))


def folder_of(data_dir: Path, job_id: str, attempt: int = 1) -> RunFolder:
    return RunFolder(data_dir / "runs" / job_id / f"attempt-{attempt}")


def worker_of(folder: RunFolder) -> ProcessIdentity:
    worker = folder.read_identity("worker")
    assert worker is not None
    return worker


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def expect_connection(page: Page, state: str) -> None:
    expect(page.locator(".connection")).to_have_text(state, timeout=SLOW_MS)


def expect_complete_chart(page: Page, *folders: RunFolder) -> None:
    """Everything told by now is drawn, and more comes: each point once, in order, none left out."""
    told = len(recorded_points(*folders)[0])
    page.wait_for_function(f"{LOSS_POINTS}[0] > {told}", timeout=SLOW_MS)
    drawn = page.evaluate(CHART_POINTS)
    assert drawn == [trace[: len(shown)] for trace, shown in zip(recorded_points(*folders), drawn, strict=True)]


def expect_killed(english: Page, persian: Page) -> None:
    expect_state(english, "Failed")
    expect(english.get_by_role("alert")).to_contain_text("The worker was ended by the signal SIGKILL. Its last line was: ")
    expect_state(persian, "ناموفق")
    expect(persian.get_by_role("alert")).to_have_text(
        re.compile("^پردازهٔ آموزش با سیگنال .?SIGKILL.? پایان یافت. آخرین سطر آن: ")
    )


def test_a_page_whose_server_is_killed_comes_back_by_itself_with_every_point(
    start_again: StartAgain, open_page: OpenPage, outage: Outage, server: Server, sara: Person
) -> None:
    job_id = sara.start_job(**LONG)
    page, folder = open_page(f"/runs/{job_id}", sara.token), folder_of(server.data_dir, job_id)
    expect_state(page, "Training")
    page.wait_for_function(f"{LOSS_POINTS}[0] > 3", timeout=SLOW_MS)
    expect_connection(page, "Live")
    worker = worker_of(folder)
    with outage.expected():
        stop(server.process, signal.SIGKILL)
        expect_connection(page, "Reconnecting")
        told = len(recorded_points(folder)[0])
        wait_until(lambda: len(recorded_points(folder)[0]) > told + 10)
        start_again()
        expect_connection(page, "Live")
    expect_state(page, "Training")
    expect_complete_chart(page, folder)
    assert worker_of(folder) == worker
    assert worker.is_alive()
    assert sara.status(job_id)["attempt"] == 1
    expect(page.locator(".log")).not_to_contain_text("Attempt")


def test_a_paused_run_is_resumed_after_its_server_was_started_again(
    start_again: StartAgain, open_page: OpenPage, outage: Outage, server: Server, sara: Person
) -> None:
    job_id = sara.start_job(**LONG)
    page = open_page(f"/runs/{job_id}", sara.token)
    page.wait_for_function(f"{LOSS_POINTS}[0] > 3", timeout=SLOW_MS)
    page.get_by_role("button", name="Pause").click()
    expect_state(page, "Paused")
    with outage.expected():
        stop(server.process)
        expect_connection(page, "Reconnecting")
        start_again()
        expect_connection(page, "Live")
    expect_state(page, "Paused")
    expect_buttons(page, "Resume", "Stop")
    page.get_by_role("button", name="Resume").click()
    expect_state(page, "Training")
    expect(page.locator(".log")).to_contain_text("Attempt 2 goes on from epoch", timeout=SLOW_MS)
    expect_complete_chart(page, *(folder_of(server.data_dir, job_id, attempt) for attempt in (1, 2)))


def test_a_killed_worker_is_called_so_and_what_can_be_done_is_offered(open_page: OpenPage, server: Server, sara: Person) -> None:
    job_id = sara.start_job(**LONG)
    page, other = open_page(f"/runs/{job_id}", sara.token), open_page(f"/runs/{job_id}", sara.token, locale="fa-IR")
    first, second = (folder_of(server.data_dir, job_id, attempt) for attempt in (1, 2))
    sara.wait(job_id, lambda status: status["status"] == "RUNNING")
    worker_of(first).send_signal(signal.SIGKILL)
    expect_killed(page, other)
    expect_buttons(page, "Retry")
    expect_buttons(other, "آغاز دوباره")
    other.get_by_role("button", name="آغاز دوباره").click()
    other.get_by_role("alertdialog").get_by_role("button", name="آغاز دوباره").click()
    expect_state(page, "Training")
    expect(page.get_by_role("alert")).to_have_count(0)
    wait_until(lambda: any(second.checkpoint.glob("step-*.pt")))
    worker_of(second).send_signal(signal.SIGKILL)
    expect_killed(page, other)
    expect_buttons(page, "Resume", "Retry")
    expect_buttons(other, "از سر گرفتن", "آغاز دوباره")


@pytest.mark.parametrize("server", [partial(running_server, JOB_MEMORY_MB="700")], indirect=True)
def test_a_run_out_of_memory_tells_the_limit_and_what_to_change(open_page: OpenPage, sara: Person) -> None:
    job_id = sara.start_job(**SHORT, hidden=[4096] * 8)
    page, other = open_page(f"/runs/{job_id}", sara.token), open_page(f"/runs/{job_id}", sara.token, locale="fa-IR")
    expect(page.locator(".chip")).to_have_text("Failed", timeout=2 * SLOW_MS)  # it takes its time to fill so much
    needed = "The run needed more than the 700 MB of memory one run may take (JOB_MEMORY_MB)."
    advice = "A smaller network needs less: fewer or narrower hidden layers."
    expect(page.get_by_role("alert")).to_have_text(f"{needed} {advice}")
    expect(other.get_by_role("alert")).to_contain_text("۷۰۰ مگابایت حافظه")
    expect_buttons(page, "Retry")


@pytest.mark.parametrize("server", [server_on_small_disk], indirect=True)
def test_a_run_whose_model_finds_no_room_fails_so_and_completes_when_there_is(
    open_page: OpenPage, server: Server, sara: Person
) -> None:
    sara.wait_until_ended(sara.start_job(**SHORT))
    filler = fill(disk_of(server), leaving=ROOM_BYTES)
    job_id = sara.start_job(**SHORT, hidden=[1024, 1024])
    page = open_page(f"/runs/{job_id}", sara.token)
    expect_state(page, "Failed")
    sentence = "The disk is full, so the run could not save what it had learnt. Free some space, then start or resume the run."
    expect(page.get_by_role("alert")).to_have_text(sentence)
    expect(page.locator(".log")).to_contain_text("The disk is full: no checkpoint could be kept. Training goes on.")
    expect_buttons(page, "Retry")
    filler.unlink()
    page.get_by_role("button", name="Retry").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Retry").click()
    expect_state(page, "Completed")


@pytest.mark.parametrize("server", [server_on_small_disk], indirect=True)
def test_on_a_full_disk_pages_stay_pages_and_say_so(open_page: OpenPage, server: Server, sara: Person) -> None:
    job_id = sara.start_job(**LONG)
    page, disk = open_page(f"/runs/{job_id}", sara.token), disk_of(server)
    form = open_page("/runs/new?dataset=sample_iris&epochs=3", sara.token)
    page.wait_for_function(f"{LOSS_POINTS}[0] > 3", timeout=SLOW_MS)
    fill(disk, leaving=ROOM_BYTES)
    expect(page.locator(".log")).to_contain_text("The disk is full: no checkpoint could be kept.", timeout=SLOW_MS)
    filler = fill(disk)
    form.get_by_role("button", name="Start training").click()
    expect(form.get_by_role("alert").first).to_contain_text("The server's disk is full, so nothing was changed.", timeout=SLOW_MS)
    expect(open_page("/runs", sara.token).get_by_role("row").last).to_contain_text("Training")
    expect_state(page, "Training")
    filler.unlink()
    expect_complete_chart(page, folder_of(disk, job_id))
    form.get_by_role("button", name="Start training").click()
    form.wait_for_url("**/runs/job_*")
    expect_state(form, "Completed")

"""Data, the form for a new run, and a run's page, as a person meets them."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
from playwright.sync_api import Page, expect

from tests.conftest import OpenPage, wait_until_live
from tests.servers import Server
from trainer.contract import RunFolder, read_events

CHART_POINTS = "document.querySelector('.js-plotly-plot').data.map(trace => trace.x.map((x, i) => [x, trace.y[i]]))"
CHART_NUMBERS = "[...document.querySelectorAll('.chart .xtick text, .chart .ytick text')].map(text => text.textContent)"
ENDED_MS = 90_000
LATIN = str.maketrans("۰۱۲۳۴۵۶۷۸۹", "0123456789")


def wait_for_samples(page: Page) -> None:
    """The server offers them soon after its start; until then the page says that there is no data."""
    page.goto("/datasets")
    while page.get_by_role("link", name="Iris", exact=True).count() == 0:
        page.reload()
        wait_until_live(page)


def open_form(open_page: OpenPage, token: str) -> Page:
    page = open_page("/datasets", token=token)
    wait_for_samples(page)
    page.goto("/runs/new?dataset=sample_iris")
    wait_until_live(page)
    return page


def recorded_points(*folders: RunFolder) -> list[list[list[float]]]:
    """What the workers of these attempts have told so far, by trace."""
    metrics = [event for folder in folders for event in read_events(folder.events).events if event["type"] == "metric"]
    names = ("train_loss", "validation_loss")
    return [[[event["epoch"], event["values"][name]] for event in metrics if name in event["values"]] for name in names]


def test_all_settings_that_cannot_be_used_are_said_beside_their_fields(open_page: OpenPage, token: str) -> None:
    page = open_form(open_page, token)
    page.get_by_label("Epochs").fill("5000")
    page.get_by_label("Batch size").fill("many")
    page.get_by_label("Learning rate").fill("۷")
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_text("“Epochs” must be between 1 and 1000, not 5000.")).to_be_visible()
    expect(page.get_by_text("“Batch size” must be a whole number, not “many”.")).to_be_visible()
    expect(page.get_by_text("“Learning rate” must be between 0.00001 and 1, not 7.")).to_be_visible()
    expect(page.get_by_label("Batch size")).to_have_value("many")


def test_what_is_left_empty_follows_target_and_network_and_is_shown_in_grey(open_page: OpenPage, token: str) -> None:
    page = open_form(open_page, token)
    rate, folds = page.get_by_label("Learning rate"), page.get_by_label("Folds")
    page.get_by_text("Advanced settings").click()
    expect(rate).to_have_value("")
    expect(rate).to_have_attribute("placeholder", "0.002")
    expect(folds).to_have_attribute("placeholder", "5")
    expect(page.get_by_text("TabM predicts best among the networks here")).to_be_visible()
    page.get_by_label("Network", exact=True).click()
    page.get_by_role("option", name=re.compile("RealMLP")).click()
    expect(rate).to_have_attribute("placeholder", "0.04")
    expect(folds).to_have_attribute("placeholder", "1")
    page.get_by_label("Column to predict").click()
    page.get_by_role("option", name=re.compile("petal_length")).click()
    expect(rate).to_have_attribute("placeholder", "0.2")


def test_a_copied_run_keeps_what_was_chosen_and_leaves_the_rest_to_the_network(open_page: OpenPage, token: str) -> None:
    page = open_form(open_page, token)
    odd = "&schedule=auto&optimiser=auto&threshold=auto&deterministic=auto&class_weight=auto"  # nobody offers these
    page.goto(f"/runs/new?dataset=sample_iris&network=auto&epochs=3&lr=0.002&hidden=128%2C+128&batch_size=32{odd}")
    wait_until_live(page)
    expect(page.get_by_label("Epochs")).to_have_value("3")
    for label, suggested in (("Learning rate", "0.002"), ("Batch size", "32")):
        expect(page.get_by_label(label)).to_have_value("")
        expect(page.get_by_label(label)).to_have_attribute("placeholder", suggested)


def test_rows_are_divided_in_time_or_kept_together_as_was_chosen(open_page: OpenPage, token: str) -> None:
    page = open_form(open_page, token)
    page.locator("summary", has_text="Advanced settings").click()
    expect(page.get_by_label("Folds")).to_have_attribute("placeholder", "5")
    page.get_by_label("Divide rows in time by").click()
    page.get_by_role("option", name="petal_length").click()
    expect(page.get_by_label("Folds")).to_have_attribute("placeholder", "1")
    page.wait_for_url("**time_column=petal_length**")
    page.get_by_label("Keep rows together by").click()
    page.get_by_role("option", name="sepal_width").last.click()
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_text("Rows can be divided by time or by what belongs together, not by both. Choose one.")).to_be_visible()
    page.reload()
    wait_until_live(page)
    assert "petal_length" in page.get_by_label("Divide rows in time by").input_value()


def test_nothing_typed_is_lost_when_the_language_changes_and_enter_starts(open_page: OpenPage, token: str) -> None:
    page = open_form(open_page, token)
    page.get_by_label("Epochs").fill("7777")
    page.get_by_label("Learning rate").fill("abc")
    page.get_by_label("Batch size").fill("9")
    page.keyboard.press("Tab")
    page.wait_for_url("**batch_size=9**")
    page.get_by_role("button", name="فارسی").click()
    expect(page.get_by_label("شمار دوره‌ها")).to_have_value("7777")
    expect(page.get_by_label("نرخ یادگیری")).to_have_value("abc")
    wait_until_live(page)
    page.get_by_label("نرخ یادگیری").press("Enter")
    expect(page.get_by_label("شمار دوره‌ها")).to_have_attribute("aria-invalid", "true")
    assert "7777" in str(page.get_by_label("شمار دوره‌ها").get_attribute("aria-description")).translate(LATIN)


def test_the_chart_shows_every_point_once_live_and_after_a_reload(open_page: OpenPage, server: Server, token: str) -> None:
    page = open_form(open_page, token)
    page.get_by_label("Epochs").fill("۴۰")  # Persian digits are as good
    page.get_by_label("Batch size").fill("4")
    page.get_by_role("button", name="Start training").click()
    page.wait_for_url("**/runs/job_*")
    second_window = page.context.new_page()
    second_window.goto(page.url)
    for window in (page, second_window):
        window.get_by_role("link", name="Download model").wait_for(timeout=ENDED_MS)
    recorded = recorded_points(RunFolder(server.data_dir / "runs" / page.url.rpartition("/")[2] / "attempt-1"))
    assert len(recorded[0]) >= 40
    for window in (page, second_window):
        window.wait_for_function(f"() => {CHART_POINTS}[0].length >= {len(recorded[0])}")
        assert window.evaluate(CHART_POINTS) == recorded
    page.reload()
    page.locator(".js-plotly-plot[data-ready]").first.wait_for()
    assert page.evaluate(CHART_POINTS) == recorded
    expect(page.get_by_role("table", name="Results")).to_contain_text("Accuracy")


def test_charts_write_numbers_as_the_reader_does(open_page: OpenPage, server: Server, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    wanted = {"epochs": 12, "batch_size": 16, "lr": 0.003}
    job_id = httpx.post(f"{server.url}/api/training", json=wanted, headers=headers, timeout=60).json()["job_id"]
    for locale, own, foreign in (("fa-IR", "[۰-۹]", "[0-9.,]"), ("en-US", "[0-9]", "[۰-۹٫٬]")):
        page = open_page(f"/runs/{job_id}", token=token, locale=locale)
        page.locator("a[download], a[href$=download]").first.wait_for(timeout=ENDED_MS)
        page.wait_for_function(f"{CHART_NUMBERS}.filter(number => /{own}/.test(number)).length > 5")
        expect(page.locator(".chart .ytick text").filter(has_text=re.compile(foreign))).to_have_count(0)
        page.locator(".chart").first.hover()
        told = page.locator(".hoverlayer .legend text")
        expect(told.last).to_have_text(re.compile(own))
        expect(told.filter(has_text=re.compile(foreign if locale == "en-US" else "[0-9]"))).to_have_count(0)


def test_a_run_is_stopped_after_asking(open_page: OpenPage, token: str) -> None:
    page = open_form(open_page, token)
    page.get_by_label("Epochs").fill("1000")
    page.get_by_label("Batch size").fill("1")
    page.get_by_role("button", name="Start training").click()
    page.wait_for_url("**/runs/job_*")
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alertdialog")).to_have_count(0)
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped", exact=True)).to_be_visible(timeout=ENDED_MS)


def test_what_users_write_is_shown_as_text(open_page: OpenPage, token: str, tmp_path: Path) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    rows = "\n".join(f'{number},"{hostile}{{{{7*7}}}}",:{number % 3}' for number in range(60))
    table = tmp_path / "hostile.csv"
    table.write_text(f'amount,"{hostile}",:class\n{rows}\n', encoding="utf-8")
    page = open_page("/datasets", token=token)
    page.locator("input[type=file]").set_input_files(table)
    page.get_by_label("Name", exact=True).fill(f"{hostile} خانه")
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url("**/datasets/data_*", timeout=30_000)
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{hostile} خانه")
    expect(page.get_by_role("region", name="Rows")).to_contain_text(f"{hostile}{{{{7*7}}}}")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("26 to 50 of 60")).to_be_visible()
    page.get_by_role("link", name="New run", exact=True).last.click()
    page.wait_for_url("**/runs/new?dataset=*")
    wait_until_live(page)
    expect(page.get_by_label("Column to predict")).to_be_visible()
    assert page.locator("img").count() == 0


def test_a_file_of_another_kind_is_refused_before_it_is_sent(open_page: OpenPage, token: str, tmp_path: Path) -> None:
    document = tmp_path / "report.pdf"
    document.write_bytes(b"%PDF")
    page = open_page("/datasets", token=token)
    page.locator("input[type=file]").set_input_files(document)
    expect(page.get_by_role("alert").first).to_contain_text("This kind of file cannot be read")


def test_a_file_that_the_server_refuses_is_explained_beside_the_field(open_page: OpenPage, token: str, tmp_path: Path) -> None:
    table = tmp_path / "narrow.csv"
    table.write_text("only\n1\n2\n", encoding="utf-8")
    page = open_page("/datasets", token=token, locale="fa-IR")
    page.locator("input[type=file]").set_input_files(table)
    page.get_by_role("button", name="بارگذاری").click()
    expect(page.get_by_role("alert").first).to_contain_text("جدول تنها یک ستون دارد", timeout=30_000)


def test_somebody_elses_run_does_not_exist(open_page: OpenPage, token: str) -> None:
    page = open_page("/runs/job_000000000000000000", token=token)
    expect(page.get_by_role("heading", level=1)).to_have_text("This cannot be shown")
    expect(page.get_by_role("alert").first).to_contain_text("There is no run")

"""Takes the pictures of the README: `python -m docs.screenshots`. A real server, a real run, a real browser."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browsers import launch_chromium
from tests.journeys.conftest import Person, registered
from tests.servers import Server, running_server

IMAGES = Path(__file__).with_name("images")
LANGUAGES = ("en", "fa")
WIDTH, HEIGHT = 1180, 860
EPOCHS_SEEN = 25


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, running_server(Path(folder)) as server, registered(server, "Sara") as sara:
        job_id = sara.start_job(dataset="sample_digits", epochs=400, batch_size=16, lr=0.001)
        sara.wait(job_id, lambda status: status["epoch"] >= EPOCHS_SEEN)
        with sync_playwright() as playwright:
            browser = launch_chromium(playwright)
            for language in LANGUAGES:
                picture(browser, server, sara, language, f"/runs/{job_id}", f"run-{language}.png")
            sara.client.post(f"/api/training/{job_id}/stop").raise_for_status()
            sara.wait_until_ended(job_id)
            for language in LANGUAGES:
                picture(browser, server, sara, language, "/datasets/sample_iris", f"data-{language}.png")
            browser.close()


def picture(browser: Browser, server: Server, sara: Person, language: str, path: str, name: str) -> None:
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, base_url=server.url)
    cookies = {"tamrin_session": sara.token, "tamrin_language": language, "tamrin_theme": "light"}
    context.add_cookies([{"name": key, "value": value, "url": server.url} for key, value in cookies.items()])
    page = context.new_page()
    page.goto(path)
    page.wait_for_function("window.did_handshake === true")
    page.locator(".connection[data-state=live]").wait_for()
    page.get_by_role("heading", level=1).wait_for()
    if path.startswith("/runs/"):
        page.locator(".js-plotly-plot[data-ready]").first.wait_for()
    page.screenshot(path=IMAGES / name)
    context.close()


if __name__ == "__main__":
    main()

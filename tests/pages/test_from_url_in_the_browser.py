"""A file from a web address, in the browser: fetched by the server, and cancelled while it is read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.conftest import OpenPage
from tests.journeys.conftest import flowers, registered
from tests.journeys.held_readings import every_place_taken, wait_until
from tests.journeys.test_from_url import elsewhere
from tests.servers import Server, running_server

READ_MS = 30_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("server"), ALLOW_URL_IMPORT="any") as running:
        yield running


def test_a_fetched_file_can_be_cancelled_while_it_is_read(open_page: OpenPage, server: Server) -> None:
    with registered(server, "sara") as sara, registered(server, "omid") as omid:
        page = open_page("/datasets", sara.token)
        with every_place_taken(server, omid), elsewhere(flowers().encode()) as (url, _connections):
            page.get_by_text("From a web address").click()
            page.get_by_label("Address of the file").fill(url)
            page.get_by_role("button", name="Fetch this file").click()
            sara.wait_for_dataset("READING")
            page.get_by_role("button", name="Cancel “").click()
            expect(page.locator(".transfer")).to_have_count(0)
            wait_until(lambda: sara.client.get("/api/datasets").json()["datasets"] == [])
        with elsewhere(flowers().encode()) as (url, _connections):
            page.get_by_label("Address of the file").fill(url)
            page.get_by_role("button", name="Fetch this file").click()
            page.wait_for_url("**/datasets/data_*", timeout=READ_MS)

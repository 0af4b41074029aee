"""/storage: administrators see who uses what, others that it is not for them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.conftest import OpenPage, register
from tests.servers import Server, running_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("server"), USER_QUOTA_MB="5") as running:
        yield running


def test_administrators_see_who_uses_what_and_others_do_not(open_page: OpenPage, server: Server) -> None:
    admin, omid = register(server, "sara@example.com"), register(server, "omid@example.com")
    page = open_page("/machine", token=admin)
    page.get_by_role("link", name="Who uses the disk").click()
    rows = page.get_by_role("table", name="Who uses what").locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text="omid@example.com")).to_contain_text("0%")
    expect(page.get_by_text("Free disk space")).to_be_visible()
    other = open_page("/machine", token=omid)
    expect(other.get_by_role("link", name="Who uses the disk")).to_have_count(0)
    other.goto("/storage")
    expect(other.get_by_role("heading", level=1).last).to_have_text("This cannot be shown")
    expect(other.get_by_role("alert")).to_contain_text("Only administrators")

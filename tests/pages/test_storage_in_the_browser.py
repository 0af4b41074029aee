"""/storage: administrators see who uses what, others that it is not for them."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import expect

from tests.conftest import OpenPage, register
from tests.journeys.tus import TUS
from tests.servers import Server, running_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("server"), USER_QUOTA_MB="5") as running:
        yield running


def begin_upload(server: Server, token: str, length: int) -> None:
    headers = {"Authorization": f"Bearer {token}", "Upload-Length": str(length), "Upload-Metadata": "filename cm93cy5jc3Y="}
    httpx.post(f"{server.url}/api/datasets/uploads", headers=TUS | headers).raise_for_status()


def test_administrators_see_who_uses_what_and_others_do_not(open_page: OpenPage, server: Server) -> None:
    admin, omid = register(server, "sara@example.com"), register(server, "omid@example.com")
    page = open_page("/machine", token=admin)
    page.get_by_role("link", name="Who uses the disk").click()
    rows = page.get_by_role("table", name="Who uses what").locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text="omid@example.com")).to_contain_text("0%")
    expect(page.get_by_text("Free disk space")).to_be_visible()
    begin_upload(server, omid, 2_000_000)
    page.reload()
    omids = rows.filter(has_text="omid@example.com").locator("td")
    assert [label for label in omids.all_inner_texts() if "MB" in label] == ["2 MB"], "reserved, and not on the disk"
    expect(page.get_by_role("columnheader", name="Reserved for uploads")).to_be_visible()
    other = open_page("/datasets", token=omid)
    expect(other.get_by_text("You use 2 MB of 5 MB, 2 MB of it reserved for unfinished uploads.")).to_be_visible()
    other = open_page("/machine", token=omid)
    expect(other.get_by_role("link", name="Who uses the disk")).to_have_count(0)
    other.goto("/storage")
    expect(other.get_by_role("heading", level=1)).to_have_text(["Storage"])
    expect(other.get_by_role("heading", level=2)).to_have_text(["This cannot be shown"])
    expect(other.get_by_role("alert")).to_contain_text("Only administrators")

"""The lists of data sets in open windows: what happens elsewhere is shown without a reload, and to nobody else."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Locator, Page, WebSocket, expect

from tests.conftest import OpenPage
from tests.journeys.conftest import Person
from tests.journeys.held_readings import every_place_taken
from tests.servers import Server

READ_MS = 30_000
TABLE = "height,kind\n1.5,a\n2.5,b\n3.5,a\n"


def open_list(open_page: OpenPage, person: Person) -> Page:
    """A window that tells when it was loaded anew."""
    page = open_page("/datasets", person.token)
    expect(rows(page, "Built-in samples")).to_have_count(5, timeout=READ_MS)  # of a new server, they come a little later
    page.evaluate("window.isUntouched = true")
    return page


def rows(page: Page, title: str = "Your data sets") -> Locator:
    return page.get_by_role("table", name=title).locator("tbody tr")


def expect_no_reload(page: Page) -> None:
    assert page.evaluate("window.isUntouched")


def upload(person: Person, name: str) -> str:
    return str(person.upload(f"{name}.csv", TABLE).json()["dataset"]["id"])


def test_what_is_read_turns_ready_and_what_is_deleted_goes(open_page: OpenPage, server: Server, sara: Person) -> None:
    page = open_list(open_page, sara)
    expect(page.get_by_text("You have not uploaded anything yet.")).to_be_visible()
    with ThreadPoolExecutor(1) as elsewhere:
        with every_place_taken(server, sara):
            expect(rows(page).filter(has_text="Being read")).to_have_count(2, timeout=READ_MS)
            uploading = elsewhere.submit(upload, sara, "flowers")
            expect(rows(page).filter(has_text="flowers")).to_contain_text("Waiting to be read", timeout=READ_MS)
        dataset_id = uploading.result()
    flowers = rows(page).filter(has_text="flowers")
    expect(flowers).to_contain_text("Ready", timeout=READ_MS)
    expect(flowers.get_by_role("link", name="New run")).to_be_visible()
    expect(rows(page)).to_have_count(3)
    expect(page.get_by_text("You have not uploaded anything yet.")).to_be_hidden()
    sara.client.delete(f"/api/datasets/{dataset_id}").raise_for_status()
    expect(flowers).to_have_count(0, timeout=READ_MS)
    expect(rows(page)).to_have_count(2)
    expect_no_reload(page)


def test_focus_and_selection_stay_where_they_are(open_page: OpenPage, sara: Person) -> None:
    upload(sara, "first")
    page = open_list(open_page, sara)
    button = page.get_by_role("button", name="Delete “first”")
    button.focus()
    page.evaluate("getSelection().selectAllChildren([...document.querySelectorAll('bdi')].find((b) => b.innerText === 'first'))")
    assert page.evaluate("getSelection().toString()") == "first"
    upload(sara, "second")
    expect(rows(page)).to_have_count(2, timeout=READ_MS)
    expect(rows(page).first).to_contain_text("second")
    expect(button).to_be_focused()
    assert page.evaluate("getSelection().toString()") == "first"


def test_others_hear_of_a_data_set_only_while_it_is_shared(open_page: OpenPage, sara: Person, omid: Person) -> None:
    page = open_list(open_page, omid)
    heard: list[str] = []
    page.on("websocket", lambda socket: _listen(socket, heard))
    page.reload()
    page.wait_for_function("window.did_handshake === true")
    page.evaluate("window.isUntouched = true")
    secret = upload(sara, "secret")
    upload(omid, "own")  # once this is there, that would have been heard
    expect(rows(page).filter(has_text="own")).to_contain_text("Ready", timeout=READ_MS)
    assert heard, "the window hears what happens"
    assert not [frame for frame in heard if "secret" in frame]
    expect(rows(page, "Shared with you")).to_have_count(0)

    shared = rows(page, "Shared with you").filter(has_text="secret")
    sara.client.patch(f"/api/datasets/{secret}", json={"shared": True}).raise_for_status()
    expect(shared).to_have_count(1, timeout=READ_MS)
    expect(shared.get_by_role("button", name="Delete")).to_have_count(0)
    sara.client.patch(f"/api/datasets/{secret}", json={"name": "renamed", "shared": False}).raise_for_status()
    expect(shared).to_have_count(0, timeout=READ_MS)
    assert not [frame for frame in heard if "renamed" in frame]
    expect_no_reload(page)


def test_what_is_shared_while_it_is_read_turns_ready_for_others(
    open_page: OpenPage, server: Server, sara: Person, omid: Person
) -> None:
    page = open_list(open_page, omid)
    with ThreadPoolExecutor(1) as elsewhere:
        with every_place_taken(server, sara):
            uploading = elsewhere.submit(upload, sara, "shared early")
            waiting = sara.wait_for_dataset_called("shared early")
            sara.client.patch(f"/api/datasets/{waiting}", json={"shared": True}).raise_for_status()
            early = rows(page, "Shared with you").filter(has_text="shared early")
            expect(early).to_contain_text("Waiting to be read", timeout=READ_MS)
        uploading.result()
    expect(early).to_contain_text("Ready", timeout=READ_MS)
    expect_no_reload(page)


def test_the_page_before_is_shown_when_all_on_the_last_one_are_deleted(open_page: OpenPage, sara: Person) -> None:
    ids = [upload(sara, f"table {number}") for number in range(21)]
    page = open_list(open_page, sara)
    page.get_by_role("navigation", name="Pages").first.get_by_role("button", name="Next").press("Enter")
    expect(rows(page)).to_have_count(1)
    upload(sara, "newer")
    expect(rows(page)).to_have_count(2, timeout=READ_MS)  # the page stays the one that was turned to
    for dataset_id in ids[:2]:
        sara.client.delete(f"/api/datasets/{dataset_id}").raise_for_status()
    expect(rows(page)).to_have_count(20, timeout=READ_MS)
    expect(rows(page).first).to_contain_text("newer")
    expect_no_reload(page)


@pytest.mark.parametrize("locale", ["en-US", "fa-IR"])
def test_a_long_name_pushes_nothing_out_of_the_list(open_page: OpenPage, sara: Person, locale: str) -> None:
    upload(sara, "a_name_without_any_space_that_is_far_too_long_for_the_column_of_names_of_a_list_of_data_sets")
    page = open_page("/datasets", sara.token, locale)
    frame = page.locator(".table-wrap").first
    expect(frame.locator(".row-actions button")).to_be_visible(timeout=READ_MS)
    assert frame.evaluate("box => box.scrollWidth <= box.clientWidth")


@pytest.mark.parametrize("locale", ["en-US", "fa-IR"])
def test_what_can_be_done_with_a_data_set_is_at_the_height_of_its_name(open_page: OpenPage, sara: Person, locale: str) -> None:
    page = open_page("/datasets", sara.token, locale)
    row = page.locator("tr.linked").first
    name, action = (_middle(row.locator(part)) for part in (".row-link bdi", ".row-actions a"))
    assert abs(name - action) < 1


def _middle(part: Locator) -> float:
    """How many pixels it stands below the top of the window."""
    box = part.bounding_box(timeout=READ_MS)
    assert box is not None
    return box["y"] + box["height"] / 2


def _listen(socket: WebSocket, heard: list[str]) -> None:
    socket.on("framereceived", lambda frame: heard.append(frame if isinstance(frame, str) else json.dumps(str(frame))))

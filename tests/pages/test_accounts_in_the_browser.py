"""Logging in, registering and leaving, as a person does it."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.conftest import OpenPage, register
from tests.servers import Server


def note_of(page: Page, label: str) -> str:
    """What the page says beside a field: the text its input is described by."""
    described_by = page.get_by_label(label, exact=True).get_attribute("aria-describedby")
    return page.locator(f"#{described_by}").inner_text()


def test_refusals_stand_beside_their_fields_and_nothing_typed_is_lost(open_page: OpenPage) -> None:
    page = open_page("/register")
    page.get_by_label("E-mail address").fill("nobody")
    page.get_by_label("Password").fill("123")
    page.keyboard.press("Enter")
    expect(page.locator("[aria-invalid=true]")).to_have_count(3)
    assert "is not an e-mail address" in note_of(page, "E-mail address")
    assert "needs at least 6" in note_of(page, "Password")
    assert "“Name” is missing" in note_of(page, "Name")
    expect(page.get_by_label("E-mail address")).to_have_value("nobody")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()


def test_refusals_are_said_in_persian(open_page: OpenPage) -> None:
    page = open_page("/login", locale="fa-IR")
    assert page.evaluate("document.documentElement.dir") == "rtl"
    page.get_by_label("نشانی ایمیل").fill("nobody@example.com")
    page.get_by_label("گذرواژه").fill("12345678")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("ایمیل یا گذرواژه درست نیست")


def test_logging_in_leads_where_one_wanted_to_go(open_page: OpenPage, server: Server) -> None:
    register(server, "wanted@example.com")
    page = open_page("/runs/new")
    assert page.url.endswith("/login?next=%2Fruns%2Fnew")
    page.get_by_label("E-mail address").fill("wanted@example.com")
    page.get_by_label("Password").fill("a long passphrase")
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs/new")


@pytest.mark.parametrize("wanted", ["//evil.example", "/%5Cevil.example", "https:evil.example", "%2509//evil.example"])
def test_logging_in_never_leads_to_another_site(open_page: OpenPage, server: Server, wanted: str) -> None:
    email = f"site{abs(hash(wanted))}@example.com"
    register(server, email)
    page = open_page(f"/login?next={wanted}")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill("a long passphrase")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{server.url}/datasets")


def test_the_end_of_a_login_empties_every_page_of_it(open_page: OpenPage, server: Server, token: str) -> None:
    page = open_page("/runs", token=token)
    httpx.post(f"{server.url}/api/auth/logout", headers={"Authorization": f"Bearer {token}"}).raise_for_status()
    page.wait_for_url("**/login*", timeout=10_000)


def test_language_is_switched_and_remembered(open_page: OpenPage, token: str) -> None:
    page = open_page("/runs", token=token)
    expect(page.get_by_role("heading", level=1)).to_have_text("Runs")
    page.get_by_role("button", name="فارسی").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("اجراها")
    assert page.evaluate("[document.documentElement.dir, document.documentElement.lang]") == ["rtl", "fa-IR"]
    page.goto("/no-such-page")
    expect(page.get_by_role("heading", level=1)).to_have_text("صفحه پیدا نشد")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Page not found")


def test_the_keyboard_reaches_the_content_first(open_page: OpenPage, token: str) -> None:
    page = open_page("/datasets", token=token)
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
    assert page.get_by_role("main").get_by_role("banner").count() == 0

"""The rows of a data set as a person looks at them: sorted, filtered, searched, column by column, in both directions."""

from __future__ import annotations

import gzip
import re
from contextlib import suppress

import httpx
import pytest
from playwright.sync_api import Error, Locator, Page, expect

from tests.conftest import OpenPage, register
from tests.servers import Server
from tests.stored_tables import remove_table, store_table

SLOW_MS = 15_000
READ_SECONDS = 60
HOSTILE = "<img src=x onerror=alert(1)>"
LONG = "A remark that is much longer than its column is wide, to the end"
LONG_PERSIAN = "یادداشتی که از پهنای ستونش بسیار بلندتر است و تا پایان خوانده می‌شود"
SALES = f"""SELECT i AS id, ['مریم احمدی', 'علی رضایی', 'زهرا کریمی'][1 + i % 3] AS "نام", 1000 * (i % 50) AS amount,
    DATE '2024-08-07' + CAST(i AS INT) AS day, i % 2 = 0 AS paid, CASE WHEN i % 4 > 0 THEN i / 8.0 END::DOUBLE AS score,
    CASE i % 3 WHEN 0 THEN '{LONG}' WHEN 1 THEN '{LONG_PERSIAN}' ELSE '{HOSTILE}' END AS "{HOSTILE}"
    FROM range(1200) t(i)"""  # noqa: S608
SALES_AS_WRITTEN = f"SELECT translate(amount || ' تومان', '0123456789', '۰۱۲۳۴۵۶۷۸۹') AS amount FROM ({SALES})"  # noqa: S608
WIDE = f"SELECT {', '.join(f'i * {number} AS c{number}' for number in range(90))} FROM range(60) t(i)"  # noqa: S608


@pytest.fixture(scope="module")
def sales(server: Server) -> str:
    register(server, "sales@example.com")
    return store_table(server, SALES, "sales", SALES_AS_WRITTEN)


def open_rows(open_page: OpenPage, dataset_id: str, token: str, locale: str = "en-US", width: int = 1280) -> Page:
    page = open_page(f"/datasets/{dataset_id}", token=token, locale=locale, width=width)
    expect(cells(page).first).to_be_visible(timeout=SLOW_MS)
    return page


def cells(page: Page, row: int = 0) -> Locator:
    return page.locator(".table-cells tbody tr").nth(row).locator("td")


def heading(page: Page, name: str) -> Locator:
    return page.locator(".table-cells").get_by_role("columnheader", name=name, exact=True)


def choose(page: Page, field: str, option: str) -> None:
    page.get_by_role("combobox", name=field, exact=True).click()
    page.get_by_role("option", name=option, exact=True).click()
    expect(page.get_by_role("listbox")).to_have_count(0)  # closing, the menu takes the focus back


def expect_ids(page: Page, *ids: int) -> None:
    for row, number in enumerate(ids):
        expect(cells(page, row).first).to_have_text(str(number), timeout=SLOW_MS)


def test_headings_sort_by_the_keyboard_and_say_how(open_page: OpenPage, sales: str, token: str) -> None:
    page = open_rows(open_page, sales, token)
    button = heading(page, "score").get_by_role("button")
    for order, ids in (("ascending", (1, 2, 3)), ("descending", (1199, 1198, 1197)), ("none", (0, 1, 2))):
        button.press("Enter")
        expect(heading(page, "score")).to_have_attribute("aria-sort", order, timeout=SLOW_MS)
        expect_ids(page, *ids)
        expect(button).to_be_focused()
    expect(heading(page, "amount")).to_have_attribute("aria-sort", "none")
    expect(page.locator(".table-cells tbody th").nth(2)).to_have_text("3")


def test_a_search_narrows_the_table_and_says_how_many_match(open_page: OpenPage, sales: str, token: str) -> None:
    page = open_rows(open_page, sales, token)
    search = page.get_by_role("textbox", name="Search in the shown columns")
    search.fill("علي")
    expect(page.get_by_text("400 of 1,200 rows match.")).to_be_visible(timeout=SLOW_MS)
    expect_ids(page, 1, 4, 7)
    expect(page.get_by_text("1 to 25 of 400")).to_be_visible()
    expect(page.get_by_role("heading", name="No row matches")).to_be_hidden()
    search.fill("۴۹۰۰۰ تومان")
    expect(page.get_by_text("24 of 1,200 rows match.")).to_be_visible(timeout=SLOW_MS)
    expect(page.get_by_text("1 to 24 of 24")).to_be_hidden()
    search.fill("nobody")
    expect(page.get_by_role("heading", name="No row matches")).to_be_visible(timeout=SLOW_MS)
    expect(page.locator(".table-cells")).to_be_hidden()
    search.fill("")
    expect_ids(page, 0, 1, 2)
    expect(page.get_by_text("rows match")).to_have_count(0)


def test_filters_are_added_checked_and_removed(open_page: OpenPage, sales: str, token: str) -> None:
    page = open_rows(open_page, sales, token)
    page.get_by_text("Add filter").click()
    choose(page, "Condition", "at least")
    page.get_by_label("Value").fill("many")
    page.get_by_label("Value").press("Enter")
    expect(page.get_by_role("alert").filter(has_text="“many” is no number")).to_be_visible(timeout=SLOW_MS)
    page.get_by_label("Value").fill("۱۱۹۰")
    page.get_by_label("Value").press("Enter")
    expect_ids(page, 1190, 1191)
    expect(page.get_by_role("alert")).to_have_count(0)
    choose(page, "Column", "paid")
    choose(page, "Value", "false")
    page.get_by_role("button", name="Add", exact=True).click()
    expect_ids(page, 1191, 1193)
    expect(page.get_by_text("5 of 1,200 rows match.")).to_be_visible()
    used = page.get_by_role("list", name="Filters in use").get_by_role("listitem")
    expect(used).to_have_count(2)
    used.first.get_by_role("button", name="Remove the filter: “id” is at least").press("Enter")
    expect(used).to_have_count(1)
    expect(used).to_contain_text("“paid” equals false")
    expect_ids(page, 1, 3)
    expect(page.locator("summary", has_text="Add filter")).to_be_focused(timeout=SLOW_MS)


def test_a_filter_may_name_several_values_or_none(open_page: OpenPage, sales: str, token: str) -> None:
    page = open_rows(open_page, sales, token)
    page.get_by_text("Add filter").click()
    choose(page, "Condition", "one of")
    page.get_by_label("Value").fill("7، ۸, 9")
    page.get_by_label("Value").press("Enter")
    expect_ids(page, 7, 8, 9)
    choose(page, "Column", "score")
    choose(page, "Condition", "is missing")
    expect(page.get_by_label("Value")).to_have_count(0)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("1 of 1,200 rows matches.")).to_be_visible(timeout=SLOW_MS)
    expect(cells(page).nth(5)).to_have_text("missing")


def test_columns_are_chosen_and_at_most_sixty_stand_side_by_side(
    open_page: OpenPage, server: Server, sales: str, token: str
) -> None:
    page = open_rows(open_page, store_table(server, WIDE, "wide"), token)
    headings = page.locator(".table-cells thead th[aria-sort]")
    expect(headings).to_have_count(60)
    chooser = page.get_by_role("combobox", name="Columns", exact=True)
    chooser.fill("c7")
    page.get_by_role("option", name="c70", exact=True).click()
    expect(headings).to_have_count(60)
    page.get_by_role("option", name="c7", exact=True).click()
    expect(headings).to_have_count(59, timeout=SLOW_MS)
    page.get_by_role("option", name="c70", exact=True).click()
    expect(headings).to_have_count(60, timeout=SLOW_MS)
    expect(headings.last).to_have_text("c70")
    expect(cells(page, 1).last).to_have_text("70")
    page.get_by_role("option", name="c70", exact=True).click()
    page.get_by_role("option", name="c7", exact=True).click()
    expect(headings.nth(7)).to_have_text("c7", timeout=SLOW_MS)
    expect(headings.last).to_have_text("c59")
    chooser.press("Escape")
    page.locator("label", has=chooser).get_by_role("button").first.click()
    expect(page.get_by_text("Choose at least one column.")).to_be_visible(timeout=SLOW_MS)
    expect(headings).to_have_count(60)


def test_pages_and_rows_are_reached_directly(open_page: OpenPage, sales: str, token: str) -> None:
    page = open_rows(open_page, sales, token)
    page.get_by_role("button", name="Last", exact=True).click()
    expect_ids(page, 1175)
    expect(page.get_by_role("button", name="Next")).to_have_attribute("aria-disabled", "true")
    page.get_by_role("button", name="First", exact=True).click()
    expect_ids(page, 0)
    wanted = page.get_by_role("textbox", name="Go to row")
    wanted.fill("1201")
    wanted.press("Enter")
    expect(page.get_by_text("Type a number from 1 to 1,200.")).to_be_visible(timeout=SLOW_MS)
    wanted.fill("۶۰۰")
    page.get_by_role("button", name="Go", exact=True).click()
    expect_ids(page, 599)
    expect(page.get_by_text("600 to 624 of 1,200")).to_be_visible()
    expect(page.get_by_text("Type a number from 1 to 1,200.")).to_have_count(0)
    choose(page, "Rows per page", "100")
    expect(page.get_by_text("600 to 699 of 1,200")).to_be_visible(timeout=SLOW_MS)
    expect(page.locator(".table-cells tbody tr")).to_have_count(100)


def test_what_stood_in_the_file_is_seen_and_heard_beside_the_value(open_page: OpenPage, sales: str, token: str) -> None:
    page = open_rows(open_page, sales, token)
    amount = cells(page, 2).nth(2)
    expect(amount).to_have_text(re.compile(r"2000\s*In the file:\s*۲۰۰۰ تومان"))
    expect(amount.locator(".written bdi")).to_be_visible()
    expect(cells(page, 2).first.locator(".written")).to_have_count(0)


@pytest.mark.parametrize("locale", ["en-US", "fa-IR"])
def test_texts_read_in_their_own_direction_on_pages_of_either(open_page: OpenPage, sales: str, token: str, locale: str) -> None:
    page = open_rows(open_page, sales, token, locale=locale)
    directions = "elements => elements.map(element => getComputedStyle(element).direction)"
    assert cells(page).evaluate_all(directions)[:6] == ["ltr", "rtl", "ltr", "ltr", "ltr", "ltr"]
    long = page.locator(".table-cells .long-text")
    assert long.evaluate_all(directions)[:2] == ["ltr", "rtl"]
    expect(page.locator(".table-cells tbody th").first).to_have_text("1" if locale == "en-US" else "۱")
    expect(cells(page, 1).nth(2).locator("bdi").first).to_have_text("1000" if locale == "en-US" else "۱۰۰۰")


def test_dates_are_jalali_on_persian_pages_and_sorted_filtered_and_found_as_they_are_shown(
    open_page: OpenPage, sales: str, token: str
) -> None:
    english = open_rows(open_page, sales, token)
    expect(cells(english).nth(3)).to_have_text("2024-08-07")
    expect(english.get_by_text("Dates are shown in the Persian calendar.")).to_be_hidden()
    page = open_rows(open_page, sales, token, locale="fa-IR")
    expect(cells(page).nth(3)).to_have_text("۱۴۰۳/۰۵/۱۷")
    expect(cells(page).nth(3)).to_have_attribute("title", "2024-08-07")
    expect(page.get_by_text("تاریخ‌ها به تقویم هجری خورشیدی نشان داده می‌شوند")).to_be_visible()
    button = heading(page, "day").get_by_role("button")
    button.press("Enter")
    button.press("Enter")
    expect(cells(page).nth(3)).to_have_text("۱۴۰۶/۰۸/۲۸", timeout=SLOW_MS)
    page.get_by_role("textbox", name="جست‌وجو در ستون‌های نمایان").fill("۱۴۰۳/۰۶/۰۱")
    expect(cells(page).nth(3)).to_have_text("۱۴۰۳/۰۶/۰۱", timeout=SLOW_MS)
    expect(page.locator(".table-cells tbody tr")).to_have_count(1)
    page.get_by_role("textbox", name="جست‌وجو در ستون‌های نمایان").fill("")
    page.get_by_text("افزودن پالایه").click()
    choose(page, "ستون", "day")
    page.get_by_label("مقدار").fill("۱۴۰۳/۰۵/۲۰")
    page.get_by_label("مقدار").press("Enter")
    expect(cells(page).nth(3)).to_have_text("۱۴۰۳/۰۵/۲۰", timeout=SLOW_MS)
    expect(page.locator(".table-cells tbody tr")).to_have_count(1)


def test_a_long_text_is_read_whole_by_the_keyboard(open_page: OpenPage, sales: str, token: str) -> None:
    page = open_rows(open_page, sales, token)
    opener = page.locator(".table-cells .long-text").nth(1)
    opener.press("Enter")
    dialog = page.get_by_role(
        "dialog", name=HOSTILE, exact=True
    )  # the column's name, which `open_page` would have caught running
    expect(dialog.get_by_role("button", name="Close")).to_be_focused(timeout=SLOW_MS)
    expect(dialog).to_contain_text(LONG_PERSIAN)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(opener).to_be_focused()


def test_on_a_phone_the_table_scrolls_in_its_own_box_under_its_headings(open_page: OpenPage, sales: str, token: str) -> None:
    page = open_rows(open_page, sales, token, locale="fa-IR", width=390)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    frame = page.locator(".table-cells")
    assert frame.evaluate("box => box.scrollWidth > box.clientWidth && box.scrollHeight > box.clientHeight")
    frame.evaluate("box => box.scrollTo(-200, 300)")
    top = "element => Math.round(element.getBoundingClientRect().top)"
    assert heading(page, "amount").evaluate(top) == frame.evaluate(f"box => ({top})(box) + box.clientTop")
    right = "element => Math.round(element.getBoundingClientRect().right)"
    assert page.locator(".table-cells tbody th").first.evaluate(right) == frame.evaluate(
        f"box => ({right})(box) - box.clientLeft"
    )


def test_a_table_that_is_gone_is_said_so_and_can_be_tried_again(
    open_page: OpenPage, server: Server, sales: str, token: str
) -> None:
    dataset_id = store_table(server, SALES, "passing")
    page = open_rows(open_page, dataset_id, token)
    remove_table(server, dataset_id)
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("alert")).to_contain_text("This table is not there any more", timeout=SLOW_MS)
    expect(page.locator(".table-cells")).to_be_hidden()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("alert")).to_contain_text("This table is not there any more")


def test_cells_as_long_as_a_book_are_cut_and_read_on_demand(open_page: OpenPage, server: Server, token: str) -> None:
    book = "one two سه چهار " * 60_000
    rows = (f"{number},{number} {book}\n" for number in range(200))  # 264 MB: more than pages of tables may take of memory
    content = gzip.compress("".join(["id,text\n", *rows]).encode(), 1)
    answer = httpx.post(
        f"{server.url}/api/datasets/upload",
        headers={"Authorization": f"Bearer {token}"},
        files={"file": ("books.csv.gz", content)},
        timeout=READ_SECONDS,
    )
    for locale, note in (
        ("en-US", "The first 100,000 characters are shown."),
        ("fa-IR", "۱۰۰٬۰۰۰ نویسهٔ نخست نشان داده شده است."),
    ):
        page = open_rows(open_page, answer.json()["dataset"]["id"], token, locale)
        expect(page.locator(".table-cells tbody tr")).to_have_count(25)
        cell = cells(page, 24).last.get_by_role("button")
        expect(cell).to_have_text(f"24 {book}"[:200] + "…")
        cell.press("Enter")
        dialog = page.get_by_role("dialog", name="text", exact=True)
        expect(dialog.get_by_text(f"24 {book}"[:1000])).to_be_visible(timeout=SLOW_MS)
        expect(dialog).to_contain_text(note)


def test_rows_that_cannot_be_shown_take_nothing_else_from_the_page(open_page: OpenPage, server: Server, token: str) -> None:
    rows = "SELECT i, repeat(md5(i::VARCHAR), 10_000) AS text, i % 7 AS day FROM range(1200) t(i)"  # in one piece
    dataset_id = store_table(server, rows, "in one piece")
    page = open_page(f"/datasets/{dataset_id}", token=token)
    expect(page.get_by_role("heading", level=1)).to_have_text("in one piece")
    expect(page.get_by_role("alert")).to_contain_text("Show fewer columns or rows", timeout=SLOW_MS)
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    page.get_by_role("combobox", name="Columns", exact=True).click()
    page.get_by_role("option", name="text", exact=True).click()
    page.keyboard.press("Escape")
    expect_ids(page, 0, 1, 2)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_without_a_login_no_further_row_is_shown(open_page: OpenPage, server: Server, sales: str, token: str) -> None:
    page = open_rows(open_page, sales, token)
    httpx.post(f"{server.url}/api/auth/logout", headers={"Authorization": f"Bearer {token}"}).raise_for_status()
    with suppress(Error):  # the page leaves by itself, perhaps at this very moment
        page.evaluate("() => [...document.querySelectorAll('button')].find((button) => button.textContent === 'Next')?.click()")
    page.wait_for_url("**/login*", timeout=SLOW_MS)


@pytest.mark.parametrize("locale", ["en-US", "fa-IR"])
def test_names_to_choose_from_begin_where_the_page_begins(open_page: OpenPage, sales: str, token: str, locale: str) -> None:
    page = open_rows(open_page, sales, token, locale)
    page.get_by_role("combobox", name="Columns" if locale == "en-US" else "ستون‌ها", exact=True).click()
    edge = "left" if locale == "en-US" else "right"
    names = page.locator(".q-menu [role=option] bdi")
    expect(names).to_have_count(7)
    range_of = "name => { const range = document.createRange(); range.selectNodeContents(name); return range; }"
    edges = names.evaluate_all(f"all => all.map({range_of}).map(range => Math.round(range.getBoundingClientRect().{edge}))")
    assert len(set(edges)) == 1

"""Uploading as a person does it: several files dropped at once, cut off, cancelled, refused, in both languages."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import CDPSession, Locator, Page, Request, expect

from tests.conftest import OpenPage, Outage, wait_until_live
from tests.journeys.conftest import flowers
from tests.servers import Server, running_server

KILOBYTE = 1_000
DONE_MS = 30_000
DROP = """(card, files) => {
  const dataTransfer = new DataTransfer();
  for (const [name, content] of files) dataTransfer.items.add(new File([content], name));
  const drag = (type) => card.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
  drag("dragenter");
  return new Promise((resolve) => requestAnimationFrame(() => {
    const isOver = card.dataset.over;
    drag("drop");
    resolve(isOver);
  }));
}"""
ASK_TO_LEAVE = "window.dispatchEvent(new Event('beforeunload', { cancelable: true }))"  # false: the browser asks first


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("server"), MAX_UPLOAD_MB="4", USER_QUOTA_MB="5") as running:
        yield running


def open_data(open_page: OpenPage, token: str, locale: str = "en-US") -> Page:
    page = open_page("/datasets", token=token, locale=locale)
    expect(page.locator("input[type=file]")).to_be_attached()
    return page


def choose(page: Page, *files: Path) -> None:
    page.locator("input[type=file]").set_input_files(files)


def row_of(page: Page, name: str) -> Locator:
    return page.locator(".transfer").filter(has_text=name)


def slow_down(page: Page, bytes_per_second: int) -> CDPSession:
    """Let the browser send no faster; 0 takes the limit away."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    limits = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_per_second or -1}
    session.send("Network.emulateNetworkConditions", limits)
    return session


def offsets_sent(page: Page) -> list[int]:
    """Where the bytes that this page sends from now on begin, request by request."""
    offsets: list[int] = []

    def note(request: Request) -> None:
        if request.method == "PATCH":
            offsets.append(int(request.headers["upload-offset"]))

    page.on("request", note)
    return offsets


def incoming(server: Server) -> list[Path]:
    return list((server.data_dir / "incoming").iterdir())


def datasets_of(server: Server, token: str) -> list[dict[str, object]]:
    answer = httpx.get(f"{server.url}/api/datasets", headers={"Authorization": f"Bearer {token}"})
    datasets: list[dict[str, object]] = answer.json()["datasets"]
    return datasets


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "flowers.csv"
    path.write_text(flowers(300), encoding="utf-8")
    return path


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "garden.csv"
    path.write_text(flowers(40_000), encoding="utf-8")
    return path


def test_files_dropped_at_once_come_in_one_after_the_other(open_page: OpenPage, token: str, server: Server) -> None:
    page = open_data(open_page, token)
    names = ["roses.csv", "tulips.csv", "irises.csv"]
    card = page.locator(".upload")
    is_over = card.evaluate(DROP, [[name, flowers(100 + number)] for number, name in enumerate(names)])
    assert is_over == "true", "the card shows that it takes what is held over it"
    expect(card).to_have_attribute("data-over", "false")
    expect(page.get_by_label("Name", exact=True)).to_have_count(0)
    page.get_by_role("button", name="Upload 3 files").click()
    for name in names:
        expect(row_of(page, name)).to_contain_text("Ready", timeout=DONE_MS)
    expect(page.get_by_role("table", name="Your data sets").locator("tbody tr")).to_have_count(3)
    assert {str(dataset["filename"]) for dataset in datasets_of(server, token)} == set(names)
    row_of(page, "tulips.csv").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("tulips")


def test_an_upload_shows_its_progress_and_is_cancelled_without_a_trace(
    open_page: OpenPage, token: str, server: Server, large: Path
) -> None:
    page = open_data(open_page, token)
    slow_down(page, 200 * KILOBYTE)
    choose(page, large)
    page.get_by_role("button", name="Upload").click()
    bar = page.get_by_role("progressbar", name="garden.csv")
    page.wait_for_function("document.querySelector('.transfer progress')?.value > 0")
    assert 0 < float(bar.evaluate("bar => bar.value")) < 1
    expect(row_of(page, "garden.csv")).to_contain_text(
        re.compile(r"\d+% · [\d.]+ kB of [\d.]+ kB · [\d.]+ kB per second, \d+:\d\d left")
    )
    assert page.evaluate(ASK_TO_LEAVE) is False
    page.get_by_role("button", name="Cancel “garden.csv”").click()
    expect(page.locator(".transfer")).to_have_count(0)
    page.wait_for_function("fetch('/api/datasets/uploads').then(a => a.json()).then(a => a.uploads.length === 0)")
    assert incoming(server) == []
    assert page.evaluate(ASK_TO_LEAVE) is True


def test_an_upload_goes_on_by_itself_when_the_connection_is_back(
    open_page: OpenPage, token: str, server: Server, large: Path, outage: Outage
) -> None:
    page = open_data(open_page, token)
    session = slow_down(page, 400 * KILOBYTE)
    offsets = offsets_sent(page)
    choose(page, large)
    page.get_by_label("Name", exact=True).fill("Garden")
    page.get_by_role("button", name="Upload").click()
    page.wait_for_function("document.querySelector('.transfer progress')?.value > 0.4")
    with outage.expected():
        page.context.set_offline(True)
        expect(row_of(page, "garden.csv")).to_contain_text("There is no connection. Going on by itself when it is back.")
        session.detach()
        page.context.set_offline(False)
        page.wait_for_url("**/datasets/data_*", timeout=DONE_MS)
    assert offsets[0] == 0
    assert offsets[-1] > 0, "what had arrived was not sent again"
    expect(page.get_by_role("heading", level=1)).to_have_text("Garden")
    (dataset,) = datasets_of(server, token)
    assert Path(server.data_dir, "datasets", str(dataset["id"]), "original").read_bytes() == large.read_bytes()


def test_what_an_earlier_window_left_goes_on_with_the_same_file(
    open_page: OpenPage, token: str, server: Server, large: Path
) -> None:
    modified = str(int(large.stat().st_mtime * 1000))
    about = {"filename": large.name, "name": "", "modified": modified}
    metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in about.items())
    headers = {"Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0"}
    length = str(large.stat().st_size)
    with httpx.Client(base_url=server.url, headers=headers) as client:
        begun = client.post("/api/datasets/uploads", headers={"Upload-Length": length, "Upload-Metadata": metadata})
        content = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        client.patch(begun.headers["location"], headers=content, content=large.read_bytes()[:500_000])
    page = open_data(open_page, token)
    expect(row_of(page, "garden.csv")).to_contain_text("500 kB of")
    offsets = offsets_sent(page)
    choose(page, large)
    expect(page.locator(".transfer")).to_have_count(1)
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url("**/datasets/data_*", timeout=DONE_MS)
    assert offsets == [500_000]
    (dataset,) = datasets_of(server, token)
    assert Path(server.data_dir, "datasets", str(dataset["id"]), "original").read_bytes() == large.read_bytes()


def test_each_refusal_stands_beside_its_file_and_may_be_tried_again(
    open_page: OpenPage, token: str, server: Server, large: Path, tmp_path: Path
) -> None:
    twin = tmp_path / "twin.csv"
    twin.write_bytes(large.read_bytes() * 3)
    page = open_data(open_page, token)
    expect(page.get_by_text("You use 0 bytes of 5 MB.")).to_be_visible()
    (tmp_path / "program.exe").write_text("x")
    (tmp_path / "empty.csv").write_text("")
    choose(page, tmp_path / "program.exe", tmp_path / "empty.csv", twin)
    expect(row_of(page, "program.exe").get_by_role("alert")).to_contain_text("cannot be read")
    expect(row_of(page, "empty.csv").get_by_role("alert")).to_contain_text("empty")
    page.get_by_role("button", name="Upload").click()
    expect(row_of(page, "twin.csv")).to_contain_text("Ready", timeout=DONE_MS)
    another = tmp_path / "another.csv"
    another.write_bytes(twin.read_bytes())
    choose(page, another)
    page.get_by_role("button", name="Upload").click()
    expect(row_of(page, "another.csv").get_by_role("alert")).to_contain_text("such as “twin”", timeout=DONE_MS)
    (dataset,) = datasets_of(server, token)
    page.request.delete(f"/api/datasets/{dataset['id']}")
    page.get_by_role("button", name="Try “another.csv” again").click()
    expect(row_of(page, "another.csv")).to_contain_text("Ready", timeout=DONE_MS)
    assert incoming(server) == []


def test_it_all_works_by_keyboard(open_page: OpenPage, token: str, small: Path) -> None:
    page = open_data(open_page, token)
    page.on("filechooser", lambda asked: asked.set_files(small))  # long before the key: Playwright begins to listen by and by
    chooser = page.get_by_label("Files", exact=True)
    chooser.focus()
    expect(chooser).to_be_focused()
    page.keyboard.press("Space")
    expect(page.get_by_label("Name", exact=True)).to_be_visible()
    page.keyboard.press("Tab")
    expect(
        page.get_by_role("button", name="Remove “flowers.csv” from this list").or_(
            page.get_by_role("button", name="Cancel “flowers.csv”")
        )
    ).to_be_focused()
    page.get_by_label("Name", exact=True).fill("By hand")
    page.keyboard.press("Enter")
    page.wait_for_url("**/datasets/data_*", timeout=DONE_MS)
    expect(page.get_by_role("heading", level=1)).to_have_text("By hand")


def test_it_speaks_persian(open_page: OpenPage, token: str, small: Path, large: Path, tmp_path: Path) -> None:
    page = open_data(open_page, token, "fa-IR")
    (tmp_path / "number.json").write_text("5")
    slow_down(page, 200 * KILOBYTE)
    choose(page, large, tmp_path / "number.json")
    page.get_by_role("button", name="بارگذاری ۲ فایل").click()
    expect(row_of(page, "garden.csv")).to_contain_text(
        re.compile("[۰-۹]+٪ · [۰-۹٫]+ کیلوبایت از [۰-۹٫]+ کیلوبایت · .+ در ثانیه، [۰-۹]+:[۰-۹]{2} مانده")
    )
    expect(row_of(page, "number.json").get_by_role("alert")).to_contain_text("جدول", timeout=DONE_MS)
    page.get_by_role("button", name="انصراف از «garden.csv»").click()
    page.get_by_role("button", name="برداشتن «number.json» از این فهرست").click()
    expect(page.locator(".transfer")).to_have_count(0)
    slow_down(page, 0)
    choose(page, small)
    page.get_by_label("نام", exact=True).fill("گل‌ها")
    page.get_by_role("button", name="بارگذاری", exact=True).click()
    page.wait_for_url("**/datasets/data_*", timeout=DONE_MS)
    expect(page.get_by_role("heading", level=1)).to_have_text("گل‌ها")
    wait_until_live(page)


@pytest.mark.parametrize(("locale", "said"), [("en-US", "1 byte"), ("fa-IR", "۱ بایت")])
def test_one_byte_is_said_as_one(open_page: OpenPage, token: str, locale: str, said: str) -> None:
    page = open_page("/datasets", token, locale)
    page.locator("input[name=file]").set_input_files({"name": "one.exe", "mimeType": "", "buffer": b"x"})
    expect(page.get_by_text(said, exact=True)).to_be_visible()

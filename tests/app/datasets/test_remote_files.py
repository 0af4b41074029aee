"""Files from web addresses, fetched from a real server of odd manners."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.datasets import remote_files, web_addresses
from app.datasets.remote_files import AT_ONCE, MOST_REDIRECTS, RemoteFiles
from app.datasets.uploads import IncomingFile, Room, too_large
from app.errors import Conflict, NotAllowed, TooLarge, WrongType
from app.records import User
from app.settings import Settings
from trainer.contract import Refusal

CSV = b"a,b\n1,2\n"
SARA = User(id="user_sara", email="sara@example.com", name="Sara", password_hash="")


def answer(body: bytes = CSV, status: str = "200 OK", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass
class Elsewhere:
    """A server that answers every path with raw bytes, and remembers what it was asked."""

    answers: dict[str, bytes] = field(default_factory=dict)
    heads: list[bytes] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        path = head.split()[1].decode()
        writer.write(self.answers.get(path, answer(b"", "404 Not Found")))
        await writer.drain()
        writer.close()
        await writer.wait_closed()


@pytest.fixture
async def elsewhere() -> AsyncIterator[Elsewhere]:
    server = Elsewhere()
    async with server.serving():
        yield server


Fetch = Callable[..., Awaitable[tuple[str, bytes]]]


@pytest.fixture
def fetch(settings: Settings, tmp_path: Path) -> Fetch:
    """Fetch a URL as far as the operator allowed; (file name, bytes)."""

    async def fetch(url: str, allowed: str = "any", limit: int = 100_000) -> tuple[str, bytes]:
        files = RemoteFiles(Settings(data_dir=settings.data_dir, allow_url_import=allowed))
        incoming = IncomingFile(tmp_path / "one.part", Room(limit, too_large(limit)))
        try:
            async with files.open(SARA, url) as remote:
                await remote.download(incoming)
            return remote.filename, incoming.path.read_bytes()
        finally:
            incoming.discard()

    return fetch


async def code_of(fetching: Awaitable[object]) -> str:
    with pytest.raises(Refusal) as refused:
        await fetching
    return refused.value.problems[0].code


@pytest.mark.parametrize(
    ("path", "headers", "filename"),
    [
        ("/data/rows.csv", {}, "rows.csv"),
        ("/data/rows.csv?version=2#top", {}, "rows.csv"),
        ("/%DA%AF%D9%84.csv", {}, "گل.csv"),
        ("/export", {"Content_Disposition": 'attachment; filename="sheet 1.tsv"'}, "sheet 1.tsv"),
        ("/export", {"Content_Disposition": "attachment; filename*=UTF-8''%DA%AF%D9%84.csv"}, "گل.csv"),
        ("/export", {"Content_Disposition": 'attachment; filename="../../etc/passwd.csv"'}, "passwd.csv"),
        ("/export", {"Content_Type": "text/csv; charset=utf-8"}, "export.csv"),
        ("/", {"Content_Type": "application/json"}, "127.0.0.1.json"),
        ("/rows.csv.gz", {"Content_Type": "application/gzip"}, "rows.csv.gz"),
    ],
)
async def test_a_file_is_named_as_its_server_names_it(
    elsewhere: Elsewhere, fetch: Fetch, path: str, headers: dict[str, str], filename: str
) -> None:
    elsewhere.answers[path.partition("#")[0]] = answer(CSV, "200 OK", **headers)
    assert await fetch(elsewhere.url + path) == (filename, CSV)


async def test_nothing_is_sent_that_would_tell_who_asks(
    elsewhere: Elsewhere, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    elsewhere.answers["/rows.csv"] = answer(Set_Cookie="a=b")
    await fetch(f"{elsewhere.url}/rows.csv")
    head = elsewhere.heads[0].decode().lower()
    assert "accept-encoding: identity" in head
    assert not [name for name in ("cookie", "authorization", "referer") if f"\r\n{name}:" in head]


async def test_what_comes_packed_is_kept_packed(elsewhere: Elsewhere, fetch: Fetch) -> None:
    packed = gzip.compress(CSV)
    elsewhere.answers["/rows.csv"] = answer(packed, Content_Encoding="gzip")
    elsewhere.answers["/rows.csv.gz"] = answer(packed, Content_Encoding="gzip")
    elsewhere.answers["/twice.csv"] = answer(packed, Content_Encoding="gzip, gzip")
    for path in ("/rows.csv", "/rows.csv.gz"):
        assert await fetch(elsewhere.url + path) == ("rows.csv.gz", packed)
    assert await code_of(fetch(f"{elsewhere.url}/twice.csv")) == "not_fetched"


async def test_redirects_are_followed_a_few_times(elsewhere: Elsewhere, fetch: Fetch) -> None:
    for number in range(MOST_REDIRECTS + 1):
        elsewhere.answers[f"/{number}"] = answer(b"", "302 Found", Location=f"/{number + 1}")
    elsewhere.answers[f"/{MOST_REDIRECTS + 1}"] = answer(Content_Type="text/csv")
    assert await fetch(f"{elsewhere.url}/1") == (f"{MOST_REDIRECTS + 1}.csv", CSV)
    assert await code_of(fetch(f"{elsewhere.url}/0")) == "too_many_redirects"


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("http://127.0.0.2/a.csv", "address_not_public"),
        ("http://[::1]/a.csv", "address_not_public"),
        ("//169.254.169.254/a.csv", "address_not_public"),
        ("http://2130706434/a.csv", "address_not_public"),
        ("file:///etc/passwd", "invalid_url"),
        ("http://sara:secret@127.0.0.1/a.csv", "url_with_password"),
    ],
)
async def test_a_redirect_goes_nowhere_that_was_not_allowed_to_begin_with(
    elsewhere: Elsewhere, fetch: Fetch, monkeypatch: pytest.MonkeyPatch, location: str, code: str
) -> None:
    elsewhere.answers["/rows.csv"] = answer(b"", "302 Found", Location=location)
    monkeypatch.setattr(web_addresses, "is_public", lambda address: address == "127.0.0.1")  # stands for the internet
    assert await code_of(fetch(f"{elsewhere.url}/rows.csv", "public")) == code
    assert len(elsewhere.heads) == 1


async def test_a_name_is_looked_up_once_and_that_very_address_is_asked(
    elsewhere: Elsewhere, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: list[str] = []

    async def look_up(host: str, port: int, **_kind: object) -> Sequence[tuple[object, ...]]:
        looked_up.append(host)
        return [(0, 0, 0, "", ("127.0.0.1", port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", look_up, raising=False)
    elsewhere.answers["/rows.csv"] = answer()
    url = f"http://files.example:{elsewhere.port}/rows.csv"
    assert await code_of(fetch(url, "public")) == "address_not_public"
    assert await fetch(url) == ("rows.csv", CSV)
    assert looked_up == ["files.example", "files.example"]
    assert f"Host: files.example:{elsewhere.port}".encode() in elsewhere.heads[0]


async def test_the_operator_decides_whether_and_from_where(elsewhere: Elsewhere, fetch: Fetch) -> None:
    elsewhere.answers["/rows.csv"] = answer()
    with pytest.raises(NotAllowed):
        await fetch(f"{elsewhere.url}/rows.csv", "off")
    assert await code_of(fetch(f"{elsewhere.url}/rows.csv", "public")) == "address_not_public"
    assert elsewhere.heads == []


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("404 Not Found", "there is no such file"),
        ("403 Forbidden", "does not allow"),
        ("500 Oops", "status 500"),
        ("204 No", "204"),
    ],
)
async def test_an_answer_that_is_no_file_is_said_in_words(elsewhere: Elsewhere, fetch: Fetch, status: str, said: str) -> None:
    elsewhere.answers["/rows.csv"] = answer(b"", status)
    with pytest.raises(Refusal) as refused:
        await fetch(f"{elsewhere.url}/rows.csv")
    assert said in str(refused.value)


async def test_what_is_no_table_is_refused_before_it_comes(elsewhere: Elsewhere, fetch: Fetch) -> None:
    elsewhere.answers["/page"] = answer(b"<html>", Content_Type="text/html")
    with pytest.raises(WrongType):
        await fetch(f"{elsewhere.url}/page")


async def test_no_more_comes_than_there_is_room_for(elsewhere: Elsewhere, fetch: Fetch) -> None:
    elsewhere.answers["/rows.csv"] = answer(bytes(100_001))
    with pytest.raises(TooLarge):
        await fetch(f"{elsewhere.url}/rows.csv")


@pytest.mark.parametrize(
    "raw", [answer(CSV)[:-3], b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", b"hello", b"", answer(CSV, X="y" * 200_000)]
)
async def test_a_connection_that_breaks_is_said_in_words(elsewhere: Elsewhere, fetch: Fetch, raw: bytes) -> None:
    elsewhere.answers["/rows.csv"] = raw
    assert await code_of(fetch(f"{elsewhere.url}/rows.csv")) == "not_fetched"


async def test_nobody_listens_there(fetch: Fetch) -> None:
    assert await code_of(fetch("http://127.0.0.1:9/rows.csv")) == "not_fetched"


async def test_a_silent_server_is_not_waited_for_without_end(
    elsewhere: Elsewhere, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_files, "WHOLE_SECONDS", 0.2)
    gate = asyncio.Event()

    async def hold(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await gate.wait()
        writer.close()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    async with server:
        assert await code_of(fetch(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/rows.csv")) == "not_fetched"
        gate.set()


async def test_nobody_fetches_without_end_at_once(elsewhere: Elsewhere, settings: Settings) -> None:
    files = RemoteFiles(Settings(data_dir=settings.data_dir, allow_url_import="any"))
    elsewhere.answers["/rows.csv"] = answer()
    async with AsyncExitStack() as stack:
        for _ in range(AT_ONCE):
            await stack.enter_async_context(files.open(SARA, f"{elsewhere.url}/rows.csv"))
        with pytest.raises(Conflict):
            await stack.enter_async_context(files.open(SARA, f"{elsewhere.url}/rows.csv"))
    async with files.open(SARA, f"{elsewhere.url}/rows.csv") as remote:
        assert remote.size == len(CSV)

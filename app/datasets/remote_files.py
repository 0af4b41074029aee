"""Fetches a file from a web address, bytes only: nothing of it is parsed here.

A URL enters, bytes on disk and a file name leave. Refused: addresses that the operator does not allow, more than five
redirects, answers other than the file, silence, and more bytes than there is room for.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import PurePosixPath
from urllib.parse import unquote

import httpx

from app.datasets.uploads import IncomingFile, clean_filename, type_of
from app.datasets.web_addresses import Destination, find_destination, parse_url
from app.errors import Conflict, NotAllowed, WrongType, refuse
from app.records import User
from app.settings import Settings
from trainer.contract import Message, Refusal

OFF, PUBLIC = "off", "public"
MOST_REDIRECTS = 5
CONNECT_SECONDS = 10.0
SILENT_SECONDS = 30.0
WHOLE_SECONDS = 15 * 60.0
AT_ONCE = 2  # of one person
PIECE_BYTES = 1 << 20
OK = 200
TIMEOUTS = httpx.Timeout(SILENT_SECONDS, connect=CONNECT_SECONDS)
# Bytes as they are: what comes packed all the same is unpacked by the worker that reads it, within its limits.
HEADERS = {"Accept-Encoding": "identity", "Accept": "*/*", "User-Agent": "Tamrin"}
PACKED_ANYWAY = frozenset({"gzip", "x-gzip"})
ENDINGS_BY_TYPE = {
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/json": ".json",
    "application/x-ndjson": ".ndjson",
    "application/vnd.apache.parquet": ".parquet",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/zip": ".zip",
}
STATUS_MEANS = {
    401: Message("it wants a login"),
    403: Message("it does not allow it"),
    404: Message("there is no such file"),
    410: Message("the file is gone"),
    429: Message("it was asked too often"),
}


class RemoteFiles:
    """The way to files elsewhere, as far as the operator opened it."""

    def __init__(self, settings: Settings) -> None:
        self._allowed = settings.allow_url_import
        self._fetching: dict[str, int] = {}
        self._certificates: ssl.SSLContext | None = None

    @property
    def is_allowed(self) -> bool:
        return self._allowed != OFF

    @asynccontextmanager
    async def open(self, user: User, written_url: str) -> AsyncIterator[RemoteFile]:
        """Find the file, following redirects; its bytes come with `download`.

        Raises:
            NotAllowed: the operator did not allow it. Conflict: this person is fetching enough. WrongType: no table.
            Refusal: it cannot be had.
        """
        if not self.is_allowed:
            text = "Fetching from web addresses is switched off here. Download the file yourself and upload it."
            raise NotAllowed("url_import_off", Message(text), "url")
        if self._fetching.get(user.id, 0) >= AT_ONCE:
            text = "You are fetching {count} files already. Wait until one of them is there."
            raise Conflict("too_many_fetches", Message(text, {"count": AT_ONCE}), "url")
        self._fetching[user.id] = self._fetching.get(user.id, 0) + 1
        try:
            async with asyncio.timeout(WHOLE_SECONDS), self._answer_of(parse_url(written_url)) as (url, answer):
                yield RemoteFile(url, answer)
        except TimeoutError:
            raise _unreachable(written_url, Message("it took too long")) from None
        except httpx.TimeoutException:
            raise _unreachable(written_url, Message("it does not answer")) from None
        except httpx.HTTPError:
            raise _unreachable(written_url, Message("the connection failed or broke off")) from None
        finally:
            self._fetching[user.id] -= 1
            if not self._fetching[user.id]:
                del self._fetching[user.id]

    @asynccontextmanager
    async def _answer_of(self, url: httpx.URL) -> AsyncIterator[tuple[httpx.URL, httpx.Response]]:
        for _redirect in range(MOST_REDIRECTS + 1):
            destination = await find_destination(url, is_public_only=self._allowed == PUBLIC)
            async with self._ask(destination) as answer:
                if not answer.has_redirect_location:
                    yield url, answer
                    return
                url = parse_url(str(url.join(answer.headers["location"])))
        text = "“{url}” leads from one address to the next, more than {most} times. Give the address of the file itself."
        raise refuse("too_many_redirects", Message(text, {"url": str(url)[:200], "most": MOST_REDIRECTS}), "url")

    @asynccontextmanager
    async def _ask(self, destination: Destination) -> AsyncIterator[httpx.Response]:
        """Ask the first address that can be connected to; no cookie, password or proxy of this machine goes along."""
        if self._certificates is None:
            self._certificates = await asyncio.to_thread(httpx.create_ssl_context)
        host = destination.url.host
        headers = {**HEADERS, "Host": destination.url.netloc.decode("ascii")}
        async with httpx.AsyncClient(verify=self._certificates, timeout=TIMEOUTS, trust_env=False) as client:
            *others, last = destination.addresses
            for address in [*others, last]:
                pinned = destination.url.copy_with(host=address)
                request = client.build_request("GET", pinned, headers=headers, extensions={"sni_hostname": host})
                try:
                    answer = await client.send(request, stream=True)
                except (httpx.ConnectError, httpx.ConnectTimeout):
                    if address == last:
                        raise
                    continue
                try:
                    yield answer
                finally:
                    await answer.aclose()
                return


class RemoteFile:
    """A file that a server is ready to send."""

    def __init__(self, url: httpx.URL, answer: httpx.Response) -> None:
        """Look at what the server says of it.

        Raises:
            WrongType: no kind of file that can be read. Refusal: the server does not send it, or packed in an unknown way.
        """
        if answer.status_code != OK:
            reason = STATUS_MEANS.get(
                answer.status_code, Message("it answers with status {status}", {"status": answer.status_code})
            )
            raise _unreachable(str(url), reason)
        self._answer = answer
        self.filename = _name_of(url, answer)
        encoding = answer.headers.get("content-encoding", "identity").strip().lower()
        if encoding in PACKED_ANYWAY:
            self.filename = self.filename if self.filename.lower().endswith(".gz") else f"{self.filename}.gz"
        elif encoding not in {"", "identity"}:
            raise _unreachable(str(url), Message("it sends the file packed as “{encoding}”", {"encoding": encoding[:80]}))
        type_of(self.filename)
        announced = answer.headers.get("content-length", "")
        self.size = int(announced) if announced.isascii() and announced.isdecimal() else None

    async def download(self, incoming: IncomingFile) -> None:
        """Write the file as it comes.

        Raises:
            TooLarge, Unavailable: there is no room for it.
        """
        async for piece in self._answer.aiter_raw(PIECE_BYTES):
            await asyncio.to_thread(incoming.write, [piece])


def _name_of(url: httpx.URL, answer: httpx.Response) -> str:
    """What the server calls the file, or the last part of its address; the ending by its type if the name has none."""
    header = EmailMessage()
    header["Content-Disposition"] = re.sub(r"[\r\n]", " ", answer.headers.get("content-disposition", ""))
    name = clean_filename(header.get_filename() or unquote(PurePosixPath(url.path).name)) or clean_filename(url.host)
    try:
        type_of(name)
    except WrongType:
        media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        return name + ENDINGS_BY_TYPE.get(media_type, "")
    return name


def _unreachable(url: str, reason: Message) -> Refusal:
    text = "“{url}” could not be fetched: {reason}. Check the address, or download the file yourself and upload it."
    return refuse("not_fetched", Message(text, {"url": url[:200], "reason": reason}), "url")

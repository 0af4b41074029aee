"""Which machine a web address leads to: looked up once, and refused when it is none that the operator lets people reach.

A URL enters, the addresses to connect to leave; with "public", everything inside is refused: this machine, its network,
the metadata services of clouds, and whatever hides one of these in another notation.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from app.errors import refuse
from trainer.contract import Message, Refusal

SCHEMES = {"http": 80, "https": 443}
LOOKUP_SECONDS = 10.0
LONGEST_URL = 2_000
MOST_PORT = 65_535
# What Python's own tables take for public: metadata services (Oracle's, Azure's), and IPv6 addresses that stand for IPv4 ones.
INSIDE = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.0.0.0/24",
        "168.63.129.16/32",
        "192.88.99.0/24",
        "::/96",
        "::ffff:0:0/96",
        "64:ff9b::/32",
        "2002::/16",
        "fec0::/10",
    )
)


@dataclass(frozen=True, slots=True)
class Destination:
    """A URL with the addresses of its host: whoever connects to them asks no name server again."""

    url: httpx.URL
    addresses: Sequence[str]


async def find_destination(url: httpx.URL, *, is_public_only: bool) -> Destination:
    """Look the host up.

    Raises:
        Refusal: there is no such host, or one of its addresses is not to be reached from here.
    """
    port = url.port or SCHEMES[url.scheme]
    try:
        async with asyncio.timeout(LOOKUP_SECONDS):
            found = await asyncio.get_running_loop().getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError):
        text = "There is no server named “{host}”. Check the address."
        raise refuse("host_not_found", Message(text, {"host": url.host}), "url") from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if is_public_only and not all(is_public(address) for address in addresses):
        text = "“{host}” is inside this server's own network. Only addresses on the public internet are fetched from here."
        raise refuse("address_not_public", Message(text, {"host": url.host}), "url")
    return Destination(url, addresses)


def parse_url(written: str) -> httpx.URL:
    """Check what somebody wrote, or what a server redirects to.

    Raises:
        Refusal: no http or https address of a host, or one with a password in it.
    """
    try:
        url = httpx.URL(written.strip())
        is_usable = url.scheme in SCHEMES and bool(url.host) and len(written) <= LONGEST_URL and (url.port or 1) <= MOST_PORT
    except (httpx.InvalidURL, UnicodeError, ValueError):
        is_usable = False
    if not is_usable:
        text = "“{url}” is not a web address that can be fetched. Give one that begins with http:// or https://."
        raise refuse("invalid_url", Message(text, {"url": written[:200]}), "url")
    if url.userinfo:
        raise _with_password()
    return url


def is_public(address: str) -> bool:
    """Whether an IP address, as the resolver writes it, is a machine on the public internet."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    is_special = ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_loopback or ip.is_link_local
    return ip.is_global and not is_special and not any(ip in network for network in INSIDE)


def _with_password() -> Refusal:
    text = "The address holds a user name or a password. Give one without, or download the file yourself and upload it."
    return refuse("url_with_password", Message(text), "url")

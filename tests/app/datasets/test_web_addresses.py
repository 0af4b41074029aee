"""Where a web address leads: nothing inside is reached under "public", in whatever notation it is hidden."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from app.datasets.web_addresses import find_destination, is_public, parse_url
from trainer.contract import Refusal


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.1.2.3",  # noqa: S104
        "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "100.100.100.200", "192.0.0.192", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
        "168.63.129.16", "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "fe80::1", "fe80::1%eth0", "fec0::1",
        "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1", "2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b:1::a00:1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    ],
)  # fmt: skip
def test_addresses_inside_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.215.14", "172.32.0.1", "2606:4700::1111", "2a00:1450:4001::64"])
def test_addresses_outside_are(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "written",
    [
        "http://127.0.0.1/a.csv", "http://localhost/a.csv", "http://LOCALHOST/a.csv", "http://0.0.0.0/a.csv", "http://0/a.csv",
        "http://[::1]/a.csv", "http://[::ffff:127.0.0.1]/a.csv", "http://[::ffff:7f00:1]/a.csv", "http://[::]/a.csv",
        "http://169.254.169.254/latest/meta-data/a.csv", "http://[fd00:ec2::254]/a.csv", "http://2130706433/a.csv",
        "http://0x7f000001/a.csv", "http://0x7f.1/a.csv", "http://017700000001/a.csv", "http://127.1/a.csv",
        "http://127。0。0。1/a.csv", "http://127.0.0.1#@example.com/a.csv", "http://127.0.0.1?@example.com/a.csv",
        "https://127.0.0.1:8443/a.csv", " http://127.0.0.1/a.csv\n",
    ],
)  # fmt: skip
async def test_no_notation_of_an_inside_address_gets_through(written: str) -> None:
    with pytest.raises(Refusal) as refused:
        await find_destination(parse_url(written), is_public_only=True)
    assert refused.value.problems[0].code == "address_not_public"


@pytest.mark.parametrize("addresses", [["8.8.8.8", "127.0.0.1"], ["fd00::1", "8.8.8.8"]])
async def test_one_inside_address_of_a_host_is_enough_to_refuse_it(
    addresses: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def look_up(_host: str, port: int, **_kind: object) -> Sequence[tuple[object, ...]]:
        return [(0, 0, 0, "", (address, port)) for address in addresses]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", look_up, raising=False)
    with pytest.raises(Refusal):
        await find_destination(parse_url("http://two-faced.example/a.csv"), is_public_only=True)


@pytest.mark.parametrize(
    "written",
    [
        "", "a.csv", "//127.0.0.1/a.csv", "file:///etc/passwd", "ftp://example.com/a.csv", "gopher://127.0.0.1/", "http://",
        "http:///a.csv", "http://0177.0.0.1/a.csv", "http://127.0.0.1:99999/a.csv", "http://exa\tmple.com/a.csv", "http://[::1/a.csv",
        "http:\\\\127.0.0.1\\a.csv", "http://example.com\r\nHost: evil/", "javascript:alert(1)", "http://" + "a" * 3000,
    ],
)  # fmt: skip
def test_what_is_no_web_address_is_refused(written: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse_url(written)
    assert refused.value.problems[0].code == "invalid_url"


@pytest.mark.parametrize(
    "written", ["http://example.com@127.0.0.1/a.csv", "http://sara:secret@example.com/a.csv", "http://127.0.0.1\\@example.com/"]
)
def test_nobodys_password_travels_in_an_address(written: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse_url(written)
    assert refused.value.problems[0].code == "url_with_password"
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("written", ["http://no-such-host.invalid/a.csv", "http://a b/", "http://" + "a." * 200 + "invalid/"])
async def test_an_unknown_host_is_said_by_name(written: str) -> None:
    with pytest.raises(Refusal) as refused:
        await find_destination(parse_url(written), is_public_only=True)
    assert refused.value.problems[0].code == "host_not_found"


async def test_where_the_operator_allows_it_inside_addresses_are_found() -> None:
    destination = await find_destination(parse_url("http://127.0.0.1:8000/a.csv"), is_public_only=False)
    assert destination.addresses == ["127.0.0.1"]

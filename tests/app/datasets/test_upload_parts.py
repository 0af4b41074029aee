"""Uploads in parts: nobody writes out of turn, a restart loses nothing, and what nobody goes on with is given up."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.accounts import Accounts
from app.datasets.partial_upload import PartialUpload, Superseded
from app.datasets.upload_parts import MOST_UNFINISHED, UNTOUCHED_SECONDS, Announcement, UploadParts
from app.errors import Conflict, NotFound, TooLarge, WrongType
from app.platform import Platform
from app.records import User
from app.settings import Settings

ROWS = Announcement(10, "rows.csv", "My rows", "123", "filename cm93cy5jc3Y=")


@pytest.fixture
def platform(settings: Settings) -> Iterator[Platform]:
    platform = Platform(settings)
    yield platform
    platform.database.close()


@pytest.fixture
def parts(platform: Platform) -> UploadParts:
    return platform.upload_parts


@pytest.fixture
async def user(platform: Platform) -> User:
    return (await Accounts(platform.database, "s" * 40, True).register("sara@example.com", "a passphrase", "Sara")).user


def restarted(platform: Platform) -> UploadParts:
    """What a new life of the server begins with."""
    return UploadParts(platform.settings, platform.database, platform.quota, platform.arrivals)


def incoming_of(platform: Platform) -> list[str]:
    return sorted(path.suffix for path in (platform.settings.data_dir / "incoming").iterdir())


async def test_an_upload_is_found_again_after_a_restart(parts: UploadParts, platform: Platform, user: User) -> None:
    upload = await parts.begin(user, ROWS)
    async with parts.appending(user, upload.plan.id, 0, 4) as take:
        take([b"abc", b"d"])
    again = restarted(platform)
    await again.restore()
    found = again.get(user, upload.plan.id)
    assert (found.plan, found.offset) == (upload.plan, 4)
    assert platform.quota.reserved_bytes(user.id) == 10
    async with again.appending(user, upload.plan.id, 4, 6) as take:
        take([b"efghij"])
    assert found.is_complete
    assert found.file.path.read_bytes() == b"abcdefghij"


async def test_whoever_comes_later_goes_on_and_the_earlier_one_is_turned_away(parts: UploadParts, user: User) -> None:
    upload = await parts.begin(user, ROWS)
    async with parts.appending(user, upload.plan.id, 0, 5) as first:
        async with parts.appending(user, upload.plan.id, 0, 5) as second:
            second([b"12345"])
        with pytest.raises(Superseded):
            first([b"abcde"])
    assert upload.file.path.read_bytes() == b"12345"
    assert parts.get(user, upload.plan.id) is upload


async def test_an_upload_goes_on_where_it_ends_and_nowhere_else(parts: UploadParts, user: User) -> None:
    upload = await parts.begin(user, ROWS)
    for offset in (1, 5, 11):
        with pytest.raises(Conflict) as refused:
            async with parts.appending(user, upload.plan.id, offset, 1):
                raise AssertionError("not reached")
        assert refused.value.problems[0].code == "wrong_offset"


@pytest.mark.parametrize("more_bytes", [11, None])
async def test_more_than_was_announced_is_refused_and_nothing_of_it_stays(
    parts: UploadParts, platform: Platform, user: User, more_bytes: int | None
) -> None:
    upload = await parts.begin(user, ROWS)
    begun: list[bool] = []

    async def bring_too_much() -> None:
        async with parts.appending(user, upload.plan.id, 0, more_bytes) as take:
            begun.append(True)
            take([b"0123456789", b"x"])

    with pytest.raises(TooLarge) as refused:
        await bring_too_much()
    assert bool(begun) == (more_bytes is None), "what is announced is refused before it comes"
    assert refused.value.problems[0].code == "longer_than_announced"
    assert incoming_of(platform) == []
    assert platform.quota.reserved_bytes(user.id) == 0
    with pytest.raises(NotFound):
        parts.get(user, upload.plan.id)


async def test_an_upload_that_is_given_up_while_bytes_come_takes_none_of_them(
    parts: UploadParts, platform: Platform, user: User
) -> None:
    upload = await parts.begin(user, ROWS)
    async with parts.appending(user, upload.plan.id, 0, 5) as take:
        take([b"ab"])
        await parts.give_up(user, upload.plan.id)
        with pytest.raises(Superseded):
            take([b"cde"])
    assert incoming_of(platform) == []


async def test_threads_never_write_into_each_others_bytes(parts: UploadParts, user: User) -> None:
    upload = await parts.begin(user, Announcement(100_000, "rows.csv"))
    first, second = upload.take_turn(0), upload.take_turn(0)
    refused: list[int] = []

    def write(turn: int, letter: bytes) -> None:
        for _ in range(1000):
            try:
                upload.append(turn, [letter * 50])
            except Superseded:
                refused.append(turn)

    threads = [threading.Thread(target=write, args=arguments) for arguments in ((first, b"a"), (second, b"b"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == [first] * 1000
    assert upload.file.path.read_bytes() == b"b" * 50_000
    upload.close()


async def test_what_nobody_goes_on_with_for_a_day_is_given_up(parts: UploadParts, platform: Platform, user: User) -> None:
    old, fresh = await parts.begin(user, ROWS), await parts.begin(user, ROWS)
    a_day_ago = time.time() - UNTOUCHED_SECONDS - 60
    os.utime(old.file.path, (a_day_ago, a_day_ago))
    again = restarted(platform)
    await again.restore()
    assert [upload.plan.id for upload in again.list(user)] == [fresh.plan.id]
    assert incoming_of(platform) == [".json", ".part"]


async def test_what_belongs_to_no_upload_is_removed_at_the_start(parts: UploadParts, platform: Platform, user: User) -> None:
    kept = await parts.begin(user, ROWS)
    stranger = await parts.begin(User(id="user_gone", email="", name="", password_hash=""), ROWS)
    incoming = platform.settings.data_dir / "incoming"
    longer = await parts.begin(user, ROWS)
    longer.file.path.write_bytes(b"x" * 11)
    (incoming / "form.part").write_bytes(b"half a form")
    (incoming / "lonely.json").write_text("{}")
    (incoming / "broken.json").write_text("{")
    (incoming / "broken.part").write_bytes(b"x")
    (incoming / "other.json").write_text((incoming / f"{kept.plan.id}.json").read_text())
    (incoming / "other.part").write_bytes(b"x")
    again = restarted(platform)
    await again.restore()
    assert {path.stem for path in incoming.iterdir()} == {kept.plan.id}
    assert stranger.plan.id != kept.plan.id


async def test_a_file_that_cannot_be_read_is_refused_before_it_comes(parts: UploadParts, user: User) -> None:
    with pytest.raises(WrongType):
        await parts.begin(user, Announcement(10, "program.exe"))
    assert parts.list(user) == []


async def test_nobody_begins_without_end(parts: UploadParts, platform: Platform, user: User) -> None:
    for _ in range(MOST_UNFINISHED):
        await parts.begin(user, ROWS)
    with pytest.raises(Conflict):
        await parts.begin(user, ROWS)
    assert len(incoming_of(platform)) == 2 * MOST_UNFINISHED


async def test_names_on_disk_are_ours(parts: UploadParts, platform: Platform, user: User) -> None:
    upload: PartialUpload = await parts.begin(user, Announcement(1, "../../../../tmp/evil.csv"))
    assert upload.file.path.parent == platform.settings.data_dir / "incoming"
    assert upload.plan.filename == "evil.csv"
    assert Path(upload.file.path.name).stem.isalnum()

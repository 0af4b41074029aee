"""Quota and free space: what a person has and is sending counts, whoever is first gets the room, and what is gone frees it."""

from __future__ import annotations

import asyncio

import pytest
from sqlmodel import select

from app.accounts import Accounts
from app.database import Database
from app.datasets.quota import Quota
from app.errors import TooLarge, Unavailable
from app.records import Dataset, DatasetStatus, User
from app.settings import Settings

MEGABYTE = 1_000_000


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return Settings(data_dir=settings.data_dir, user_quota_mb=10, max_upload_mb=8, free_space_mb=0)


@pytest.fixture
def quota(settings: Settings, database: Database) -> Quota:
    return Quota(settings, database)


async def own(database: Database, user: User, size: int, disk_bytes: int = 0, status: str = DatasetStatus.READY) -> None:
    record = Dataset(
        owner_id=user.id, name="birds", filename="b.csv", type="csv", size=size, sha256="", status=status, disk_bytes=disk_bytes
    )
    await database.write(lambda session: session.add(record))


async def test_what_the_data_on_disk_takes_is_counted_not_the_size_of_the_upload(
    quota: Quota, database: Database, user: User
) -> None:
    await own(database, user, size=MEGABYTE, disk_bytes=4 * MEGABYTE)
    await own(database, user, size=MEGABYTE)  # never measured
    await own(database, user, size=MEGABYTE, status=DatasetStatus.READING)  # its upload still holds its room
    share = await quota.share_of(user)
    assert (share.dataset_bytes, share.quota_bytes) == (5 * MEGABYTE, 10 * MEGABYTE)


async def test_a_file_above_what_is_left_is_refused_and_told_what_to_delete(quota: Quota, database: Database, user: User) -> None:
    await own(database, user, size=0, disk_bytes=7 * MEGABYTE)
    await quota.reserve(user, "one", 2 * MEGABYTE)
    with pytest.raises(TooLarge) as refused:
        await quota.reserve(user, "two", 2 * MEGABYTE)
    assert refused.value.problems[0].code == "quota_exceeded"
    assert str(refused.value) == (
        "There is no room for this file of 2 MB: you use 9 MB of your 10 MB, 2 MB of it reserved for unfinished uploads."
        " Delete a data set you no longer need, such as “birds” (7 MB), then try again."
    )
    quota.release(user.id, "one")
    await quota.reserve(user, "two", 2 * MEGABYTE)


async def test_the_limit_of_one_file_stands_beside_the_quota(quota: Quota, user: User) -> None:
    with pytest.raises(TooLarge) as refused:
        await quota.reserve(user, "one", 9 * MEGABYTE)
    assert refused.value.problems[0].code == "file_too_large"


async def test_of_two_at_once_one_is_refused(quota: Quota, user: User) -> None:
    answers = await asyncio.gather(*(quota.reserve(user, key, 6 * MEGABYTE) for key in ("one", "two")), return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["Room", "TooLarge"]


async def test_an_upload_of_unknown_length_is_stopped_at_the_quota(quota: Quota, database: Database, user: User) -> None:
    await own(database, user, size=0, disk_bytes=9 * MEGABYTE)
    async with quota.receiving(user, None) as incoming:
        await asyncio.to_thread(incoming.write, [bytes(MEGABYTE)])
        with pytest.raises(TooLarge) as refused:
            await asyncio.to_thread(incoming.write, [b"x"])
    assert "There is no room for this file: you use 9 MB of your 10 MB. Delete" in str(refused.value)
    assert list(quota.folder.iterdir()) == []
    assert quota.reserved_bytes(user.id) == 0


async def test_another_persons_data_takes_nobody_elses_room(
    quota: Quota, database: Database, user: User, accounts: Accounts
) -> None:
    await own(database, user, size=0, disk_bytes=10 * MEGABYTE)
    other = (await accounts.register("omid@example.com", "a passphrase", "Omid")).user
    await quota.reserve(other, "one", 8 * MEGABYTE)
    with pytest.raises(TooLarge):
        await quota.reserve(user, "two", 1)


async def test_what_is_read_again_counts_for_its_owner_while_it_is_read(
    quota: Quota, database: Database, user: User, accounts: Accounts
) -> None:
    await own(database, user, size=MEGABYTE, disk_bytes=4 * MEGABYTE)
    record = await database.read(lambda session: session.exec(select(Dataset)).one())
    administrator = (await accounts.register("omid@example.com", "a passphrase", "Omid")).user
    async with quota.rereading(administrator, record, in_place=True):
        assert (quota.reserved_bytes(user.id), quota.reserved_bytes(administrator.id)) == (3 * MEGABYTE, 0)
        with pytest.raises(TooLarge, match=r"takes about 4 MB: its owner uses 7 MB of 10 MB\."):
            async with quota.rereading(administrator, record, in_place=False):
                pass
    async with quota.rereading(user, record, in_place=False):
        assert quota.reserved_bytes(user.id) == 4 * MEGABYTE
    assert quota.reserved_bytes(user.id) == 0


async def test_without_a_quota_only_the_limit_counts(settings: Settings, database: Database, user: User) -> None:
    quota = Quota(Settings(data_dir=settings.data_dir, max_upload_mb=8, free_space_mb=0), database)
    await own(database, user, size=0, disk_bytes=10**12)
    room = await quota.reserve(user, "one", None)
    assert room.limit_bytes == 8 * MEGABYTE


async def test_an_upload_that_would_fill_the_disk_is_refused_when_it_begins(
    settings: Settings, database: Database, user: User
) -> None:
    quota = Quota(Settings(data_dir=settings.data_dir, free_space_mb=10**9), database)
    with pytest.raises(Unavailable) as refused:
        await quota.reserve(user, "one", 1)
    assert refused.value.problems[0].code == "disk_nearly_full"
    assert quota.reserved_bytes(user.id) == 0

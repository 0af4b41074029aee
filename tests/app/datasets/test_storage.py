"""Who uses what: data sets by the disk they take, runs by their folders, and administrators alone see everybody."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.accounts import Accounts
from app.database import Database
from app.datasets import storage
from app.datasets.quota import Quota
from app.datasets.storage import Storage
from app.errors import NotAllowed
from app.records import Dataset, DatasetStatus, Job, User
from app.settings import Settings


@pytest.fixture
def measured(settings: Settings, database: Database) -> Storage:
    return Storage(settings, database, Quota(settings, database))


@pytest.fixture
async def omid(user: User, accounts: Accounts) -> User:
    """Somebody after the first, who is no administrator."""
    return (await accounts.register("omid@example.com", "a passphrase", "Omid")).user


async def own(database: Database, settings: Settings, user: User) -> None:
    """Two versions of a data set, and a run of 1,500 bytes."""
    versions = [
        Dataset(
            owner_id=user.id, name="birds", filename="b.csv", type="csv", size=100, sha256="", series_id=f"series_{user.id}",
            version=number, status=DatasetStatus.READY, disk_bytes=1000 * number,
        )
        for number in (1, 2)
    ]  # fmt: skip
    job = Job(id=f"job_{user.id}", owner_id=user.id, dataset_id=versions[0].id, dataset_name="birds", spec={})
    await database.write(lambda session: session.add_all([*versions, job]))
    write_run(settings.data_dir / "runs" / job.id)


def write_run(folder: Path) -> None:
    (folder / "attempt-1" / "checkpoint").mkdir(parents=True)
    (folder / "attempt-1" / "model.pt").write_bytes(bytes(1000))
    (folder / "attempt-1" / "checkpoint" / "weights").write_bytes(bytes(500))


async def test_data_sets_and_runs_are_counted_by_person(
    measured: Storage, database: Database, settings: Settings, user: User, omid: User
) -> None:
    await own(database, settings, omid)
    report = await measured.report(user)
    assert [(use.name, use.datasets, use.dataset_bytes, use.run_bytes) for use in report.people] == [
        ("Omid", 1, 3000, 1500),
        ("Sara", 0, 0, 0),
    ]
    assert report.is_complete
    assert report.disk_total_bytes > report.disk_free_bytes > 0


async def test_what_is_reserved_for_uploads_takes_nothing_of_the_disk_yet(
    settings: Settings, database: Database, user: User
) -> None:
    quota = Quota(settings, database)
    await quota.reserve(user, "one", 5000)
    await own(database, settings, user)
    (use,) = (await Storage(settings, database, quota).report(user)).people
    assert (use.reserved_bytes, use.total_bytes, use.quota_used_bytes) == (5000, 4500, 8000)


async def test_others_see_their_own_alone(
    measured: Storage, database: Database, settings: Settings, user: User, omid: User
) -> None:
    await own(database, settings, user)
    await own(database, settings, omid)
    (use,) = (await measured.report_own(omid)).people
    assert (use.email, use.total_bytes) == ("omid@example.com", 4500)
    with pytest.raises(NotAllowed):
        await measured.report(omid)


async def test_measuring_ends_in_time_and_says_that_it_is_not_whole(
    measured: Storage, database: Database, settings: Settings, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    await own(database, settings, user)
    monkeypatch.setattr(storage, "MEASURING_SECONDS", -1.0)
    report = await measured.report(user)
    assert not report.is_complete
    assert report.people[0].run_bytes == 0


async def test_a_run_that_has_no_folder_yet_takes_nothing(measured: Storage, database: Database, user: User) -> None:
    job = Job(owner_id=user.id, dataset_id="sample_iris", dataset_name="Iris", spec={})
    await database.write(lambda session: session.add(job))
    (use,) = (await measured.report_own(user)).people
    assert use.run_bytes == 0

"""A platform in this process, on a database and a data folder of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.accounts import Accounts
from app.database import Database
from app.records import User
from app.settings import Settings
from tests.app.lent_zygote import LentZygote


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)  # away from any .env of the developer
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    data = tmp_path / "data"
    data.mkdir()
    return Settings(data_dir=data, stop_grace_seconds=2.0)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    database = Database(settings.resolved_database_url)
    database.upgrade()
    yield database
    database.close()


@pytest.fixture(scope="module")
def lent_zygote() -> Iterator[LentZygote]:
    with LentZygote().lent() as zygote:
        yield zygote


@pytest.fixture
async def accounts(database: Database) -> Accounts:
    return Accounts(database, "s" * 40, registration_open=True)


@pytest.fixture
async def user(accounts: Accounts) -> User:
    return (await accounts.register("sara@example.com", "a passphrase", "Sara")).user

"""Accounts: who may register, what a token is worth, and when it dies."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import select, update

from app.accounts import Accounts
from app.database import Database
from app.errors import InvalidCredentials, NotAllowed
from app.records import Session, User, now
from trainer.contract import Refusal


async def test_the_first_account_becomes_the_administrator_and_no_other(accounts: Accounts) -> None:
    first = await accounts.register("a@example.com", "secret1", "A")
    second = await accounts.register("b@example.com", "secret1", "B")
    assert (first.user.role, second.user.role) == ("admin", "user")


async def test_an_address_is_taken_whatever_its_case(accounts: Accounts) -> None:
    await accounts.register("Sara@Example.com", "secret1", "Sara")
    with pytest.raises(Refusal) as refused:
        await accounts.register("sara@example.COM ", "secret1", "Sara")
    assert [(p.code, p.field) for p in refused.value.problems] == [("email_taken", "email")]
    assert "sara@example.com" in str(refused.value)


async def test_all_problems_of_a_registration_come_together(accounts: Accounts) -> None:
    with pytest.raises(Refusal) as refused:
        await accounts.register("nobody", "12345", " ")
    assert [p.field for p in refused.value.problems] == ["email", "password", "name"]


@pytest.mark.parametrize("email", ["ali@office.local", "a@localhost", "x+y@sub.example.com"])
async def test_addresses_of_a_closed_network_are_welcome(accounts: Accounts, email: str) -> None:
    assert (await accounts.register(email, "secret1", "Ali")).user.email == email


@pytest.mark.parametrize("email", ["", "a", "a@", "@b", "a b@c.d", "a@b..c", "a@-b.c", "x" * 250 + "@b.cd", "a@b\n.c"])
async def test_what_is_no_address_is_refused(accounts: Accounts, email: str) -> None:
    with pytest.raises(Refusal) as refused:
        await accounts.register(email, "secret1", "Ali")
    assert refused.value.problems[0].code == ("invalid_email" if email else "missing_field")


async def test_closed_registration_refuses(database: Database) -> None:
    with pytest.raises(NotAllowed):
        await Accounts(database, "s" * 40, registration_open=False).register("a@example.com", "secret1", "A")


async def test_passwords_are_kept_as_argon2id_of_the_recommended_strength(user: User) -> None:
    assert user.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_wrong_password_and_unknown_address_are_refused_alike(accounts: Accounts, user: User) -> None:
    answers = []
    for email, password in [(user.email, "wrong one"), ("nobody@example.com", "a passphrase")]:
        with pytest.raises(InvalidCredentials) as refused:
            await accounts.log_in(email, password)
        answers.append((str(refused.value), refused.value.status, refused.value.problems))
    assert answers[0] == answers[1]
    assert answers[0][0] == "Invalid credentials"


@pytest.mark.parametrize("password", ["رمز عبور ۱۲۳", "p" * 1024, "emoji 🗝 key"])
async def test_long_and_unicode_passwords_count_to_their_last_character(accounts: Accounts, password: str) -> None:
    await accounts.register("long@example.com", password, "L")
    assert (await accounts.log_in("long@example.com", password)).user.name == "L"
    with pytest.raises(InvalidCredentials):
        await accounts.log_in("long@example.com", password[:-1])
    with pytest.raises(InvalidCredentials):
        await accounts.log_in("long@example.com", password + "x")


async def test_a_token_tells_whose_it_is_until_logout(accounts: Accounts, user: User) -> None:
    login = await accounts.log_in(user.email, "a passphrase")
    assert (await accounts.authenticate(login.token)).id == user.id
    await accounts.log_out(login.token)
    with pytest.raises(NotAllowed):
        await accounts.authenticate(login.token)


async def test_logging_out_ends_only_that_login(accounts: Accounts, user: User) -> None:
    first = await accounts.log_in(user.email, "a passphrase")
    second = await accounts.log_in(user.email, "a passphrase")
    await accounts.log_out(first.token)
    assert (await accounts.authenticate(second.token)).id == user.id


async def test_an_expired_session_is_refused(accounts: Accounts, database: Database, user: User) -> None:
    login = await accounts.log_in(user.email, "a passphrase")
    query = update(Session).values(expires_at=now() - timedelta(seconds=1))
    await database.write(lambda session: session.exec(query))
    with pytest.raises(NotAllowed):
        await accounts.authenticate(login.token)


@pytest.mark.parametrize("forged", ["", "x", "a.b.c", "ImFiYyI.aaaa.bbbb"])
async def test_a_forged_token_is_refused(accounts: Accounts, forged: str) -> None:
    with pytest.raises(NotAllowed):
        await accounts.authenticate(forged)


async def test_another_servers_token_is_refused(accounts: Accounts, database: Database, user: User) -> None:
    foreign = await Accounts(database, "t" * 40, registration_open=True).log_in(user.email, "a passphrase")
    with pytest.raises(NotAllowed):
        await accounts.authenticate(foreign.token)


async def test_the_token_is_not_what_the_database_holds(accounts: Accounts, database: Database, user: User) -> None:
    login = await accounts.log_in(user.email, "a passphrase")
    ids = await database.read(lambda session: session.exec(select(Session.id)).all())
    assert login.token not in ids

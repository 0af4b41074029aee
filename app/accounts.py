"""Accounts: register, log in, recognise a token, log out.

A login is a row in the session table; its signed id is both the bearer token and the browser's cookie, so that
deleting the row ends both at once. The first account becomes the administrator.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import timedelta

from itsdangerous import BadSignature, URLSafeTimedSerializer
from passlib.context import CryptContext
from sqlmodel import Session as DatabaseSession
from sqlmodel import col, delete, func, select

from app.database import Database
from app.errors import InvalidCredentials, NotAllowed, refuse
from app.records import Role, Session, User, now
from trainer.contract import Message, Problem, Refusal

SESSION_LIFETIME = timedelta(days=7)
SHORTEST_PASSWORD = 6
LONGEST_PASSWORD = 1024
LONGEST_NAME = 200
LONGEST_EMAIL = 254
PURPOSE = "tamrin.session"
CONCURRENT_HASHES = 2
# What browsers accept in an e-mail field (HTML standard, "valid e-mail address"): addresses of a closed network,
# such as ali@office.local, are as good as public ones.
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_EMAIL = re.compile(rf"[a-z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{_LABEL}(?:\.{_LABEL})*")

# OWASP's floor for argon2id: 19 MiB, two passes, one lane.
_PASSWORDS = CryptContext(
    schemes=["argon2"], argon2__type="ID", argon2__memory_cost=19_456, argon2__time_cost=2, argon2__parallelism=1
)


@dataclass(frozen=True, slots=True)
class Login:
    """A person and the token of this login."""

    user: User
    token: str


class Accounts:
    """Everything about who somebody is."""

    def __init__(self, database: Database, secret: str, registration_open: bool) -> None:
        self._database = database
        self._signer = URLSafeTimedSerializer(secret, salt=PURPOSE)
        self.registration_open = registration_open
        # Hashing takes 19 MiB and a processor each: a burst of logins must not take the machine.
        self._hashing = asyncio.Semaphore(CONCURRENT_HASHES)
        self._decoy_hash = _PASSWORDS.hash("an account that does not exist")

    async def register(self, email: str, password: str, name: str) -> Login:
        """Create an account and log it in.

        Raises:
            Refusal: one problem per field that cannot be used; the e-mail address being taken is one.
            NotAllowed: the operator closed registration.
        """
        if not self.registration_open:
            raise NotAllowed("registration_closed", Message("Registration is closed here. Ask the administrator for an account."))
        address = _check_registration(email, password, name)
        async with self._hashing:
            password_hash = await asyncio.to_thread(_PASSWORDS.hash, password)
        user = User(email=address, name=name.strip(), password_hash=password_hash)
        return await self._database.write(lambda session: self._insert(session, user))

    async def log_in(self, email: str, password: str) -> Login:
        """Open a session; unknown addresses and wrong passwords are refused alike, in words and in time.

        Raises:
            InvalidCredentials: in both cases.
        """
        address = email.strip().lower()
        user = await self._database.read(lambda session: session.exec(select(User).where(User.email == address)).first())
        known_hash = user.password_hash if user else self._decoy_hash
        async with self._hashing:
            matches = await asyncio.to_thread(_PASSWORDS.verify, password[:LONGEST_PASSWORD], known_hash)
        if user is None or not matches or len(password) > LONGEST_PASSWORD:
            raise InvalidCredentials
        return await self._database.write(lambda session: self._open_session(session, user))

    async def authenticate(self, token: str) -> User:
        """Whose token this is.

        Raises:
            NotAllowed: forged, expired or logged out.
        """
        session_id = self._session_id(token)
        user = await self._database.read(lambda session: _find_user(session, session_id)) if session_id else None
        if user is None:
            raise NotAllowed("invalid_token", Message("This login is no longer valid. Log in again."))
        return user

    async def log_out(self, token: str) -> None:
        """End the session; the token is dead from then on."""
        session_id = self._session_id(token)
        if session_id:
            await self._database.write(lambda session: session.exec(delete(Session).where(col(Session.id) == session_id)))

    def _session_id(self, token: str) -> str | None:
        try:
            return str(self._signer.loads(token, max_age=int(SESSION_LIFETIME.total_seconds())))
        except BadSignature:
            return None

    def _insert(self, session: DatabaseSession, user: User) -> Login:
        if session.exec(select(User.id).where(User.email == user.email)).first():
            text = "“{email}” has an account already. Log in, or use another address."
            raise refuse("email_taken", Message(text, {"email": user.email}), "email")
        is_first = session.exec(select(func.count()).select_from(User)).one() == 0
        user.role = Role.ADMIN if is_first else Role.USER
        session.add(user)
        session.flush()
        return self._open_session(session, user)

    def _open_session(self, session: DatabaseSession, user: User) -> Login:
        session.exec(delete(Session).where(col(Session.expires_at) < now()))
        record = Session(user_id=user.id, expires_at=now() + SESSION_LIFETIME)
        session.add(record)
        return Login(user, self._signer.dumps(record.id))


def _find_user(session: DatabaseSession, session_id: str) -> User | None:
    query = select(User).join(Session).where(Session.id == session_id, Session.expires_at > now())
    return session.exec(query).first()


def _check_registration(email: str, password: str, name: str) -> str:
    problems: list[Problem] = []
    address = email.strip().lower()
    if not address:
        problems.append(_missing("email"))
    elif len(address) > LONGEST_EMAIL or not _EMAIL.fullmatch(address):
        text = "“{email}” is not an e-mail address. Write it like name@example.com."
        problems.append(Problem("invalid_email", Message(text, {"email": address[:80]}), "email"))
    if not password:
        problems.append(_missing("password"))
    elif len(password) < SHORTEST_PASSWORD:
        text = "The password has {length} characters. It needs at least {shortest}."
        params = {"length": len(password), "shortest": SHORTEST_PASSWORD}
        problems.append(Problem("password_too_short", Message(text, params), "password"))
    if len(password) > LONGEST_PASSWORD:
        text = "The password is too long. It may have at most {longest} characters."
        problems.append(Problem("password_too_long", Message(text, {"longest": LONGEST_PASSWORD}), "password"))
    if not name.strip():
        problems.append(_missing("name"))
    elif len(name) > LONGEST_NAME:
        text = "The name is too long. It may have at most {longest} characters."
        problems.append(Problem("invalid_name", Message(text, {"longest": LONGEST_NAME}), "name"))
    if problems:
        raise Refusal(problems)
    return address


def _missing(field: str) -> Problem:
    return Problem("missing_field", Message("“{field}” is missing. Give it a value.", {"field": field}), field)

"""What can go wrong, each with its HTTP status; the interface maps once, the pages translate once.

Refusal (trainer.contract)      400  input that cannot be used
└── PlatformError
    ├── NotAuthenticated        401  no token
    ├── NotAllowed              403  invalid or expired token, or not permitted
    ├── NotFound                404  not there, or not yours
    ├── Conflict                409  not possible in this state
    ├── TooLarge                413  above a limit
    ├── WrongType               415  not a kind of file that can be read
    └── Unavailable             503  cannot take work now
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainer.contract import Message, Problem, Refusal

BAD_REQUEST = 400
DISK_IS_FULL = Message("The server's disk is full, so nothing was changed. Ask its operator to free some space, then try again.")


class PlatformError(Refusal):
    """A problem with one sentence for a person and a stable code for a program."""

    status = 500

    def __init__(self, code: str, message: Message, field: str | None = None) -> None:
        super().__init__(Problem(code, message, field))


class NotAuthenticated(PlatformError):
    status = 401

    def __init__(self) -> None:
        super().__init__("not_authenticated", Message("Log in first: this needs a valid token."))


class NotAllowed(PlatformError):
    status = 403


class NotFound(PlatformError):
    status = 404


class Conflict(PlatformError):
    status = 409


class TooLarge(PlatformError):
    status = 413


class WrongType(PlatformError):
    status = 415


class Unavailable(PlatformError):
    status = 503


class InvalidCredentials(PlatformError):
    """Alike for unknown and known addresses."""

    status = 401

    def __init__(self) -> None:
        super().__init__("invalid_credentials", Message("Invalid credentials"))


def refuse(code: str, text: Message, field: str | None = None) -> Refusal:
    """A refusal with a single problem."""
    return Refusal(Problem(code, text, field))


def status_of(refusal: Refusal) -> int:
    return refusal.status if isinstance(refusal, PlatformError) else BAD_REQUEST


def error_body(refusal: Refusal) -> Mapping[str, Any]:
    """The one shape of every failure: {"error", "code", "details"}."""
    return {
        "error": str(refusal),
        "code": refusal.problems[0].code,
        "details": [problem.as_dict() for problem in refusal.problems],
    }

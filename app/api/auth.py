"""/api/auth: register, log in, who am I, log out. The token is answered and set as the browser's cookie alike."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from app.accounts import SESSION_LIFETIME, Login
from app.api.guard import COOKIE
from app.api.responses import StrictRoute
from app.errors import NotAuthenticated
from app.platform import Platform
from app.records import User


class Registration(BaseModel):
    """A new account."""

    email: str = Field(examples=["sara@example.com"])
    password: str = Field(description="At least 6 characters.", examples=["a long passphrase"])
    name: str = Field(examples=["Sara"])


class Credentials(BaseModel):
    """A login."""

    email: str = Field(examples=["sara@example.com"])
    password: str = Field(examples=["a long passphrase"])


def create_router(platform: Platform) -> APIRouter:
    router = APIRouter(prefix="/api/auth", tags=["accounts"], route_class=StrictRoute)
    accounts = platform.accounts

    @router.post("/register")
    async def register(body: Registration, request: Request, response: Response) -> dict[str, Any]:
        """Create an account and log in; the first account becomes the administrator."""
        return _answer(await accounts.register(body.email, body.password, body.name), request, response)

    @router.post("/login")
    async def log_in(body: Credentials, request: Request, response: Response) -> dict[str, Any]:
        """Log in."""
        return _answer(await accounts.log_in(body.email, body.password), request, response)

    @router.get("/me")
    async def me(request: Request) -> dict[str, Any]:
        """Whose token this is."""
        return {"ok": True, "user": describe_user(current_user(request))}

    @router.post("/logout")
    async def log_out(request: Request, response: Response) -> dict[str, bool]:
        """End this login; its token is dead from then on."""
        await accounts.log_out(request.state.token)
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")
        return {"ok": True}

    return router


def current_user(request: Request) -> User:
    """The person that the guard recognised."""
    user: User | None = request.state.user
    if user is None:
        raise NotAuthenticated
    return user


def describe_user(user: User) -> dict[str, str]:
    return {"id": user.id, "email": user.email, "name": user.name, "role": user.role}


def _answer(login: Login, request: Request, response: Response) -> dict[str, Any]:
    response.set_cookie(
        COOKIE,
        login.token,
        max_age=int(SESSION_LIFETIME.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return {"ok": True, "token": login.token, "user": describe_user(login.user)}

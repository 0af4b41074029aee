"""/login"""

from __future__ import annotations

from fastapi import Request

from app.platform import Platform
from components.account_form import AccountField
from pages.accounts_page import account_page
from pages.visitor import page_at, welcome


def register(platform: Platform) -> None:
    """Offer /login."""

    @page_at("/login")
    def login(request: Request) -> None:
        visitor = welcome(platform, request)
        _ = visitor.translator
        fields = (
            AccountField("email", _("E-mail address"), "email", "username"),
            AccountField("password", _("Password"), "password", "current-password"),
        )
        account_page(
            visitor,
            request,
            fields,
            title=_("Log in"),
            action="/api/auth/login",
            submit=_("Log in"),
            other=(_("No account yet?"), _("Register"), "/register"),
        )

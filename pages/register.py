"""/register"""

from __future__ import annotations

from fastapi import Request

from app.accounts import SHORTEST_PASSWORD
from app.platform import Platform
from components.account_form import AccountField
from pages.accounts_page import account_page
from pages.visitor import page_at, welcome


def register(platform: Platform) -> None:
    """Offer /register."""

    @page_at("/register")
    def registration(request: Request) -> None:
        visitor = welcome(platform, request)
        _ = visitor.translator
        password_hint = _("At least {shortest} characters.", shortest=SHORTEST_PASSWORD)
        fields = (
            AccountField("name", _("Name"), "text", "name"),
            AccountField("email", _("E-mail address"), "email", "username"),
            AccountField("password", _("Password"), "password", "new-password", password_hint),
        )
        account_page(
            visitor,
            request,
            fields,
            title=_("Register"),
            action="/api/auth/register",
            submit=_("Register"),
            other=(_("An account already?"), _("Log in"), "/login"),
        )

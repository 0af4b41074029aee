"""/ leads to the runs, or to the data while there are none."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import RedirectResponse

from app.platform import Platform
from pages.visitor import login_address, page_at, welcome
from trainer.contract import Refusal


def register(platform: Platform) -> None:
    """Offer /."""

    @page_at("/")
    async def home(request: Request) -> RedirectResponse:
        visitor = welcome(platform, request)
        try:
            has_runs = await platform.jobs.count(await visitor.user()) > 0
        except Refusal:
            return RedirectResponse(login_address("/"), 303)
        return RedirectResponse("/runs" if has_runs else "/datasets", 303)

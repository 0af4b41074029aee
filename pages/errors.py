"""The error pages, in the reader's language and inside the page's frame; programs get the API's own error body."""

from __future__ import annotations

import logging

from fastapi import Request
from fastapi.responses import JSONResponse, Response
from nicegui import Client, ui
from nicegui import app as nicegui_app
from starlette.exceptions import HTTPException

from app.errors import error_body, refuse
from app.platform import Platform
from components.states import error_state
from pages.visitor import framed, welcome
from trainer.contract import Message

NOT_FOUND = 404
_log = logging.getLogger(__name__)


def register(platform: Platform) -> None:
    """Take the place of NiceGUI's own error pages."""

    async def on_not_found(request: Request, _error: Exception) -> Response:
        with Client(ui.page(""), request=request) as client:
            visitor = welcome(platform, request)
            _ = visitor.translator
            with framed(visitor, _("Not found")):
                sentence = _("There is no page at this address. It may have been deleted, or the address is mistyped.")
                error_state(_("Page not found"), [sentence], [(_("To your runs"), "/runs"), (_("To your data"), "/datasets")])
        return client.build_response(request, NOT_FOUND)

    async def on_other_http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == NOT_FOUND:
            return await on_not_found(request, error)
        message = Message("The request cannot be used: {detail}", {"detail": str(error.detail)[:300]})
        return JSONResponse(error_body(refuse("bad_request", message)), error.status_code, error.headers)

    def on_page_exception(error: Exception) -> None:
        client = ui.context.client
        _log.error("The page %s failed", client.request.url.path, exc_info=error)
        visitor = welcome(platform, client.request)
        _ = visitor.translator
        with framed(visitor, _("Something went wrong")):
            sentence = _("The server could not build this page, and its log says why. Nothing was changed; try again.")
            error_state(_("Something went wrong"), [sentence], [(_("Try again"), visitor.address), (_("To your runs"), "/runs")])

    nicegui_app.add_exception_handler(NOT_FOUND, on_not_found)
    nicegui_app.add_exception_handler(HTTPException, on_other_http_error)
    nicegui_app.on_page_exception(on_page_exception)

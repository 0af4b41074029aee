"""How answers and errors look: every failure, whatever raised it, has the same body."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Match

from app.errors import DISK_IS_FULL, Unavailable, error_body, refuse, status_of
from trainer.contract import DISK_FULL, Message, Problem, Refusal

NOT_FOUND, METHOD_NOT_ALLOWED = 404, 405
ALL_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_log = logging.getLogger(__name__)


class StrictRequest(Request):
    """JSON may spell halves of characters that no text can hold; such a body is refused before anything uses it."""

    async def json(self) -> Any:  # noqa: ANN401 - whatever was sent
        body = await super().json()
        try:
            json.dumps(body, ensure_ascii=False).encode()
        except (UnicodeEncodeError, RecursionError):
            raise json.JSONDecodeError("a text in it cannot be written as UTF-8", "", 0) from None
        return body


class StrictRoute(APIRoute):
    """A route whose requests are strict."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def strict(request: Request) -> Response:
            return await handle(StrictRequest(request.scope, request.receive))

        return strict


def install_error_mapping(api: FastAPI) -> None:
    """The one place where errors become answers."""
    api.add_exception_handler(Refusal, _on_refusal)
    api.add_exception_handler(RequestValidationError, _on_invalid_request)
    api.add_exception_handler(HTTPException, _on_http_error)
    api.add_exception_handler(OSError, _on_system_error)
    api.add_exception_handler(Exception, _on_defect)


def install_unknown_paths(api: FastAPI) -> None:
    """Answer what no route took below /api: the pages, which take every other path, are no place for programs."""
    known = list(api.router.routes)

    @api.api_route("/api/{path:path}", methods=ALL_METHODS, include_in_schema=False)
    async def answer(request: Request) -> None:
        is_known_path = any(route.matches(request.scope)[0] == Match.PARTIAL for route in known)
        raise HTTPException(METHOD_NOT_ALLOWED if is_known_path else NOT_FOUND)


async def _on_refusal(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refusal)
    return JSONResponse(error_body(error), status_of(error))


async def _on_invalid_request(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    problems = [_problem_of(item) for item in error.errors()]
    return JSONResponse(error_body(Refusal(problems)), 400)


async def _on_http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == NOT_FOUND:
        message = Message("There is nothing at {path}. See /api-docs for what there is.", {"path": request.url.path[:200]})
        return JSONResponse(error_body(refuse("not_found", message)), NOT_FOUND)
    if error.status_code == METHOD_NOT_ALLOWED:
        params = {"method": request.method, "path": request.url.path[:200]}
        message = Message("{method} is not possible at {path}. See /api-docs for what is.", params)
        return JSONResponse(error_body(refuse("method_not_allowed", message)), METHOD_NOT_ALLOWED, error.headers)
    message = Message("The request cannot be used: {detail}", {"detail": str(error.detail)[:300]})
    return JSONResponse(error_body(refuse("bad_request", message)), error.status_code, error.headers)


async def _on_system_error(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, OSError) and error.errno in DISK_FULL:
        return await _on_refusal(request, Unavailable("disk_full", DISK_IS_FULL))
    return await _on_defect(request, error)


async def _on_defect(request: Request, error: Exception) -> JSONResponse:
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    message = Message("Something went wrong in the server, and its log says what. Nothing was changed; try again.")
    return JSONResponse(error_body(refuse("internal_error", message)), 500)


def _problem_of(item: dict[str, Any]) -> Problem:
    """A sentence for one of FastAPI's findings about a request."""
    place = [str(part) for part in item["loc"] if part not in {"body", "query", "path"}]
    field = place[0] if place and item["type"] != "json_invalid" else None
    if item["type"] == "json_invalid":
        detail = str(item.get("ctx", {}).get("error", ""))
        return Problem("invalid_json", Message("The body is not valid JSON: {detail}", {"detail": detail}))
    if field is None:
        return Problem(
            "invalid_body", Message("The body must be a JSON object, such as {example}.", {"example": '{"epochs": 2}'})
        )
    if item["type"] == "missing":
        return Problem("missing_field", Message("“{field}” is missing. Give it a value.", {"field": field}), field)
    if item["type"] == "string_type":
        params = {"field": field, "value": str(item["input"])[:80]}
        return Problem("not_text", Message("“{field}” must be text, not “{value}”.", params), field)
    params = {"field": field, "value": str(item["input"])[:80], "detail": item["msg"]}
    return Problem("invalid_value", Message("“{field}” cannot be “{value}”: {detail}", params), field)

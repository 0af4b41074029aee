"""POST /api/training/internal/status-update: a worker that shares no disk tells where it is.

What it says goes into the numbered log of its attempt and travels from there like any worker's word. Refused: anything
but that attempt's own token, an attempt that is over, values that no run can have.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from errno import ENOSPC
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from starlette.datastructures import Headers

from app.api.guard import bearer_of
from app.api.responses import StrictRoute
from app.errors import Conflict, NotAuthenticated, refuse
from app.platform import Platform
from trainer.contract import EventWriter, Message, Problem, Refusal, Scalar

PATH = "/api/training/internal/status-update"
STATES = ("LOADING", "RUNNING")
LARGEST_COUNT = 2**53
LONGEST_MESSAGE = 2000
COUNTS = ("step", "total_steps")
NUMBERS = ("epoch", "loss", "validation_loss")
KNOWN = ("status", *COUNTS, *NUMBERS, "message")


def create_router(platform: Platform) -> APIRouter:
    router = APIRouter(tags=["training"], route_class=StrictRoute)

    @router.post(PATH)
    async def update_status(request: Request, body: Annotated[object, Body()] = None) -> dict[str, Any]:
        """Report {"job_id", "status": {"status", "epoch", "step", "total_steps", "loss", "validation_loss", "message"}}.

        Needs the attempt's own token as bearer token.
        """
        job_id, attempt = _read_token(platform, request.headers)
        if not isinstance(body, dict) or not isinstance(body.get("status"), dict):
            example = '{"job_id": "job_…", "status": {"epoch": 1, "step": 10, "total_steps": 100, "loss": 0.5}}'
            raise refuse("invalid_body", Message("The body must be a JSON object, such as {example}.", {"example": example}))
        if body.get("job_id") != job_id:
            raise NotAuthenticated
        status = _check(body["status"])
        job = await platform.jobs.find(job_id)
        if job is None or not job.state.is_live or job.attempt != attempt:
            text = "Attempt {attempt} of the run “{job}” is over, so nothing can be reported for it."
            raise Conflict("attempt_is_over", Message(text, {"attempt": attempt, "job": job_id}))
        known = {"step": job.step, "total_steps": job.total_steps, "epoch": float(job.epoch)}
        folder = platform.orders.folder_of(job)
        await asyncio.to_thread(_append, EventWriter(folder.events, job.last_event + 1), {**known, **status}, status)
        return {"ok": True}

    return router


def _read_token(platform: Platform, headers: Headers) -> tuple[str, int]:
    token = bearer_of(headers)
    meant_for = platform.attempt_tokens.read(token) if token else None
    if meant_for is None:
        raise NotAuthenticated
    return meant_for


def _append(events: EventWriter, figures: Mapping[str, Any], told: Mapping[str, Any]) -> None:
    """Say in events what was told, in the order in which a worker would have. Blocking."""
    if "status" in told:
        events.emit("state", state=told["status"])
    values = {name: told[key] for key, name in (("loss", "train_loss"), ("validation_loss", "validation_loss")) if key in told}
    if values or any(name in told for name in ("epoch", *COUNTS)):
        progress = {name: figures[name] for name in ("epoch", *COUNTS)}
        events.emit("metric", **{**progress, "total_steps": max(1, progress["total_steps"])}, values=values)
    if "message" in told:
        events.log(Message("{text}", {"text": told["message"]}))
    if not events.close():
        raise OSError(ENOSPC, "the disk is full")


def _check(status: Mapping[str, Any]) -> Mapping[str, Any]:
    """The values that were given; null is the same as absent.

    Raises:
        Refusal: with one problem per name that is unknown and value that no run can have.
    """
    problems = [_unknown(name) for name in status if name not in KNOWN]
    given = {name: status[name] for name in KNOWN if status.get(name) is not None}
    problems += [_impossible(name, value) for name, value in given.items() if not _is_possible(name, value)]
    if problems:
        raise Refusal(problems)
    return given


def _is_possible(name: str, value: object) -> bool:
    if name == "status":
        return value in STATES
    if name == "message":
        return isinstance(value, str) and len(value) <= LONGEST_MESSAGE
    if isinstance(value, bool):
        return False
    if name in COUNTS:
        return isinstance(value, int) and 0 <= value <= LARGEST_COUNT
    is_number = isinstance(value, int | float) and abs(value) <= LARGEST_COUNT and math.isfinite(value)
    return is_number and (name != "epoch" or float(str(value)) >= 0)


def _unknown(name: object) -> Problem:
    params = {"name": str(name)[:80], "known": ", ".join(KNOWN)}
    return Problem("unknown_field", Message("A status has no “{name}”. It may have: {known}.", params), str(name)[:80])


def _impossible(name: str, value: object) -> Problem:
    expected = {
        "status": Message("LOADING or RUNNING"),
        "message": Message("text of at most {longest} characters", {"longest": LONGEST_MESSAGE}),
    }.get(name, Message("a number that a run can have"))
    params: dict[str, Scalar | Message] = {"field": name, "value": str(value)[:80], "expected": expected}
    return Problem("invalid_value", Message("“{field}” cannot be “{value}”: give {expected}.", params), name)

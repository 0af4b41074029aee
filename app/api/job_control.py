"""/api/training/{job_id}/…: stop, pause, resume, retry, extend, reorder, prioritise; its log and what it uses."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request
from fastapi.responses import FileResponse, PlainTextResponse, Response

from app.api.auth import current_user
from app.api.responses import StrictRoute
from app.errors import refuse
from app.jobs.snapshot import describe_job
from app.platform import Platform
from app.records import Job, now
from trainer.contract import Message

LARGEST_OFFSET = 2**62
LONGEST_SEARCH = 200


def create_router(platform: Platform) -> APIRouter:
    """The routes that change what a job does."""
    router = APIRouter(prefix="/api/training", tags=["training"], route_class=StrictRoute)
    control = platform.job_control

    @router.post("/{job_id}/stop")
    async def stop(job_id: str, request: Request) -> dict[str, Any]:
        """Stop a job: a waiting one at once, a running one after its current step; its last checkpoint stays."""
        return _answer(await control.stop(current_user(request), job_id))

    @router.post("/{job_id}/pause")
    async def pause(job_id: str, request: Request) -> dict[str, Any]:
        """Save where a job is and free its place."""
        return _answer(await control.pause(current_user(request), job_id))

    @router.post("/{job_id}/resume")
    async def resume(job_id: str, request: Request) -> dict[str, Any]:
        """Let a paused, stopped or failed job go on from its newest checkpoint."""
        return _answer(await control.resume(current_user(request), job_id))

    @router.post("/{job_id}/retry")
    async def retry(job_id: str, request: Request) -> dict[str, Any]:
        """Let a stopped or failed job begin again."""
        return _answer(await control.retry(current_user(request), job_id))

    @router.post("/{job_id}/extend")
    async def extend(job_id: str, request: Request, body: Annotated[object, Body()] = None) -> dict[str, Any]:
        """Train a completed job for {"epochs": n} more epochs, on the same curves."""
        return _answer(await control.extend(current_user(request), job_id, _value_of(body, "epochs", 20)))

    @router.post("/{job_id}/move")
    async def move(job_id: str, request: Request, body: Annotated[object, Body()] = None) -> dict[str, Any]:
        """Let a waiting job change places with my one before it ({"places": -1}) or after it ({"places": 1})."""
        places = _value_of(body, "places", -1)
        if places not in {-1, 1}:
            text = "“{field}” cannot be “{value}”. Choose one of: {choices}."
            params = {"field": "places", "value": str(places)[:80], "choices": "-1, 1"}
            raise refuse("not_a_choice", Message(text, params), "places")
        return _answer(await control.move_in_queue(current_user(request), job_id, int(places)))

    @router.post("/{job_id}/priority")
    async def set_priority(job_id: str, request: Request, body: Annotated[object, Body()] = None) -> dict[str, Any]:
        """Let a job go before ({"priority": 1}) or after (-1) all others; for administrators."""
        return _answer(await control.set_priority(current_user(request), job_id, _value_of(body, "priority", 1)))

    return router


def create_log_router(platform: Platform) -> APIRouter:
    """The routes that show what a job said and used."""
    router = APIRouter(prefix="/api/training", tags=["training"], route_class=StrictRoute)
    jobs = platform.jobs

    @router.get("/{job_id}/log")
    async def read_log(
        job_id: str,
        request: Request,
        attempt: int | None = None,
        search: Annotated[str, Query(max_length=LONGEST_SEARCH)] = "",
        before: Annotated[int | None, Query(ge=0, le=LARGEST_OFFSET)] = None,
        after: Annotated[int | None, Query(ge=0, le=LARGEST_OFFSET)] = None,
    ) -> dict[str, Any]:
        """A page of the log: its last lines, or those before or after a byte offset; `search` keeps the lines that hold it."""
        page = await jobs.log_page(current_user(request), job_id, attempt, search, before, after)
        lines = [{"offset": line.offset, "text": line.text} for line in page.lines]
        return {"ok": True, "lines": lines, "earlier": page.earlier, "later": page.later, "size": page.size}

    @router.get("/{job_id}/log/download", response_class=FileResponse)
    async def download_log(job_id: str, request: Request, attempt: int | None = None) -> Response:
        """The whole log as a text file."""
        path = await jobs.log_file(current_user(request), job_id, attempt)
        name = f"{job_id}.log"
        if not await asyncio.to_thread(path.is_file):
            return PlainTextResponse("", headers={"Content-Disposition": f'attachment; filename="{name}"'})
        return FileResponse(path, filename=name, media_type="text/plain; charset=utf-8")

    @router.get("/{job_id}/usage")
    async def read_usage(job_id: str, request: Request) -> dict[str, Any]:
        """What the latest attempt used of processor, memory and disk, sample by sample."""
        return {"ok": True, "samples": list((await jobs.usage(current_user(request), job_id)).samples)}

    return router


async def describe_outlook(platform: Platform, job: Job) -> dict[str, Any]:
    """What is to come of a job: its place in the queue and what may be done to it."""
    place = await platform.job_control.queue_place(job)
    starts_in = place.starts_in_seconds if place else None
    return {
        "queue_position": place.position if place else None,
        "expected_start": (now() + timedelta(seconds=starts_in)).isoformat() if starts_in is not None else None,
        "actions": list(await platform.job_control.possible_actions(job)),
    }


def _answer(job: Job) -> dict[str, Any]:
    return {"ok": True, "status": describe_job(job)}


def _value_of(body: object, name: str, example: int) -> object:
    """The one value that a body must hold."""
    if not isinstance(body, dict):
        params = {"example": f'{{"{name}": {example}}}'}
        raise refuse("invalid_body", Message("The body must be a JSON object, such as {example}.", params))
    if name not in body:
        raise refuse("missing_field", Message("“{field}” is missing. Give it a value.", {"field": name}), name)
    return body[name]

"""GET /api/training/{job_id}/events: the feed of one run as server-sent events, replayed from any number."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import AsyncGenerator, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse

from app.api.auth import current_user
from app.api.responses import StrictRoute
from app.errors import PlatformError, refuse
from app.jobs.following import Batch
from app.jobs.snapshot import describe_job
from app.platform import Platform
from app.records import Job
from trainer.contract import Message

PING_SECONDS = 15.0
LARGEST_NUMBER = 2**53
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def create_router(platform: Platform) -> APIRouter:
    router = APIRouter(prefix="/api/training", tags=["training"], route_class=StrictRoute)

    @router.get("/{job_id}/events", response_class=StreamingResponse)
    async def stream_events(
        job_id: str,
        request: Request,
        last_event_id: Annotated[str | None, Header()] = None,
        after: Annotated[int, Query(ge=0, le=LARGEST_NUMBER)] = 0,
    ) -> Response:
        """Every numbered event of a run (docs/events.md) as a message with its number as id, exactly once and in order.

        What changes beside them comes as `event: status`, and `event: end` closes the stream of an ended run. `Last-Event-ID`,
        which browsers send by themselves, or `after` goes on after that number.
        """
        number = after if last_event_id is None else _parse_number(last_event_id)
        job = await platform.jobs.get(current_user(request), job_id)
        if job.state.is_terminal and number >= job.last_event > 0 and last_event_id is not None:
            return Response(status_code=204)  # nothing is left: a browser's EventSource then stops asking
        return StreamingResponse(_stream(platform, request, job.id, number), media_type="text/event-stream", headers=HEADERS)

    return router


async def _stream(platform: Platform, request: Request, job_id: str, after: int) -> AsyncGenerator[str]:
    async def get_job() -> Job:
        return await platform.jobs.get(await platform.accounts.authenticate(request.state.token), job_id)

    written_at = time.monotonic()
    try:
        async with contextlib.aclosing(platform.followers.follow(get_job, job_id, after)) as batches:
            async for batch in batches:
                text = _write_batch(batch)
                if not text and time.monotonic() - written_at >= PING_SECONDS:
                    text = ": still here\n\n"
                if text:
                    yield text
                    written_at = time.monotonic()
                elif await request.is_disconnected():
                    return
    except PlatformError:  # the login has ended: reconnecting will say so
        return
    yield _write({}, kind="end")


def _write_batch(batch: Batch) -> str:
    text = "".join(_write(event, number=event["n"]) for event in batch.events)
    return text + _write(describe_job(batch.job), kind="status") if batch.job is not None else text


def _write(data: Mapping[str, Any], number: int | None = None, kind: str | None = None) -> str:
    """One event in the format of the HTML standard, section 9.2.6; JSON holds no line break."""
    lines = [f"id: {number}"] if number is not None else []
    lines += [f"event: {kind}"] if kind else []
    lines.append(f"data: {json.dumps(data, ensure_ascii=False)}")
    return "\n".join(lines) + "\n\n"


def _parse_number(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) <= LARGEST_NUMBER:
        return int(text)
    message = Message("“{field}” must be the number of an event, not “{value}”.", {"field": "Last-Event-ID", "value": text[:80]})
    raise refuse("invalid_value", message, "Last-Event-ID")

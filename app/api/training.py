"""/api/training: start, watch, list, download."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request
from fastapi.responses import FileResponse

from app.api.auth import current_user
from app.api.job_control import describe_outlook
from app.api.responses import StrictRoute
from app.errors import refuse
from app.jobs.snapshot import describe_job
from app.platform import Platform
from trainer.contract import FIELDS, Message, SpecField

MOST_JOBS = 1000
MOST_ROWS = 2**31
JSON_TYPES: dict[str, dict[str, Any]] = {
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "choice": {"type": "string"},
    "text": {"type": "string"},
    "names": {"type": "array", "items": {"type": "string"}},
    "widths": {"type": "array", "items": {"type": "integer"}},
}


def create_router(platform: Platform) -> APIRouter:
    router = APIRouter(prefix="/api/training", tags=["training"], route_class=StrictRoute)
    jobs = platform.jobs

    @router.post("", openapi_extra=_request_schema())
    @router.post("/", include_in_schema=False)
    async def submit(request: Request, body: Annotated[object, Body()] = None) -> dict[str, Any]:
        """Queue a training job on a data set, or on the built-in iris sample."""
        user = current_user(request)
        if not isinstance(body, dict):
            example = '{"epochs": 2, "batch_size": 16, "lr": 0.01}'
            message = Message("The body must be a JSON object, such as {example}.", {"example": example})
            raise refuse("invalid_body", message)
        settings = dict(body)
        dataset = settings.pop("dataset", None)
        if dataset is not None and not isinstance(dataset, str):
            params = {"field": "dataset", "value": str(dataset)[:80]}
            raise refuse("not_text", Message("“{field}” must be text, not “{value}”.", params), "dataset")
        job = await jobs.submit(user, settings, dataset)
        return {"ok": True, "job_id": job.id, "status": job.status}

    @router.get("/status")
    async def get_status(job_id: str, request: Request) -> dict[str, Any]:
        """Where one job is, its place in the queue, and what may be done to it now."""
        job = await jobs.get(current_user(request), job_id)
        return {"ok": True, "status": {**describe_job(job), **await describe_outlook(platform, job)}}

    @router.get("/jobs")
    @router.get("/jobs/", include_in_schema=False)
    async def list_jobs(
        request: Request,
        offset: Annotated[int, Query(ge=0, le=MOST_ROWS)] = 0,
        limit: Annotated[int, Query(ge=1, le=MOST_JOBS)] = MOST_JOBS,
    ) -> dict[str, Any]:
        """My jobs, newest first; `total` says how many there are beyond this page."""
        user = current_user(request)
        page = await jobs.list(user, offset, limit)
        return {"ok": True, "jobs": [describe_job(job) for job in page], "total": await jobs.count(user)}

    @router.get("/{job_id}/download", response_class=FileResponse)
    async def download(job_id: str, request: Request) -> FileResponse:
        """The trained model as <job_id>.pt."""
        path = await jobs.model_file(current_user(request), job_id)
        return FileResponse(path, filename=f"{job_id}.pt", media_type="application/octet-stream")

    return router


def _request_schema() -> dict[str, Any]:
    properties = {name: _field_schema(spec_field) for name, spec_field in FIELDS.items()}
    properties["dataset"] = {"type": "string", "description": "A data set's id or path; the iris sample when absent."}
    # Where a network is named, its recipe says how it is trained.
    enough = [{"required": ["epochs", "batch_size", "lr"]}, {"required": ["network"]}]
    schema = {"type": "object", "anyOf": enough, "properties": properties}
    example = {"epochs": 2, "batch_size": 16, "lr": 0.01}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema, "example": example}}}}


def _field_schema(spec_field: SpecField) -> dict[str, Any]:
    schema: dict[str, Any] = {**JSON_TYPES[spec_field.kind], "description": spec_field.help}
    if spec_field.kind in {"integer", "number"}:
        schema |= {key: bound for key, bound in (("minimum", spec_field.low), ("maximum", spec_field.high)) if bound is not None}
    if spec_field.choices:
        schema["enum"] = list(spec_field.choices)
    if spec_field.default is not None and spec_field.name not in {"epochs", "batch_size", "lr"}:
        default = spec_field.default
        schema["default"] = list(default) if isinstance(default, tuple) else default
    return schema

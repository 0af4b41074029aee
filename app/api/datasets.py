"""/api/datasets: upload, list, look at, page through, delete."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from app.api.auth import current_user
from app.api.multipart import receive_file
from app.api.responses import StrictRoute
from app.datasets.service import describe_dataset
from app.platform import Platform

UPLOAD_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}, "name": {"type": "string"}},
                }
            }
        },
    }
}
MOST_ROWS = 1000


def create_router(platform: Platform) -> APIRouter:
    router = APIRouter(prefix="/api/datasets", tags=["data sets"], route_class=StrictRoute)
    datasets = platform.datasets

    @router.post("/upload", openapi_extra=UPLOAD_FORM)
    async def upload(request: Request) -> dict[str, Any]:
        """Upload a .csv, .json or .jsonl file; answers when it has been read."""
        user = current_user(request)
        incoming = await asyncio.to_thread(datasets.open_upload)
        try:
            filename, name = await receive_file(request, incoming, datasets.max_upload_bytes)
            record = await datasets.accept(user, incoming, filename, name)
        finally:
            await asyncio.to_thread(incoming.discard)
        return {"ok": True, "dataset": describe_dataset(record)}

    @router.get("")
    @router.get("/", include_in_schema=False)
    async def list_datasets(request: Request) -> dict[str, Any]:
        """My data sets, newest first."""
        return {"ok": True, "datasets": [describe_dataset(record) for record in await datasets.list(current_user(request))]}

    @router.get("/samples")
    async def list_samples() -> dict[str, Any]:
        """The built-in sample data."""
        return {"ok": True, "datasets": [describe_dataset(record) for record in await platform.samples.list()]}

    @router.get("/{dataset_id}")
    async def get_dataset(dataset_id: str, request: Request) -> dict[str, Any]:
        """One data set."""
        return {"ok": True, "dataset": describe_dataset(await datasets.get(current_user(request), dataset_id))}

    @router.get("/{dataset_id}/profile")
    async def get_profile(dataset_id: str, request: Request) -> dict[str, Any]:
        """What was found out about its columns: kinds, missing and distinct values, a suggested target."""
        return {"ok": True, "profile": await datasets.profile(await datasets.get_ready(current_user(request), dataset_id))}

    @router.get("/{dataset_id}/rows")
    async def get_rows(
        dataset_id: str,
        request: Request,
        offset: Annotated[int, Query(ge=0, le=2**62)] = 0,
        limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = 50,
    ) -> dict[str, Any]:
        """A page of its rows."""
        page = await datasets.rows(await datasets.get_ready(current_user(request), dataset_id), offset, limit)
        return {"ok": True, "columns": page.columns, "rows": page.rows, "offset": page.offset, "total": page.total}

    @router.delete("/{dataset_id}")
    async def delete_dataset(dataset_id: str, request: Request) -> dict[str, bool]:
        """Delete the file and everything read from it."""
        await datasets.delete(current_user(request), dataset_id)
        return {"ok": True}

    return router

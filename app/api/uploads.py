"""/api/datasets/upload and /from-url: a file comes in one piece as a form, or is fetched from a web address.

For files that come in parts, see tus.py.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.requests import ClientDisconnect

from app.api.auth import current_user
from app.api.bodies import announced_bytes, while_connected
from app.api.multipart import FORM_OVERHEAD_BYTES, receive_file
from app.api.responses import StrictRoute
from app.errors import refuse
from app.platform import Platform
from trainer.contract import Message

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


class WebAddress(BaseModel):
    """A file somewhere else, and what its data set is to be called."""

    url: str
    name: str = ""


def create_router(platform: Platform) -> APIRouter:
    router = APIRouter(prefix="/api/datasets", tags=["data sets"], route_class=StrictRoute)
    arrivals = platform.arrivals

    @router.post("/upload", openapi_extra=UPLOAD_FORM)
    async def upload(request: Request) -> dict[str, Any]:
        """Upload a .csv, .tsv, .json, .jsonl, .ndjson, .parquet or .xlsx file, also as .gz or .zip; answers when it is read."""
        user = current_user(request)
        async with platform.quota.receiving(user, announced_bytes(request.headers), FORM_OVERHEAD_BYTES) as incoming:
            filename, name = await receive_file(request, incoming)
            record = await arrivals.accept(user, incoming, filename, name)
        return {"ok": True, "dataset": platform.datasets.describe(record)}

    @router.post("/from-url")
    async def import_from_url(body: WebAddress, request: Request) -> dict[str, Any]:
        """Fetch a table from a web address, where the operator allows it; answers when it has been read.

        Whoever leaves before that gives the file up.
        """
        user = current_user(request)
        begun: list[str] = []
        async with AsyncExitStack() as stack:
            try:
                async with while_connected(request):
                    async with platform.remote_files.open(user, body.url) as remote:
                        incoming = await stack.enter_async_context(platform.quota.receiving(user, remote.size))
                        await remote.download(incoming)
                    record = await arrivals.accept(user, incoming, remote.filename, body.name, on_begun=begun.append)
            except ClientDisconnect:
                for dataset_id in begun:
                    await arrivals.take_back(user, dataset_id)
                raise refuse("cut_off", Message("Whoever asked for this file has left, so it was given up.")) from None
        return {"ok": True, "dataset": platform.datasets.describe(record)}

    return router

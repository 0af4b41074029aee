"""/api/datasets/{id}: how it is read, what it is called, its versions, and its files to take away."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import fields
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Query, Request
from fastapi.responses import FileResponse
from starlette.requests import ClientDisconnect

from app.api.auth import current_user
from app.api.bodies import while_connected
from app.api.downloads import FileDownload
from app.api.responses import StrictRoute
from app.datasets.exports import CSV_TYPE, PARQUET_TYPE
from app.errors import refuse
from app.platform import Platform
from trainer.contract import Message, Problem, ReadingChoices, Refusal

EDITABLE = {"name": str, "description": str, "shared": bool}
CHOICES_SCHEMA = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"type": "object", "properties": {choice.name: {} for choice in fields(ReadingChoices)}},
                "example": {"encoding": "windows-1256", "delimiter": ";", "header": True, "kinds": {"age": "integer"}},
            }
        },
    }
}
EDIT_SCHEMA = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "name": {"type": "string"},
                        "description": {"type": "string"},
                        "shared": {"type": "boolean"},
                    },
                }
            }
        },
    }
}
JsonBody = Annotated[object, Body()]


def create_router(platform: Platform) -> APIRouter:
    router = APIRouter(prefix="/api/datasets", tags=["data sets"], route_class=StrictRoute)
    datasets = platform.datasets

    @router.patch("/{dataset_id}", openapi_extra=EDIT_SCHEMA)
    async def edit(dataset_id: str, request: Request, body: JsonBody = None) -> dict[str, Any]:
        """Change name, description or sharing of a data set, all its versions included."""
        given = _check_edit(body)
        record = await datasets.edit(
            current_user(request),
            dataset_id,
            name=given.get("name"),
            description=given.get("description"),
            is_shared=given.get("shared"),
        )
        return {"ok": True, "dataset": datasets.describe(record)}

    @router.post("/{dataset_id}/preview", openapi_extra=CHOICES_SCHEMA)
    async def preview(dataset_id: str, request: Request, body: JsonBody = None) -> dict[str, Any]:
        """What the beginning of the file looks like, read with these choices; what is absent is guessed."""
        choices = ReadingChoices.parse(_object(body))
        return {"ok": True, "preview": await datasets.preview(current_user(request), dataset_id, choices)}

    @router.post("/{dataset_id}/reading", openapi_extra=CHOICES_SCHEMA)
    async def read_again(dataset_id: str, request: Request, body: JsonBody = None) -> dict[str, Any]:
        """Read the file with these choices: in place, or as a new version, with an id of its own, once a run has used it."""
        record = await datasets.read_again(current_user(request), dataset_id, ReadingChoices.parse(_object(body)))
        return {"ok": True, "dataset": datasets.describe(record)}

    @router.delete("/{dataset_id}/reading")
    async def stop_reading(dataset_id: str, request: Request) -> dict[str, Any]:
        """Stop the reading of a file; a table that was there before stays. `dataset` is null when nothing is left of it."""
        record = await datasets.stop_reading(current_user(request), dataset_id)
        return {"ok": True, "dataset": datasets.describe(record) if record else None}

    @router.post("/{dataset_id}/leave-out")
    async def leave_out(dataset_id: str, request: Request) -> dict[str, Any]:
        """Decide that the rows which could not be read are left out."""
        record = await datasets.leave_out_unreadable(current_user(request), dataset_id)
        return {"ok": True, "dataset": datasets.describe(record)}

    _offer_what_is_there(router, platform)
    return router


def _offer_what_is_there(router: APIRouter, platform: Platform) -> None:
    """Versions and files."""
    datasets = platform.datasets

    @router.get("/{dataset_id}/versions")
    async def list_versions(dataset_id: str, request: Request) -> dict[str, Any]:
        """Every version, newest first, with how many runs used it."""
        versions = await datasets.list_versions(current_user(request), dataset_id)
        return {"ok": True, "versions": [{**datasets.describe(record), "runs": runs} for record, runs in versions]}

    @router.delete("/{dataset_id}/versions")
    async def delete_all_versions(dataset_id: str, request: Request) -> dict[str, Any]:
        """Delete every version with all that was read from it; none while a run that is not over uses one of them."""
        return {"ok": True, "deleted": await datasets.delete_all(current_user(request), dataset_id)}

    @router.get("/{dataset_id}/original", response_class=FileResponse)
    async def download_original(dataset_id: str, request: Request) -> FileResponse:
        """The file as it was uploaded."""
        record = await datasets.get(current_user(request), dataset_id)
        return FileDownload(await datasets.original(record), record.filename, "application/octet-stream")

    @router.get("/{dataset_id}/table", response_class=FileResponse)
    async def download_table(
        dataset_id: str, request: Request, file_format: Annotated[Literal["csv", "parquet"], Query(alias="format")] = "csv"
    ) -> FileResponse:
        """The table as it was read, clean: CSV (opens in spreadsheets; texts that look like formulas are defused) or Parquet."""
        user = current_user(request)
        record = await datasets.get_ready(user, dataset_id)
        name = f"{record.name}.{file_format}"
        if file_format == "parquet":
            return FileDownload(datasets.folders.table(record), name, PARQUET_TYPE)
        async with AsyncExitStack() as held:
            try:
                async with while_connected(request):
                    path = await held.enter_async_context(platform.exports.as_csv(user, record))
            except ClientDisconnect:
                raise refuse("cut_off", Message("Whoever asked for this table has left, so it was not written.")) from None
            return FileDownload(path, name, CSV_TYPE, held.pop_all())


def _object(body: object) -> Mapping[str, Any]:
    if not isinstance(body, dict):
        message = Message("The body must be a JSON object, such as {example}.", {"example": '{"delimiter": ";"}'})
        raise refuse("invalid_body", message)
    return body


def _check_edit(body: object) -> Mapping[str, Any]:
    given = _object(body)
    problems: list[Problem] = []
    for key, value in given.items():
        if key not in EDITABLE:
            text = "“{name}” cannot be changed. What can be changed: {known}."
            message = Message(text, {"name": str(key)[:80], "known": ", ".join(EDITABLE)})
            problems.extend(refuse("unknown_field", message, str(key)[:80]).problems)
        elif not isinstance(value, EDITABLE[key]):
            wanted = Message("true or false") if EDITABLE[key] is bool else Message("a text")
            message = Message(
                "“{field}” cannot be “{value}”: give {wanted}.", {"field": key, "value": str(value)[:80], "wanted": wanted}
            )
            problems.extend(refuse("invalid_value", message, key).problems)
    if problems:
        raise Refusal(problems)
    return given

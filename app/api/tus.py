"""/api/datasets/uploads: resumable uploads by the tus protocol 1.0 (https://tus.io: core, creation, termination).

A POST announces a file, PATCHes bring its bytes, HEAD says how many have arrived; `finish`, which is ours and no part of
tus, makes a data set of it. Refused: another version of the protocol, and headers that cannot be read.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from app.api.auth import current_user
from app.api.bodies import announced_bytes, hand_on
from app.api.responses import StrictRoute
from app.datasets.partial_upload import PartialUpload, describe_upload
from app.datasets.upload_parts import Announcement, UploadParts
from app.errors import WrongType, error_body, refuse, status_of
from app.platform import Platform
from trainer.contract import Message, Refusal

PREFIX = "/api/datasets/uploads"
TUS_VERSION = "1.0.0"
EXTENSIONS = "creation,termination"
BODY_TYPE = "application/offset+octet-stream"
CREATED, NO_CONTENT, VERSION_NOT_SUPPORTED = 201, 204, 412
MOST_DIGITS = 18
LONGEST_METADATA = 8_000
OVERRIDE = "x-http-method-override"


class TusRoute(StrictRoute):
    """A route that refuses other versions of the protocol, and names its own in every answer, refusals included."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def speak_tus(request: Request) -> Response:
            if request.method != "OPTIONS" and request.headers.get("tus-resumable") != TUS_VERSION:
                text = "This speaks version {version} of the tus protocol. Say so in the header {header}."
                message = Message(text, {"version": TUS_VERSION, "header": f"Tus-Resumable: {TUS_VERSION}"})
                refused = error_body(refuse("wrong_tus_version", message))
                return JSONResponse(refused, VERSION_NOT_SUPPORTED, {"Tus-Version": TUS_VERSION})
            try:
                answer = await handle(request)
            except Refusal as refusal:
                answer = JSONResponse(error_body(refusal), status_of(refusal))
            answer.headers["Tus-Resumable"] = TUS_VERSION
            return answer

        return speak_tus


def create_router(platform: Platform) -> APIRouter:
    """What the protocol asks for."""
    router = APIRouter(prefix=PREFIX, tags=["resumable uploads"], route_class=TusRoute)
    uploads = platform.upload_parts

    @router.options("", status_code=NO_CONTENT)
    async def tell_abilities() -> Response:
        """What this server can do of the tus protocol, and how large a file may be."""
        headers = {"Tus-Version": TUS_VERSION, "Tus-Extension": EXTENSIONS}
        return Response(None, NO_CONTENT, {**headers, "Tus-Max-Size": str(platform.settings.max_upload_bytes)})

    @router.post("", status_code=CREATED)
    async def begin(request: Request) -> Response:
        """Announce a file: `Upload-Length`, and `Upload-Metadata` with its `filename` and, if you like, a `name`."""
        upload = await uploads.begin(current_user(request), _read_announcement(request))
        return Response(None, CREATED, {"Location": f"{PREFIX}/{upload.plan.id}"})

    @router.head("/{upload_id}")
    async def look(upload_id: str, request: Request) -> Response:
        """How much of it has arrived, in `Upload-Offset`."""
        return _tell_offset(uploads.get(current_user(request), upload_id))

    @router.patch("/{upload_id}", status_code=NO_CONTENT)
    async def append(upload_id: str, request: Request) -> Response:
        """Bring the bytes from `Upload-Offset` on; what arrives before the connection breaks is kept."""
        return await _append(uploads, upload_id, request)

    @router.delete("/{upload_id}", status_code=NO_CONTENT)
    async def give_up(upload_id: str, request: Request) -> Response:
        """Give an upload up; what has arrived of it is removed."""
        await uploads.give_up(current_user(request), upload_id)
        return Response(None, NO_CONTENT)

    @router.post("/{upload_id}", include_in_schema=False)
    async def do_otherwise(upload_id: str, request: Request) -> Response:
        """For clients that can only GET and POST: the header X-HTTP-Method-Override says what is meant."""
        wanted = request.headers.get(OVERRIDE, "").upper()
        if wanted == "PATCH":
            return await append(upload_id, request)
        if wanted == "DELETE":
            return await give_up(upload_id, request)
        if wanted == "HEAD":
            return await look(upload_id, request)
        raise _bad_header(OVERRIDE, wanted, Message("PATCH, DELETE or HEAD"))

    return router


def create_own_router(platform: Platform) -> APIRouter:
    """What goes beyond the protocol."""
    router = APIRouter(prefix=PREFIX, tags=["resumable uploads"], route_class=StrictRoute)
    uploads = platform.upload_parts

    @router.get("")
    async def list_unfinished(request: Request) -> dict[str, Any]:
        """My unfinished uploads: each may be gone on with, or given up."""
        return {"ok": True, "uploads": [describe_upload(upload) for upload in uploads.list(current_user(request))]}

    @router.post("/{upload_id}/finish")
    async def finish(upload_id: str, request: Request, keeps_unreadable: bool = False) -> dict[str, Any]:
        """Make a data set of an upload that has arrived; answers when it has been read, also to whoever asks again."""
        record = await uploads.finish(current_user(request), upload_id, keeps_unreadable=keeps_unreadable)
        return {"ok": True, "dataset": platform.datasets.describe(record)}

    return router


async def _append(uploads: UploadParts, upload_id: str, request: Request) -> Response:
    user, offset = current_user(request), _read_number(request, "upload-offset")
    if request.headers.get("content-type") != BODY_TYPE:
        text = "The bytes of an upload come as {wanted}, not as “{type}”."
        given = request.headers.get("content-type", "")[:80]
        raise WrongType("wrong_content_type", Message(text, {"wanted": BODY_TYPE, "type": given}))
    try:
        async with uploads.appending(user, upload_id, offset, announced_bytes(request.headers)) as take:
            await hand_on(request, take)
    except ClientDisconnect:
        return Response(None, NO_CONTENT)  # to nobody
    return _tell_offset(uploads.get(user, upload_id), NO_CONTENT)


def _tell_offset(upload: PartialUpload, status: int = 200) -> Response:
    headers = {"Upload-Offset": str(upload.offset), "Upload-Length": str(upload.plan.length), "Cache-Control": "no-store"}
    if upload.plan.metadata:
        headers["Upload-Metadata"] = upload.plan.metadata
    return Response(None, status, headers)


def _read_announcement(request: Request) -> Announcement:
    length = _read_number(request, "upload-length")
    metadata = request.headers.get("upload-metadata", "")
    known = _decode_metadata(metadata)
    if not known.get("filename"):
        text = "There is no file name in the upload's metadata. Send it in the header {header}: filename, a space, and base64."
        raise refuse("filename_missing", Message(text, {"header": "Upload-Metadata"}), "file")
    return Announcement(length, known["filename"], known.get("name", ""), known.get("modified", ""), metadata)


def _decode_metadata(header: str) -> dict[str, str]:
    """`key base64, key base64, …` as text."""
    wanted = Message("keys, each with its value in base64 of UTF-8")
    if len(header) > LONGEST_METADATA:
        raise _bad_header("Upload-Metadata", header, wanted)
    known: dict[str, str] = {}
    for pair in filter(None, header.split(",")):
        key, _, value = pair.strip().partition(" ")
        try:
            known[key] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, ValueError):
            raise _bad_header("Upload-Metadata", header, wanted) from None
    return known


def _read_number(request: Request, header: str) -> int:
    value = request.headers.get(header, "")
    if not (value.isascii() and value.isdecimal() and len(value) <= MOST_DIGITS):
        raise _bad_header(header, value, Message("a whole number of bytes"))
    return int(value)


def _bad_header(header: str, value: str, wanted: Message) -> Refusal:
    text = "The header {header} must hold {wanted}, not “{value}”."
    return refuse("invalid_header", Message(text, {"header": header.title(), "wanted": wanted, "value": value[:80]}))

"""Receives a multipart upload piece by piece: the file's bytes go to disk as they arrive, never as a whole through memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from app.api.bodies import hand_on
from app.datasets.uploads import IncomingFile, clean_filename, type_of
from app.errors import refuse
from trainer.contract import Message, Refusal

FILE_FIELD, NAME_FIELD = "file", "name"
MAX_NAME_BYTES = 10_000
MAX_HEADER_BYTES = 16_000
# What the form itself may add around the file: boundaries, part headers, the name.
FORM_OVERHEAD_BYTES = 64_000


async def receive_file(request: Request, incoming: IncomingFile) -> tuple[str, str]:
    """Stream the request's `file` into `incoming`; returns the file's name and the field `name`.

    Raises:
        TooLarge: more arrives than there is room for, in whatever part of the form. WrongType: nothing of the kind can be read.
        Refusal: no multipart form, no file in it, or cut off.
    """
    content_type, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary")
    if content_type != b"multipart/form-data" or not boundary:
        raise _not_a_form()
    try:
        form = _UploadForm(boundary, incoming)
        await hand_on(request, form.feed)
    except (FormParserError, ClientDisconnect):
        raise _not_a_form() from None
    if not form.is_complete:
        raise _not_a_form()
    if form.filename is None:
        raise refuse("file_missing", Message("There is no file in the upload. Send it as the form field “file”."), FILE_FIELD)
    return form.filename, form.name.decode("utf-8", errors="replace")


class _UploadForm:
    """Sorts the parts of the form: the file to `incoming`, the name to memory, anything else to nowhere. All of it counts."""

    def __init__(self, boundary: bytes, incoming: IncomingFile) -> None:
        self.filename: str | None = None
        self.name = b""
        self.is_complete = False
        self._incoming = incoming
        self._left_bytes = incoming.room.limit_bytes + FORM_OVERHEAD_BYTES
        self._header_name = b""
        self._header_value = b""
        self._disposition = b""
        self._consume: Callable[[bytes], None] = _ignore
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._on_part_begin,
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers_finished,
                "on_part_data": self._on_part_data,
                "on_end": self._on_end,
            },
        )

    def feed(self, pieces: Sequence[bytes]) -> None:
        for piece in pieces:
            self._left_bytes -= len(piece)
            if self._left_bytes < 0:
                raise self._incoming.room.too_much
            self._parser.write(piece)

    def _on_part_begin(self) -> None:
        self._header_name = self._header_value = self._disposition = b""
        self._consume = _ignore

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name = _grow(self._header_name, data[start:end])

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value = _grow(self._header_value, data[start:end])

    def _on_header_end(self) -> None:
        if self._header_name.lower() == b"content-disposition":
            self._disposition = self._header_value
        self._header_name = self._header_value = b""

    def _on_headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        field = options.get(b"name", b"").decode("utf-8", errors="replace")
        if field == FILE_FIELD and b"filename" in options and self.filename is None:
            self.filename = options[b"filename"].decode("utf-8", errors="replace")
            type_of(clean_filename(self.filename))  # before the bytes come, not after
            self._consume = self._write_file
        elif field == NAME_FIELD:
            self._consume = self._collect_name

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._consume(data[start:end])

    def _write_file(self, data: bytes) -> None:
        self._incoming.write([data])

    def _collect_name(self, data: bytes) -> None:
        self.name = (self.name + data)[:MAX_NAME_BYTES]

    def _on_end(self) -> None:
        self.is_complete = True


def _grow(value: bytes, more: bytes) -> bytes:
    if len(value) + len(more) > MAX_HEADER_BYTES:
        raise _not_a_form()
    return value + more


def _ignore(_data: bytes) -> None:
    """Parts that nobody asked for."""


def _not_a_form() -> Refusal:
    text = "The upload is not a complete multipart form. Send the file as the form field “file”."
    return refuse("invalid_form", Message(text), FILE_FIELD)

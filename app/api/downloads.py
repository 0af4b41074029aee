"""Files to take away: what cannot be sent of one is refused in a sentence, and what was held for it is let go afterwards."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from fastapi.responses import FileResponse
from starlette.responses import JSONResponse
from starlette.types import Message as Event
from starlette.types import Receive, Scope, Send

from app.datasets.catalogue import table_gone
from app.errors import error_body, refuse
from trainer.contract import Message

BAD_REQUEST = 400


class FileDownload(FileResponse):
    """A file under a name; `held` is left once it was sent, refused, or nobody is there any more to take it."""

    def __init__(self, path: Path, filename: str, media_type: str, held: AsyncExitStack | None = None) -> None:
        super().__init__(path, filename=filename, media_type=media_type)
        self._held = held or AsyncExitStack()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_refused = False

        async def send_in_words(event: Event) -> None:
            nonlocal is_refused
            if event["type"] == "http.response.start" and event["status"] >= BAD_REQUEST:
                is_refused = True
                await self._refuse(event, scope, receive, send)
            elif not is_refused:
                await send(event)

        async with self._held:
            if not await asyncio.to_thread(Path(self.path).is_file):
                raise table_gone()
            await super().__call__(scope, receive, send_in_words)

    async def _refuse(self, event: Event, scope: Scope, receive: Receive, send: Send) -> None:
        """The framework says only in passing what is wrong with the part of the file that was asked for."""
        asked = dict(scope["headers"]).get(b"range", b"").decode("latin-1")[:80]
        text = "The part “{range}” of this file cannot be sent: ask for bytes that it has, or for the whole file."
        size = {key.decode(): value.decode() for key, value in event["headers"] if key == b"content-range"}
        body = error_body(refuse("unusable_range", Message(text, {"range": asked}), "range"))
        await JSONResponse(body, event["status"], size)(scope, receive, send)

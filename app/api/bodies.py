"""A request's body, handed on in large pieces: a thread writes one piece while the event loop receives the next.

Also how long a body says it is, and work that ends when whoever asked for it has left.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request

LEAST_BYTES = 1 << 18  # fewer are not worth waking a thread for
MOST_BYTES = 1 << 20  # more wait in the network until the thread has written


async def hand_on(request: Request, take: Callable[[Sequence[bytes]], None]) -> None:
    """Call `take` in a thread, never twice at once, with all that arrives; also with what came before the connection broke.

    Raises:
        ClientDisconnect: it broke. Whatever `take` raises: the rest of the body is left unread.
    """
    taking: asyncio.Future[None] | None = None
    waiting: list[bytes] = []
    waiting_bytes = 0
    try:
        async for piece in request.stream():
            waiting.append(piece)
            waiting_bytes += len(piece)
            if waiting_bytes < LEAST_BYTES or (taking and not taking.done() and waiting_bytes < MOST_BYTES):
                continue
            if taking:
                await asyncio.shield(taking)  # a thread goes on when this is cancelled: it must still be waited for
            taking = asyncio.ensure_future(asyncio.to_thread(take, waiting))
            waiting, waiting_bytes = [], 0
    finally:
        if taking:
            await taking
        if waiting:
            await asyncio.to_thread(take, waiting)


def announced_bytes(headers: Headers) -> int | None:
    """How long the body says it is, 0 when there is none; None when it does not say."""
    announced = headers.get("content-length", "")
    if not announced and "transfer-encoding" not in headers:
        return 0
    return int(announced) if announced.isascii() and announced.isdecimal() else None


@asynccontextmanager
async def while_connected(request: Request) -> AsyncIterator[None]:
    """Cancel what is done inside when the client leaves; for requests whose body has been read.

    Raises:
        ClientDisconnect: the client has left.
    """

    async def watch(scope: asyncio.Timeout) -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        scope.reschedule(asyncio.get_running_loop().time())

    scope = asyncio.timeout(None)
    try:
        async with scope:
            watching = asyncio.create_task(watch(scope), name="watching a client")
            try:
                yield
            finally:
                watching.cancel()
    except TimeoutError:
        if scope.expired():
            raise ClientDisconnect from None
        raise

"""Live updates for programs over socket.io, at /socket.io: `job_update` to a job's subscribers, `job_status` to its owner.

Enters a token when connecting, and the ids of jobs to follow; somebody else's job is refused like one that is not there.
A viewer that does not keep up gets fewer and larger updates: nothing piles up for it, and nobody waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

import socketio

from app.errors import PlatformError, error_body, refuse
from app.jobs.snapshot import describe_job
from app.platform import Platform
from app.records import Job, User
from trainer.contract import Message, Refusal

NO_TOKEN = "Authentication error: No token provided"  # noqa: S105 - a sentence
INVALID_TOKEN = "Authentication error: Invalid token"  # noqa: S105 - a sentence
CHECK_SECONDS = 1.0
REST_SECONDS = 0.1
MOST_WAITING_PACKETS = 4
MOST_SUBSCRIPTIONS = 200
LARGEST_MESSAGE_BYTES = 65_536
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Viewer:
    """One connected program, and the tasks that serve it, by what they are for."""

    token: str
    user: User
    tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)


def create_socket_application(platform: Platform) -> socketio.ASGIApp:
    """The ASGI application to mount at /socket.io."""
    return socketio.ASGIApp(Realtime(platform).server, socketio_path="/socket.io")


class Realtime:
    """Serves every connected program."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._viewers: dict[str, Viewer] = {}
        self.server = socketio.AsyncServer(async_mode="asgi", max_http_buffer_size=LARGEST_MESSAGE_BYTES)
        for name in ("connect", "disconnect", "subscribe_job", "unsubscribe_job", "subscribe_user_jobs"):
            self.server.on(name, getattr(self, f"_on_{name}"))

    async def _on_connect(self, sid: str, _environ: Mapping[str, Any], auth: object = None) -> None:
        token = auth.get("token") if isinstance(auth, dict) else None
        if not isinstance(token, str) or not token:
            raise socketio.exceptions.ConnectionRefusedError(NO_TOKEN)
        try:
            user = await self._platform.accounts.authenticate(token)
        except PlatformError:
            raise socketio.exceptions.ConnectionRefusedError(INVALID_TOKEN) from None
        self._viewers[sid] = viewer = Viewer(token, user)
        self._serve(viewer, "login", self._watch_login(sid, viewer))

    async def _on_disconnect(self, sid: str, *_reason: object) -> None:
        viewer = self._viewers.pop(sid, None)
        for task in list(viewer.tasks.values()) if viewer else ():
            task.cancel()

    async def _on_subscribe_job(self, sid: str, wanted: object = None, options: object = None) -> Mapping[str, Any]:
        """Follow a job from its first event, or from the one after `after`: `subscribe_job(id, {after: 17})`."""
        viewer = self._viewers.get(sid)
        if viewer is None:
            return {}
        try:
            job_id, after = _read_wish(wanted, options)
            job = await self._get_job(viewer, job_id)
            if f"job {job_id}" not in viewer.tasks and len(viewer.tasks) > MOST_SUBSCRIPTIONS:
                text = "One connection may follow {most} runs. Unsubscribe from some, or open another."
                raise refuse("too_many_subscriptions", Message(text, {"most": MOST_SUBSCRIPTIONS}))
        except Refusal as refusal:
            body = error_body(refusal)
            # For clients that ask for no acknowledgement.
            await self.server.emit("subscribe_error", {"job_id": str(wanted)[:80], **body}, to=sid)
            return body
        self._serve(viewer, f"job {job_id}", self._send_job(sid, viewer, job_id, after))
        return {"ok": True, "status": describe_job(job)}

    async def _on_unsubscribe_job(self, sid: str, job_id: object = None, *_more: object) -> Mapping[str, Any]:
        viewer = self._viewers.get(sid)
        task = viewer.tasks.get(f"job {job_id}") if viewer and isinstance(job_id, str) else None
        if task:
            task.cancel()
        return {"ok": True}

    async def _on_subscribe_user_jobs(self, sid: str, *_anything: object) -> Mapping[str, Any]:
        viewer = self._viewers.get(sid)
        if viewer:
            self._serve(viewer, "own jobs", self._send_own_jobs(sid, viewer))
        return {"ok": True}

    async def _send_job(self, sid: str, viewer: Viewer, job_id: str, after: int) -> None:
        job = await self._get_job(viewer, job_id)
        follower = self._platform.followers.follow(lambda: self._get_job(viewer, job_id), job_id, after, ends_with_job=False)
        async with contextlib.aclosing(follower):
            async for batch in follower:
                job = batch.job or job
                if batch.events or batch.job:
                    after = batch.events[-1]["n"] if batch.events else after
                    await self._wait_until_drained(sid)
                    update = {**describe_job(job), "events": batch.events, "last_event": after}
                    await self.server.emit("job_update", update, to=sid)

    async def _send_own_jobs(self, sid: str, viewer: Viewer) -> None:
        with contextlib.closing(self._platform.feed.watch(viewer.user.id)) as watch:
            while True:
                await watch.bell.wait()
                watch.bell.clear()
                for job in watch.take():
                    await self._wait_until_drained(sid)
                    await self.server.emit("job_status", describe_job(job), to=sid)
                await asyncio.sleep(REST_SECONDS)

    async def _watch_login(self, sid: str, viewer: Viewer) -> None:
        """A login that has ended ends its connections too."""
        with contextlib.suppress(PlatformError):
            while True:
                await asyncio.sleep(CHECK_SECONDS)
                await self._platform.accounts.authenticate(viewer.token)
        await self.server.disconnect(sid)

    async def _wait_until_drained(self, sid: str) -> None:
        """Wait while packets pile up for a viewer that does not read."""
        engine_sid = self.server.manager.eio_sid_from_sid(sid, "/")
        # No event tells when the transport has sent its queue.
        while self._count_waiting(engine_sid) > MOST_WAITING_PACKETS:  # noqa: ASYNC110
            await asyncio.sleep(REST_SECONDS)

    def _count_waiting(self, engine_sid: str) -> int:
        connection = self.server.eio.sockets.get(engine_sid)
        return int(connection.queue.qsize()) if connection else 0

    async def _get_job(self, viewer: Viewer, job_id: str) -> Job:
        return await self._platform.jobs.get(await self._platform.accounts.authenticate(viewer.token), job_id)

    def _serve(self, viewer: Viewer, purpose: str, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` for this viewer, in place of what ran for the same purpose."""
        if purpose in viewer.tasks:
            viewer.tasks[purpose].cancel()
        viewer.tasks[purpose] = task = asyncio.create_task(work, name=f"socket.io {purpose}")
        task.add_done_callback(lambda done: _forget(viewer, purpose, done))


def _forget(viewer: Viewer, purpose: str, task: asyncio.Task[None]) -> None:
    if viewer.tasks.get(purpose) is task:
        del viewer.tasks[purpose]
    if not task.cancelled() and (error := task.exception()) and not isinstance(error, PlatformError):
        _log.error("Serving “%s” ended with an error", purpose, exc_info=error)


def _read_wish(wanted: object, options: object) -> tuple[str, int]:
    """The job's id and the number to go on after, from `id`, `id, {after}` or `{job_id, after}`."""
    if isinstance(wanted, dict):
        wanted, options = wanted.get("job_id"), wanted
    after = options.get("after", 0) if isinstance(options, dict) else 0
    if not isinstance(wanted, str):
        text = "“{field}” must be text, not “{value}”."
        raise refuse("not_text", Message(text, {"field": "job_id", "value": str(wanted)[:80]}), "job_id")
    if isinstance(after, bool) or not isinstance(after, int) or after < 0:
        text = "“{field}” must be the number of an event, not “{value}”."
        raise refuse("invalid_value", Message(text, {"field": "after", "value": str(after)[:80]}), "after")
    return wanted, after

"""The FastAPI application: routers, error mapping, documentation from local files, the guard and the limit in front of all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from app.api import auth, dataset_changes, datasets, job_control, job_events, status_updates, storage, training, tus, uploads
from app.api.body_limit import BodyLimit
from app.api.guard import Guard
from app.api.responses import install_error_mapping, install_unknown_paths
from app.platform import Platform
from app.realtime import create_socket_application

DESCRIPTION = """Everything the pages can do, for programs. Register or log in, then send the token as
`Authorization: Bearer <token>`. Every failure is `{"error", "code", "details"}`.
A body may have 1 MB, but for uploads."""


def create_api(platform: Platform) -> FastAPI:
    """Build the application; pages are mounted behind it by the caller."""

    @asynccontextmanager
    async def lifespan(_api: FastAPI) -> AsyncIterator[None]:
        async with platform.running():
            yield

    api: FastAPI = FastAPIOffline(
        docs_url="/api-docs",
        redoc_url=None,
        static_url="/api-docs-assets",
        title="Tamrin",
        version="0.1.0",
        description=DESCRIPTION,
        openapi_url="/api/openapi.json",
        lifespan=lifespan,
    )
    install_error_mapping(api)
    api.include_router(auth.create_router(platform))
    api.include_router(uploads.create_router(platform))
    api.include_router(tus.create_router(platform))
    api.include_router(tus.create_own_router(platform))
    api.include_router(datasets.create_router(platform))  # after uploads, whose paths look like a data set's id
    api.include_router(dataset_changes.create_router(platform))
    api.include_router(storage.create_router(platform))
    api.include_router(training.create_router(platform))
    api.include_router(job_control.create_router(platform))
    api.include_router(job_control.create_log_router(platform))
    api.include_router(job_events.create_router(platform))
    api.include_router(status_updates.create_router(platform))
    api.mount("/socket.io", create_socket_application(platform))

    @api.get("/health", tags=["health"])
    async def health() -> dict[str, bool]:
        """Whether the server answers."""
        return {"ok": True}

    install_unknown_paths(api)
    api.add_middleware(BodyLimit)
    api.add_middleware(Guard, accounts=platform.accounts)
    return api

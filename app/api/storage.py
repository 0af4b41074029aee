"""/api/storage: who uses how much of the disk."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from app.api.auth import current_user
from app.api.responses import StrictRoute
from app.datasets.storage import Use
from app.platform import Platform
from app.records import Role


def create_router(platform: Platform) -> APIRouter:
    router = APIRouter(prefix="/api/storage", tags=["storage"], route_class=StrictRoute)

    @router.get("")
    async def get_storage(request: Request) -> dict[str, Any]:
        """What my data and runs take, in bytes; for administrators, what everybody's take, and the disk.

        `unfinished_bytes` are reserved for uploads that have not all arrived: they count against the quota.
        """
        user = current_user(request)
        is_administrator = user.role == Role.ADMIN
        report = await (platform.storage.report(user) if is_administrator else platform.storage.report_own(user))
        disk = {"total_bytes": report.disk_total_bytes, "free_bytes": report.disk_free_bytes}
        return {
            "ok": True,
            "people": [_describe(use) for use in report.people],
            "quota_bytes": report.quota_bytes or None,
            "is_complete": report.is_complete,
            **({"disk": disk} if is_administrator else {}),
        }

    return router


def _describe(use: Use) -> dict[str, Any]:
    return {
        "user_id": use.user_id,
        "name": use.name,
        "email": use.email,
        "datasets": use.datasets,
        "dataset_bytes": use.dataset_bytes,
        "unfinished_bytes": use.reserved_bytes,
        "run_bytes": use.run_bytes,
    }

"""The card of /datasets that takes tables in: files, pasted rows and web addresses, and how much room is left for them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from app.datasets.partial_upload import describe_upload
from app.datasets.quota import Share
from app.platform import Platform
from app.records import User
from components.elements import text
from components.upload_form import NamedFile, Naming, UploadForm
from locales import Translator
from pages.upload_names import name_files
from pages.visitor import Visitor, login_address, while_open
from trainer.contract import ENDINGS, PACKINGS, Message, Refusal

LOGIN_LOST = frozenset({"not_authenticated", "invalid_token"})


@dataclass(frozen=True, slots=True)
class Intake:
    """What one person uses of their quota, and what they have not finished uploading."""

    share: Share
    unfinished: Sequence[Mapping[str, Any]]


async def fetch_intake(platform: Platform, user: User) -> Intake:
    share = await platform.quota.share_of(user)
    left = [upload for upload in platform.upload_parts.list(user) if not upload.is_receiving]  # by another window
    return Intake(share, [describe_upload(upload) for upload in left])


def draw_upload(visitor: Visitor, intake: Intake, on_more: Callable[[], Awaitable[None]]) -> None:
    """Draw the card; `on_more` is called when a data set was added and the page is stayed on."""
    _, platform = visitor.translator, visitor.platform

    async def uploaded(dataset_id: str, is_alone: bool) -> None:
        if is_alone:
            ui.navigate.to(f"/datasets/{dataset_id}")
            return
        with visitor.telling_problems():
            share.set_text(_describe_share(_, await platform.quota.share_of(await visitor.user())))
        await on_more()

    async def named(files: Sequence[NamedFile]) -> Mapping[str, Naming]:
        try:
            own = await platform.datasets.list_latest(await visitor.user())
        except Refusal as refusal:
            visitor.tell(refusal)
            return {}
        return name_files(_, files, own)

    def arrived(key: str, upload_id: str) -> None:
        async def tell_turns() -> None:
            with suppress(Refusal):  # it was given up meanwhile, or the login has ended: the form hears of that anyway
                async for before in platform.upload_parts.turns(await visitor.user(), upload_id):
                    form.show_turn(key, _describe_turn(_, before))

        while_open(tell_turns)

    def refused(key: str, answer: Mapping[str, Any]) -> None:
        if answer.get("code") in LOGIN_LOST:
            ui.navigate.to(login_address(visitor.address))
            return
        details = answer.get("details") or []
        form.show_error(key, " ".join(_.message(Message.from_dict(detail)) for detail in details))

    form = UploadForm(
        _,
        endings=[f".{ending}" for ending in ENDINGS],
        packings=[f".{packing}" for packing in PACKINGS],
        limit_bytes=platform.settings.max_upload_bytes,
        unfinished=intake.unfinished,
        is_address_allowed=platform.remote_files.is_allowed,
        on_named=named,
        on_arrived=arrived,
        on_uploaded=uploaded,
        on_refused=refused,
    )
    with form:
        share = text("p", _describe_share(_, intake.share), "soft small")
    share.set_visibility(bool(intake.share.quota_bytes))


def _describe_turn(_: Translator, before: int | None) -> str:
    """Nothing while the file is being read."""
    if before is None:
        return ""
    if not before:
        return _("Waiting for its turn to be read: this file is next.")
    return _.plural(
        "Waiting for its turn to be read: {count} file before it.",
        "Waiting for its turn to be read: {count} files before it.",
        before,
    )


def _describe_share(_: Translator, share: Share) -> str:
    used, quota = _.file_size(share.used_bytes), _.file_size(share.quota_bytes)
    if share.reserved_bytes:
        reserved = _.file_size(share.reserved_bytes)
        sentence = "You use {used} of {quota}, {reserved} of it reserved for unfinished uploads."
        return _(sentence, used=used, quota=quota, reserved=reserved)
    return _("You use {used} of {quota}.", used=used, quota=quota)

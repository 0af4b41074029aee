"""The buttons of a run: exactly what its state allows, asked about where something would be lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from nicegui import ui
from nicegui.element import Element

from app.jobs.control import JobControl
from app.records import Job, Role, User
from components.confirm import confirm
from components.elements import Button, box, link_button
from components.number_dialog import ask_number
from locales import parse_number
from pages.run_words import copy_address
from pages.visitor import Visitor

USUAL_EXTENSION = 20
# Whoever pressed a button that is gone now stands on the first that is there.
KEEP_FOCUS = """const box = getHtmlElement({id});
if (document.activeElement === document.body && box) box.querySelector('button, a')?.focus({{preventScroll: true}});"""


@dataclass(frozen=True, slots=True)
class Offer:
    """What the buttons depend on; equal offers need no redrawing."""

    actions: Sequence[str]
    has_model: bool
    can_move: tuple[bool, bool]
    priority: int | None  # for administrators, while it waits


@dataclass
class RunActions:
    """The buttons in one window."""

    visitor: Visitor
    job: Job
    region: Element = field(init=False)
    offer: Offer | None = None

    def __post_init__(self) -> None:
        self.region = box("actions")

    def show(self, job: Job, offer: Offer) -> None:
        """Draw anew what differs."""
        self.job = job
        if offer == self.offer:
            return
        is_first, self.offer = self.offer is None, offer
        self.region.clear()
        with self.region:
            self._draw(offer)
        if not is_first:
            ui.run_javascript(KEEP_FOCUS.format(id=self.region.id))

    def _draw(self, offer: Offer) -> None:
        _ = self.visitor.translator
        labels: Mapping[str, tuple[str, Callable[[], Awaitable[None]], str]] = {
            "resume": (_("Resume"), self._resume, "primary"),
            "extend": (_("Train longer"), self._extend, ""),
            "retry": (_("Retry"), self._retry, ""),
            "pause": (_("Pause"), self._pause, ""),
            "stop": (_("Stop"), self._stop, "danger"),
        }
        if offer.has_model:
            download = link_button(_("Download model"), f"/api/training/{self.job.id}/download", is_primary=True)
            download.props["download"] = f"{self.job.id}.pt"
        if offer.can_move[0]:
            Button(_("Earlier in the queue"), lambda: self._move(-1))
        if offer.can_move[1]:
            Button(_("Later in the queue"), lambda: self._move(1))
        if offer.priority is not None:
            Button(_("Priority: {priority}", priority=offer.priority), self._set_priority)
        for action, (label, act, kind) in labels.items():
            if action in offer.actions:
                Button(label, act, kind="" if kind == "primary" and offer.has_model else kind)
        link_button(_("New run like this"), copy_address(_, self.job))

    async def _stop(self) -> None:
        _ = self.visitor.translator
        sentence = _("Training ends after the current step. What was learnt so far is kept.")
        if await confirm(_("Stop this run?"), sentence, yes=_("Stop"), no=_("Go on")):
            await self._do(lambda control, user: control.stop(user, self.job.id))

    async def _retry(self) -> None:
        _ = self.visitor.translator
        sentence = _("It begins again with the first step. Its curves are drawn anew.")
        if await confirm(_("Retry this run?"), sentence, yes=_("Retry"), no=_("Leave it")):
            await self._do(lambda control, user: control.retry(user, self.job.id))

    async def _pause(self) -> None:
        await self._do(lambda control, user: control.pause(user, self.job.id))

    async def _resume(self) -> None:
        await self._do(lambda control, user: control.resume(user, self.job.id))

    async def _extend(self) -> None:
        _ = self.visitor.translator
        typed = await ask_number(
            _("Train longer"),
            _("For how many more epochs? The curves go on where they ended."),
            value=_.typed(USUAL_EXTENSION),
            yes=_("Train"),
            no=_("Leave it"),
        )
        if typed is not None:
            await self._do(lambda control, user: control.extend(user, self.job.id, parse_number(typed)))

    async def _move(self, places: int) -> None:
        await self._do(lambda control, user: control.move_in_queue(user, self.job.id, places))

    async def _set_priority(self) -> None:
        _ = self.visitor.translator
        typed = await ask_number(
            _("Priority"),
            _("Runs with a higher priority start first; 0 is usual."),
            value=_.typed(self.job.priority),
            yes=_("Set"),
            no=_("Leave it"),
        )
        if typed is not None:
            await self._do(lambda control, user: control.set_priority(user, self.job.id, parse_number(typed)))

    async def _do(self, act: Callable[[JobControl, User], Awaitable[Job]]) -> None:
        with self.visitor.telling_problems():
            await act(self.visitor.platform.job_control, await self.visitor.user())


def may_set_priority(user: User, job: Job) -> bool:
    return user.role == Role.ADMIN and job.status == "QUEUED"

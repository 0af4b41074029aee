"""Ends the pages of ended logins: they lead to /login, and are forgotten soon after, as are pages that never connect."""

from __future__ import annotations

import logging
from collections import defaultdict

from nicegui import Client
from nicegui import app as nicegui_app

from app.platform import Platform
from pages.visitor import VISITOR, is_login_lost
from trainer.contract import Refusal

CHECK_SECONDS = 2.0
# A page that was sent and never connected (a program asked for it, or its reader has left) is worked for all the same.
CONNECT_SECONDS = 20.0
LEFT = "left"
_log = logging.getLogger(__name__)


def register(platform: Platform) -> None:
    """Check every login that has pages open, each once, every `CHECK_SECONDS`."""

    async def check_logins() -> None:
        for token, clients in _clients_by_token().items():
            try:
                user = await platform.accounts.authenticate(token)
            except Refusal as refusal:
                if is_login_lost(refusal):  # a database that is busy for the moment ends nobody's login
                    for client in clients:
                        _send_away(client)
                continue
            for client in clients:
                if visitor := client.storage.get(VISITOR):
                    visitor.vouch_for(user)

    def forget(client: Client) -> None:
        _log.debug("A window of %s was forgotten", client.page.path)
        untie(client)

    def forget_unconnected() -> None:
        Client.prune_instances(client_age_threshold=CONNECT_SECONDS)

    nicegui_app.timer(CHECK_SECONDS, check_logins, immediate=False)
    nicegui_app.timer(CHECK_SECONDS, forget_unconnected, immediate=False)
    nicegui_app.on_delete(forget)


def untie(client: Client) -> None:
    """Let what is left of a window go at once: looks, styles and properties of its elements hold themselves.

    Hundreds of thousands of them would wait for the collector of garbage, and everybody for it.
    """
    for element in client.elements.values():
        for watched in (element.classes, element.style, element.props):
            watched._change_handlers.clear()  # noqa: SLF001 - nobody hears of changes any more


def _clients_by_token() -> dict[str, list[Client]]:
    found: dict[str, list[Client]] = defaultdict(list)
    for client in list(Client.instances.values()):
        request = client._request  # noqa: SLF001 - the property raises for NiceGUI's own clients, which have none
        token = getattr(request.state, "token", None) if request is not None else None
        if token and not client.is_deleted:
            found[token].append(client)
    return found


def _send_away(client: Client) -> None:
    if visitor := client.storage.get(VISITOR):
        visitor.doubt()
    if client.storage.get(LEFT):
        # The browser had its chance to go. Where it went, NiceGUI deletes the client itself, and twice is an error.
        if client.has_socket_connection and not client._delete_tasks:  # noqa: SLF001 - nothing else tells
            client.delete()
        return
    client.storage[LEFT] = True
    client.open("/login")

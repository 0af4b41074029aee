"""Whether the page is really connected: decided in the browser, so that it tells the truth when the server is gone."""

from __future__ import annotations

from nicegui.element import Element

from locales import Translator


class ConnectionStatus(Element, component="connection_status.js"):
    """Live (websocket), Polling (plain HTTP) or Reconnecting."""

    def __init__(self, _: Translator) -> None:
        super().__init__()
        self._props["words"] = {
            "connecting": _("Connecting"),
            "live": _("Live"),
            "polling": _("Polling"),
            "reconnecting": _("Reconnecting"),
        }

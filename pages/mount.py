"""Puts the pages behind the REST interface: one module per route, one look, own error pages."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.middleware.gzip import GZipMiddleware
from nicegui import ui
from nicegui.translations import translations

from app.platform import Platform
from components.theme import MARK, install_theme
from locales import Translator
from pages import dataset, datasets, errors, home, login, machine, new_run, open_pages, register, run, run_log, runs, storage

ROUTES = (home, login, register, datasets, dataset, new_run, runs, run_log, run, machine, storage)  # /runs/new before /runs/{id}
RECONNECT_SECONDS = 20.0
COMPRESSION = 4  # of gzip: half the time of its best, for pages a thirtieth larger


def mount_pages(api: FastAPI, platform: Platform) -> None:
    """Offer every page; call it after all other routes, for the pages take every path that is left."""
    install_theme()
    for route in ROUTES:
        route.register(platform)
    errors.register(platform)
    open_pages.register(platform)
    _ = Translator("fa")
    translations["fa-IR"] = {
        "connection_lost": _("Connection lost."),
        "trying_to_reconnect": _("Trying to reconnect…"),
        "message_too_long": _("Message too long"),
        "message_too_long_body": _("The message is too large to be sent to the server."),
    }
    ui.run_with(
        api,
        mount_path="/",
        title="Tamrin",
        favicon=MARK,
        tailwind=False,
        reconnect_timeout=RECONNECT_SECONDS,
        binding_refresh_interval=None,  # nothing here is bound to plain objects
        gzip_middleware_factory=lambda served: GZipMiddleware(served, compresslevel=COMPRESSION),
        show_welcome_message=False,
    )

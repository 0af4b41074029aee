"""Build the application and serve it: `python main.py`."""

from __future__ import annotations

import logging
import socket
import sys

import uvicorn
from fastapi import FastAPI

from app.api import create_api
from app.collector import collecting_rarely
from app.platform import Platform
from app.settings import InvalidSettings, Settings
from pages import mount_pages

GRACEFUL_SHUTDOWN_SECONDS = 3


class Server(uvicorn.Server):
    """Serves without long pauses for the collection of garbage."""

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        async with collecting_rarely():
            await super().serve(sockets)


def create_application(settings: Settings) -> FastAPI:
    """The REST interface with the pages behind it."""
    platform = Platform(settings)
    api = create_api(platform)
    mount_pages(api, platform)  # last: the pages take every path that is left
    return api


def hide_client_ids(record: logging.LogRecord) -> bool:
    """A page's socket is opened by nothing but its client id: an address that holds one stays out of the log."""
    return "client_id" not in record.getMessage()


def main() -> None:
    try:
        settings = Settings.load()
        logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        logging.getLogger("uvicorn.error").addFilter(hide_client_ids)
        logging.getLogger("httpx").setLevel(logging.WARNING)  # an address to fetch from may hold a secret
        application = create_application(settings)
    except InvalidSettings as error:
        sys.exit(str(error))
    config = uvicorn.Config(
        application,
        host=settings.host,
        port=settings.port,
        log_level=settings.log_level,
        access_log=False,  # page addresses carry client ids, which open sockets
        timeout_graceful_shutdown=GRACEFUL_SHUTDOWN_SECONDS,
    )
    Server(config).run()


if __name__ == "__main__":
    main()

"""A server whose data folder is a real disk of a few megabytes, so that a test can fill it to the last byte."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from tests.servers import Server, new_server

MEGABYTES = 48
BLOCK_BYTES = 1 << 16
# In a mount namespace of its own, so that the small file system goes with the server, and needs no root.
ON_SMALL_DISK = 'mkdir -p "$1" && mount -t tmpfs -o size="$2"m tmpfs "$1" && shift 2 && exec "$@"'


@contextlib.contextmanager
def server_on_small_disk(folder: Path, free_space_mb: int = 0) -> Iterator[Server]:
    namespaces = ["--mount"] if os.geteuid() == 0 else ["--mount", "--map-root-user"]
    wrapper = ["unshare", *namespaces, "sh", "-ec", ON_SMALL_DISK, "sh", str(folder / "data"), str(MEGABYTES)]
    with new_server(folder, wrapper=wrapper, FREE_SPACE_MB=str(free_space_mb)) as running:
        yield running


def disk_of(server: Server) -> Path:
    """The server's data folder, as the server sees it."""
    return Path(f"/proc/{server.process.pid}/root{server.data_dir}")


def fill(disk: Path, leaving: int = 0) -> Path:
    """Take all but `leaving` bytes, also of what an earlier call left; returns what to remove."""
    filler = disk / "filler"
    with filler.open("ab", buffering=0) as file:
        for size in (BLOCK_BYTES, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(size))
        file.truncate(max(0, file.tell() - leaving))
    return filler

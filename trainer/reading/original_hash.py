"""A file enters, its SHA-256 leaves: worked out beside the reading, whose first steps keep one processor busy."""

from __future__ import annotations

import hashlib
from concurrent.futures import Future
from pathlib import Path
from threading import Thread


def begin_hashing(path: Path) -> Future[str]:
    """The hash in hexadecimal, once it is known; whoever does not want it any more need not wait for it."""
    found: Future[str] = Future()

    def hash_file() -> None:
        try:
            with path.open("rb") as file:
                found.set_result(hashlib.file_digest(file, "sha256").hexdigest())
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is told to whoever waits
            found.set_exception(error)

    Thread(target=hash_file, name="hashing the original", daemon=True).start()
    return found

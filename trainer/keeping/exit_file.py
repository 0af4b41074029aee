"""exit.json, written whatever happens to the disk: its place is reserved before the worker starts.

A record enters and is in the folder, whole and durable, or not at all.
"""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

from trainer.contract.run_folder import ExitRecord, RunFolder, write_json_atomically

RESERVED_BYTES = 16_384
LAST_LINES = 12
LAST_LINES_BYTES = 8192
LONGEST_LINE = 2000  # characters; even as six-byte escapes one such line fits into what is reserved


class ExitFile:
    """The exit record of one attempt, before and after it is written."""

    def __init__(self, folder: RunFolder) -> None:
        self._target = folder.exit
        self._reserved = folder.path / f".{folder.exit.name}.{os.getpid()}.reserved"

    def reserve(self) -> None:
        """Take the disk space now.

        Raises:
            OSError: there is none.
        """
        try:
            with self._reserved.open("wb") as file:
                file.write(b" " * RESERVED_BYTES)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            self.discard()
            raise

    def discard(self) -> None:
        self._reserved.unlink(missing_ok=True)

    def write(self, record: ExitRecord) -> None:
        """Replace exit.json by this record.

        Raises:
            OSError: nothing was reserved, and the disk is full.
        """
        if not self._reserved.exists():
            write_json_atomically(self._target, record.as_dict())
            return
        with self._reserved.open("r+b") as file:
            # Written over what is there, which takes no new space, and only then cut to its length.
            file.write(_encode(record))
            file.flush()
            file.truncate()
            os.fsync(file.fileno())
        self._reserved.replace(self._target)


def _encode(record: ExitRecord) -> bytes:
    """At most what was reserved: of too many last lines the latest are kept."""
    encoded = json.dumps(record.as_dict(), ensure_ascii=False, indent=1, allow_nan=False).encode(errors="replace")
    if len(encoded) <= RESERVED_BYTES:
        return encoded
    return _encode(dataclasses.replace(record, last_lines=record.last_lines[1:]))


def read_last_lines(path: Path) -> tuple[str, ...]:
    """The last lines of a log, however large it is; none when it does not exist."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - LAST_LINES_BYTES))
            text = file.read().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return ()
    return tuple(line[:LONGEST_LINE] for line in text.splitlines() if line.strip())[-LAST_LINES:]

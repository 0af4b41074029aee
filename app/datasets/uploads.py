"""An upload on its way to disk: counted and hashed as it arrives, refused past the limit, gone without a trace if it fails."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from pathlib import Path, PurePosixPath, PureWindowsPath

from app.errors import TooLarge, WrongType, refuse
from trainer.contract import Message

TYPES = ("csv", "json", "jsonl")
LONGEST_NAME = 200
CONTROLS = frozenset({"Cc", "Cs", "Zl", "Zp"})  # Unicode categories


class IncomingFile:
    """The bytes of one upload, in a file of its own under a name of ours. Blocking: use it from a thread."""

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{secrets.token_hex(16)}.part"
        self.size = 0
        self._limit_bytes = limit_bytes
        self._hash = hashlib.sha256()
        self._file = self.path.open("xb")

    def write(self, chunk: bytes) -> None:
        """Append `chunk`.

        Raises:
            TooLarge: the file grew past the limit.
        """
        self.size += len(chunk)
        if self.size > self._limit_bytes:
            raise too_large(self._limit_bytes)
        self._hash.update(chunk)
        self._file.write(chunk)

    def finish(self) -> str:
        """Close the file and return the SHA-256 of what arrived."""
        self._file.close()
        return self._hash.hexdigest()

    def discard(self) -> None:
        self._file.close()
        self.path.unlink(missing_ok=True)


def too_large(limit_bytes: int) -> TooLarge:
    text = "The file is larger than {limit} MB, the limit here. Upload a smaller file or a sample of it."
    return TooLarge("file_too_large", Message(text, {"limit": limit_bytes // 1_000_000}), "file")


def clean_filename(filename: str) -> str:
    """The last part of whatever path the browser sent, without control characters; only ever shown, never opened."""
    last = PureWindowsPath(PurePosixPath(filename).name).name
    return _without_controls(last)[-LONGEST_NAME:]


def type_of(filename: str) -> str:
    """The type by the file's ending.

    Raises:
        WrongType: none of `TYPES`.
    """
    ending = PurePosixPath(filename.lower()).suffix.removeprefix(".")
    if ending not in TYPES:
        text = "“{filename}” is not a kind of file that can be read. Upload a .csv, .json or .jsonl file."
        raise WrongType("wrong_type", Message(text, {"filename": filename}), "file")
    return ending


def check_name(name: str, filename: str) -> str:
    """The data set's name: as given, or the file's without its ending."""
    chosen = _without_controls(name).strip() or PurePosixPath(filename).stem
    if len(chosen) > LONGEST_NAME:
        text = "The name has {length} characters. It may have at most {longest}."
        raise refuse("name_too_long", Message(text, {"length": len(chosen), "longest": LONGEST_NAME}), "name")
    return chosen


def _without_controls(text: str) -> str:
    """Without NUL, line breaks and their like; the half-space that Persian needs is no control character."""
    return "".join(character for character in text if unicodedata.category(character) not in CONTROLS)

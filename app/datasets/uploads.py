"""An upload on its way to disk: counted as it arrives, refused past its room, gone without a trace if it fails.

What its file may be called, and what kind of file that name promises, is decided here too.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Protocol

from app.errors import PlatformError, TooLarge, Unavailable, WrongType, refuse
from trainer.contract import ENDINGS, PACKINGS, Message

PART_ENDING = ".part"
PACKED = "zip"  # the type of an upload whose format only its one member tells
LONGEST_NAME = 200
CONTROLS = frozenset({"Cc", "Cs", "Zl", "Zp"})  # Unicode categories
GIGABYTE, MEGABYTE, KILOBYTE = 1_000_000_000, 1_000_000, 1_000


@dataclass(frozen=True, slots=True)
class Room:
    """How much of one upload is taken: past `limit_bytes` it is refused with `too_much`, and when the disk fills up."""

    limit_bytes: int
    too_much: PlatformError
    floor_bytes: int = 0  # of the disk, which stay free; 0 is not looked at


class ReceivedFile(Protocol):
    """What has arrived, whichever way it came."""

    path: Path
    size: int

    def pause(self) -> None:
        """Close the file until more arrives, if any does."""


class IncomingFile:
    """The bytes of one upload, in a file of its own under a name of ours. Blocking: use it from a thread."""

    def __init__(self, path: Path, room: Room) -> None:
        """Begin `path`, or go on with what is there from an earlier life of the server."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.room = room
        # Unbuffered: what was counted is on the disk's side, and closing cannot fail for want of space.
        self._file = path.open("ab", buffering=0)
        self.size = self._file.tell()

    def write(self, pieces: Iterable[bytes]) -> None:
        """Append `pieces`.

        Raises:
            PlatformError: the file grew past its room, or the disk is nearly full.
        """
        if self._file.closed:
            self._file = self.path.open("ab", buffering=0)
        for piece in pieces:
            self._check_room(len(piece))
            rest = memoryview(piece)
            while rest:
                written = self._file.write(rest)
                self.size += written
                rest = rest[written:]

    def pause(self) -> None:
        """Close the file until more arrives, if any does."""
        self._file.close()

    def discard(self) -> None:
        self._file.close()
        self.path.unlink(missing_ok=True)

    def _check_room(self, more_bytes: int) -> None:
        if self.size + more_bytes > self.room.limit_bytes:
            raise self.room.too_much
        if self.room.floor_bytes and free_bytes(self.path.parent) - more_bytes < self.room.floor_bytes:
            raise disk_nearly_full()


def free_bytes(folder: Path) -> int:
    """What the disk of `folder` still takes."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


def disk_nearly_full() -> Unavailable:
    text = "The server's disk is nearly full, so it takes no more files. Delete data you no longer need, or tell its operator."
    return Unavailable("disk_nearly_full", Message(text), "file")


def too_large(limit_bytes: int) -> TooLarge:
    text = "The file is larger than {limit} MB, the limit here. Upload a smaller file or a sample of it."
    return TooLarge("file_too_large", Message(text, {"limit": limit_bytes // MEGABYTE}), "file")


def clean_filename(filename: str) -> str:
    """The last part of whatever path the browser sent, without control characters; only ever shown, never opened."""
    last = PureWindowsPath(PurePosixPath(filename).name).name
    return _without_controls(last[-LONGEST_NAME:])


def type_of(filename: str) -> tuple[str, str]:
    """(format, packing) by the file's ending: ("csv", ""), ("csv", "gz"); ("", "zip") when only the one member tells.

    Raises:
        WrongType: no kind of file that can be read.
    """
    name = PurePosixPath(filename.lower())
    packing = name.suffix.removeprefix(".") if name.suffix.removeprefix(".") in PACKINGS else ""
    inner = PurePosixPath(name.stem) if packing else name
    found = ENDINGS.get(inner.suffix.removeprefix("."), "")
    if found or packing == PACKED:
        return found, packing
    params = {"filename": filename, "endings": ", ".join(f".{ending}" for ending in ENDINGS)}
    text = "“{filename}” is not a kind of file that can be read. These can: {endings}, each also packed as .gz or .zip."
    if packing:
        text = "“{filename}” does not say what is packed in it. Name it like table.csv.gz, with one of these endings: {endings}."
    raise WrongType("wrong_type", Message(text, params), "file")


def check_name(name: str, filename: str) -> str:
    """The data set's name: as given, or the file's without its endings.

    Raises:
        Refusal: it is too long as given; a text of any length is not looked through.
    """
    given = name.strip()
    if len(given) > LONGEST_NAME:
        text = "The name has {length} characters. It may have at most {longest}."
        raise refuse("name_too_long", Message(text, {"length": len(given), "longest": LONGEST_NAME}), "name")
    return _without_controls(given).strip() or _without_endings(filename)


def in_words(size_bytes: int) -> Message:
    """A size that goes into a sentence."""
    if size_bytes >= GIGABYTE:
        return Message("{size} GB", {"size": _tenths(size_bytes / GIGABYTE)})
    if size_bytes >= MEGABYTE:
        return Message("{size} MB", {"size": _tenths(size_bytes / MEGABYTE)})
    if size_bytes >= KILOBYTE:
        return Message("{size} kB", {"size": _tenths(size_bytes / KILOBYTE)})
    return Message("{size} byte" if size_bytes == 1 else "{size} bytes", {"size": size_bytes})


def _tenths(value: float) -> float:
    """One digit after the point, none of it when that is 0."""
    rounded = round(value, 1)
    return int(rounded) if rounded.is_integer() else rounded


def _without_endings(filename: str) -> str:
    """`penguins.csv.gz` is about penguins."""
    name = PurePosixPath(filename)
    is_packed = name.suffix.lower().removeprefix(".") in PACKINGS
    inner = PurePosixPath(name.stem)
    return inner.stem if is_packed and inner.suffix.lower().removeprefix(".") in ENDINGS else name.stem


def _without_controls(text: str) -> str:
    """Without NUL, line breaks and their like; the half-space that Persian needs is no control character."""
    return "".join(character for character in text if unicodedata.category(character) not in CONTROLS)

"""A file packed with gzip or ZIP enters, the one file inside leaves: a stream that is counted, never more than allowed.

Refused: an archive of no file or of several, and one that is encrypted, damaged or unpacks to too much.
No name inside an archive is ever opened.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from trainer.contract.messages import Message, Problem, Refusal

UNPACKED_FILE = ".unpacked"
CHUNK_BYTES = 1 << 20
READ_BYTES = 1 << 14  # small, because zlib copies what is left of a piece after every gzip member in it
GZIP_WINDOW = 16 + zlib.MAX_WBITS  # what tells zlib to expect a gzip header and its check sum
# RFC 1952: the part of a gzip header that is always there, and the flags for what may follow.
GZIP_FIXED_BYTES, GZIP_HAS_EXTRA, GZIP_HAS_NAME = 10, 4, 8
LONGEST_GZIP_HEADER_BYTES = 1 << 17
MOST_DIRECTORY_BYTES = 4 << 20  # the list of a ZIP archive's members; in memory it becomes 20 times as large
UNPACKED_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})  # Python unpacks the others in unbounded pieces
ENCRYPTED_FLAGS = 0x2041  # the content, strongly; or the names
UNWANTED_FOLDER = "__macosx"
UNWANTED_NAMES = frozenset({".ds_store", "thumbs.db"})
SHOWN_NAMES = 3
SHOWN_CHARACTERS = 80
# What `zipfile` raises at damage: seldom the BadZipFile that it promises.
DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, ValueError, OverflowError, OSError)


@dataclass(frozen=True, slots=True)
class Unpacked:
    """The file that was packed, and its name in the archive, if it has one there: that only tells the format."""

    path: Path
    name: str | None


def unpack(path: Path, packing: str, folder: Path, most_bytes: int) -> Unpacked:
    """Write what is packed in `path`, as "gz" or "zip", to a file in `folder`; after a refusal there is no file.

    Raises:
        Refusal: `empty_archive`, `several_files`, `encrypted_archive`, `broken_archive` or `expands_too_far`.
    """
    output = folder / UNPACKED_FILE
    try:
        if packing == "gz":
            _write(_read_gzip(path), output, most_bytes)
            return Unpacked(output, _name_in_gzip(path))
        assert packing == "zip", "an upload's ending was checked when it arrived"
        with open_zip(path) as archive:
            member = _find_member(archive)
            _write(read_member(archive, member), output, most_bytes)
            return Unpacked(output, _last_part(member.filename))
    except BaseException:
        output.unlink(missing_ok=True)
        raise


@contextmanager
def open_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a ZIP archive whose list of members is of a sane size.

    Raises:
        Refusal: `broken_archive`.
    """
    with _ShortReads(path) as file:
        try:
            archive = zipfile.ZipFile(file)
        except DAMAGE as error:
            raise _broken() from error
        with archive:
            yield archive


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """The bytes of a member, a megabyte at a time; the archive may say of its size what it likes.

    Raises:
        Refusal: `encrypted_archive` or `broken_archive`.
    """
    if member.flag_bits & ENCRYPTED_FLAGS:
        message = Message("The archive is protected by a password. Pack the file again without one.")
        raise Refusal(Problem("encrypted_archive", message))
    if member.compress_type not in UNPACKED_METHODS:
        message = Message(
            "The archive is packed in an unusual way (method {method}). Pack the file again as an ordinary ZIP file.",
            {"method": member.compress_type},
        )
        raise Refusal(Problem("broken_archive", message))
    try:
        with archive.open(member) as file:
            while piece := file.read(CHUNK_BYTES):
                yield piece
    except DAMAGE as error:
        raise _broken() from error


def expands_too_far(most_bytes: int) -> Refusal:
    message = Message(
        "The file unpacks to more than {limit} MB, the limit here. Upload a smaller file or a sample of it.",
        {"limit": round(most_bytes / 1_000_000)},
    )
    return Refusal(Problem("expands_too_far", message))


class _ShortReads(io.BufferedReader):
    """A file that is not read in one large piece, as `zipfile` reads the list of members, however long it is."""

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path))

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MOST_DIRECTORY_BYTES:
            raise zipfile.BadZipFile("the list of members is too long")
        return super().read(size)


def _write(pieces: Iterator[bytes], output: Path, most_bytes: int) -> None:
    written = 0
    with output.open("wb") as file:
        for piece in pieces:
            written += len(piece)
            if written > most_bytes:
                raise expands_too_far(most_bytes)
            file.write(piece)


def _read_gzip(path: Path) -> Iterator[bytes]:
    """The bytes of all members, one after the other, at most a megabyte at a time; zeros may follow a member."""
    inflate = zlib.decompressobj(GZIP_WINDOW)
    with path.open("rb") as file:
        while packed := file.read(READ_BYTES):
            while packed:
                if inflate.eof:
                    packed = packed.lstrip(b"\0")
                    if not packed:
                        break
                    inflate = zlib.decompressobj(GZIP_WINDOW)
                try:
                    yield inflate.decompress(packed, CHUNK_BYTES)
                except zlib.error as error:
                    raise _broken() from error
                packed = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
    if not inflate.eof:
        raise _broken()


def _name_in_gzip(path: Path) -> str | None:
    with path.open("rb") as file:
        header = file.read(LONGEST_GZIP_HEADER_BYTES)
    flags, start = header[3], GZIP_FIXED_BYTES
    if flags & GZIP_HAS_EXTRA:
        start += 2 + int.from_bytes(header[start : start + 2], "little")
    name, end, _ = header[start:].partition(b"\0")
    return _last_part(name.decode("utf-8", errors="replace")) if flags & GZIP_HAS_NAME and end else None


def _find_member(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """The only file in the archive, apart from those that file managers add."""
    members = [member for member in archive.infolist() if _is_wanted(member.filename)]
    if not members:
        raise Refusal(Problem("empty_archive", Message("The archive holds no file. Pack one file into it.")))
    if len(members) > 1:
        names = [_last_part(member.filename) or "–" for member in members[:SHOWN_NAMES]]
        shown = ", ".join(name[:SHOWN_CHARACTERS] for name in names) + (", …" if len(members) > SHOWN_NAMES else "")
        message = Message(
            "The archive holds {count} files ({names}). Pack each into an archive of its own.",
            {"count": len(members), "names": shown},
        )
        raise Refusal(Problem("several_files", message))
    return members[0]


def _is_wanted(name: str) -> bool:
    if name.endswith(("/", "\\")):
        return False
    parts = [part.casefold() for part in PureWindowsPath(name).parts]
    return UNWANTED_FOLDER not in parts and not UNWANTED_NAMES & set(parts[-1:])


def _last_part(name: str) -> str | None:
    """What follows the last slash of either kind."""
    return PureWindowsPath(name).name or None


def _broken() -> Refusal:
    message = Message(
        "The archive cannot be unpacked: it is cut off, damaged or no archive. Pack the file again, or upload it as it is."
    )
    return Refusal(Problem("broken_archive", message))

"""A job's log on disk, page by page: whole lines from any place, searched or not, never the whole file in memory.

Enters the log of one attempt (worker.log) and a byte offset; leaves lines with their offsets. Everything here blocks.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LINES_PER_PAGE = 200
LONGEST_LINE = 4_000  # characters shown of one line; the file holds it whole
LONGEST_CHARACTER = 4  # bytes, in UTF-8
BLOCK_BYTES = 1 << 17
LONGEST_PIECE = 1 << 20  # a line longer than this is read as several
# Between blocks a reader rests: Python runs one thread at a time, and the event loop would wait for each turn of its own.
REST_SECONDS = 0.001


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line and the byte offset at which it begins."""

    offset: int
    text: str


@dataclass(frozen=True, slots=True)
class LogPage:
    """Lines in the order of the file; `earlier` and `later` are where the neighbouring pages begin, None at either end."""

    lines: tuple[LogLine, ...]
    earlier: int | None
    later: int | None
    size: int


def read_last_page(path: Path, search: str = "", before: int | None = None, lines: int = LINES_PER_PAGE) -> LogPage:
    """The last lines that begin before byte `before` (None: the end) and hold `search`, in whatever case.

    A missing log is an empty one.
    """
    size = size_of(path)
    end = size if before is None else min(before, size)
    later = end if end < size else None
    words = _Words(search)
    found: deque[LogLine] = deque()
    for offset, piece in _pieces_backwards(path, end):
        for line in reversed(words.lines_of(offset, piece)):
            if len(found) == lines:
                return LogPage(tuple(found), found[0].offset, later, size)
            found.appendleft(line)
    return LogPage(tuple(found), None, later, size)


def read_next_page(path: Path, after: int, search: str = "", lines: int = LINES_PER_PAGE) -> LogPage:
    """The first lines that begin at or after byte `after` and hold `search`."""
    size = size_of(path)
    words = _Words(search)
    found: list[LogLine] = []
    for offset, piece in _pieces_forwards(path, after, size):
        for line in words.lines_of(offset, piece):
            if len(found) == lines:
                return LogPage(tuple(found), found[0].offset or None, line.offset, size)
            found.append(line)
    return LogPage(tuple(found), (found[0].offset or None) if found else None, None, size)


def size_of(path: Path) -> int:
    """Bytes; a missing log has none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


class _Words:
    """What is searched for; looked for in bytes, which is many times as fast, unless it has letters that only text can fold."""

    def __init__(self, search: str) -> None:
        is_plain = all(letter.isascii() or letter.casefold() == letter.upper() == letter for letter in search)
        self._raw = search.lower().encode("utf-8", errors="surrogatepass") if is_plain else None
        self._text = search.casefold()

    def lines_of(self, offset: int, piece: bytes) -> list[LogLine]:
        """The lines of `piece`, which begins at byte `offset`, that hold the words."""
        found: list[LogLine] = []
        if not self._are_in(piece):
            return found
        for raw in piece.splitlines(keepends=True):
            if self._are_in(raw):
                found.append(LogLine(offset, _decode(raw)))
            offset += len(raw)
        return found

    def _are_in(self, raw: bytes) -> bool:
        if self._raw is None:
            return self._text in raw.decode("utf-8", errors="replace").casefold()
        return not self._raw or self._raw in raw.lower()


def _pieces_backwards(path: Path, end: int) -> Iterator[tuple[int, bytes]]:
    """All whole lines that begin before byte `end`, in pieces with their offsets, the last piece first."""
    if end <= 0:
        return
    with path.open("rb") as file:
        tail, position = b"", end
        while position > 0:
            start = max(0, position - BLOCK_BYTES)
            file.seek(start)
            tail = file.read(position - start) + tail
            position = start
            # The first line may have begun in the block before: it waits, unless there is none or it is too long.
            cut = 0 if position == 0 else tail.find(b"\n", 0, -1) + 1
            if cut == 0 and position > 0 and len(tail) < LONGEST_PIECE:
                continue
            yield position + cut, tail[cut:]
            tail = tail[:cut]
            time.sleep(REST_SECONDS)


def _pieces_forwards(path: Path, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """All lines from byte `start` to byte `end`, in pieces with their offsets, the first piece first."""
    if start >= end:
        return
    with path.open("rb") as file:
        file.seek(start)
        rest, position = b"", start
        while block := file.read(min(BLOCK_BYTES, end - position - len(rest))):
            rest += block
            is_whole = position + len(rest) >= end or (len(rest) >= LONGEST_PIECE and b"\n" not in rest)
            cut = len(rest) if is_whole else rest.rfind(b"\n") + 1
            if cut:
                yield position, rest[:cut]
                rest, position = rest[cut:], position + cut
                time.sleep(REST_SECONDS)


def _decode(raw: bytes) -> str:
    start = raw[: LONGEST_LINE * LONGEST_CHARACTER].rstrip(b"\r\n")
    return start.decode("utf-8", errors="replace")[:LONGEST_LINE]

"""A job's log on disk, page by page: whole lines from any place, searched or not, never the whole file in memory.

Enters the log of one attempt (worker.log) and a byte offset; leaves lines with their offsets. Everything here blocks.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

LINES_PER_PAGE = 200
LONGEST_LINE = 4_000  # characters shown of one line; the file holds it whole
BLOCK_BYTES = 1 << 20
LONGEST_PIECE = 8 << 20  # a line longer than this is read as several


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
    size = _size_of(path)
    end = size if before is None else min(before, size)
    found: deque[LogLine] = deque()
    wanted = search.casefold()
    for offset, raw in _lines_backwards(path, end):
        text = _decode(raw)
        if wanted in text.casefold():
            if len(found) == lines:
                return _page(found, is_first=False, end=end, size=size)
            found.appendleft(LogLine(offset, text[:LONGEST_LINE]))
    return _page(found, is_first=True, end=end, size=size)


def read_next_page(path: Path, after: int, search: str = "", lines: int = LINES_PER_PAGE) -> LogPage:
    """The first lines that begin at or after byte `after` and hold `search`."""
    size = _size_of(path)
    found: list[LogLine] = []
    wanted = search.casefold()
    position = after
    if size:
        with path.open("rb") as file:
            file.seek(after)
            while position < size and len(found) < lines:
                raw = file.readline()
                if not raw:
                    break
                text = _decode(raw)
                if wanted in text.casefold():
                    found.append(LogLine(position, text[:LONGEST_LINE]))
                position += len(raw)
    later = position if position < size else None
    return LogPage(tuple(found), found[0].offset if found and found[0].offset else None, later, size)


def _page(found: deque[LogLine], is_first: bool, end: int, size: int) -> LogPage:
    return LogPage(tuple(found), None if is_first or not found else found[0].offset, end if end < size else None, size)


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _lines_backwards(path: Path, end: int) -> Iterator[tuple[int, bytes]]:
    """Every line that begins before `end`, the last one first, with its offset."""
    if end <= 0:
        return
    with path.open("rb") as file:
        tail, position = b"", end
        while position > 0:
            start = max(0, position - BLOCK_BYTES)
            tail = _read_at(file, start, position - start) + tail
            position = start
            # The first piece may have begun in the block before: it waits, unless there is none or it has no end.
            cut = 0 if position == 0 else tail.find(b"\n") + 1
            if cut == 0 and position > 0 and len(tail) < LONGEST_PIECE:
                continue
            offset = position + len(tail)
            for line in reversed(tail[cut:].splitlines(keepends=True)):
                offset -= len(line)
                yield offset, line
            tail = tail[:cut]


def _read_at(file: BinaryIO, offset: int, count: int) -> bytes:
    file.seek(offset, os.SEEK_SET)
    return file.read(count)


def _decode(raw: bytes) -> str:
    return raw.rstrip(b"\r\n").decode("utf-8", errors="replace")

"""A JSON document of any size enters, its values leave one by one: only a window of the file is ever in memory.

Refused are broken JSON, with its line and column, and a value longer than a row may be.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import FileIO
from typing import Any

from trainer.contract.messages import Message, Refusal
from trainer.reading.json_refusals import (
    NO_COLON,
    NO_KEY,
    NO_SEPARATOR,
    NO_VALUE,
    NOT_UTF_8,
    TOO_DEEP,
    broken_json,
    find_reason,
    too_long,
)
from trainer.reading.json_values import parse_row, parse_rows

CHUNK_BYTES = 1 << 18
MAX_ROW_BYTES = 16 << 20
MOST_AT_ONCE = 1 << 20  # letters of an object that is read whole
# Where the window ends may be in the middle of -Infinity, of 1e+5 or of \ud83d\ude00: so many characters tell.
LONGEST_CUT = 16
MOST_BYTES = 4  # of one character: what is short for certain need not be measured
SPACE = " \t\r\n"
Parse = Callable[[str, int], tuple[Any, int]]  # a text and where to begin; the value and where it ends
_CLOSINGS = {"{": "}", "[": "]", '"': '"'}
_SPACE = re.compile(f"[{SPACE}]*")


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a file: its offset in bytes, its line and column as people count."""

    offset: int = 0
    line: int = 1
    column: int = 1


START = Place()


class JsonStream:
    """Reads on from a place in a file; several streams may share one file, for each looks up its own place."""

    def __init__(self, file: FileIO, place: Place = START, most_bytes: int = MAX_ROW_BYTES) -> None:
        self._file = file
        self._offset, self._line, self._column = place.offset, place.line, place.column
        self._most_bytes = most_bytes
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._text = ""
        self._position = 0
        self._has_odd_block = False
        self._is_at_end = False
        if not place.offset:
            self._pass_mark()

    def read_items(self) -> Iterator[Any]:
        """The values of the list that begins here, each with what is nested in it as JSON text."""
        self._pass("[", NO_VALUE)
        if self.peek() == "]":
            self._position += 1
            return
        while True:
            yield from self._read_block(self.peek()) or (self.read_value(),)
            if not self._pass_separator("]"):
                return

    def read_keys(self) -> Iterator[str]:
        """The keys of the object that begins here; whoever asks for the next one has read the value of the last."""
        self._pass("{", NO_VALUE)
        if self.peek() == "}":
            self._position += 1
            return
        while True:
            if self.peek() != '"':
                raise self.refuse(NO_KEY)
            key = self.read_value()
            self._pass(":", NO_COLON)
            self.peek()
            yield key
            if not self._pass_separator("}"):
                return

    def read_members(self, parse: Parse, read: Callable[[], Any]) -> Iterator[dict[str, Any]]:
        """The members of the object that begins here, some at a time; a short object's all at once.

        `parse` makes a dict of an object's text, `read` the value of a member that has to be read alone.
        """
        while not (found := self._parse(parse)):
            if len(self._text) - self._position > min(MOST_AT_ONCE, self._most_bytes // 8):
                break
            self._read_on()
        else:
            self._position = found[1]
            yield found[0]
            return
        for key in self.read_keys():
            yield {key: read()}
            while members := self._read_piece(parse):
                yield members

    def read_value(self, parse: Parse = parse_row) -> Any:  # noqa: ANN401 - whatever JSON can say
        """The value that begins here; unless told otherwise, with what is nested in it as JSON text."""
        while True:
            found = self._parse(parse)
            end = found[1] if found else len(self._text)
            self._refuse_long(end)
            if found and (self._is_at_end or end + LONGEST_CUT <= len(self._text)):
                self._position = end
                return found[0]
            self._read_on()

    def _parse(self, parse: Parse) -> tuple[Any, int] | None:
        """The value that begins here and where it ends; None where the window ends in the middle of it."""
        try:
            return parse(self._text, self._position)
        except json.JSONDecodeError as error:
            if self._is_at_end or not _may_be_cut(error, len(self._text)):
                raise self.refuse(find_reason(error), error.pos) from None
            return None
        except RecursionError:
            raise self.refuse(TOO_DEEP) from None

    def peek(self) -> str:
        """The next character that is no space, which is where reading goes on; "" at the end of the file."""
        while True:
            space = _SPACE.match(self._text, self._position)
            self._position = space.end() if space else self._position
            if self._position < len(self._text):
                return self._text[self._position]
            if self._is_at_end:
                return ""
            self._read_on()

    def find_place(self) -> Place:
        line, column = self._locate(self._position)
        unread, _ = self._decoder.getstate()
        return Place(self._offset - len(unread) - len(self._text[self._position :].encode()), line, column)

    def refuse(self, what: Message, position: int | None = None) -> Refusal:
        """What is wrong here, or at a position of the window."""
        return broken_json(*self._locate(self._position if position is None else position), what)

    def _read_block(self, character: str) -> list[Any]:
        """All items that are wholly in the window, at once because that is faster; none if that fails."""
        text, start = self._text, self._position
        closing = _CLOSINGS.get(character, "")
        cut = text.rfind(f"{closing},", start) + len(closing)
        if cut <= start or self._has_odd_block or len(text) * MOST_BYTES > self._most_bytes:
            return []
        try:
            # When the cut is no separator but part of an item, then that item is not closed.
            items, end = parse_rows(f"[{text[start:cut]}]")
        except (json.JSONDecodeError, RecursionError):
            self._has_odd_block = True
            return []
        self._position = start - len("[") + end - len("]")
        return items

    def _read_piece(self, parse: Parse) -> dict[str, Any]:
        """All further members that are wholly in the window, for the same reason as in `_read_block`; {} if that fails."""
        if self.peek() != "," or self._has_odd_block or len(self._text) * MOST_BYTES > self._most_bytes:
            return {}
        text, start = self._text, self._position + 1
        cut = text.rfind(",", start)
        for _ in ("at the last comma", "before the text that holds it"):
            if cut <= start:
                return {}
            try:
                members: dict[str, Any]
                members, end = parse(f"{{{text[start:cut]}}}", 0)
            except json.JSONDecodeError as error:
                cut = text.rfind(",", start, start + error.pos - 1)
            except RecursionError:
                break
            else:
                self._position = start + end - len("{}") if members else self._position
                return members
        self._has_odd_block = True
        return {}

    def _pass(self, character: str, otherwise: Message) -> None:
        if self.peek() != character:
            raise self.refuse(otherwise)
        self._position += 1

    def _pass_separator(self, closing: str) -> bool:
        """Whether another item follows."""
        separator = self.peek()
        if separator not in {",", closing}:
            raise self.refuse(NO_SEPARATOR)
        self._position += 1
        return separator == ","

    def _read_on(self) -> None:
        """Forget what was read and lengthen the window: twofold, so that a long value is not tried too often."""
        kept = self._text[self._position :]
        self._line, self._column = self._locate(self._position)
        self._file.seek(self._offset)
        block = self._file.read(max(min(CHUNK_BYTES, self._most_bytes // 8), len(kept)))
        self._offset += len(block)
        self._is_at_end = not block
        self._has_odd_block = False
        self._position = 0
        try:
            self._text = kept + self._decoder.decode(block, final=self._is_at_end)
        except UnicodeDecodeError as error:
            self._text = kept + error.object[: error.start].decode()
            raise self.refuse(NOT_UTF_8, len(self._text)) from None

    def _locate(self, position: int) -> tuple[int, int]:
        """The line and column of a position of the window."""
        lines = self._text.count("\n", 0, position)
        if not lines:
            return self._line, self._column + position
        return self._line + lines, position - self._text.rfind("\n", 0, position)

    def _refuse_long(self, end: int) -> None:
        if (end - self._position) * MOST_BYTES <= self._most_bytes:
            return
        if len(self._text[self._position : end].encode()) > self._most_bytes:
            raise too_long(*self._locate(self._position), self._most_bytes)

    def _pass_mark(self) -> None:
        self._file.seek(0)
        if self._file.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8:
            self._offset = len(codecs.BOM_UTF8)


def _may_be_cut(error: json.JSONDecodeError, window: int) -> bool:
    """Whether it may be the end of the window that breaks the value: there, or in a text that goes on."""
    return error.pos > window - LONGEST_CUT or error.msg.startswith("Unterminated string")

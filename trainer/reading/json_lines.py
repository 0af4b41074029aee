"""JSON lines enter, one object or list per line leaves; broken lines are set aside with their line and reason.

Refused is a file without one good line, or with more than a tenth of its lines broken: with what is wrong in the first.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Generator
from io import BufferedReader
from pathlib import Path
from typing import Any

from trainer.contract.messages import Message, Refusal
from trainer.reading.json_refusals import (
    EXTRA,
    NOT_UTF_8,
    TOO_DEEP,
    broken_json,
    describe_kind,
    find_reason,
    not_a_list,
    not_an_object,
    too_long,
)
from trainer.reading.json_stream import CHUNK_BYTES, MAX_ROW_BYTES, MOST_BYTES, SPACE
from trainer.reading.json_values import parse_row
from trainer.reading.rejected_rows import SHOWN_CHARACTERS, SHOWN_REJECTS, RejectedRow

MAX_BROKEN_SHARE = 0.1


class JsonLines:
    """One reading of a file: what was rejected is complete once every row was taken."""

    def __init__(self, path: Path, otherwise: Refusal | None = None) -> None:
        """`otherwise` is raised when the lines are refused, instead of what is wrong in the first broken one."""
        self.rejected_count = 0
        self.rejected: list[RejectedRow] = []
        self._path = path
        self._refusal = otherwise
        self._wanted: type | None = None
        self._broken_count = 0

    def read_rows(self) -> Generator[Any]:
        """Every good line: objects, or lists where the first good line is a list.

        Raises:
            Refusal: `broken_json` or `not_a_table`, after the last row.
        """
        good_count = 0
        for number, line in read_lines(self._path):
            row = self._parse(number, line)
            if row is not None:
                good_count += 1
                yield row
        is_mostly_broken = self._broken_count > MAX_BROKEN_SHARE * (good_count + self.rejected_count)
        if self._refusal and (is_mostly_broken or not good_count):
            raise self._refusal

    def _parse(self, number: int, line: bytes) -> Any:  # noqa: ANN401 - an object or a list
        if len(line) > MAX_ROW_BYTES:
            self._reject_long(number, line)
            return None
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            self._reject_damaged(number, len(line[: error.start].decode()) + 1, line)
            return None
        start = 0 if text[0] not in SPACE else len(text) - len(text.lstrip(SPACE))
        try:
            row, end = parse_row(text, start)
            if end < len(text):
                extra = len(text) - len(text[end:].lstrip(SPACE))
                self._reject_broken(number, extra + 1, EXTRA, text)
            elif self._is_wanted(row):
                return row
            else:
                self._reject_kind(number, row, text)
        except json.JSONDecodeError as error:
            self._reject_broken(number, error.pos + 1, find_reason(error), text)
        except RecursionError:
            self._reject_broken(number, start + 1, TOO_DEEP, text)
        return None

    def _is_wanted(self, row: object) -> bool:
        kind = type(row)
        if self._wanted is None and (kind is dict or kind is list):
            self._wanted = kind
        return kind is self._wanted

    def _reject_broken(self, line: int, column: int, what: Message, text: str) -> None:
        self._broken_count += 1
        reason = Message("The JSON is broken in column {column}: {what}.", {"column": column, "what": what})
        self._reject(line, reason, text, broken_json(line, column, what))

    def _reject_damaged(self, line: int, column: int, content: bytes) -> None:
        """A damaged letter is no broken JSON: it does not count against the file."""
        reason = Message("The row holds bytes that are no UTF-8 text.")
        self._reject(line, reason, content.decode(errors="replace"), broken_json(line, column, NOT_UTF_8))

    def _reject_kind(self, line: int, row: object, text: str) -> None:
        self._broken_count += 1
        found = {"found": describe_kind(row)}
        if self._wanted is list:
            reason, refusal = Message("The line holds {found}, not a list like the first row.", found), not_a_list(line, row)
        else:
            reason, refusal = Message("The line holds {found}, not an object.", found), not_an_object(line, row)
        self._reject(line, reason, text, refusal)

    def _reject_long(self, line: int, start: bytes) -> None:
        """Long is not broken: it does not count against the file."""
        reason = Message("The row is longer than {most} bytes.", {"most": MAX_ROW_BYTES})
        text = start[: SHOWN_CHARACTERS * MOST_BYTES].decode(errors="ignore")
        self._reject(line, reason, text, too_long(line, 1, MAX_ROW_BYTES))

    def _reject(self, line: int, reason: Message, text: str, refusal: Refusal) -> None:
        self.rejected_count += 1
        self._refusal = self._refusal or refusal
        if len(self.rejected) < SHOWN_REJECTS:
            self.rejected.append(RejectedRow(line, reason, text[:SHOWN_CHARACTERS]))


def read_lines(path: Path) -> Generator[tuple[int, bytes]]:
    """Every line that is not blank, with its number and without its end; of one that is too long only the beginning."""
    with path.open("rb") as file:
        if file.read(len(codecs.BOM_UTF8)) != codecs.BOM_UTF8:
            file.seek(0)
        number = 0
        while line := file.readline(MAX_ROW_BYTES + 1):
            number += 1
            if len(line) > MAX_ROW_BYTES and not line.endswith(b"\n"):
                _pass_rest(file)
            elif not (line := line.rstrip(SPACE.encode())):
                continue
            yield number, line


def _pass_rest(file: BufferedReader) -> None:
    while (rest := file.readline(CHUNK_BYTES)) and not rest.endswith(b"\n"):
        pass

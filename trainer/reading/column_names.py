"""Column names as they were written enter; names that are never empty and never alike leave, each change with a note."""

from __future__ import annotations

import re
from collections.abc import Sequence

from trainer.contract.messages import Message
from trainer.reading.cell_text import PERSIAN_LETTERS

MAX_NOTES = 20
LONGEST_NAME = 120
HALF_SPACES = "\u200c\u200d"  # a part of words, but not at their ends
_FORMULA = re.compile(r'\s*="((?:[^"]|"")*)"\s*')  # as cells may stand, too
_UNSEEN = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def tidy_names(written: Sequence[str]) -> tuple[list[str], list[Message]]:
    """Trim and shorten names, write ي ك as ی ک, name the unnamed `column_<position>` and number those alike apart from case.

    Marks that nobody sees are left out: two names that look the same would be different. So is what makes ="name" of a name.

    Case counts as alike because DuckDB, like SQL, does not tell "Age" from "age".
    """
    taken = {_tidy(name).casefold() for name in written}
    used: set[str] = set()
    names, notes = [], []
    for position, original in enumerate(written, start=1):
        whole = _tidy(original)
        wanted = whole if len(whole) <= LONGEST_NAME else f"{whole[: LONGEST_NAME - 1]}…"
        if wanted != whole:
            text = "The name of column {position} has {length} characters; it is shortened to “{name}”."
            notes.append(Message(text, {"position": position, "length": len(whole), "name": wanted}))
        name = wanted or f"column_{position}"
        if name.casefold() in used or (not wanted and name.casefold() in taken):
            name = _numbered(name, used | taken)
        if not wanted:
            notes.append(Message("Column {position} has no name; it is called “{name}”.", {"position": position, "name": name}))
        elif name != wanted:
            notes.append(_renamed(position, wanted, name))
        used.add(name.casefold())
        names.append(name)
    return names, notes[:MAX_NOTES]


def _tidy(name: str) -> str:
    if formula := _FORMULA.fullmatch(name):
        name = formula[1].replace('""', '"')
    # NUL ends a name in half of the world's tools, and a name is shown on one line.
    seen = _UNSEEN.sub("", name.replace("\0", " ").translate(PERSIAN_LETTERS))
    return " ".join(seen.split()).strip(HALF_SPACES)


def _renamed(position: int, original: str, name: str) -> Message:
    return Message(
        "Column {position} is called “{original}” like an earlier one; it is now “{name}”.",
        {"position": position, "original": original, "name": name},
    )


def _numbered(name: str, taken: set[str]) -> str:
    number = 2
    while f"{name}_{number}".casefold() in taken:
        number += 1
    return f"{name}_{number}"

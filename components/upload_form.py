"""Uploads files in parts that survive a broken connection: several at once, each with its progress, checked before and after.

Also takes a pasted table, and a web address where that is allowed. The browser does the work; refusals come back in words.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from nicegui.element import Element
from nicegui.events import GenericEventArguments

from locales import Translator


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file in the list: what it is called, as far as somebody said so; `is_chosen` when it has not been sent yet."""

    key: str
    filename: str
    address: str
    name: str
    is_pasted: bool
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Naming:
    """What becomes of a file: a sentence when it becomes a version of a data set, a `name` when it was given none."""

    joins: str = ""
    name: str = ""


class UploadForm(
    Element,
    component="upload_form.js",
    dependencies=["file_transfer.js", "transfer_row.js", "transfer_words.js", "upload_names.js"],
):
    """Asks `on_named`, with the files in the list, what becomes of each before it is sent; the answer is by key.

    Calls `on_arrived` with a file's key and its upload's id when it is there and about to be read, `on_uploaded` with a
    data set's id and whether it came alone, `on_refused` with a file's key and its refusal.
    """

    def __init__(
        self,
        _: Translator,
        *,
        endings: Sequence[str],
        packings: Sequence[str],
        limit_bytes: int,
        unfinished: Sequence[Mapping[str, Any]],
        is_address_allowed: bool,
        on_named: Callable[[Sequence[NamedFile]], Awaitable[Mapping[str, Naming]]],
        on_arrived: Callable[[str, str], None],
        on_uploaded: Callable[[str, bool], Awaitable[None]],
        on_refused: Callable[[str, Mapping[str, Any]], None],
    ) -> None:
        """`endings` and `packings` are what file names may end in, with their point; `unfinished` are earlier uploads."""
        super().__init__()
        self._errors: dict[str, str] = {}
        self._turns: dict[str, str] = {}
        self._props["urls"] = {
            "uploads": "/api/datasets/uploads",
            "address": "/api/datasets/from-url" if is_address_allowed else "",
        }
        self._props["endings"] = list(endings)
        self._props["packings"] = list(packings)
        self._props["limit"] = limit_bytes
        self._props["unfinished"] = [dict(upload) for upload in unfinished]
        self._props["errors"] = {}
        self._props["turns"] = {}
        self._props["names"] = {"ticket": 0, "files": {}}
        self._props["language"] = _.language
        self._props["words"] = _words(_, endings, packings, limit_bytes)

        async def uploaded(event: GenericEventArguments) -> None:
            await on_uploaded(str(event.args["id"]), bool(event.args["alone"]))

        def arrived(event: GenericEventArguments) -> None:
            self._turns.pop(str(event.args["key"]), None)  # of an earlier try
            on_arrived(str(event.args["key"]), str(event.args["upload"]))

        def refused(event: GenericEventArguments) -> None:
            on_refused(str(event.args["key"]), event.args)

        async def named(event: GenericEventArguments) -> None:
            namings = await on_named([_read_file(file) for file in event.args["files"]])
            files = {key: asdict(naming) for key, naming in namings.items()}
            self._props["names"] = {"ticket": event.args["ticket"], "files": files}
            self.update()

        self.on("named", named)
        self.on("arrived", arrived)
        self.on("uploaded", uploaded)
        self.on("refused", refused)

    def show_error(self, key: str, sentence: str) -> None:
        """Say beside the file with this key why it was refused."""
        self._errors = {**self._errors, key: sentence}
        self._props["errors"] = self._errors
        self.update()

    def show_turn(self, key: str, sentence: str) -> None:
        """Say beside the file with this key that it waits for its turn to be read; nothing once it is being read."""
        if self._turns.get(key) != sentence:
            self._turns = {**self._turns, key: sentence}
            self._props["turns"] = self._turns
            self.update()


def _read_file(sent: Mapping[str, Any]) -> NamedFile:
    return NamedFile(
        key=str(sent["key"]),
        filename=str(sent["filename"]),
        address=str(sent["address"]),
        name=str(sent["name"]),
        is_pasted=bool(sent["pasted"]),
        is_chosen=bool(sent["chosen"]),
    )


def _words(_: Translator, endings: Sequence[str], packings: Sequence[str], limit_bytes: int) -> dict[str, Any]:
    limit, known = _.file_size(limit_bytes), _list_endings(_, endings)
    return {
        "title": _("Upload a table"),
        "file": _("Files"),
        "files": _("Files to upload"),
        "choose": _("Choose files, or drop them here"),
        "drop": _("Let go to add the files"),
        "kinds": _(
            "{endings}, also as {packings}; up to {size} each", endings=known, packings=_list_endings(_, packings), size=limit
        ),
        "name": _("Name"),
        "name_hint": _("Optional. The file's own name is used when this is empty."),
        "upload": _("Upload"),
        "upload_many": _("Upload {count} files"),
        "cancel": _("Cancel"),
        "cancel_about": _("Cancel “{name}”"),
        "remove": _("Remove"),
        "remove_about": _("Remove “{name}” from this list"),
        "retry": _("Try again"),
        "retry_about": _("Try “{name}” again"),
        "go_on": _("Go on now"),
        "go_on_about": _("Go on with “{name}” now"),
        "missing": _("Choose a file first."),
        "wrong_type": _("This kind of file cannot be read. Choose one of these: {endings}.", endings=known),
        "too_large": _("This file is larger than {size}, the limit here. Choose a smaller one.", size=limit),
        "empty": _("This file is empty. Choose a file with a header and rows."),
        "broken": _("The connection broke off before the file had arrived. Try again: it goes on where it stopped."),
        "failed": _("not taken"),
        "progress": _("{percent} · {done} of {total}"),
        "speed": _("{speed} per second, {left} left"),
        "offline": _("There is no connection. Going on by itself when it is back."),
        "paused": _("The connection is lost. Going on by itself in {seconds} s."),
        "units": [_("{size} GB"), _("{size} MB"), _("{size} kB"), _("{size} bytes"), _("{size} byte")],
        "states": _states(_),
        "done_version": _("Ready: version {number} of “{name}”"),
        "table_name": _("Name of the table"),
        "pasted": {
            "title": _("Paste a table"),
            "label": _("Cells copied from a spreadsheet, or lines with separators"),
            "hint": _("The first row may hold the names of the columns."),
            "action": _("Add this table"),
            "missing": _("Paste some rows first."),
            "default_name": _("Pasted table"),
        },
        "address": {
            "title": _("From a web address"),
            "label": _("Address of the file"),
            "hint": _("This server fetches the file itself. The address must lead to the file, not to a page about it."),
            "action": _("Fetch this file"),
            "missing": _("Give the address of a file first."),
        },
    }


def _list_endings(_: Translator, endings: Sequence[str]) -> str:
    """Without their points in Persian: beside the comma of a word that reads the other way, they would look like dirt."""
    return _.listed([ending.removeprefix(".") for ending in endings] if _.is_persian else endings)


def _states(_: Translator) -> dict[str, str]:
    """What is said of a file while it waits, and after it came."""
    return {
        "queued": _("Waiting to be sent"),
        "arrived": _("The file has arrived."),
        "reading": _("Reading the file…"),
        "fetching": _("The server is fetching and reading the file…"),
        "done": _("Ready"),
        "unread": _("It could not be read as it is. Open it to choose another way."),
        "unfinished": _("{done} of {total} arrived earlier. Choose the same file again to go on."),
    }

"""Uploads one file straight to the streaming endpoint: checked, sent with its progress, then waiting while it is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nicegui.element import Element
from nicegui.events import GenericEventArguments

from locales import Translator

ENDINGS = (".csv", ".json", ".jsonl")


class UploadForm(Element, component="upload_form.js"):
    """Calls `on_uploaded` with the data set's id, or `on_refused` with the problems of the server's answer."""

    def __init__(
        self,
        _: Translator,
        *,
        limit_bytes: int,
        on_uploaded: Callable[[str], None],
        on_refused: Callable[[Mapping[str, Any]], None],
    ) -> None:
        super().__init__()
        self._props["url"] = "/api/datasets/upload"
        self._props["endings"] = list(ENDINGS)
        self._props["limit"] = limit_bytes
        self._props["errors"] = {}
        self._props["words"] = {
            "file": _("File"),
            "choose": _("Choose a file, or drop it here"),
            "kinds": _("CSV, JSON or JSONL, up to {size}", size=_.file_size(limit_bytes)),
            "name": _("Name"),
            "name_hint": _("Optional. The file's own name is used when this is empty."),
            "upload": _("Upload"),
            "sending": _("Uploading…"),
            "reading": _("Reading the file…"),
            "missing": _("Choose a file first."),
            "wrong_type": _("This kind of file cannot be read. Choose a .csv, .json or .jsonl file."),
            "too_large": _(
                "This file is larger than {size}, the limit here. Choose a smaller one.", size=_.file_size(limit_bytes)
            ),
            "empty": _("This file is empty. Choose a file with a header and rows."),
            "broken": _("The connection broke off before the file had arrived. Try again."),
        }

        def uploaded(event: GenericEventArguments) -> None:
            on_uploaded(str(event.args))

        def refused(event: GenericEventArguments) -> None:
            on_refused(event.args)

        self.on("uploaded", uploaded)
        self.on("refused", refused)

    def show_errors(self, errors: Mapping[str, str]) -> None:
        """Sentences by field: `file` or `name`."""
        self._props["errors"] = dict(errors)
        self.update()

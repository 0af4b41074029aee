"""A form that logs in or registers: the browser sends it itself, so that passwords and tokens never pass through a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nicegui.element import Element
from nicegui.events import GenericEventArguments


@dataclass(frozen=True, slots=True)
class AccountField:
    """One input: its JSON name, label, HTML type and the `autocomplete` that password managers read."""

    name: str
    label: str
    type: str
    autocomplete: str
    hint: str = ""


class AccountForm(Element, component="account_form.js"):
    """Posts its fields as JSON to `action`; goes to `destination` on success, and calls `on_refused` with the answer if not.

    Only the answer's `code` and `details` come back, never a token.
    """

    def __init__(
        self,
        fields: Sequence[AccountField],
        *,
        action: str,
        destination: str,
        submit_label: str,
        on_refused: Callable[[Mapping[str, Any]], None],
    ) -> None:
        super().__init__()
        self._props["fields"] = [
            {"name": f.name, "label": f.label, "type": f.type, "autocomplete": f.autocomplete, "hint": f.hint} for f in fields
        ]
        self._props["action"] = action
        self._props["destination"] = destination
        self._props["submit-label"] = submit_label
        self._props["errors"] = {}
        self._props["alert"] = ""

        def refused(event: GenericEventArguments) -> None:
            on_refused(event.args)

        self.on("refused", refused)

    def show_errors(self, errors: Mapping[str, str], alert: str) -> None:
        """Sentences by the name of the field they belong to, and one for the form as a whole."""
        self._props["errors"] = dict(errors)
        self._props["alert"] = alert
        self.update()

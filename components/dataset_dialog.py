"""Asks for a data set's name, description and who may use it; stays open, with the sentence, until they can be saved."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from nicegui import ui

from components.elements import Button, box, text
from locales import Translator


@dataclass(frozen=True, slots=True)
class DatasetFacts:
    """What a person may change about a data set."""

    name: str
    description: str
    is_shared: bool


async def edit_dataset(_: Translator, facts: DatasetFacts, save: Callable[[DatasetFacts], Awaitable[Mapping[str, str]]]) -> bool:
    """Open a dialog; `save` returns sentences by field (name, description), none when it saved. Whether it was saved."""
    with ui.dialog() as dialog, box("card wide") as panel:
        dialog.on("hide", dialog.delete, args=[])
        panel.props["role"] = "dialog"
        panel.props["aria-label"] = _("Edit the data set")
        text("h2", _("Edit the data set"))
        name = ui.input(_("Name"), value=facts.name).props("outlined autofocus dir=auto name=name").classes("setting")
        description = ui.textarea(_("Description"), value=facts.description).props("outlined dir=auto autogrow name=description")
        description.classes("setting")
        is_shared = ui.checkbox(_("The whole team may look at it and train on it"), value=facts.is_shared).props("name=shared")

        async def accept() -> None:
            errors = await save(DatasetFacts(name.value, description.value, bool(is_shared.value)))
            name.error, description.error = errors.get("name"), errors.get("description")
            if not errors:
                dialog.submit(True)

        async def decline() -> None:
            dialog.submit(False)

        name.on("keydown.enter", accept, args=[])
        with box("actions"):
            Button(_("Save"), accept, kind="primary")
            Button(_("Cancel"), decline)
    return await dialog is True

"""Asks for one number, as people type it; whoever asked says what is wrong with it."""

from __future__ import annotations

from nicegui import ui

from components.elements import Button, box, text


async def ask_number(title: str, question: str, *, value: str, yes: str, no: str) -> str | None:
    """Open a dialog and wait; what was typed, or None when the person let it be."""
    with ui.dialog() as dialog, box("card") as panel:
        # Not before it is hidden: only then has the browser given the focus back to what opened it.
        dialog.on("hide", dialog.delete, args=[])
        panel.props["role"] = "dialog"
        panel.props["aria-label"] = title
        text("h2", title)
        text("p", question)
        field = ui.input(value=value).props("outlined autofocus inputmode=numeric input-class=tabular").classes("setting")
        field.props["aria-label"] = question

        async def accept() -> None:
            dialog.submit(field.value)

        async def decline() -> None:
            dialog.submit(None)

        field.on("keydown.enter", accept, args=[])
        with box("actions"):
            Button(no, decline)
            Button(yes, accept, kind="primary")
    typed = await dialog
    return typed if isinstance(typed, str) else None

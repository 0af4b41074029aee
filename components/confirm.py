"""Asks before something that cannot be undone."""

from __future__ import annotations

from nicegui import ui

from components.elements import Button, box, text


async def confirm(title: str, sentence: str, *, yes: str, no: str) -> bool:
    """Open a dialog and wait; True only when the person chose `yes`. Escape means no."""
    with ui.dialog() as dialog, box("card") as panel:
        # Not before it is hidden: only then has the browser given the focus back to what opened it.
        dialog.on("hide", dialog.delete, args=[])
        panel.props["role"] = "alertdialog"
        panel.props["aria-label"] = title
        text("h2", title)
        text("p", sentence)
        with box("actions"):

            async def accept() -> None:
                dialog.submit(True)

            async def decline() -> None:
                dialog.submit(False)

            Button(no, decline).props("autofocus")
            Button(yes, accept, kind="danger primary")
    return await dialog is True  # None as well when the window was closed, and the dialog with it

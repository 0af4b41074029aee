"""What is left of a forgotten window goes at once, and waits for no collector."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest
from nicegui import Client, core, ui
from nicegui.page import page

from components.elements import Button
from pages.open_pages import untie


async def do_nothing() -> None:
    """What a button does here."""


async def test_a_forgotten_window_goes_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "loop", asyncio.get_running_loop())
    gone: list[str] = []
    client = Client(page("/somewhere"), request=None)
    with client, ui.row():
        button, label = Button("Do it", do_nothing), ui.label("Done").classes("note").style("color: red")
    for element in (button, label):
        for watched in (element.classes, element.style, element.props):
            weakref.finalize(watched, gone.append, f"{type(watched).__name__} of {type(element).__name__}")
    gc.disable()
    try:
        untie(client)
        client.delete()
        del client, button, label, element, watched
        assert len(gone) == 6
    finally:
        gc.enable()

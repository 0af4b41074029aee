"""The few plain HTML elements that pages are made of: text, buttons, links, cards. Text is always text, never HTML."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement


def text(tag: str, content: str, classes: str = "") -> TextElement:
    """An element such as h1, p or span holding `content`."""
    return TextElement(tag=tag, text=content).classes(classes)


def box(classes: str, tag: str = "div") -> Element:
    return ui.element(tag).classes(classes)


def card(title: str = "", classes: str = "") -> Element:
    """A surface with an optional heading; use as a context manager."""
    section = box(f"card {classes}", "section")
    if title:
        with section:
            text("h2", title)
    return section


def foreign_heading(name: str) -> None:
    """A page's heading that is the reader's own word, in whatever direction it reads."""
    with box("", "h1"):
        text("bdi", name)


def link_button(label: str, href: str, *, is_primary: bool = False) -> TextElement:
    element = text("a", label, "button primary" if is_primary else "button")
    element.props["href"] = href
    return element


class Button(TextElement):
    """A button that shows it is busy, and takes no second click, until what it started is done."""

    def __init__(self, label: str, on_click: Callable[[], Awaitable[Any]], *, kind: str = "") -> None:
        super().__init__(tag="button", text=label)
        self.classes(f"button {kind}").props("type=button")
        self._on_click = on_click
        self._is_busy = False
        self._is_enabled = True
        self.on("click", self._run, args=[])

    def set_enabled(self, is_enabled: bool) -> None:
        """Whether clicks do anything; never by `disabled`, which would take the focus from the button just pressed."""
        if self._is_enabled != is_enabled:
            self._is_enabled = is_enabled
            self._show_state()

    async def press(self) -> None:
        """Do what a click does: for the Enter key in a form."""
        await self._run()

    async def _run(self) -> None:
        if self._is_busy or not self._is_enabled:
            return
        self._set_busy(True)
        try:
            await self._on_click()
        finally:
            self._set_busy(False)

    def _set_busy(self, is_busy: bool) -> None:
        self._is_busy = is_busy
        self._show_state()

    def _show_state(self) -> None:
        if self.is_deleted:
            return
        self.props["aria-busy"] = str(self._is_busy).lower()
        self.props["aria-disabled"] = str(self._is_busy or not self._is_enabled).lower()
        self.update()


class Menu(Element, component="menu.js"):
    """A button that opens what is drawn into it; use as a context manager."""

    def __init__(self, label: str) -> None:
        super().__init__()
        self._props["label"] = label


def notice(content: str, tone: str = "", *, is_alert: bool = False) -> TextElement:
    """A sentence on a coloured ground; `tone` is bad, warn, good or empty; an alert is read out at once."""
    element = text("p", content, "notice")
    element.props["data-tone"] = tone
    if is_alert:
        element.props["role"] = "alert"
    return element

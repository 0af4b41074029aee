"""What a page shows when there is nothing yet, when it waits, and when something went wrong."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui.element import Element

from components.elements import box, card, link_button, text


def empty_state(title: str, sentence: str, links: Sequence[tuple[str, str]]) -> None:
    """`links` are (label, address); the first is what to do next."""
    with card(classes="empty"):
        text("h2", title)
        text("p", sentence, "soft")
        with box("actions"):
            for position, (label, address) in enumerate(links):
                link_button(label, address, is_primary=position == 0)


def loading_state(label: str) -> Element:
    """A shimmering place-holder; delete it when the content is there."""
    element = box("skeleton")
    element.props["role"] = "status"
    with element:
        text("span", label, "sr-only")
    return element


def error_state(title: str, sentences: Sequence[str], links: Sequence[tuple[str, str]], *, is_part: bool = False) -> None:
    """`is_part`: of a page that has its heading already."""
    with card(classes="empty"):
        text("h2" if is_part else "h1", title)
        for sentence in sentences:
            text("p", sentence).props["role"] = "alert"
        with box("actions"):
            for position, (label, address) in enumerate(links):
                link_button(label, address, is_primary=position == 0)

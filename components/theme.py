"""The look of every page: our stylesheet, the palette that Quasar's own elements take, and the mark."""

from __future__ import annotations

from pathlib import Path

from nicegui import app as nicegui_app
from nicegui import ui

STYLESHEET = Path(__file__).with_name("theme.css")
# Each meets WCAG AA (4.5 : 1) under white text.
PALETTE = {
    "primary": "#0c6b68",
    "secondary": "#2d5688",
    "accent": "#b4570a",
    "positive": "#24692c",
    "negative": "#a3231c",
    "info": "#2d5688",
    "warning": "#7d4e00",
    "dark": "#182022",
    "dark_page": "#101618",
}
# A falling loss curve on a turquoise tile.
MARK = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#0c6b68"/>\
<path d="M7 7v18h18" fill="none" stroke="#fff" stroke-opacity=".55" stroke-width="2" stroke-linecap="round"/>\
<path d="M11 9c1.500 9 5 12 14 12.500" fill="none" stroke="#ffd08a" stroke-width="3" stroke-linecap="round"/></svg>"""


def install_theme() -> None:
    """Give every page, error pages included, the same look; call once, before serving."""
    ui.add_css(STYLESHEET.read_text(encoding="utf-8"), shared=True)
    nicegui_app.colors(**PALETTE)

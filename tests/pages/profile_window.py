"""A page that shows a profile (a JSON file) as far as its stages say, and goes one stage on when asked: PORT and FILE enter."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from fastapi import Request
from nicegui import ui

from components.theme import install_theme
from locales import Translator
from pages.dataset_profile import ProfileSection
from pages.visitor import dress

KEYS = (
    {"rows", "bytes"},
    {"columns", "suggested", "memory_bytes"},
    {"distributions"},
    {"associations", "correlations", "alike"},
    {"warnings", "duplicate_rows"},
)
STAGES = ("table", "columns", "distributions", "associations", "warnings")


def first_stages(profile: dict[str, Any], count: int) -> dict[str, Any]:
    known = set().union(*KEYS[:count])
    return {key: value for key, value in profile.items() if key in known} | {"stages": STAGES[:count]}


def main() -> None:
    port, path = int(sys.argv[1]), Path(sys.argv[2])
    install_theme()

    @ui.page("/")
    def window(request: Request, language: str = "en", stages: int = len(STAGES)) -> None:
        dress(ui.context.client, language, request)
        profile = json.loads(path.read_text())
        shown = [stages]
        with ui.element("div").classes("page"):
            ui.element("h1")
            said = ui.label("")

            def say(name: str, kind: str | None) -> None:
                said.set_text(f"{name} is {kind}")

            section = ProfileSection(Translator(language), say)
            section.show(first_stages(profile, stages))

            def go_on() -> None:
                shown[0] += 1
                section.show(first_stages(profile, shown[0]))

            ui.button("go on", on_click=go_on)

    ui.run(port=port, host="127.0.0.1", show=False, reload=False, show_welcome_message=False)


if __name__ == "__main__":
    main()

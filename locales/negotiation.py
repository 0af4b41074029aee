"""Which language to speak to a visitor: their own choice, else what their browser asks for, else the operator's default."""

from __future__ import annotations

from locales.catalogue import LANGUAGES


def choose_language(choice: str | None, accept_language: str, default: str) -> str:
    """One of `LANGUAGES`; `choice` and `accept_language` come from the browser and may hold anything."""
    if choice in LANGUAGES:
        return str(choice)
    wanted = sorted(map(_read_range, accept_language.split(",")), key=lambda item: -item[0])
    return next((tag for quality, tag in wanted if quality > 0 and tag in LANGUAGES), default)


def _read_range(text: str) -> tuple[float, str]:
    """(quality, primary language) of one part of Accept-Language, such as `fa-IR;q=0.8` (RFC 9110, 12.5.4)."""
    tag, _, parameters = text.partition(";")
    name, _, value = parameters.strip().partition("=")
    try:
        quality = float(value) if name.strip().lower() == "q" else 1.0
    except ValueError:
        quality = 0.0
    return quality, tag.strip().lower().partition("-")[0]

"""Loads the catalogues: gettext's own lookup, over a .po file that Babel reads."""

from __future__ import annotations

import gettext
import io
from functools import lru_cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = ("en", "fa")
SOURCE_LANGUAGE = "en"
FOLDER = Path(__file__).parent


@lru_cache(maxsize=len(LANGUAGES))
def load_catalogue(language: str) -> gettext.NullTranslations:
    """The sentences of a language; English sentences are their own translation."""
    if language == SOURCE_LANGUAGE:
        return gettext.NullTranslations()
    with catalogue_file(language).open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def catalogue_file(language: str) -> Path:
    return FOLDER / f"{language}.po"

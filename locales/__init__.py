"""Languages: `Translator` says sentences, numbers and dates in the reader's language; `<language>.po` holds the sentences.

The English sentence is its own key. After changing one, run `python -m locales.extract`: it brings every catalogue up
to date, and `tests/locales` fails until each sentence has its translation.
"""

from locales.catalogue import LANGUAGES
from locales.negotiation import choose_language
from locales.numerals import parse_number
from locales.translator import Translator

__all__ = ["LANGUAGES", "Translator", "choose_language", "parse_number"]

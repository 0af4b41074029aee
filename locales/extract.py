"""`python -m locales.extract`: collects every sentence of the product and brings the .po files up to date.

A sentence is the literal given to `_()`, `plural()` or `Message()`; a variable is followed to the literals it was
assigned, a parameter to what callers in the same file pass. Anything else is an error: it could not be translated.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import IO

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from locales.catalogue import LANGUAGES, SOURCE_LANGUAGE, catalogue_file
from locales.sentences import find_sentences

ROOT = Path(__file__).parent.parent
SOURCES = ("app", "components", "locales", "pages", "trainer")
KEYWORDS: Mapping[str, tuple[int, ...] | None] = {"_": None, "Message": None, "plural": (1, 2)}
# What changes with every run or says nothing: it would only make differences between versions hard to read.
NEEDLESS_HEADERS = tuple(
    f'"{name}'.encode() for name in ("Project", "Report", "POT", "PO-", "Last-", "Language-Team", "Generated")
)
HEADER = "# Sentences of Tamrin. Update with `python -m locales.extract`, then translate what is empty.\n#"


def main() -> None:
    template = extract_template()
    for language in LANGUAGES:
        if language != SOURCE_LANGUAGE:
            missing = update_catalogue(language, template)
            print(f"{language}: {len(template)} sentences, {missing} without translation", file=sys.stderr)  # noqa: T201


def extract_template() -> Catalog:
    """Every sentence of the product, with where it stands."""
    template = Catalog(project="Tamrin", header_comment=HEADER)
    for source in SOURCES:
        found = extract_from_dir(ROOT / source, [("**.py", "locales.extract:extract_messages")], keywords=dict(KEYWORDS))
        for filename, _line, sentence, _comments, context in found:
            template.add(sentence, locations=[(f"{source}/{filename}", 0)], context=context)
    return template


def update_catalogue(language: str, template: Catalog) -> int:
    """Add new sentences, drop those that are gone; returns how many have no translation."""
    path = catalogue_file(language)
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    catalogue.update(template, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    catalogue.header_comment = HEADER
    written = BytesIO()
    write_po(written, catalogue, sort_by_file=True, width=0, include_lineno=False, omit_header=False)
    lines = written.getvalue().splitlines(keepends=True)
    path.write_bytes(b"".join(line for line in lines if not line.startswith(NEEDLESS_HEADERS)))
    return sum(1 for message in catalogue if message.id and not _is_translated(message.string))


def _is_translated(translation: object) -> bool:
    return all(translation) if isinstance(translation, tuple | list) else bool(translation)


Extracted = tuple[int, str, str | tuple[str, ...], list[str]]


def extract_messages(
    fileobj: IO[bytes],
    keywords: Mapping[str, object],
    comment_tags: object,  # noqa: ARG001 - Babel names these
    options: object,  # noqa: ARG001
) -> Iterator[Extracted]:
    """Babel's interface for an extraction method."""
    for sentence in find_sentences(fileobj.read().decode("utf-8"), set(keywords)):
        yield sentence.line, sentence.function, sentence.texts if len(sentence.texts) > 1 else sentence.texts[0], []


if __name__ == "__main__":
    main()

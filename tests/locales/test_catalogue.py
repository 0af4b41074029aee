"""Every sentence of the product has its Persian translation, with the same places."""

from __future__ import annotations

import re
from string import Formatter

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from locales.catalogue import LANGUAGES, SOURCE_LANGUAGE, catalogue_file
from locales.extract import KEYWORDS, extract_template
from locales.sentences import NotLiteral, find_sentences

TRANSLATED = [language for language in LANGUAGES if language != SOURCE_LANGUAGE]


def catalogue_of(language: str) -> Catalog:
    with catalogue_file(language).open("rb") as file:
        return read_po(file, locale=language)


def forms(text: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_sentence_is_translated_and_none_is_left_over(language: str) -> None:
    wanted = {forms(message.id) for message in extract_template() if message.id}
    catalogue = catalogue_of(language)
    translated = {forms(message.id) for message in catalogue if message.id and all(forms(message.string))}
    assert wanted - translated == set(), "run `python -m locales.extract`, then translate what is empty"
    assert {forms(message.id) for message in catalogue if message.id} - wanted == set(), "run `python -m locales.extract`"
    assert not catalogue.obsolete


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_keep_the_places(language: str) -> None:
    for message in catalogue_of(language):
        if message.id:
            assert_same_places(message)


def assert_same_places(message: Message) -> None:
    for original, translation in zip(forms(message.id), forms(message.string), strict=True):
        assert places(translation) == places(original), translation


NO_QUOTES = str.maketrans("", "", "“”?")


def test_persian_is_written_with_persian_letters_and_punctuation() -> None:
    for message in catalogue_of("fa"):
        for translation in forms(message.string) if message.id else ():
            # A sentence may be about such a sign: then the English one holds it, too.
            foreign = set(re.findall("[يكىة٠-٩“”?;]", translation)) - set("".join(forms(message.id)).translate(NO_QUOTES))
            assert not foreign, translation
            assert not re.search("[؀-ۿ],", translation), translation
            assert not re.search(r"[؀-ۿ] (ها|های)\b", translation), f"a half-space is missing: {translation}"


def test_sentences_behind_variables_and_parameters_are_found() -> None:
    source = """
def told(flag):
    text = "One."
    a, b = "Two.", 2
    _.plural("{count} x", "{count} xs", 3)
    return [Message(text), Message(a), Message("Three." if flag else "Four."), helper("Five.")]
def helper(text):
    return Message(text)
"""
    found = {text for sentence in find_sentences(source, set(KEYWORDS)) for text in sentence.texts}
    assert found == {"One.", "Two.", "Three.", "Four.", "Five.", "{count} x", "{count} xs"}


def test_a_sentence_made_at_run_time_is_an_error() -> None:
    with pytest.raises(NotLiteral, match="line 1"):
        list(find_sentences('Message(f"{x} rows")', set(KEYWORDS)))

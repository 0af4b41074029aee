"""Says things to one reader: sentences, numbers, sizes, durations and dates, in their language and calendar.

What is put into a sentence is marked as a unit of its own direction, so that an English name inside a Persian sentence
(or the other way round) does not reorder the words around it.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import cache

import jdatetime
from babel import Locale
from babel.dates import format_datetime
from babel.numbers import NumberPattern, format_decimal, format_percent, parse_pattern

from locales.catalogue import load_catalogue
from locales.field_names import FIELD_NAMES
from locales.numerals import is_plain_number, to_persian_digits
from trainer.contract import Message, Scalar

ARABIC_LETTER_MARK = "\u061c"
FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"
LEFT_TO_RIGHT_ISOLATE = "\u2066"
NO_BREAK_SPACE = "\u00a0"
# Marks, embeddings, overrides and the isolates that are not ours: none is needed to write a name, each can reorder a sentence.
DIRECTION_CONTROLS = re.compile("[\u200e\u200f\u202a-\u202e\u2066\u2067]")
ISOLATES = re.compile(f"[{FIRST_STRONG_ISOLATE}{POP_ISOLATE}]")
SIZES = ((1_000_000_000, Message("{size} GB")), (1_000_000, Message("{size} MB")), (1_000, Message("{size} kB")))
BYTE, BYTES = Message("{size} byte"), Message("{size} bytes")
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
SEPARATORS = str.maketrans(",.%", "٬٫٪")
SIGNIFICANT = 4
EXACT_WHOLE = 1e15  # below it, a float that is whole is that whole number
ISO_TIME = re.compile(r"(\d{4})-(\d{2})-(\d{2})((?: \d{2}:\d{2}:\d{2}(?:\.\d+)?)?)", re.ASCII)
JALALI_YEARS = range(1200, 1500)  # those of written dates: other years are read as Gregorian, and so are shown as such
OUR_WORDS = frozenset({"field", "found", "reason"})  # places that hold words of ours, not of the user
TINY = 1e-4
HUGE = 1e9


@dataclass(frozen=True)
class Translator:
    """One reader's language and time zone; call it as `_` with an English sentence and its {named} values."""

    language: str = "en"
    zone: tzinfo = field(default=UTC)

    @property
    def is_persian(self) -> bool:
        return self.language == "fa"

    def __call__(self, sentence: str, /, **params: Scalar) -> str:
        return _fill(load_catalogue(self.language).gettext(sentence), {name: self._shown(v) for name, v in params.items()})

    def plural(self, singular: str, plural: str, /, count: int, **params: Scalar) -> str:
        """The form that fits `count`, which fills the place {count}."""
        chosen = load_catalogue(self.language).ngettext(singular, plural, count)
        return _fill(chosen, {name: self._shown(v) for name, v in {"count": count, **params}.items()})

    def message(self, message: Message) -> str:
        """A sentence from anywhere in the product; names of fields in it become their labels."""
        sentence = load_catalogue(self.language).gettext(message.text)
        return _fill(sentence, {name: self._place(name, value) for name, value in message.params.items()})

    def listed(self, words: Sequence[str]) -> str:
        """Words that are not ours, one after the other as this language reads, whatever theirs."""
        if not self.is_persian or len(words) < len(("a", "b")):
            return ", ".join(words)
        return ARABIC_LETTER_MARK + "، ".join(isolate(tame(word)) for word in words)

    def field_name(self, name: str) -> str:
        return self.message(FIELD_NAMES[name]) if name in FIELD_NAMES else name

    def number(self, value: float) -> str:
        """With four significant digits; very small and very large values as powers of ten."""
        if isinstance(value, int):
            return self._decimal(value, "#,##0")
        if value != 0 and not TINY <= abs(value) < HUGE:
            mantissa, _, exponent = f"{value:.3e}".partition("e")
            power = self._digits("10") + str(int(exponent)).translate(SUPERSCRIPT)
            written = f"{self._decimal(float(mantissa), '0.###')}×{power}"
            return isolate_formula(written) if self.is_persian else written
        decimals = max(0, SIGNIFICANT - 1 - math.floor(math.log10(abs(value)))) if value else 0
        return self._decimal(value, "#,##0." + "#" * decimals)

    def typed(self, value: float) -> str:
        """As people type it into a field: no grouping."""
        plain = f"{value:.10f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
        return self._digits(plain.replace(".", "٫") if self.is_persian else plain)

    def exact(self, value: float) -> str:
        """Nothing rounded and nothing grouped, as in a table of data."""
        if isinstance(value, float) and value.is_integer() and abs(value) < EXACT_WHOLE:
            value = int(value)
        plain = str(value)
        return self._digits(plain.replace(".", "٫") if self.is_persian else plain)

    def exact_time(self, iso: str) -> str:
        """A day or moment of a table of data, as ISO writes it, nothing rounded: ۱۴۰۲/۱۲/۱۵ ۱۴:۳۰:۰۰ for Persian readers."""
        found = ISO_TIME.fullmatch(iso) if self.is_persian else None
        if found is None:
            return iso
        year, month, day, clock = found.groups()
        try:
            jalali = jdatetime.date.fromgregorian(year=int(year), month=int(month), day=int(day))
        except ValueError:  # outside of what the calendar knows
            return iso
        if jalali.year not in JALALI_YEARS:
            return iso
        return self._digits(f"{jalali.year:04}/{jalali.month:02}/{jalali.day:02}{clock.replace('.', '٫')}")

    def percent(self, fraction: float, decimals: int = 0) -> str:
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "") + "%"
        text = self._number(format_percent(fraction, format=_pattern(pattern), locale=_locale(self.language)))
        # Alone or after a word, the sign then stands on the same side of the number: where Persian readers expect it.
        return ARABIC_LETTER_MARK + text if self.is_persian else text

    def file_size(self, size_bytes: int) -> str:
        for unit, sentence in SIZES:
            if size_bytes >= unit:
                return self(sentence.text, size=round(size_bytes / unit, 1))
        return self((BYTE if size_bytes == 1 else BYTES).text, size=size_bytes)

    def clock(self, seconds: float) -> str:
        """A duration as 4:05 or 1:02:33."""
        minutes, second = divmod(max(0, int(seconds)), 60)
        hours, minute = divmod(minutes, 60)
        text = f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
        return self._digits(text)

    def moment(self, instant: datetime) -> str:
        """Day and time of day, which no line break parts: 23 Nov 2026, 14:30, or ۲ آذر ۱۴۰۵، ۱۴:۳۰."""
        return self._moment(instant).replace(" ", NO_BREAK_SPACE)

    def _moment(self, instant: datetime) -> str:
        local = instant.astimezone(self.zone)
        if not self.is_persian:
            return str(format_datetime(local, "d MMM y, HH:mm", locale=_locale(self.language)))
        day = jdatetime.date.fromgregorian(date=local.date())
        return self._digits(f"{day.day} {day.j_months_fa[day.month - 1]} {day.year}، {local:%H:%M}")

    def time_of_day(self, instant: datetime) -> str:
        return self._digits(f"{instant.astimezone(self.zone):%H:%M:%S}")

    def _decimal(self, value: float, pattern: str) -> str:
        return self._signed(self._number(format_decimal(value, format=_pattern(pattern), locale=_locale(self.language))))

    def _signed(self, text: str) -> str:
        """A sign that stands free between Persian words would end up behind its digits."""
        return isolate(text) if self.is_persian and text.startswith("-") else text

    def _number(self, text: str) -> str:
        # For Persian, Babel writes Latin digits and separators unless told otherwise, and then separators alone.
        return self._digits(text.translate(SEPARATORS)) if self.is_persian else text

    def _digits(self, text: str) -> str:
        return to_persian_digits(text) if self.is_persian else text

    def _place(self, name: str, value: Scalar | Message) -> str:
        if isinstance(value, Message):
            return self.message(value)
        if isinstance(value, str) and value and name in OUR_WORDS:
            ours = self.field_name(value) if name == "field" else load_catalogue(self.language).gettext(value)
            return ours if ours != value else self._shown(value)
        return self._shown(value)

    def _shown(self, value: Scalar) -> str:
        if isinstance(value, bool) or value is None:
            return str(value)
        if isinstance(value, int | float):
            return self.number(value)
        value = tame(value)
        if is_plain_number(value):
            return self._signed(self._digits(value.replace(".", "٫") if self.is_persian else value))
        return isolate(value) if self._needs_isolation(value) else value

    def _needs_isolation(self, value: str) -> bool:
        foreign = {"L"} if self.is_persian else {"R", "AL"}
        return any(unicodedata.bidirectional(character) in foreign for character in value)


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(language)


@cache
def _pattern(written: str) -> NumberPattern:
    return parse_pattern(written)


def _fill(sentence: str, places: Mapping[str, str]) -> str:
    return sentence.format_map(places) if places else sentence


def tame(text: str) -> str:
    """`text` without characters that would reach out of its place and reorder the words around it.

    Isolates that close each other stay, for sentences of ours that are put into sentences have them.
    """
    text = DIRECTION_CONTROLS.sub("", text)
    return text if _closes_its_isolates(text) else ISOLATES.sub("", text)


def _closes_its_isolates(text: str) -> bool:
    depth = 0
    for character in ISOLATES.findall(text):
        depth += 1 if character == FIRST_STRONG_ISOLATE else -1
        if depth < 0:
            return False
    return depth == 0


def isolate_formula(text: str) -> str:
    """A formula reads from left to right, in Persian too; without isolation its factors would change places."""
    return f"{LEFT_TO_RIGHT_ISOLATE}{text}{POP_ISOLATE}"


def isolate(text: str) -> str:
    """`text` as a unit that takes its own direction and leaves its surroundings alone (Unicode TR 9)."""
    return f"{FIRST_STRONG_ISOLATE}{text}{POP_ISOLATE}"

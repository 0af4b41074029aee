"""Texts enter, what they are made of leaves: words, runs of words and runs of letters, each as a number below `BUCKETS`.

Runs of letters go across spaces, so that they know where a word begins and ends, and what stands beside it. Every one of a text
comes once, with how often it is there. All texts at once, in NumPy: there are hundreds in a sentence. They are hashed (as in
fastText: Joulin et al., 2016), so that no dictionary of them has to be kept.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy
from numpy.typing import NDArray

BUCKETS = 1 << 18
WORDS, LETTERS = 0, 1
_TOKEN = re.compile(r"\w+|[^\w\s]")
_REPEATED = re.compile(r"(.)\1{2,}")  # drawn out as people do: sooo
_SPACE = 32
# Polynomial hashing modulo 2^64: prefix sums tell the hash of any stretch of letters at once.
_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 1 << 64)
_MIX = numpy.uint64(0xD6E8FEB86659FD93)
_SHIFT = numpy.uint64(32)
_KEPT_BITS = numpy.uint64(64 - 18)


@dataclass(frozen=True, slots=True)
class Detail:
    """How closely texts are looked at: runs of so many words and so many letters; about how many that makes per letter."""

    words: tuple[int, ...]
    letters: tuple[int, ...]
    per_letter: float


@dataclass(frozen=True, slots=True)
class Grams:
    """What texts are made of, text after text: those of text i are at `starts[i]` to `starts[i + 1]`."""

    buckets: NDArray[numpy.int64]
    counts: NDArray[numpy.int64]
    kinds: NDArray[numpy.int64]  # WORDS or LETTERS
    starts: NDArray[numpy.int64]


def find_grams(texts: Sequence[str], detail: Detail) -> Grams:
    """The grams of each text."""
    lines = [" ".join(_TOKEN.findall(_REPEATED.sub(r"\1", unicodedata.normalize("NFKC", text).casefold()))) for text in texts]
    # Each line between spaces, so that every word is: " one two ". No text is two spaces, which may tell something, too.
    letters = numpy.frombuffer("".join(f" {line} " for line in lines).encode("utf-32-le", "surrogatepass"), dtype=numpy.uint32)
    ends = numpy.cumsum([len(line) + 2 for line in lines], dtype=numpy.int64)
    text_of = numpy.repeat(numpy.arange(len(lines)), numpy.diff(ends, prepend=0))
    spaces = numpy.flatnonzero(letters == _SPACE)
    hashes = _Hashes(letters)
    found = [(WORDS, *_words(hashes, spaces, text_of, size)) for size in detail.words]
    found += [(LETTERS, *_letters(hashes, text_of, size)) for size in detail.letters]
    kinds = numpy.concatenate([numpy.full(len(starts), kind) for kind, starts, _ in found])
    firsts, buckets = (numpy.concatenate(parts) for parts in zip(*((starts, values) for _, starts, values in found), strict=True))
    return _count(text_of[firsts], kinds, buckets, len(lines))


class _Hashes:
    """Hashes of stretches of letters."""

    def __init__(self, letters: NDArray[numpy.uint32]) -> None:
        powers = _powers(_BASE, len(letters))
        sums = numpy.cumsum((letters.astype(numpy.uint64) + numpy.uint64(1)) * powers, dtype=numpy.uint64)
        self._sums = numpy.concatenate([numpy.zeros(1, dtype=numpy.uint64), sums])
        self._inverse = _powers(_INVERSE, len(letters) + 1)

    def of(self, starts: NDArray[numpy.int64], ends: NDArray[numpy.int64], kind: int) -> NDArray[numpy.int64]:
        """Buckets of the stretches from `starts` to `ends`, the letters there excluded."""
        mixed = (self._sums[ends] - self._sums[starts]) * self._inverse[starts]
        mixed += numpy.uint64(kind)
        for _ in range(2):
            mixed = (mixed ^ (mixed >> _SHIFT)) * _MIX
        buckets: NDArray[numpy.int64] = (mixed >> _KEPT_BITS).astype(numpy.int64)
        return buckets


def _powers(base: int, count: int) -> NDArray[numpy.uint64]:
    factors = numpy.full(count, base, dtype=numpy.uint64)
    factors[:1] = 1
    return numpy.cumprod(factors, dtype=numpy.uint64)


def _words(
    hashes: _Hashes, spaces: NDArray[numpy.int64], text_of: NDArray[numpy.int64], size: int
) -> tuple[NDArray[numpy.int64], NDArray[numpy.int64]]:
    """(first letters, buckets) of all runs of `size` words: what lies between a space and the `size`-th after it."""
    starts, ends = spaces[:-size] + 1, spaces[size:]
    # Between two texts stand two spaces, and an empty text is two: neither holds a word.
    is_within = (text_of[starts - 1] == text_of[ends]) & (ends - starts >= 2 * size - 1)
    starts, ends = starts[is_within], ends[is_within]
    return starts, hashes.of(starts, ends, size)


def _letters(hashes: _Hashes, text_of: NDArray[numpy.int64], size: int) -> tuple[NDArray[numpy.int64], NDArray[numpy.int64]]:
    """(first letters, buckets) of all runs of `size` letters of one text, spaces among them."""
    starts = numpy.arange(max(0, len(text_of) - size + 1))
    starts = starts[text_of[starts] == text_of[starts + size - 1]]
    return starts, hashes.of(starts, starts + size, 16 + size)


def _count(texts: NDArray[numpy.int64], kinds: NDArray[numpy.int64], buckets: NDArray[numpy.int64], rows: int) -> Grams:
    keys, counts = numpy.unique((texts * 2 + kinds) * BUCKETS + buckets, return_counts=True)
    rest, bucket = numpy.divmod(keys, BUCKETS)
    text, kind = numpy.divmod(rest, 2)
    starts = numpy.searchsorted(text, numpy.arange(rows + 1))
    return Grams(bucket, counts.astype(numpy.int64), kind, starts.astype(numpy.int64))

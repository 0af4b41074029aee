"""A column of texts enters, weighted places in a vocabulary leave: what occurs in few of the training texts weighs more (TF-IDF).

Sublinear counts and smoothed inverse document frequencies, words and runs of letters each scaled to length one per text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy
import pandas
import torch
from numpy.typing import NDArray

from trainer.contract.messages import Message
from trainer.preparing.encoder import Encoder, Reading, no_column
from trainer.preparing.grams import BUCKETS, Detail, Grams, find_grams
from trainer.preparing.rows import Tokens

FEWEST_TEXTS = 2  # that something must occur in to be in the vocabulary
MOST_GRAMS = 100_000_000  # of a column; where there would be more, texts are looked at less closely
LETTERS_AT_ONCE = 2_000_000
DETAILS = (
    Detail(words=(1, 2, 3), letters=(2, 3, 4, 5, 6), per_letter=5.6),
    Detail(words=(1, 2), letters=(3, 4, 5), per_letter=3.4),
    Detail(words=(1, 2), letters=(), per_letter=0.4),
)


@dataclass(frozen=True, slots=True)
class GramsEncoder(Encoder):
    """`known` are the buckets of the vocabulary in ascending order, `rarity` is the inverse document frequency of each.

    `detail` is a place in DETAILS; what is beyond `longest` letters of a text is not read.
    """

    known: NDArray[numpy.int64]
    rarity: NDArray[numpy.float32]
    detail: int = 0
    longest: int = MOST_GRAMS

    @classmethod
    def fit(cls, values: pandas.Series[Any], most_tokens: int = BUCKETS) -> GramsEncoder:
        """The vocabulary of these texts: at most `most_tokens`, those that occur in the most of them."""
        texts = as_texts(values)
        detail, longest = _choose_detail([len(text) for text in texts])
        occurring = numpy.zeros(BUCKETS, dtype=numpy.int64)
        for part in _split(texts, longest):
            grams = find_grams(part, DETAILS[detail])
            occurring += numpy.bincount(grams.buckets, minlength=BUCKETS)  # each occurs once per text and kind
        known = numpy.flatnonzero(occurring >= FEWEST_TEXTS)
        if len(known) > most_tokens:
            known = numpy.sort(known[numpy.argsort(-occurring[known], kind="stable")[:most_tokens]])
        rarity = numpy.log((1 + len(values)) / (1 + occurring[known])) + 1
        return cls(known, rarity.astype(numpy.float32), detail, longest)

    @property
    def vocabulary(self) -> int:
        return len(self.known)

    def encode(self, values: pandas.Series[Any]) -> Reading:
        """Missing texts are as empty ones; what is not in the vocabulary is passed over."""
        weighed = [self._weigh(find_grams(part, DETAILS[self.detail])) for part in _split(as_texts(values), self.longest)]
        store, weights, lengths = (torch.cat(parts) for parts in zip(*weighed, strict=True))
        ends = lengths.cumsum(0)
        nothing = no_column(len(values))
        return Reading(nothing, nothing, values[:0], tokens=Tokens(store, weights, ends - lengths, ends))

    def _weigh(self, grams: Grams) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Tokens [total], their weights [total], and how many each text has [texts]."""
        places = numpy.searchsorted(self.known, grams.buckets).clip(max=max(0, self.vocabulary - 1))
        is_known = self.known[places] == grams.buckets if self.vocabulary else numpy.zeros(len(places), dtype=bool)
        texts = len(grams.starts) - 1
        text = numpy.repeat(numpy.arange(texts), numpy.diff(grams.starts))[is_known]
        tokens = places[is_known]
        weights = (1 + numpy.log(grams.counts[is_known])) * self.rarity[tokens]
        group = text * 2 + grams.kinds[is_known]
        length = numpy.sqrt(numpy.bincount(group, weights**2, minlength=2 * texts))
        lengths = numpy.bincount(text, minlength=texts).astype(numpy.int64)
        parts = (tokens.astype(numpy.int32), (weights / length[group]).astype(numpy.float32), lengths)
        store, scaled, counts = (torch.from_numpy(part) for part in parts)
        return store, scaled, counts

    def describe(self) -> Message:
        text = "A text, as which of {pieces} words, runs of words and runs of letters there are; rarer ones are not read."
        if not DETAILS[self.detail].letters:
            text = "A text, as which of {pieces} words and runs of words there are; rarer ones are not read."
        return Message(text, {"pieces": self.vocabulary})

    def to_plain(self) -> dict[str, Any]:
        fitted = {"known": self.known.tolist(), "rarity": self.rarity.tolist()}
        return {"encoder": "grams", **fitted, "detail": self.detail, "longest": self.longest}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> GramsEncoder:
        known = numpy.array(plain["known"], dtype=numpy.int64)
        return cls(known, numpy.array(plain["rarity"], dtype=numpy.float32), plain["detail"], plain["longest"])


def _choose_detail(lengths: Sequence[int]) -> tuple[int, int]:
    """How closely texts of these lengths can be looked at, and how many letters of each."""
    letters = sum(lengths)
    for place, detail in enumerate(DETAILS):
        if letters * detail.per_letter <= MOST_GRAMS:
            return place, MOST_GRAMS
    last = len(DETAILS) - 1
    return last, max(1, int(MOST_GRAMS / DETAILS[last].per_letter / len(lengths)))


def _split(texts: Sequence[str], longest: int) -> Iterator[list[str]]:
    """The texts, as far as they are read, so many at a time that what is made of them on the way fits into memory."""
    part: list[str] = []
    letters = 0
    for text in texts:
        part.append(text[:longest])
        letters += len(part[-1])
        if letters >= LETTERS_AT_ONCE:
            yield part
            part, letters = [], 0
    yield part  # of no texts, one part of none


def as_texts(values: pandas.Series[Any]) -> list[str]:
    return ["" if missing else str(value) for value, missing in zip(values, values.isna(), strict=True)]

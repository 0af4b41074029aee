"""A column of texts enters, pieces of words in their order leave: those that byte-pair encoding finds in the training texts.

Byte-level (Radford et al., 2019; `tokenizers`): every script, sign and emoji can be written in it, whatever was seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy
import pandas
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from trainer.contract.messages import Message
from trainer.preparing.encoder import Encoder, Reading, no_column
from trainer.preparing.grams_encoder import as_texts
from trainer.preparing.rows import Tokens

MOST_PIECES = 8_000  # of a vocabulary
LONGEST = 256  # pieces of a text; what follows them is not read
LONGEST_LETTERS = 16 * LONGEST
TEXTS_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class PiecesEncoder(Encoder):
    """`written` is the tokenizer as JSON, `size` how many pieces it knows."""

    written: str
    size: int

    @classmethod
    def fit(cls, values: pandas.Series[Any]) -> PiecesEncoder:
        """The pieces of these texts that occur most."""
        tokenizer = Tokenizer(models.BPE())
        tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(vocab_size=MOST_PIECES, initial_alphabet=alphabet, show_progress=False)
        tokenizer.train_from_iterator(_readable(values), trainer)
        return cls(tokenizer.to_str(), tokenizer.get_vocab_size())

    @property
    def vocabulary(self) -> int:
        return self.size

    def encode(self, values: pandas.Series[Any]) -> Reading:
        """Missing texts are empty ones."""
        tokenizer = Tokenizer.from_str(self.written)
        tokenizer.enable_truncation(LONGEST)
        texts = _readable(values)
        parts = [texts[start : start + TEXTS_AT_ONCE] for start in range(0, len(texts), TEXTS_AT_ONCE)]
        read = [_gather([encoding.ids for encoding in tokenizer.encode_batch_fast(part)]) for part in parts]
        store = torch.cat([torch.zeros(0, dtype=torch.int32), *(pieces for pieces, _ in read)])
        ends = torch.cat([torch.zeros(0, dtype=torch.int64), *(lengths for _, lengths in read)]).cumsum(0)
        begins = torch.cat([ends.new_zeros(1), ends])[: len(ends)]
        nothing = no_column(len(values))
        return Reading(nothing, nothing, values[:0], tokens=Tokens(store, torch.ones(len(store)), begins, ends))

    def describe(self) -> Message:
        text = "A text, as its first {longest} pieces in their order, of {pieces} that were found in the training rows."
        return Message(text, {"longest": LONGEST, "pieces": self.size})

    def to_plain(self) -> dict[str, Any]:
        return {"encoder": "pieces", "written": self.written, "size": self.size}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> PiecesEncoder:
        return cls(plain["written"], plain["size"])


def _gather(texts: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """The pieces of these texts, one after the other, and how many each has."""
    pieces = numpy.fromiter((piece for text in texts for piece in text), dtype=numpy.int32)
    return torch.from_numpy(pieces), torch.tensor([len(text) for text in texts], dtype=torch.int64)


def _readable(values: pandas.Series[Any]) -> list[str]:
    """As texts of whole letters: half of a pair of UTF-16 is none."""
    return [text[:LONGEST_LETTERS].encode("utf-8", "replace").decode() for text in as_texts(values)]

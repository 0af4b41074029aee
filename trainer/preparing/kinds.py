"""The encoder of each kind of column, by what the profile says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas

from trainer.preparing.encoder import Encoder
from trainer.preparing.encoders import BooleanEncoder, CategoryEncoder, DateEncoder, NumberEncoder, to_numbers
from trainer.preparing.grams_encoder import GramsEncoder
from trainer.preparing.pieces_encoder import PiecesEncoder

TEXT = "text"
ENCODERS: Mapping[str, type[Encoder]] = {
    "number": NumberEncoder,
    "category": CategoryEncoder,
    "boolean": BooleanEncoder,
    "date": DateEncoder,
    "grams": GramsEncoder,
    "pieces": PiecesEncoder,
}
FIT: Mapping[str, Callable[[pandas.Series[Any]], Encoder]] = {
    "number": lambda values: NumberEncoder.fit(to_numbers(values)),
    "integer": lambda values: NumberEncoder.fit(to_numbers(values)),
    "category": CategoryEncoder.fit,
    "boolean": lambda _values: BooleanEncoder(),
    "date": DateEncoder.fit,
}


def fit_encoder(kind: str, values: pandas.Series[Any], most_tokens: int, *, reads_pieces: bool = False) -> Encoder:
    """The encoder of a column of this kind, fitted on `values`; a vocabulary has at most `most_tokens`.

    `reads_pieces`: texts are sequences, rather than collections.
    """
    if kind == TEXT:
        return PiecesEncoder.fit(values) if reads_pieces else GramsEncoder.fit(values, most_tokens)
    return FIT[kind](values)

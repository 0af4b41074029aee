"""What the encoder of a column is: cells enter, what networks take leaves. It is fitted once, and written plainly."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy
import pandas
from numpy.typing import NDArray

from trainer.contract.messages import Message
from trainer.preparing.rows import Tokens

Encoded = NDArray[numpy.float32]


@dataclass(frozen=True, slots=True)
class Reading:
    """One column: `numbers` and `flags` [rows, width], the place of each cell's level [rows], or what its texts are made of.

    Flags are -1, 0 or 1: whether something is true, or missing. `refused` are the cells that could not be read.
    """

    numbers: Encoded
    flags: Encoded
    refused: pandas.Series[Any]
    places: NDArray[numpy.int64] | None = None
    tokens: Tokens | None = None


class Encoder(ABC):
    """So many numbers and flags per row, one of so many places, or any number of so many tokens."""

    __slots__ = ()

    @property
    def numbers(self) -> int:
        return 0

    @property
    def flags(self) -> int:
        return 0

    @property
    def places(self) -> int:
        return 0

    @property
    def vocabulary(self) -> int:
        """How many different tokens its texts can be made of."""
        return 0

    @abstractmethod
    def encode(self, values: pandas.Series[Any]) -> Reading: ...

    @abstractmethod
    def describe(self) -> Message:
        """How it writes the column, in a sentence."""

    @abstractmethod
    def to_plain(self) -> dict[str, Any]: ...

    @classmethod
    @abstractmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self: ...


def stack(column: NDArray[Any]) -> Encoded:
    """Numbers [rows] as one column."""
    return column.astype(numpy.float32)[:, None]


def no_column(rows: int) -> Encoded:
    return numpy.zeros((rows, 0), dtype=numpy.float32)

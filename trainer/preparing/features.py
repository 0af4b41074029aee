"""Columns of any kind enter, `Rows` for a network leave.

Every statistic is fitted on the training rows, of all folds where there are several, and never on rows of the test. Columns that
tell nothing are left out, each with its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy
import pandas
import torch
from numpy.typing import DTypeLike, NDArray

from trainer.contract.messages import Message, Problem, Refusal
from trainer.preparing.encoder import Encoder
from trainer.preparing.grams_encoder import GramsEncoder
from trainer.preparing.kinds import ENCODERS, TEXT, fit_encoder
from trainer.preparing.pieces_encoder import PiecesEncoder
from trainer.preparing.rows import Rows, Tokens, join_tokens
from trainer.preparing.table import Cells, ColumnKnowledge

UNUSED_KINDS: Mapping[str, Message] = {
    "constant": Message("It never changes."),
    "identifier": Message("It names the row and would be learnt by heart."),
}
LEAST_RANGE = 1e-6
MOST_TEXT_WEIGHTS = 20_000_000  # of a network: a place of the vocabularies has one per output


Make = Callable[[tuple[int, ...], DTypeLike], NDArray[Any]]
_SAME_VALUE = Message("It does not change in the training rows.")
_SAME_WORDS = Message("None of its words and letters occurs in two of the training rows.")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A column the network does not see, and why."""

    column: str
    reason: Message

    def as_dict(self) -> dict[str, Any]:
        return {"column": self.column, "reason": self.reason.as_dict()}


@dataclass(frozen=True, slots=True)
class FeatureReading:
    """The encoded rows, and what could not be read: column -> cells that were taken as missing, with one example."""

    rows: Rows
    missing_columns: list[str]
    unread: dict[str, tuple[int, str]]


class Features:
    """Encoders by column, in the order of the table; so are the numbers, and so the categories."""

    def __init__(self, encoders: Mapping[str, Encoder], left_out: Iterable[LeftOut] = ()) -> None:
        self._encoders = dict(encoders)
        self.left_out = list(left_out)

    @classmethod
    def fit(
        cls,
        training: Cells,
        columns: Mapping[str, ColumnKnowledge],
        target: str,
        exclude: Mapping[str, Message],
        outputs: int = 1,
        *,
        reads_pieces: bool = False,
    ) -> Features:
        """Learn from the training rows, but for the columns that are excluded, each with its reason.

        `outputs` is how many numbers all networks of the run give per row; `reads_pieces`: it reads texts as sequences.

        Raises:
            Refusal: `no_features`, when no column is left to predict from.
        """
        encoders: dict[str, Encoder] = {}
        left_out: list[LeftOut] = []
        inputs = {name: knowledge for name, knowledge in columns.items() if name != target}
        texts = sum(knowledge.kind == TEXT and name not in exclude for name, knowledge in inputs.items())
        most_tokens = MOST_TEXT_WEIGHTS // (outputs * max(1, texts))
        for name, knowledge in inputs.items():
            reason = exclude.get(name) or UNUSED_KINDS.get(knowledge.kind)
            if reason is None:
                encoder = fit_encoder(knowledge.kind, training[name], most_tokens, reads_pieces=reads_pieces)
                if _tells_anything(encoder, training[name]):
                    encoders[name] = encoder
                    continue
                reason = _SAME_WORDS if knowledge.kind == TEXT else _SAME_VALUE
            left_out.append(LeftOut(name, reason))
        if not encoders:
            message = Message(
                "No column is left to predict “{target}” from. Leave out fewer columns or add some.", {"target": target}
            )
            raise Refusal(Problem("no_features", message, "exclude"))
        return cls(encoders, left_out)

    @property
    def columns(self) -> list[str]:
        return list(self._encoders)

    def describe(self) -> dict[str, Message]:
        """How each column is written, in a sentence."""
        return {name: encoder.describe() for name, encoder in self._encoders.items()}

    @property
    def numbers(self) -> int:
        """How many numbers a row has, flags aside."""
        return sum(encoder.numbers for encoder in self._encoders.values())

    @property
    def flags(self) -> int:
        """How many flags a row has: -1, 0 or 1 each; they stand behind the numbers."""
        return sum(encoder.flags for encoder in self._encoders.values())

    @property
    def places(self) -> tuple[int, ...]:
        """How many places each category has; the last two are for other levels and for none."""
        return tuple(encoder.places for encoder in self._encoders.values() if encoder.places)

    @property
    def vocabulary(self) -> int:
        """How many different tokens texts are made of, over all columns of texts."""
        return sum(encoder.vocabulary for encoder in self._encoders.values())

    def encode(self, cells: Cells, make: Make = numpy.zeros) -> Rows:
        """The rows as numbers; absent columns, unknown categories and unreadable cells count as missing.

        `make` makes the arrays that hold them.
        """
        return self.read(cells, make).rows

    def read(self, frame: Cells, make: Make = numpy.zeros) -> FeatureReading:
        """As `encode`, and says what it had to take as missing."""
        numbers = make((len(frame), self.numbers + self.flags), numpy.float32)
        categories = make((len(frame), len(self.places)), numpy.int64)
        texts: list[Tokens] = []
        number, flag, category = 0, self.numbers, 0
        absent, unread = [], {}
        for name, encoder in self._encoders.items():
            if name in frame.columns:
                values = frame[name]
            else:
                values = pandas.Series([None] * len(frame), dtype=object)
                absent.append(name)
            reading = encoder.encode(values)
            numbers[:, number : number + encoder.numbers] = reading.numbers
            numbers[:, flag : flag + encoder.flags] = reading.flags
            number, flag = number + encoder.numbers, flag + encoder.flags
            if reading.places is not None:
                categories[:, category] = reading.places
                category += 1
            if reading.tokens is not None:
                texts.append(reading.tokens)
            if len(reading.refused):
                unread[name] = (len(reading.refused), str(reading.refused.iloc[0])[:80])
        rows = Rows(torch.from_numpy(numbers), torch.from_numpy(categories), self._join(texts))
        return FeatureReading(rows, absent, unread)

    def _join(self, texts: list[Tokens]) -> Tokens | None:
        sizes = [encoder.vocabulary for encoder in self._encoders.values() if encoder.vocabulary]
        return join_tokens(texts, sizes) if texts else None

    def to_plain(self) -> list[dict[str, Any]]:
        return [{"column": name, **encoder.to_plain()} for name, encoder in self._encoders.items()]

    @classmethod
    def from_plain(cls, plain: Iterable[Mapping[str, Any]]) -> Features:
        return cls({entry["column"]: ENCODERS[entry["encoder"]].from_plain(entry) for entry in plain})


def _tells_anything(encoder: Encoder, values: pandas.Series[Any]) -> bool:
    """Whether the rows differ: what hardly moves explodes where a network looks at it closely."""
    if isinstance(encoder, GramsEncoder):
        return encoder.vocabulary > 1  # where all are empty, or as good as, only that is known
    if isinstance(encoder, PiecesEncoder):
        return bool(values.dropna().astype(str).str.strip().any())
    reading = encoder.encode(values)
    if reading.places is not None:
        return len(numpy.unique(reading.places)) > 1
    return bool(numpy.ptp(numpy.concatenate([reading.numbers, reading.flags], axis=1), axis=0).max() > LEAST_RANGE)

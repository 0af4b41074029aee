"""A table with texts: a network that reads the table and a linear layer that reads the texts; their outputs are added.

The texts' layer learns at its own pace, whatever the network beside it: its weights are many, and each is rarely asked for.
"""

from __future__ import annotations

import dataclasses

import torch

from trainer.contract.recipes import pace_of_texts
from trainer.networks.family import Network, NetworkShape, ParameterGroup, clamp_outputs
from trainer.networks.members import MEMBERS
from trainer.networks.words import WordWeights
from trainer.preparing.rows import Rows

TABLE_RATE, TABLE_DECAY = 6.0, 0.02  # times those of texts: what suits a layer that reads a table


class TableWithTexts(Network):
    """Outputs are as those of the network that reads the table."""

    def __init__(self, table: Network, shape: NetworkShape, *, is_at_pace_of_texts: bool = False) -> None:
        """`is_at_pace_of_texts`: the run's learning rate and weight decay are for the texts."""
        super().__init__()
        self._shape, self._is_at_pace_of_texts = shape, is_at_pace_of_texts
        self.members = table.members
        self.table = table
        self.words = WordWeights(shape.vocabulary, shape.outputs)

    @property
    def inference_rows(self) -> int:
        return self.table.inference_rows

    @property
    def work_per_row(self) -> int:
        """Of the words of a text, hardly any is asked for."""
        return self.table.work_per_row

    def arrange(self, rows: Rows) -> Rows:
        arranged = self.table.arrange(rows)
        return Rows(arranged.numbers, arranged.categories, rows.tokens)

    def forward(self, rows: Rows) -> torch.Tensor:
        assert rows.tokens is not None, "rows of a table with texts have tokens"
        seen: torch.Tensor = self.table(rows)
        said: torch.Tensor = self.words(rows.tokens)
        outputs = seen + (said[:, None] if seen.ndim == MEMBERS else said)
        return outputs if self.training else clamp_outputs(outputs, self._shape)

    def initialise(self, rows: Rows, targets: torch.Tensor, generator: torch.Generator) -> None:
        assert rows.tokens is not None, "rows of a table with texts have tokens"
        self.table.initialise(rows, targets, generator)
        self.words.initialise(rows.tokens, targets)

    def parameter_groups(self) -> list[ParameterGroup]:
        groups, words = self.table.parameter_groups(), [self.words.weight]
        if self._is_at_pace_of_texts:
            return [*(_at_pace_of_tables(group) for group in groups), ParameterGroup(words)]
        rate, decay = pace_of_texts(is_regression=self._shape.is_regression)
        return [*groups, ParameterGroup(words, own_rate=rate, own_decay=decay)]


def _at_pace_of_tables(group: ParameterGroup) -> ParameterGroup:
    return dataclasses.replace(group, rate=TABLE_RATE * group.rate, decay=TABLE_DECAY * group.decay)

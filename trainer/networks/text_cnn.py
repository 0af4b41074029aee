"""`text_cnn`: windows of three, four and five pieces slide over a text; the strongest answer of each counts (Kim, 2014)."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from trainer.networks.family import Family, NetworkShape
from trainer.networks.sequences import SequenceNetwork

WINDOWS, FILTERS, WIDTH = (3, 4, 5), 100, 128


class TextCnn(SequenceNetwork):
    """One convolution per width of window."""

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__(shape, WIDTH, len(WINDOWS) * FILTERS)
        self.windows = nn.ModuleList(nn.Conv1d(WIDTH, FILTERS, window) for window in WINDOWS)

    def read(self, pieces: torch.Tensor) -> torch.Tensor:
        """A window begins at every piece and may end behind the last; how far other rows of the batch go changes nothing."""
        length = pieces.shape[1]
        is_piece = (pieces != self._shape.vocabulary)[:, None].float()
        seen = functional.pad(self.pieces(pieces).transpose(1, 2), (0, max(WINDOWS) - 1))
        answers = (window(seen)[:, :, :length].relu() * is_piece for window in self.windows)
        return torch.cat([answer.amax(dim=2) for answer in answers], dim=1)


TEXT_CNN = Family(TextCnn)

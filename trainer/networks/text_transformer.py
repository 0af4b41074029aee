"""`text_transformer`: every piece of a text looks at all others, in two layers; their mean stands for the text."""

from __future__ import annotations

import torch
from torch import nn

from trainer.networks.family import Family, NetworkShape
from trainer.networks.sequences import FIRST_SPREAD, SequenceNetwork
from trainer.preparing.pieces_encoder import LONGEST

WIDTH, HEADS, LAYERS, INNER = 128, 4, 2, 256
ROWS_AT_ONCE = 64  # when it only predicts: every piece of the longest texts looks at every other, in every head
PLACES = 4 * LONGEST  # a table may have several columns of texts; what lies farther shares the last one


class TextTransformer(SequenceNetwork):
    """Layers with normalisation first (Xiong et al., 2020), and a learnt place for every piece."""

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__(shape, WIDTH, WIDTH)
        self.places = nn.Parameter(FIRST_SPREAD * torch.randn(PLACES, WIDTH))
        layer = nn.TransformerEncoderLayer(
            WIDTH, HEADS, INNER, dropout=shape.dropout, activation="gelu", batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, LAYERS, norm=nn.LayerNorm(WIDTH), enable_nested_tensor=False)

    @property
    def inference_rows(self) -> int:
        return ROWS_AT_ONCE

    def read(self, pieces: torch.Tensor) -> torch.Tensor:
        is_filler = pieces == self._shape.vocabulary
        is_filler[:, 0] = False  # somewhere to look, where there is no text at all
        places = torch.arange(pieces.shape[1], device=pieces.device).clamp(max=PLACES - 1)
        seen = self.layers(self.pieces(pieces) + self.places[places], src_key_padding_mask=is_filler)
        is_piece = (~is_filler)[:, :, None].float()
        found: torch.Tensor = (seen * is_piece).sum(dim=1) / is_piece.sum(dim=1)
        return found


TEXT_TRANSFORMER = Family(TextTransformer)

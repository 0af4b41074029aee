"""`ft_transformer`: every column of a row looks at all others (Gorishniy et al., 2021), from the authors' package."""

from __future__ import annotations

import torch
from rtdl_revisiting_models import FTTransformer

from trainer.networks.family import Family, Network, NetworkShape, ParameterGroup
from trainer.networks.flat import bend
from trainer.preparing.rows import Rows

BLOCKS = 3
NUMBERS_AT_ONCE = 4_000_000  # rows times columns, when it only predicts


class FtTransformer(Network):
    """Three blocks of attention, as the authors set them up."""

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        self._shape = shape
        settings = {**FTTransformer.get_default_kwargs(BLOCKS), "ffn_dropout": shape.dropout}
        columns = shape.numbers + shape.flags
        self._looks = columns + len(shape.places) + 1
        self.reader = FTTransformer(
            n_cont_features=columns, cat_cardinalities=list(shape.places), d_out=shape.outputs, **settings
        )
        self._width = int(settings["d_block"])

    @property
    def inference_rows(self) -> int:
        return max(1, NUMBERS_AT_ONCE // (self._width * self._looks))

    @property
    def work_per_row(self) -> int:
        return self._looks * super().work_per_row

    def arrange(self, rows: Rows) -> Rows:
        numbers = self._shape.numbers
        return Rows(torch.cat([bend(rows.numbers[:, :numbers]), rows.numbers[:, numbers:]], dim=1), rows.categories)

    def forward(self, rows: Rows) -> torch.Tensor:
        outputs: torch.Tensor = self.reader(
            rows.numbers if rows.numbers.shape[1] else None, rows.categories if rows.categories.shape[1] else None
        )
        return outputs

    def parameter_groups(self) -> list[ParameterGroup]:
        """The authors' groups, in the order of the network: theirs come from a set, which every process orders otherwise."""
        decayed = {id(parameter) for parameter in self.reader.make_parameter_groups()[0]["params"]}
        parameters = list(self.reader.parameters())
        return [
            ParameterGroup([parameter for parameter in parameters if id(parameter) in decayed]),
            ParameterGroup([parameter for parameter in parameters if id(parameter) not in decayed], decay=0.0),
        ]


FT_TRANSFORMER = Family(FtTransformer)

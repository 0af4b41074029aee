"""A text enters whose columns are set below each other by spaces; the same text with one space between its cells leaves.

Such are many data sets of the 1990s, and tables that programs print.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from trainer.contract.reading import ReadingChoices
from trainer.reading.dialect import COMMENTS
from trainer.reading.separators import DELIMITERS, FITTING_SHARE, share_fitting

ALIGNED = ".aligned"
LOOKED_AT = 300
LONGEST_LINE = 1 << 16
LEAST_LINES = 3
LEAST_ALIGNED = 0.95  # of the lines, which have as many cells as most
LEAST_GAPS = 0.1  # of the lines, which have more than one space somewhere between cells
LEAST_NUMBERS = 0.8  # of the cells without quotes, where a tab might be what separates them
_CELL = re.compile(r'"[^"]*"|\S+')
_GAP = re.compile(r"\S {2,}\S|^ +\S")
_GAPS = re.compile(" {2,}")
_NUMBER = re.compile(r"[+-]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][+-]?\d+)?|\?|NA")


def align(path: Path, choices: ReadingChoices, workspace: Path) -> Path:
    """The path of a text with single spaces; the same where nothing was to be done, or a separator was chosen."""
    width = _find_width(path) if choices.delimiter is None else 0
    if not width:
        return path
    with (
        path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as source,
        (workspace / ALIGNED).open("w", encoding="utf-8", errors="surrogateescape", newline="") as target,
    ):
        for number, line in enumerate(source):
            cells = _CELL.findall(line)
            if not number and len(cells) != width and len(names := _GAPS.split(line.strip())) == width:
                cells = [f'"{name}"' for name in names]  # of several words
            target.write(" ".join(cells) + line[len(line.rstrip("\r\n")) :])
    return workspace / ALIGNED


def _find_width(path: Path) -> int:
    """How many columns are set below each other; 0 for other texts. The names may be fewer or more words."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        lines = [line.rstrip("\n") for line in islice(iter(lambda: file.readline(LONGEST_LINE), ""), LOOKED_AT)]
    rows = [line for line in lines if line.strip() and not line.startswith(COMMENTS)]
    widths = Counter(len(_CELL.findall(line)) for line in rows)
    if len(rows) < LEAST_LINES or sum(bool(_GAP.search(line)) for line in rows) < LEAST_GAPS * len(rows):
        return 0
    width = widths.most_common(1)[0][0]
    below = [len(_CELL.findall(line)) == width for line in rows[1:]]
    is_aligned = width > 1 and sum(below) >= LEAST_ALIGNED * len(below) and not _is_separated(rows, width)
    return width if is_aligned else 0


def _is_separated(rows: Sequence[str], width: int) -> bool:
    """Whether another separator makes rows of them; a lone tab may stand among spaces, where all else is numbers."""
    text = "\n".join(rows)
    shares = {delimiter: share_fitting(text, delimiter, '"') for delimiter in DELIMITERS if delimiter != " "}
    fitting = {delimiter: cells for delimiter, (share, cells) in shares.items() if share >= FITTING_SHARE}
    if fitting != {"\t": len(("before", "after"))} or width == fitting["\t"]:
        return bool(fitting)
    cells = [cell for cell in _CELL.findall(text) if not cell.startswith('"')]
    return sum(bool(_NUMBER.fullmatch(cell)) for cell in cells) < LEAST_NUMBERS * len(cells)

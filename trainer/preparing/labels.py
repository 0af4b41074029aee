"""Values enter, leave as people write them: 1 rather than 1.0, true rather than True.

A column of whole numbers with gaps comes as fractions (pandas has no gap in its integers): 94110.0 is the same as 94110.
"""

from __future__ import annotations

from typing import Any

import numpy
import pandas


def as_written(values: pandas.Series[Any]) -> pandas.Series[Any]:
    return values.map(_label)


def _label(value: object) -> str:
    if isinstance(value, bool | numpy.bool_):
        return "true" if value else "false"
    if isinstance(value, float | numpy.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)

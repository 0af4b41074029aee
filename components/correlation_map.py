"""How strongly numbers go together, pair by pair: a table whose cells are deeper in colour the stronger, with their figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nicegui.element import Element

from locales import Translator


@dataclass(frozen=True, slots=True)
class Coefficients:
    """A measure's name, what it says at most in words, and of each pair the coefficient (0 for none) and how it is written."""

    name: str
    summary: str
    cells: Sequence[Sequence[tuple[float, str]]]


class CorrelationMap(Element, component="correlation_map.js"):
    """Shows the first measure; the others are a button away."""

    def __init__(self, _: Translator, names: Sequence[str], measures: Sequence[Coefficients]) -> None:
        super().__init__()
        self._props["names"] = list(names)
        self._props["measures"] = [{"name": m.name, "summary": m.summary, "cells": m.cells} for m in measures]
        self._props["words"] = {"caption": _("Correlations"), "measure": _("Measure")}

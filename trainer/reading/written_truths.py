"""Truths as people write them, as SQL: what a cell is as true or false (`TruthFacts`), and its value."""

from __future__ import annotations

from enum import IntFlag, auto

from trainer.reading.cell_text import CellRules, clean_cell, let, quote_list

# Other words than true and false, which mean a truth only where a person said so. Compared in small letters.
YES = ("yes", "y", "t", "1", "۱", "١", "بله", "بلی", "آری", "درست", "دارد")
NO = ("no", "n", "f", "0", "۰", "٠", "خیر", "نه", "نادرست", "ندارد")


class TruthFacts(IntFlag):
    """What the cells of a column are as truths, each fact true of at least one of them; 0: no cell has a value."""

    NONE = 0
    NO_TRUTH = auto()
    TRUE_OR_FALSE = auto()
    OTHER_WORD = auto()


def truth_facts(cell: str, rules: CellRules, has_other_words: bool) -> str:
    """SQL for the `TruthFacts` of one cell; other words than true and false are known only where they are asked for."""
    known = f"WHEN word = 'true' OR word = 'false' THEN {int(TruthFacts.TRUE_OR_FALSE)}"
    if has_other_words:
        known += f" WHEN list_contains({quote_list(YES + NO)}, word) THEN {int(TruthFacts.OTHER_WORD)}"
    slow = _lowered(cell, rules, f"CASE {known} WHEN word IS NOT NULL THEN {int(TruthFacts.NO_TRUTH)} ELSE 0 END")
    return f"CASE WHEN {cell} = 'true' OR {cell} = 'false' THEN {int(TruthFacts.TRUE_OR_FALSE)} ELSE {slow} END"


def truth_value(cell: str, rules: CellRules, facts: TruthFacts, misfit: str) -> str:
    """SQL for one cell as BOOLEAN; `misfit` is SQL for a cell with facts that `facts` has not."""
    known = "WHEN word = 'true' THEN true WHEN word = 'false' THEN false"
    if TruthFacts.OTHER_WORD in facts:
        known += f" WHEN list_contains({quote_list(YES)}, word) THEN true WHEN list_contains({quote_list(NO)}, word) THEN false"
    slow = _lowered(cell, rules, f"CASE {known} WHEN word IS NOT NULL THEN {misfit} END")
    return f"CASE WHEN {cell} = 'true' THEN true WHEN {cell} = 'false' THEN false ELSE {slow} END"


def _lowered(cell: str, rules: CellRules, expression: str) -> str:
    return let("word", f"lower({clean_cell(cell, rules)})", expression)

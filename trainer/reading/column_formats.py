"""Columns of text enter; the narrowest type that holds every cell, and how its cells are converted, leave: `ColumnFormat`.

A whole column decides. A format found from some rows holds for all of them if no strict `typed_cell` ends its query with
an error. Where a person chose a kind, cells that are not of that kind become NULL and are counted.
"""

# ruff: noqa: S608 what a file says becomes SQL only through quote_name and quote_text

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from trainer.contract.messages import Message
from trainer.reading.cell_text import CellRules, LetterFacts, clean_cell, clean_cell_strictly, is_unseen_word
from trainer.reading.column_facts import ColumnFacts, ColumnRules, find_facts
from trainer.reading.date_forms import REWRITTEN, SETTLING, DateFacts
from trainer.reading.format_notes import (
    FORMULA_NOTE,
    LETTERS_NOTE,
    WORDS_NOTE,
    describe_dates,
    describe_misfits,
    describe_numbers,
    find_conflict,
    find_date_conflict,
)
from trainer.reading.short_dates import find_readings, settle_short_dates
from trainer.reading.written_dates import date_value
from trainer.reading.written_numbers import (
    TOMAN_AND_RIAL,
    NumberFacts,
    find_unit,
    find_units,
    has_one_unit,
    look_rewritten,
    number_value,
)
from trainer.reading.written_truths import TruthFacts, truth_value

COLUMNS_PER_QUERY = 200  # the time that a query takes to prepare grows faster than its columns


@dataclass(frozen=True, slots=True)
class ColumnFormat:
    """The type of one column, what to tell about it, and what its cells are as numbers, dates or truths."""

    sql_type: str = "VARCHAR"  # BOOLEAN | BIGINT | DOUBLE | DATE | TIMESTAMP | VARCHAR
    notes: tuple[Message, ...] = ()
    keeps_written: bool = False  # a value looks different from what was written, which has to be kept beside it
    unit: str | None = None  # %, تومان, ریال, $, € or £
    misfits: int = 0  # cells that are not of the chosen kind
    numbers: NumberFacts = NumberFacts.NONE
    dates: DateFacts = DateFacts.NONE
    truths: TruthFacts = TruthFacts.NONE
    letters: LetterFacts = LetterFacts.NONE
    is_empty: bool = False
    is_open: bool = False  # text, but cells may come that tell what all of it is
    nearly_numbers: NumberFacts = NumberFacts.NONE  # of a column of text: what those of its cells are that are numbers
    nearly_dates: DateFacts = DateFacts.NONE
    strays: Message | None = None  # the few cells that keep it from being numbers or dates


def find_formats(
    connection: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[str], rules: ColumnRules, wanted: Mapping[str, str]
) -> list[ColumnFormat]:
    """The format of each of the `columns`, by every row of `relation`; `wanted` are the kinds that a person chose.

    The relation is read for its first rows, then once for what these leave open, then once for the chosen kinds.
    """
    formats: list[ColumnFormat] = []
    for start in range(0, len(columns), COLUMNS_PER_QUERY):
        part = columns[start : start + COLUMNS_PER_QUERY]
        facts = find_facts(connection, relation, part, rules, wanted)
        chosen = _find_chosen(connection, relation, facts, rules, wanted)
        formats += [chosen.get(column) or _with_letters(_decide(facts[column], rules[column]), facts[column]) for column in part]
    return formats


def typed_cell(column: str, form: ColumnFormat, rules: CellRules, strict: bool) -> str:
    """SQL for a cell in the type of its column.

    A cell that does not fit is NULL. Where it is `strict` such a cell ends the query with an error, and so does one that
    fits but would have changed the notes about its column.
    """
    if not strict:
        return _typed(column, form, rules, "NULL", strict=False)
    misfit = f"error('{column} has another format')"
    if not rules.unseen:
        return _typed(column, form, rules, misfit, strict=True)
    is_missing = is_unseen_word(column, rules)
    if form.sql_type == "VARCHAR" and not form.is_empty:
        return f"CASE WHEN {is_missing} THEN NULL ELSE {_typed(column, form, rules, misfit, strict=True)} END"
    return _typed(column, form, rules, f"CASE WHEN NOT {is_missing} THEN {misfit} END", strict=True)


def _typed(column: str, form: ColumnFormat, rules: CellRules, misfit: str, *, strict: bool) -> str:
    may_change = form.is_empty or form.is_open
    if form.sql_type == "VARCHAR" and strict and not may_change:
        return clean_cell_strictly(column, rules, form.letters, misfit)
    if LetterFacts.FORMULA not in form.letters:
        rules = dataclasses.replace(rules, may_be_formulas=False)
    if form.sql_type in {"BIGINT", "DOUBLE"}:
        return number_value(column, rules, form.numbers, form.sql_type, misfit)
    if form.sql_type in {"DATE", "TIMESTAMP"}:
        return date_value(column, rules, form.dates, misfit)
    if form.sql_type == "BOOLEAN":
        return truth_value(column, rules, form.truths, misfit)
    if may_change and strict:
        return f"CASE WHEN {clean_cell(column, rules)} IS NOT NULL THEN {misfit} ELSE NULL::VARCHAR END"
    return clean_cell(column, rules)


def _decide(facts: ColumnFacts, rules: CellRules) -> ColumnFormat:
    """The narrowest type that every cell fits; what fits numbers fits neither dates nor truths."""
    if facts.have_no_value:
        return ColumnFormat(is_empty=True)
    if NumberFacts.NO_NUMBER not in facts.numbers:
        is_whole = not facts.numbers & (NumberFacts.FRACTION | NumberFacts.TOO_LONG | NumberFacts.INFINITE)
        conflict = find_conflict(facts.numbers)
        return _text(facts, conflict) if conflict else _numbers("BIGINT" if is_whole else "DOUBLE", facts.numbers, rules)
    if DateFacts.NO_DATE not in facts.dates:
        dates = settle_short_dates(facts.dates)
        conflict = find_date_conflict(dates)
        if conflict:
            is_open = not find_date_conflict(settle_short_dates(dates | SETTLING))
            return dataclasses.replace(_text(facts, conflict), is_open=is_open)
        return _dates(dates)
    if not facts.truths & (TruthFacts.NO_TRUTH | TruthFacts.OTHER_WORD):
        return ColumnFormat("BOOLEAN", truths=facts.truths)
    return _text(facts)


def _with_letters(form: ColumnFormat, facts: ColumnFacts) -> ColumnFormat:
    """The same, where cells stand as formulas: a note says so, whatever type they have."""
    if LetterFacts.FORMULA not in facts.letters:
        return dataclasses.replace(form, letters=facts.letters)
    return dataclasses.replace(form, notes=(*form.notes, FORMULA_NOTE), keeps_written=True, letters=facts.letters)


def _text(facts: ColumnFacts, reason: Message | None = None) -> ColumnFormat:
    is_rewritten = LetterFacts.ARABIC in facts.letters
    are_numbers = facts.numbers & (NumberFacts.WHOLE | NumberFacts.FRACTION) and not find_conflict(facts.numbers)
    dates = settle_short_dates(facts.dates)
    are_dates = dates & (DateFacts.DAY | DateFacts.MOMENT | DateFacts.MONTH) and not find_date_conflict(dates)
    return ColumnFormat(
        notes=tuple(note for note in (reason, LETTERS_NOTE if is_rewritten else None) if note),
        keeps_written=is_rewritten,
        nearly_numbers=facts.numbers & ~(NumberFacts.NO_NUMBER | NumberFacts.UNREAD) if are_numbers else NumberFacts.NONE,
        nearly_dates=dates & ~(DateFacts.NO_DATE | DateFacts.UNREAD) if are_dates else DateFacts.NONE,
    )


def _numbers(sql_type: str, facts: NumberFacts, rules: CellRules) -> ColumnFormat:
    unit = find_unit(facts)
    return ColumnFormat(
        sql_type,
        notes=tuple(describe_numbers(facts, rules)),
        keeps_written=look_rewritten(facts, rules) or (sql_type == "BIGINT" and NumberFacts.FRACTION in facts),
        unit=unit.name if unit else None,
        numbers=facts,
    )


def _dates(facts: DateFacts) -> ColumnFormat:
    sql_type = "TIMESTAMP" if DateFacts.MOMENT in facts else "DATE"
    return ColumnFormat(sql_type, notes=tuple(describe_dates(facts)), keeps_written=bool(facts & REWRITTEN), dates=facts)


def _truths(facts: TruthFacts) -> ColumnFormat:
    has_words = TruthFacts.OTHER_WORD in facts
    return ColumnFormat("BOOLEAN", notes=(WORDS_NOTE,) if has_words else (), keeps_written=has_words, truths=facts)


def _find_chosen(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    facts: Mapping[str, ColumnFacts],
    rules: ColumnRules,
    wanted: Mapping[str, str],
) -> dict[str, ColumnFormat]:
    """Of the formats that make a column what it is wanted to be, the one that most of its cells fit."""
    tried = [
        (column, _with_letters(form, facts[column]))
        for column in facts
        if column in wanted
        for form in _candidates(wanted[column], facts[column], rules[column])
    ]
    counted = ", ".join(_count(column, form, rules[column]) for column, form in tried)
    row = connection.execute(f"SELECT {counted} FROM {relation}").fetchone() if tried else ()
    assert row is not None, "an aggregate always gives a row"
    chosen: dict[str, ColumnFormat] = {}
    for (column, form), misfits, example in zip(tried, row[::2], row[1::2], strict=True):
        best = chosen.get(column)
        if best is None or misfits < best.misfits:
            notes = (*form.notes, describe_misfits(wanted[column], misfits, example)) if misfits else form.notes
            kept = form.keeps_written or misfits > 0
            chosen[column] = dataclasses.replace(form, notes=notes, keeps_written=kept, misfits=misfits)
    return chosen


def _count(column: str, form: ColumnFormat, rules: CellRules) -> str:
    """SQL for how many cells do not fit, and the first of them in the order of the alphabet."""
    if form.sql_type == "VARCHAR":
        return "0, NULL"
    stored = clean_cell(column, rules)
    is_misfit = f"{typed_cell(column, form, rules, strict=False)} IS NULL AND {stored} IS NOT NULL"
    return f"count_if({is_misfit}), min({stored}) FILTER ({is_misfit})"


def _candidates(kind: str, facts: ColumnFacts, rules: CellRules) -> Iterator[ColumnFormat]:
    """The formats of a chosen kind, the likeliest first."""
    if kind in {"number", "integer"}:
        for numbers in _number_candidates(facts.numbers & ~(NumberFacts.NO_NUMBER | NumberFacts.INFINITE)):
            yield _numbers("DOUBLE" if kind == "number" else "BIGINT", numbers, rules)
    elif kind == "date":
        for dates in find_readings(facts.dates & ~DateFacts.NO_DATE):
            yield _dates(dates)
    elif kind == "boolean":
        yield _truths(facts.truths & ~TruthFacts.NO_TRUTH)
    else:
        yield _text(facts)


def _number_candidates(facts: NumberFacts) -> Iterator[NumberFacts]:
    """Amounts in one unit each where they cannot be brought to the same."""
    if has_one_unit(facts):
        yield facts
        return
    units = find_units(facts)
    unitless = facts
    for unit in units:
        unitless &= ~unit.fact
    amounts = unitless & ~NumberFacts.BARE
    if TOMAN_AND_RIAL in facts:
        yield amounts | TOMAN_AND_RIAL
    yield from (amounts | unit.fact for unit in units)
    if NumberFacts.BARE in facts:
        yield unitless

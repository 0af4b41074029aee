"""Columns of text enter, what their cells are as numbers, dates, truths and text leaves: `ColumnFacts`.

The first rows tell what most columns are not: one cell that is no number is enough. Further rows are looked at where these
are empty. All rows are read once for what is left open, and once more for columns whose first rows are plain and later
ones are not.
"""

# ruff: noqa: S608 what a file says becomes SQL only through quote_name and quote_text

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from trainer.reading.cell_text import CellRules, LetterFacts, letter_facts
from trainer.reading.date_forms import DateFacts
from trainer.reading.written_dates import date_facts
from trainer.reading.written_numbers import NumberFacts, number_facts
from trainer.reading.written_truths import TruthFacts, truth_facts

ColumnRules = Mapping[str, CellRules]  # by column
MOST_HEAD_ROWS = 1000
LEAST_HEAD_ROWS = 100
HEAD_CELLS = 20_000
DEEP_CELLS = 1_000_000  # of columns whose first rows are empty, or whose cells take long to be asked for column by column
MOST_THOROUGH_QUESTIONS = 50  # in one query


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """What is known of one column; what was not asked is 0, and so is what no cell has a value for."""

    numbers: NumberFacts = NumberFacts.NONE
    dates: DateFacts = DateFacts.NONE
    truths: TruthFacts = TruthFacts.NONE
    letters: LetterFacts = LetterFacts.NONE

    @property
    def have_no_value(self) -> bool:
        """Whether nothing but missing cells was seen; those with surrounding space are odd."""
        return not (self.numbers & ~NumberFacts.ODD or self.dates & ~DateFacts.ODD or self.truths)

    @property
    def are_unread(self) -> bool:
        """Whether a cell was not looked at closely."""
        return NumberFacts.UNREAD in self.numbers or DateFacts.UNREAD in self.dates or LetterFacts.UNREAD in self.letters


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked of a column: one of the fields of `ColumnFacts`, and whether odd cells are read or only noticed."""

    column: str
    field: str
    is_thorough: bool


def find_facts(
    connection: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[str], rules: ColumnRules, wanted: Mapping[str, str]
) -> dict[str, ColumnFacts]:
    """The facts of each of `columns`, by every row of `relation`; of a column with a `wanted` kind, those it needs."""
    facts: dict[str, ColumnFacts] = {}
    questions: list[_Question] = []
    for alike in dict.fromkeys(rules[column] for column in columns):
        look = _Look(connection, relation, alike, wanted)
        questions += look.at_first_rows([column for column in columns if rules[column] == alike])
        facts |= look.facts
    found = _ask(connection, relation, questions, facts, rules)
    unread = [dataclasses.replace(question, is_thorough=True) for question in questions if found[question.column].are_unread]
    return facts | found | _ask(connection, relation, unread, facts, rules)


@dataclass(slots=True)
class _Look:
    """A look at the first rows of columns with the same rules, and what it told."""

    connection: duckdb.DuckDBPyConnection
    relation: str
    rules: CellRules
    wanted: Mapping[str, str]
    facts: dict[str, ColumnFacts] = dataclasses.field(default_factory=dict)

    def at_first_rows(self, columns: Sequence[str]) -> list[_Question]:
        """Learn the facts of the columns, and return what only the rows behind can tell."""
        head_rows = max(LEAST_HEAD_ROWS, min(MOST_HEAD_ROWS, HEAD_CELLS // len(columns)))
        self._ask(columns, head_rows)
        if not self._has_more(head_rows):
            return []
        questions = [question for column in columns for question in self._open_questions(column)]
        slow = {
            question.column: None for question in questions if question.is_thorough or self.facts[question.column].have_no_value
        }
        if not slow:
            return questions
        if not self._has_more(rows := DEEP_CELLS // len(slow)):
            self._ask(list(slow), rows)
            return [question for question in questions if question.column not in slow]
        empty = [column for column in slow if self.facts[column].have_no_value]
        if not empty:
            return questions
        self._ask(empty, rows)
        return [question for column in columns for question in self._open_questions(column)]

    def _ask(self, columns: Sequence[str], rows: int) -> None:
        """Everything about the first rows.

        All columns are put below each other: preparing a query takes longer than these rows, and empty cells are passed over.
        """
        names = ", ".join(columns)
        numbers = number_facts("cell", self.rules, NumberFacts.NONE, is_thorough=True)
        dates = date_facts("cell", self.rules, DateFacts.NONE, is_thorough=True)
        truths = truth_facts("cell", self.rules, has_other_words=True)
        letters = letter_facts("cell", self.rules, is_thorough=True)
        found = self.connection.execute(
            f"SELECT name, bit_or({numbers}), bit_or({dates}), bit_or({truths}), bit_or({letters})"
            f" FROM (UNPIVOT (SELECT {names} FROM {self.relation} LIMIT {rows}) ON {names} INTO NAME name VALUE cell)"
            " GROUP BY name"
        ).fetchall()
        self.facts |= {column: ColumnFacts() for column in columns}
        for name, *facts in found:
            self.facts[name] = _as_facts(*facts)

    def _has_more(self, rows: int) -> bool:
        """Whether the relation has more rows than these."""
        found = self.connection.execute(f"SELECT 1 FROM {self.relation} LIMIT 1 OFFSET {rows}").fetchone()
        return found is not None

    def _open_questions(self, column: str) -> list[_Question]:
        return _open_questions(column, self.facts[column], self.rules, self.wanted)


def _as_facts(numbers: int, dates: int, truths: int, letters: int) -> ColumnFacts:
    return ColumnFacts(NumberFacts(numbers), DateFacts(dates), TruthFacts(truths), LetterFacts(letters))


def _open_questions(column: str, facts: ColumnFacts, rules: CellRules, wanted: Mapping[str, str]) -> list[_Question]:
    """What further cells can change. Of a chosen kind the cells that fit are wanted, whatever the others are."""
    kind = wanted.get(column)
    letters = LetterFacts.FORMULA if rules.is_ascii else LetterFacts.FORMULA | LetterFacts.ARABIC
    if kind is None:
        open_fields = {
            "numbers": NumberFacts.NO_NUMBER not in facts.numbers,
            "dates": DateFacts.NO_DATE not in facts.dates,
            "truths": not facts.truths & (TruthFacts.NO_TRUTH | TruthFacts.OTHER_WORD),
        }
    else:
        open_fields = {
            "numbers": kind in {"number", "integer"},
            "dates": kind == "date",
            "truths": kind == "boolean",
        }
    open_fields["letters"] = letters not in facts.letters
    is_odd = {
        "numbers": NumberFacts.ODD in facts.numbers,
        "dates": DateFacts.ODD in facts.dates,
        "truths": kind is not None,
    }
    return [_Question(column, field, is_odd.get(field, False)) for field, is_open in open_fields.items() if is_open]


def _ask(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    questions: Sequence[_Question],
    known: Mapping[str, ColumnFacts],
    rules: ColumnRules,
) -> dict[str, ColumnFacts]:
    """What is known of the columns that are asked about, and what the cells of `relation` add to it."""
    facts = {question.column: known[question.column] for question in questions}
    for part in _split(questions):
        asked = ", ".join(f"bit_or({_sql(question, known[question.column], rules[question.column])})" for question in part)
        answers = connection.execute(f"SELECT {asked} FROM {relation}").fetchone()
        assert answers is not None, "an aggregate always gives a row"
        for question, answer in zip(part, answers, strict=True):
            seen = getattr(facts[question.column], question.field)
            facts[question.column] = dataclasses.replace(facts[question.column], **{question.field: seen | (answer or 0)})
    return facts


def _split(questions: Sequence[_Question]) -> Iterator[Sequence[_Question]]:
    """Quick questions all at once, thorough ones by and by: each takes some megabytes of memory."""
    quick = [question for question in questions if not question.is_thorough]
    thorough = [question for question in questions if question.is_thorough]
    first, rest = thorough[:MOST_THOROUGH_QUESTIONS], thorough[MOST_THOROUGH_QUESTIONS:]
    if quick or first:
        yield [*quick, *first]
    for start in range(0, len(rest), MOST_THOROUGH_QUESTIONS):
        yield rest[start : start + MOST_THOROUGH_QUESTIONS]


def _sql(question: _Question, known: ColumnFacts, rules: CellRules) -> str:
    if question.field == "numbers":
        return number_facts(question.column, rules, known.numbers, question.is_thorough)
    if question.field == "dates":
        return date_facts(question.column, rules, known.dates, question.is_thorough)
    if question.field == "truths":
        return truth_facts(question.column, rules, has_other_words=question.is_thorough)
    return letter_facts(question.column, rules, question.is_thorough)

"""What each column is, and why: enters what was counted of a column, leaves its kind, its task as a target, and reasons.

Kinds: number, integer, boolean, category, text, date, identifier, constant. A kind that a person chose stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from trainer.contract.messages import Message
from trainer.contract.target import LEAST_MEAN_ROWS_PER_CLASS, MOST_CLASSES

FEW_ROWS = 20
TEXT_WORDS = 3.0
LONG_TEXT_WORDS = 8.0  # names of categories are shorter
MOST_LONG_CATEGORIES = 50
CATEGORY_SHARE = 0.5  # a category repeats: fewer than half of its values are distinct
MANY_ROWS = 1000
CLASS_SHARE_MANY_ROWS = 0.05
CLASS_SHARE_FEW_ROWS = 0.1
MAX_NUMERIC_CLASSES = 20
FEWEST_OF_A_FORM = 3
IDENTIFIER_WORDS = frozenset(
    {"id", "uuid", "guid", "key", "serial", "rownum", "unnamed", "code", "phone", "mobile", "zip", "zipcode", "postcode"}
    | {"شناسه", "ردیف", "شماره", "کد", "کدملی", "کدپستی", "سریال", "تلفن", "موبایل", "همراه"}
)
LAST_IDENTIFIER_WORDS = frozenset({"no", "number", "nr"})  # an order number names an order, the number of orders does not
LONE_IDENTIFIER_NAMES = frozenset({"index", "idx", "row index"})  # a price index is a figure
CODE_WORDS = frozenset({"zip", "zipcode", "postcode", "postal", "pincode", "code", "codes", "کد", "کدپستی", "پستی"})
YEAR_WORDS = frozenset({"year", "yr", "سال"})
YEARS = (1000, 2200)  # of the Gregorian, the Jalali and the lunar calendar
SHORT_YEARS = (32, 99)  # fewer may be somebody's age or years of work
YES_OR_NO = (
    frozenset({"yes", "no"}),
    frozenset({"y", "n"}),
    frozenset({"true", "false"}),
    frozenset({"t", "f"}),
    frozenset({"on", "off"}),
    frozenset({"بله", "خیر"}),
    frozenset({"بلی", "خیر"}),
    frozenset({"بله", "نه"}),
    frozenset({"درست", "نادرست"}),
    frozenset({"دارد", "ندارد"}),
    frozenset({"هست", "نیست"}),
)
# What names somebody or something by its form alone, whether or not it comes twice.
FORMS: Mapping[str, Message] = {
    r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}": Message(
        "The values are UUIDs, which name something and tell nothing."
    ),
    r"[^@\s]+@[^@\s]+\.[^@\s.]+": Message("The values are e-mail addresses, which name somebody and tell nothing."),
    r"(https?://|www\.)\S+": Message("The values are web addresses, which name something and tell nothing."),
    r"\d{4}([ -]\d{4}){3}": Message("The values are card numbers, which name somebody and tell nothing."),
    r"\+\d[\d ()-]{7,17}|00\d{10,13}|09\d{9}|\(?\d{2,4}\)?[ -]\d{3,4}[ -]?\d{3,4}": Message(
        "The values are telephone numbers, which name somebody and tell nothing."
    ),
}
LATIN_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")
NAMES_ROWS = Message("Every row has its own value, which names the row rather than tells about it.")
CHOSEN = Message("You chose it.")
UNPREDICTABLE: Mapping[str, Message] = {
    "constant": Message("It never changes, so there is nothing to predict."),
    "identifier": Message("It names the row, which cannot be predicted from other rows."),
    "text": Message("Free text cannot be predicted."),
    "date": Message("Dates cannot be predicted."),
}
SENTENCES = Message("The values are sentences, {distinct} different ones.")
ABOUT_SENTENCES = Message("The values are sentences, about {distinct} different ones.")
REPEATED = Message("{distinct} values that repeat.")
ABOUT_REPEATED = Message("About {distinct} values that repeat.")
SHORT = Message("{distinct} short values in a small table.")
TOO_MANY = Message("Too many different values for a category ({distinct}).")
NUMERIC_TYPES = frozenset({"BIGINT", "DOUBLE"})


@dataclass(frozen=True, slots=True)
class ColumnStatistics:
    """What was counted of one column of a table of `rows` rows."""

    name: str
    sql_type: str  # BOOLEAN | BIGINT | DOUBLE | DATE | TIMESTAMP | VARCHAR
    rows: int
    missing: int
    distinct: int
    low: float | int | str | None = None
    high: float | int | str | None = None
    mean: float | int | str | None = None
    are_whole: bool = False  # every number is a whole one
    mean_words: float = 0.0
    examples: tuple[str, ...] = ()
    distinct_is_exact: bool = True

    @property
    def present(self) -> int:
        return self.rows - self.missing


@dataclass(frozen=True, slots=True)
class Column:
    """A column's kind and, were it the target, its task (None when it cannot be one), each with the reason."""

    statistics: ColumnStatistics
    kind: str
    reason: Message
    task: str | None
    task_reason: Message
    guessed_kind: str
    is_chosen: bool = False


def describe_column(statistics: ColumnStatistics, chosen_kind: str | None = None) -> Column:
    """Decide kind and task by the rules of this module; a kind that a person chose goes before."""
    guessed, why = find_kind(statistics)
    kind, reason = (chosen_kind, CHOSEN) if chosen_kind else (guessed, why)
    task, task_reason = find_task(kind, statistics)
    return Column(statistics, kind, reason, task, task_reason, guessed, is_chosen=chosen_kind is not None)


def find_kind(statistics: ColumnStatistics) -> tuple[str, Message]:
    """The kind of a column and the reason."""
    if statistics.distinct <= 1:
        return "constant", _why_constant(statistics)
    if statistics.sql_type == "BOOLEAN":
        return "boolean", Message("Every value is true or false.")
    if statistics.sql_type in {"DATE", "TIMESTAMP"}:
        return "date", Message("Every value is a date.")
    return _numeric_kind(statistics) if statistics.sql_type in NUMERIC_TYPES else _text_kind(statistics)


def _why_constant(statistics: ColumnStatistics) -> Message:
    return Message("Every value that is there is the same.") if statistics.distinct else Message("Every value is missing.")


def _numeric_kind(statistics: ColumnStatistics) -> tuple[str, Message]:
    if statistics.sql_type == "DOUBLE":
        return "number", Message("Every value is a number.")
    if _is_unique(statistics) and may_be_identifier(statistics):
        return "identifier", NAMES_ROWS
    if has_word(statistics.name, CODE_WORDS) and statistics.distinct < CATEGORY_SHARE * statistics.present:
        return "category", Message("Whole numbers that are codes, as the name says: adding them up would mean nothing.")
    if _are_years(statistics):
        return "integer", Message("Every value is a whole number, and a year, as the name says.")
    return "integer", Message("Every value is a whole number.")


def _text_kind(statistics: ColumnStatistics) -> tuple[str, Message]:
    share = statistics.distinct / statistics.present
    form = _find_form(statistics.examples)
    if form and share >= CATEGORY_SHARE:
        return "identifier", form
    if _are_sentences(statistics, share):
        return "text", _counted(statistics, SENTENCES, ABOUT_SENTENCES)
    if share < CATEGORY_SHARE:
        is_answer = frozenset(example.casefold() for example in statistics.examples) in YES_OR_NO
        return "category", Message("Two words, for yes and for no.") if is_answer else _counted(
            statistics, REPEATED, ABOUT_REPEATED
        )
    return _seldom_repeated_kind(statistics)


def _seldom_repeated_kind(statistics: ColumnStatistics) -> tuple[str, Message]:
    if _is_unique(statistics):
        return "identifier", NAMES_ROWS
    if statistics.present < FEW_ROWS:
        return "category", _counted(statistics, SHORT)
    return "text", _counted(statistics, TOO_MANY)


def _counted(statistics: ColumnStatistics, exact: Message, about: Message | None = None) -> Message:
    chosen = exact if statistics.distinct_is_exact or about is None else about
    return Message(chosen.text, {"distinct": statistics.distinct})


def _are_sentences(statistics: ColumnStatistics, share: float) -> bool:
    """Free text may repeat, too: "thanks" or a form letter makes no category of thousands of messages."""
    if statistics.mean_words >= TEXT_WORDS and (share >= CATEGORY_SHARE or statistics.distinct > MOST_CLASSES):
        return True
    return statistics.mean_words >= LONG_TEXT_WORDS and statistics.distinct > MOST_LONG_CATEGORIES


def _find_form(examples: tuple[str, ...]) -> Message | None:
    if len(examples) < FEWEST_OF_A_FORM:
        return None
    written = [example.strip().translate(LATIN_DIGITS) for example in examples]
    return next((why for form, why in FORMS.items() if all(re.fullmatch(form, text) for text in written)), None)


def _are_years(statistics: ColumnStatistics) -> bool:
    low, high = statistics.low, statistics.high
    if not isinstance(low, int) or not isinstance(high, int) or not has_word(statistics.name, YEAR_WORDS):
        return False
    return any(first <= low and high <= last for first, last in (YEARS, SHORT_YEARS))


def _is_unique(statistics: ColumnStatistics) -> bool:
    return statistics.present >= FEW_ROWS and statistics.distinct_is_exact and statistics.distinct == statistics.present


def may_be_identifier(statistics: ColumnStatistics) -> bool:
    """Whether whole numbers, if all are different, name rows: by the column's name, or because they count the rows."""
    words = split_name(statistics.name)
    is_named_so = words[-1:] and (words[-1] in LAST_IDENTIFIER_WORDS or " ".join(words) in LONE_IDENTIFIER_NAMES)
    return bool(_counts_rows(statistics) or is_named_so or has_word(statistics.name, IDENTIFIER_WORDS))


def _counts_rows(statistics: ColumnStatistics) -> bool:
    """Whether the column is 0, 1, 2, ... or 1, 2, 3, ...: a row number."""
    if statistics.sql_type != "BIGINT" or statistics.missing or statistics.low not in (0, 1):
        return False
    return statistics.high == statistics.rows - 1 + int(statistics.low)


def has_word(name: str, words: frozenset[str]) -> bool:
    """Whether one of `words` is a part of a name such as "customer_id", "CustomerID" or "شناسهٔ مشتری"."""
    return any(part in words for part in split_name(name))


def split_name(name: str) -> list[str]:
    """The words of a name, in small letters."""
    separated = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    return [part for part in re.split(r"[\W_]+", fold(separated)) if part]


def fold(name: str) -> str:
    """Without capitals, vowel marks and the Arabic forms of Persian letters."""
    return re.sub("[\u064b-\u0655]", "", name.casefold()).translate(str.maketrans("يكۀ", "یکه"))


def find_task(kind: str, statistics: ColumnStatistics) -> tuple[str | None, Message]:
    """What predicting this column would be, and the reason; None when it cannot be predicted."""
    if kind in UNPREDICTABLE:
        return None, UNPREDICTABLE[kind]
    classes = statistics.distinct
    if kind in {"number", "integer"} and not _has_few_whole_values(statistics):
        return "regression", Message("A number with many values.")
    if classes == len(("no", "yes")):
        return "binary", Message("Two values.")
    if classes > MOST_CLASSES or statistics.present < LEAST_MEAN_ROWS_PER_CLASS * classes:
        return None, Message("{classes} classes are too many for {rows} rows.", {"classes": classes, "rows": statistics.present})
    return "multiclass", Message("{classes} classes.", {"classes": classes})


def _has_few_whole_values(statistics: ColumnStatistics) -> bool:
    """Numbers that stand for classes, such as 0 and 1, or a grade from 1 to 5."""
    if not statistics.are_whole or _are_years(statistics):
        return False
    share = CLASS_SHARE_MANY_ROWS if statistics.present > MANY_ROWS else CLASS_SHARE_FEW_ROWS
    few = statistics.distinct <= max(2, min(MAX_NUMERIC_CLASSES, share * statistics.present))
    return few and statistics.distinct <= statistics.present / 2

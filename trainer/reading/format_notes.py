"""What was found of a column's cells enters, sentences for the reader leave: what was converted, and why a column stays text."""

from __future__ import annotations

from trainer.contract.messages import Message, Scalar
from trainer.reading.cell_text import CellRules
from trainer.reading.date_forms import DateFacts
from trainer.reading.written_numbers import TOMAN_AND_RIAL, NumberFacts, find_unit, find_units, has_one_unit

SHOWN_CHARACTERS = 80

# What codes have not: a column with one of these is of quantities, which need not be exact to the last of twenty digits.
QUANTITY = (
    NumberFacts.FRACTION
    | NumberFacts.GROUPED
    | NumberFacts.SCALED
    | NumberFacts.INFINITE
    | NumberFacts.PERCENT
    | TOMAN_AND_RIAL
    | NumberFacts.DOLLAR
    | NumberFacts.EURO
    | NumberFacts.POUND
)
LETTERS_NOTE = Message("Arabic ي and ك were turned into Persian ی and ک.")
FORMULA_NOTE = Message('Values written for Excel, such as ="00123", were read as what their quotes hold.')
WORDS_NOTE = Message("Words such as “yes”, “1” and “بله” were read as true, their opposites as false.")
_NUMBER_NOTES = {
    NumberFacts.PERSIAN: Message("Persian digits were read as numbers."),
    NumberFacts.GROUPED: Message("Signs between thousands were left out."),
    NumberFacts.SCALED: Message("Words such as “میلیون” were turned into figures."),
    NumberFacts.NEGATIVE: Message("Numbers in brackets, or with a minus behind them, were read as below zero."),
    NumberFacts.CODE: Message("Zeros or a plus at the beginning were left out."),
    NumberFacts.INFINITE: Message("Infinite values count as missing."),
}
_DATE_NOTES = {
    DateFacts.PERSIAN: Message("Persian digits were read as dates."),
    DateFacts.JALALI: Message("Jalali dates were turned into Gregorian ones."),
    DateFacts.NAMED: Message("Months written as names were read."),
    DateFacts.MONTH: Message("Months without a day were read as their first day."),
    DateFacts.OFFSET: Message("Times that are ahead of UTC or behind it were turned into UTC."),
}


def describe_numbers(facts: NumberFacts, rules: CellRules) -> list[Message]:
    """What was done to the cells of a column with these facts to make numbers of them."""
    notes = [note for fact, note in _NUMBER_NOTES.items() if fact in facts]
    if NumberFacts.FRACTION in facts and rules.decimal == ",":
        notes.append(Message("The comma was read as the decimal mark."))
    unit = find_unit(facts)
    if TOMAN_AND_RIAL in facts:
        notes.append(Message("Amounts in Toman were turned into Rial, 10 Rial for 1 Toman."))
    elif unit:
        notes.append(Message("The values are in “{unit}”.", {"unit": unit.name}))
    if unit and NumberFacts.BARE in facts:
        notes.append(Message("Numbers without a unit count as “{unit}”, too.", {"unit": unit.name}))
    return notes


def find_conflict(facts: NumberFacts) -> Message | None:
    """Why cells that all are numbers make no column of numbers; None when they do."""
    if NumberFacts.CODE in facts:
        return Message("Some values begin with 0 or +, as codes and telephone numbers do, so the column stays text.")
    if NumberFacts.TOO_LONG in facts and not facts & QUANTITY:
        text = "Some whole numbers have more digits than a number holds exactly, as only codes have, so the column stays text."
        return Message(text)
    names = {"units": ", ".join(unit.name for unit in find_units(facts))}
    if not has_one_unit(facts) and NumberFacts.BARE in facts:
        return Message("Some amounts have no unit and others are in different ones ({units}), so the column stays text.", names)
    if not has_one_unit(facts):
        return Message("The amounts are in different units ({units}), so the column stays text.", names)
    if NumberFacts.BARE | NumberFacts.PERCENT in facts:
        text = "Some values are percentages and others are not, so the column stays text. Choose “Number” to read all as written."
        return Message(text)
    return None


def describe_dates(facts: DateFacts) -> list[Message]:
    """What was done to the cells of a column with these facts to make dates of them."""
    notes = [note for fact, note in _DATE_NOTES.items() if fact in facts]
    if DateFacts.AS_JALALI in facts:
        notes.append(Message("Years of two digits were read as Jalali ones, 1311 to 1410."))
    if DateFacts.SHORT_YEAR in facts or (DateFacts.SHORT_NUMBERS in facts and DateFacts.AS_JALALI not in facts):
        notes.append(Message("Years of two digits were read as 1969 to 2068."))
    if DateFacts.AS_YEAR_FIRST in facts:
        notes.append(Message("The dates were read as year/month/day."))
    if DateFacts.DAY_FIRST in facts:
        notes.append(Message("The dates were read as day/month/year."))
    elif DateFacts.MONTH_FIRST in facts:
        notes.append(Message("The dates were read as month/day/year."))
    elif DateFacts.EITHER_ORDER in facts:
        text = "The dates may be day/month/year or month/day/year, which no value tells; they were read as day/month/year."
        notes.append(Message(text))
    return notes


def find_date_conflict(facts: DateFacts) -> Message | None:
    """Why cells that all are dates make no column of dates; None when they do."""
    is_open = DateFacts.SHORT_NUMBERS in facts and DateFacts.AS_YEAR_FIRST not in facts
    if is_open and DateFacts.SHORT_YEAR_FIRST | DateFacts.SHORT_ASCII in facts:
        text = (
            "The year of a date such as 98/04/23 may be 1398 or 1998, so the column stays text."
            " Choose “Date” to read Jalali years, or Gregorian ones where these fit more values."
        )
        return Message(text)
    if is_open:
        text = "A date such as 02/05/17 can be many days, so the column stays text. Choose “Date” to read day, month and year."
        return Message(text)
    if DateFacts.MONTH in facts and DateFacts.NO_SPAN not in facts:
        text = "Each value may be a month or two years, such as 2010-11, so the column stays text. Choose “Date” to read months."
        return Message(text)
    if DateFacts.MONTH in facts and facts & (DateFacts.DAY | DateFacts.MOMENT):
        return Message("Some dates are whole months and others are days, so the column stays text. Choose “Date” to read all.")
    if DateFacts.DAY_FIRST | DateFacts.MONTH_FIRST not in facts:
        return None
    return Message("Some dates can only be day/month/year and others only month/day/year, so the column stays text.")


def describe_misfits(kind: str, count: int, example: str) -> Message:
    """What became of cells that are not of the kind that was chosen; `count` is at least 1."""
    params: dict[str, Scalar | Message] = {
        "count": count,
        "example": example if len(example) <= SHOWN_CHARACTERS else example[: SHOWN_CHARACTERS - 1] + "…",
    }
    return Message(_ONE_MISFIT[kind] if count == 1 else _MISFITS[kind], params)


_ONE_MISFIT = {
    "number": "One value is no number and counts as missing: “{example}”.",
    "integer": "One value is no whole number and counts as missing: “{example}”.",
    "boolean": "One value is neither true nor false and counts as missing: “{example}”.",
    "date": "One value is no date and counts as missing: “{example}”.",
}
_MISFITS = {
    "number": "{count} values are no numbers and count as missing, such as “{example}”.",
    "integer": "{count} values are no whole numbers and count as missing, such as “{example}”.",
    "boolean": "{count} values are neither true nor false and count as missing, such as “{example}”.",
    "date": "{count} values are no dates and count as missing, such as “{example}”.",
}

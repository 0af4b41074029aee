"""Numbers as people write them, as SQL: what a cell is as a number (`NumberFacts`), and its value.

Read are Persian digits, signs between thousands (also 1'234 and 1,23,456), per cent, amounts of money, accountants'
(1,234) and words such as میلیون. No numbers are other groups of digits, hexadecimal figures and `1_000`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag, auto

from trainer.reading.cell_text import INVISIBLE, NO_DIGITS, SPACES, WIDE_SPACES, CellRules, clean_cell, latin_digits, let


class NumberFacts(IntFlag):
    """What the cells of a column are as numbers, each fact true of at least one of them; 0: no cell has a value."""

    NONE = 0
    NO_NUMBER = auto()
    WHOLE = auto()
    FRACTION = auto()  # written with a decimal mark or an exponent
    TOO_LONG = auto()  # a whole number that does not fit into 64 bits
    CODE = auto()  # a whole number that begins with 0, or with + like a telephone number's: as a number it would lose that
    INFINITE = auto()
    PERSIAN = auto()  # digits or marks beyond ASCII
    GROUPED = auto()  # signs between thousands
    NEGATIVE = auto()  # brackets around, or a minus behind: below zero, as accountants write it
    SCALED = auto()  # a word for thousands, millions or billions
    BARE = auto()  # without a unit
    PERCENT = auto()
    TOMAN = auto()
    RIAL = auto()
    DOLLAR = auto()
    EURO = auto()
    POUND = auto()
    ODD = auto()  # a cell that a cast alone does not tell, such as one with surrounding space
    UNREAD = auto()  # a cell that was not looked at closely


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit by its name, and regular expressions for how it is spelled."""

    fact: NumberFacts
    name: str
    spellings: str
    spellings_behind: str = ""  # those that stand behind the number alone


ANY_NUMBER = ~(NumberFacts.NO_NUMBER | NumberFacts.UNREAD)
_TOMAN = Unit(NumberFacts.TOMAN, "تومان", "تومان|تومن|(?i:irt)", "ت")
UNITS = (
    Unit(NumberFacts.PERCENT, "%", "%|درصد"),
    _TOMAN,
    Unit(NumberFacts.RIAL, "ریال", "ریال|﷼|(?i:irr)"),
    Unit(NumberFacts.DOLLAR, "$", "[$]|(?i:usd)"),
    Unit(NumberFacts.EURO, "€", "€|(?i:eur)"),
    Unit(NumberFacts.POUND, "£", "£|(?i:gbp)"),
)
TOMAN_AND_RIAL = NumberFacts.TOMAN | NumberFacts.RIAL
_SCALES = {"هزار": 3, "میلیون": 6, "میلیارد": 9}
_MINUS = "\u2212"
_SIGN = f"[+{_MINUS}-]"
_GAP = f"[{SPACES}{INVISIBLE}]*"
_BELOW_ZERO = rf"^[(]|[0-9]{_GAP}[{_MINUS}\-]$"
_INFINITY = "[+-]?(?i:inf|infinity)"
_SURE_LENGTH = 18  # as many digits fit into 64 bits for sure
_LONGEST_WITH_PLUS = 7  # digits: nobody writes a plus before a longer quantity, everybody before a telephone number


def find_units(facts: NumberFacts) -> list[Unit]:
    return [unit for unit in UNITS if unit.fact in facts]


def find_unit(facts: NumberFacts) -> Unit | None:
    """The one unit of a column; Toman beside Rial are turned into Rial."""
    units = find_units(facts & ~NumberFacts.TOMAN if TOMAN_AND_RIAL in facts else facts)
    return units[0] if units else None


def has_one_unit(facts: NumberFacts) -> bool:
    """Whether all amounts can be brought to one unit, or have none. A bare number beside Toman and Rial may be either."""
    units = find_units(facts)
    return len(units) <= 1 or (len(find_units(facts & ~TOMAN_AND_RIAL)) == 0 and NumberFacts.BARE not in facts)


def look_rewritten(facts: NumberFacts, rules: CellRules) -> bool:
    """Whether a number looks different from what was written."""
    rewritten = NumberFacts.PERSIAN | NumberFacts.GROUPED | NumberFacts.SCALED | NumberFacts.CODE | NumberFacts.NEGATIVE
    has_comma = NumberFacts.FRACTION in facts and rules.decimal == ","
    return bool(facts & rewritten or find_units(facts)) or has_comma


def number_facts(cell: str, rules: CellRules, known: NumberFacts, is_thorough: bool) -> str:
    """SQL for the `NumberFacts` of one cell; what is `known` of its column makes it quick.

    Plain numbers are told by a cast. Other cells are read where it `is_thorough`, which takes longer to prepare, else `UNREAD`.
    """
    slow = let("latin", _latin(cell, rules), _slow_facts(cell, rules)) if is_thorough else f"{int(NumberFacts.UNREAD)}"
    facts = [_quick_facts(cell, rules, known), slow] if not known or NumberFacts.BARE in known else [slow]
    return f"CASE WHEN {cell} IS NULL THEN 0 ELSE coalesce({', '.join(facts)}) END"


def number_value(cell: str, rules: CellRules, facts: NumberFacts, sql_type: str, misfit: str) -> str:
    """SQL for one cell as BIGINT or DOUBLE; `misfit` is SQL for a cell with facts that `facts` has not.

    Infinite numbers are NULL. A BIGINT column may have fractions: those that are whole all the same, such as 2.0, fit.
    """
    otherwise = f"WHEN {cell} IS NOT NULL THEN {misfit}"
    is_quick = NumberFacts.BARE in facts and (sql_type == "BIGINT" or NumberFacts.FRACTION in facts or rules.decimal == ".")
    if is_quick and NumberFacts.ODD not in facts and not (sql_type == "BIGINT" and NumberFacts.FRACTION in facts):
        return _quick_value(cell, rules, facts, sql_type, otherwise)
    values = [_quick_value(cell, rules, facts, sql_type, "")] if is_quick else []
    values.append(_slow_value(cell, rules, facts, sql_type))
    values.append(f"CASE WHEN {clean_cell(cell, rules)} IS NOT NULL THEN {misfit} END")
    value = f"CASE WHEN {cell} IS NOT NULL THEN coalesce({', '.join(values)}) END"
    return let("number", value, "CASE WHEN isfinite(number) THEN number END") if NumberFacts.INFINITE in facts else value


def _quick_facts(cell: str, rules: CellRules, known: NumberFacts) -> str:
    digits = known & NumberFacts.PERSIAN
    cases = []
    is_fraction = _is_plain(f"TRY_CAST({_with_point('written', rules)} AS DOUBLE)", rules, known)
    if NumberFacts.FRACTION not in known:  # else it is a column of fractions, whatever else is in it
        is_whole = "TRY_CAST(written AS BIGINT)::VARCHAR = written"
        cases.append(f"WHEN {is_whole} THEN {int(NumberFacts.WHOLE | NumberFacts.BARE | digits)}")
        is_fraction += f" AND regexp_matches(written, '{_fraction_sign(rules)}')"
    cases.append(f"WHEN {is_fraction} THEN {int(NumberFacts.FRACTION | NumberFacts.BARE | digits)}")
    return let("written", _quick_text(cell, rules, known), f"CASE {' '.join(cases)} END")


def _quick_value(cell: str, rules: CellRules, facts: NumberFacts, sql_type: str, otherwise: str) -> str:
    if sql_type == "BIGINT":  # a cast alone would not do: it takes 1_000, 0x1F and 1.5, which it rounds
        cast, is_plain = "TRY_CAST(written AS BIGINT)", "number::VARCHAR = written"
    else:
        cast = f"TRY_CAST({_with_point('written', rules)} AS DOUBLE)"
        is_plain = _is_plain("number", rules, facts)
    quick = let("number", cast, f"CASE WHEN {is_plain} THEN number {otherwise} END")
    return let("written", _quick_text(cell, rules, facts), quick)


def _quick_text(cell: str, rules: CellRules, facts: NumberFacts) -> str:
    """The least that has to be done to a cell before most of its column can be cast."""
    if NumberFacts.PERSIAN in facts:
        return latin_digits(cell, rules)
    return clean_cell(cell, rules) if NumberFacts.ODD in facts else cell


def _slow_value(cell: str, rules: CellRules, facts: NumberFacts, sql_type: str) -> str:
    latin = _latin(cell, rules) if NumberFacts.PERSIAN in facts else clean_cell(cell, rules)
    text = let("latin", latin, _slow_text(cell, rules, facts))
    if sql_type == "BIGINT" and NumberFacts.FRACTION in facts:
        is_whole = "TRY_CAST(number AS BIGINT)::DOUBLE = TRY_CAST(number AS DOUBLE)"
        return let("number", text, f"CASE WHEN {is_whole} THEN TRY_CAST(number AS BIGINT) END")
    value = f"TRY_CAST({text} AS {sql_type})"
    if sql_type == "BIGINT" or NumberFacts.INFINITE in facts:
        return value
    return let("number", value, "CASE WHEN isfinite(number) THEN number END")


def _latin(cell: str, rules: CellRules) -> str:
    return latin_digits(clean_cell(cell, rules), rules)


def _is_plain(value: str, rules: CellRules, facts: NumberFacts) -> str:
    """SQL for whether a cast to DOUBLE, `value`, is what is `written`: a cast takes 1_000, +-5 and 007, too."""
    begins_badly = "written BETWEEN '00' AND '0:' OR written BETWEEN '-00' AND '-0:' OR written < '-'"
    strange = ["_"]
    if rules.decimal == ",":
        strange.append(".")  # stands between thousands
    if NumberFacts.PERSIAN in facts:
        strange.append("E")  # may be what `latin_digits` made of a letter
    is_strange = " OR ".join(f"contains(written, '{sign}')" for sign in strange)
    return f"isfinite({value}) AND NOT ({begins_badly}) AND NOT ({is_strange})"


def _slow_facts(cell: str, rules: CellRules) -> str:
    facts = " + ".join((_size_facts(rules), _look_facts(cell, rules), _unit_facts(), str(int(NumberFacts.ODD))))
    cases = (
        f"WHEN {_matches(_number_pattern(ANY_NUMBER, rules), cell, rules)} THEN {facts}",
        f"WHEN regexp_full_match(latin, '{_INFINITY}') THEN {int(NumberFacts.INFINITE | NumberFacts.BARE | NumberFacts.ODD)}",
    )
    return f"CASE WHEN latin IS NULL THEN {int(NumberFacts.ODD)} {' '.join(cases)} ELSE {int(NumberFacts.NO_NUMBER)} END"


def _size_facts(rules: CellRules) -> str:
    is_long = _any_of((f"len(latin) > {_SURE_LENGTH}", "regexp_matches(latin, '[eE]')", *(_has(word) for word in _SCALES)))
    text = _number_text(rules, ANY_NUMBER)
    infinite = f"CASE WHEN {is_long} AND isinf(TRY_CAST({text} AS DOUBLE)) THEN {int(NumberFacts.INFINITE)} ELSE 0 END"
    too_long = f"CASE WHEN {is_long} AND TRY_CAST({text} AS BIGINT) IS NULL THEN {int(NumberFacts.TOO_LONG)} ELSE 0 END"
    is_code = f"regexp_matches(latin, '^[^0-9]*0[0-9]|^[+][0-9]{{{_LONGEST_WITH_PLUS + 1},}}$')"
    code = f"CASE WHEN {is_code} THEN {int(NumberFacts.CODE)} ELSE 0 END"
    is_fraction = f"regexp_matches(latin, '{_fraction_sign(rules)}')"
    whole = f"{int(NumberFacts.WHOLE)} + {too_long} + {code}"
    return f"CASE WHEN {is_fraction} THEN {int(NumberFacts.FRACTION)} ELSE {whole} END + {infinite}"


def _look_facts(cell: str, rules: CellRules) -> str:
    looks = {
        NumberFacts.PERSIAN: f"regexp_matches({cell}, '[۰-۹٠-٩٪٫٬]')",
        NumberFacts.GROUPED: f"regexp_matches(latin, '[0-9]{_between_thousands(rules)}[0-9]')",
        NumberFacts.NEGATIVE: f"regexp_matches(latin, '{_BELOW_ZERO}')",
        NumberFacts.SCALED: _any_of(tuple(_has(word) for word in _SCALES)),
    }
    return " + ".join(f"CASE WHEN {look} THEN {int(fact)} ELSE 0 END" for fact, look in looks.items())


def _unit_facts() -> str:
    spellings = {unit.fact: "|".join(filter(None, (unit.spellings, unit.spellings_behind))) for unit in UNITS}
    found = " + ".join(
        f"CASE WHEN regexp_matches(latin, '{text}') THEN {int(fact)} ELSE 0 END" for fact, text in spellings.items()
    )
    units = f"coalesce(nullif({found}, 0), {int(NumberFacts.BARE)})"
    has_words = rf"regexp_matches(latin, '[^0-9.,+{_MINUS}\-]')"
    return f"CASE WHEN {has_words} THEN {units} ELSE {int(NumberFacts.BARE)} END"


def _slow_text(cell: str, rules: CellRules, facts: NumberFacts) -> str:
    cases = [f"WHEN {_matches(_number_pattern(facts, rules), cell, rules)} THEN {_number_text(rules, facts)}"]
    if NumberFacts.INFINITE in facts:
        cases.append(f"WHEN regexp_full_match(latin, '{_INFINITY}') THEN 'inf'")
    return f"CASE {' '.join(cases)} END"


def _number_text(rules: CellRules, facts: NumberFacts) -> str:
    """SQL for what a cast understands: the figures of `latin` with a point, and the exponent that its words stand for."""
    mark = _mark(rules)
    is_plain = f"regexp_full_match(latin, '[+-]?(?:[0-9]+{mark}?[0-9]*|{mark}[0-9]+)(?:[eE][+-]?[0-9]+)?')"
    figures = rf"replace(regexp_replace(latin, '[^0-9{rules.decimal}{_MINUS}\-]', '', 'g'), '{_MINUS}', '-')"
    if NumberFacts.NEGATIVE in facts:
        figures = f"CASE WHEN regexp_matches(latin, '{_BELOW_ZERO}') THEN '-' || replace({figures}, '-', '') ELSE {figures} END"
    text = _with_point(f"CASE WHEN {is_plain} THEN latin ELSE {figures} END", rules)
    tens = [f"CASE WHEN {_has(word)} THEN {tens} ELSE 0 END" for word, tens in _SCALES.items() if NumberFacts.SCALED in facts]
    if TOMAN_AND_RIAL in facts:
        tens.append(f"CASE WHEN regexp_matches(latin, '{_TOMAN.spellings}|{_TOMAN.spellings_behind}') THEN 1 ELSE 0 END")
    if not tens:
        return text
    return f"{text} || coalesce('e' || nullif({' + '.join(tens)}, 0), '')"


def _number_pattern(facts: NumberFacts, rules: CellRules) -> str:
    """The regular expression of the numbers that have no other facts; sizes aside, which a pattern cannot tell."""
    whole = "[0-9]+" if NumberFacts.CODE in facts else "0|[1-9][0-9]*"
    short = "[0-9]+" if NumberFacts.CODE in facts else f"0|[1-9][0-9]{{0,{_LONGEST_WITH_PLUS - 1}}}"
    figures = []
    mark, run = _mark(rules), "[0-9]+"
    if NumberFacts.GROUPED in facts:
        figures.append(_grouped(rules))
        run = f"(?:{run}|{figures[-1]})"
    if NumberFacts.FRACTION in facts:
        figures += [f"{run}{mark}[0-9]*", f"{mark}[0-9]+"]
    scale = f"(?:{_GAP}(?:{'|'.join(_SCALES)})){{0,2}}" if NumberFacts.SCALED in facts else ""  # two as in هزار میلیارد
    number, with_plus = (f"(?:{'|'.join([least, *figures])}){scale}" for least in (whole, short))
    forms = []
    if NumberFacts.BARE in facts:
        forms += [f"[{_MINUS}-]?{_GAP}{number}", f"[+]{_GAP}{with_plus}", *_below_zero(number, facts)]
        if NumberFacts.FRACTION in facts:
            forms.append(f"[+-]?(?:[0-9]+{mark}?[0-9]*|{mark}[0-9]+)[eE][+-]?[0-9]+")
    if units := find_units(facts):
        before = "|".join(unit.spellings for unit in units)
        behind = "|".join(filter(None, (text for unit in units for text in (unit.spellings, unit.spellings_behind))))
        forms.append(f"(?:{_SIGN}?{_GAP}(?:{before})|(?:{before}){_GAP}{_SIGN}){_GAP}{number}")
        forms.append(f"{_SIGN}?{_GAP}{number}{_GAP}(?:{behind})")
        forms += [*_below_zero(f"(?:{before}){_GAP}{number}", facts), *_below_zero(f"{number}{_GAP}(?:{behind})", facts)]
    return "|".join(forms)


def _below_zero(amount: str, facts: NumberFacts) -> list[str]:
    return [f"[(]{_GAP}{amount}{_GAP}[)]", f"{amount}{_GAP}[{_MINUS}-]"] if NumberFacts.NEGATIVE in facts else []


def _grouped(rules: CellRules) -> str:
    """The pattern of digits with signs between thousands: in groups of three, or of two as in India."""
    groups = "|".join(f"(?:{sign}[0-9]{{3}})+" for sign in _thousands_signs(rules))
    indian = "|[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}" if rules.decimal == "." else ""
    return f"(?:[1-9][0-9]{{0,2}}(?:{groups}){indian})"


def _matches(pattern: str, cell: str, rules: CellRules) -> str:
    matches = f"regexp_full_match(latin, '{pattern}')"
    return matches if rules.is_ascii else f"({matches} AND NOT regexp_matches({cell}, '{NO_DIGITS}'))"


def _mark(rules: CellRules) -> str:
    return "[.]" if rules.decimal == "." else ","


def _thousands_signs(rules: CellRules) -> tuple[str, ...]:
    return ("," if rules.decimal == "." else "[.]", "،", r"[\x{27}\x{2019}]", f"[ {WIDE_SPACES}{INVISIBLE}]")


def _between_thousands(rules: CellRules) -> str:
    return f"(?:{'|'.join(_thousands_signs(rules))})"


def _fraction_sign(rules: CellRules) -> str:
    return f"{_mark(rules)}|[0-9][eE][+-]?[0-9]"


def _with_point(text: str, rules: CellRules) -> str:
    return text if rules.decimal == "." else f"replace({text}, ',', '.')"


def _has(word: str) -> str:
    return f"contains(latin, '{word}')"


def _any_of(claims: tuple[str, ...]) -> str:
    return f"({' OR '.join(claims)})"

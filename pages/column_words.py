"""One column of a profile enters, what a page says of it leaves: its kind, its counts, its picture and the details."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from components.column_list import Bar, ColumnEntry, FrequentValue, Tick
from locales import Translator
from locales.numerals import is_plain_number
from pages.words import KINDS, name_of
from trainer.contract import Message

TICKS = 4
SHOWN_EXAMPLES = 3
LEAST_HEIGHT = 0.02  # of a bar that is not empty
LEAST_ROUNDED = 10_000  # nobody reads the decimals of larger numbers
LARGEST_EXACT = 2**53  # beyond, a float is no longer every whole number
SMALL_SHARE = 0.1  # shares below are told with a decimal
NUMBER_KINDS = frozenset({"number", "integer"})
MEASURES: Mapping[str, Message] = {
    "r": Message("Correlation |r|"),
    "eta": Message("Correlation ratio η"),
    "v": Message("Cramér’s V"),
}
Described = Mapping[str, Any]


def describe_column(
    _: Translator, column: Described, rows: int, distribution: Described | None, association: tuple[str, Described] | None
) -> ColumnEntry:
    """`distribution` is None while it is not known; `association` is the target's name and what the column tells about it."""
    known = distribution or {}
    histogram = known.get("histogram")
    values, others = _describe_values(_, column, known.get("top"))
    kind = name_of(_, KINDS, column["kind"])
    return ColumnEntry(
        name=column["name"],
        kind=column["kind"],
        kind_name=kind,
        kind_label=_("Kind of “{column}”", column=column["name"]),
        reason=_describe_reason(_, column),
        missing=_with_share(_, column["missing"], rows),
        missing_share=round(column["missing"] / max(1, rows), 4),
        distinct=_describe_distinct(_, column),
        is_waiting=distribution is None,
        values=values,
        others=others,
        remark=_describe_remark(_, column, known),
        facts=[*_describe_facts(_, column, known), *_describe_association(_, association)],
        examples=[] if values else [_value_name(_, column, example) for example in column.get("examples") or []],
        notes=[_.message(Message.from_dict(column["note"]))] if column.get("note") else [],
        **(_describe_histogram(_, column, known, histogram) if histogram else {}),
    )


def share_of(_: Translator, part: int, whole: int) -> str:
    fraction = part / max(1, whole)
    return _.percent(fraction, 1 if 0 < fraction < SMALL_SHARE else 0)


def _with_share(_: Translator, part: int, whole: int) -> str:
    return f"{_.number(part)} · {share_of(_, part, whole)}" if part else _.number(part)


def _describe_reason(_: Translator, column: Described) -> str:
    reason = _.message(Message.from_dict(column["reason"])) if column.get("reason") else ""
    if column.get("is_chosen") and column["guessed_kind"] != column["kind"]:
        return f"{reason} {_('Found was: {kind}.', kind=name_of(_, KINDS, column['guessed_kind']))}"
    return reason


def _describe_distinct(_: Translator, column: Described) -> str:
    if column.get("distinct_is_exact", True):
        return _.number(column["distinct"])
    return _("about {count}", count=column["distinct"])


def _describe_histogram(_: Translator, column: Described, known: Described, histogram: Described) -> dict[str, Any]:
    edges, counts = histogram["edges"], histogram["counts"]
    are_single = column["kind"] == "integer" and edges[1] - edges[0] == 1  # each bin is one whole number
    highest = max(counts)
    bars = [
        Bar(_height(count, highest), f"{_bin_name(_, column, low, high)}: {_.number(count)}")
        for low, high, count in zip(edges, edges[1:], counts, strict=False)
    ]
    below, above = histogram["below"], histogram["above"]
    low, high = say(_, edges[0]), say(_, edges[-2] if are_single else edges[-1])
    before = [Bar(_height(below, highest), _("below {low}: {count}", low=low, count=below), is_outside=True)] if below else []
    after = [Bar(_height(above, highest), _("above {high}: {count}", high=high, count=above), is_outside=True)] if above else []
    quantiles = known["quantiles"]
    alternative = _(
        "Histogram of “{column}” from {low} to {high}; half of the values lie between {first} and {last}.",
        column=column["name"],
        low=low,
        high=high,
        first=say(_, quantiles["25"]),
        last=say(_, quantiles["75"]),
    )
    return {
        "bars": [*before, *bars, *after],
        "alternative": alternative,
        "low": low,
        "high": high,
        "ticks": list(_ticks(_, edges, len(before), len(after), are_single=are_single)),
        "outside": _describe_outside(_, histogram, low, high),
    }


def _describe_outside(_: Translator, histogram: Described, low: str, high: str) -> str:
    """What the bars at the ends stand for: a scale that held everything would leave nothing to be seen."""
    below, above = histogram["below"], histogram["above"]
    if below and above:
        text = "The bars at the ends stand for {below} values below {low} and {above} values above {high}."
        return _(text, below=below, low=low, above=above, high=high)
    if below:
        return _.plural(
            "The bar at the beginning stands for {count} value below {low}.",
            "The bar at the beginning stands for {count} values below {low}.",
            below,
            low=low,
        )
    if above:
        return _.plural(
            "The bar at the end stands for {count} value above {high}.",
            "The bar at the end stands for {count} values above {high}.",
            above,
            high=high,
        )
    return ""


def _height(count: int, highest: int) -> float:
    return round(max(LEAST_HEIGHT, min(1.0, count / highest)), 4) if count and highest else 0.0


def _bin_name(_: Translator, column: Described, low: Any, high: Any) -> str:  # noqa: ANN401 - numbers or dates as text
    if column["kind"] == "integer":
        return say(_, low) if high - low == 1 else _("{low} to {high}", low=say(_, low), high=say(_, high - 1))
    return _("{low} to {high}", low=say(_, low), high=say(_, high))


def _ticks(_: Translator, edges: Sequence[Any], before: int, after: int, *, are_single: bool) -> Iterator[Tick]:
    """Labels under the edges of some bins, or under their middles where each bin is one number."""
    bins = len(edges) - 1
    step = max(1, round(bins / TICKS))
    middle = 0.5 if are_single else 0.0
    for position in range(0, bins + (0 if are_single else 1), step):
        place = round((before + position + middle) / (before + bins + after), 4)
        yield Tick(place, _tick_label(_, edges, edges[position]))


def _tick_label(_: Translator, edges: Sequence[Any], edge: Any) -> str:  # noqa: ANN401 - numbers or dates as text
    """Of a moment, what differs along the axis: the time of day within one day, else the day."""
    told = say(_, edge)
    if not isinstance(edge, str) or "T" not in edge:
        return told
    day, _comma, time = told.partition("، " if _.is_persian else ", ")
    is_one_day = datetime.fromisoformat(edges[-1]) - datetime.fromisoformat(edges[0]) <= timedelta(days=1)
    return time if is_one_day else day


def _describe_values(_: Translator, column: Described, top: Described | None) -> tuple[list[FrequentValue], str]:
    """The frequent values; none where not even the most frequent one comes twice."""
    if not top or not top["values"] or top["values"][0]["rows"] == 1:
        return [], ""
    values = [
        FrequentValue(
            _value_name(_, column, value["value"]),
            round(value["rows"] / top["rows"], 4),
            _.number(value["rows"]),
            share_of(_, value["rows"], top["rows"]),
        )
        for value in top["values"]
    ]
    others = _.plural("{count} row has another value.", "{count} rows have other values.", top["others"]) if top["others"] else ""
    return values, others


def _value_name(_: Translator, column: Described, value: str) -> str:
    """A value as it is, for it is data; numbers in the reader's digits, and no digit less; days in the reader's calendar."""
    if column["kind"] == "date":
        return say(_, value.replace(" ", "T", 1))
    holds_numbers = column["kind"] in NUMBER_KINDS or isinstance(column.get("min"), int | float)  # ids, too
    if not holds_numbers or not is_plain_number(value):
        return value
    return _.typed(float(value) if "." in value else int(value))


def _describe_facts(_: Translator, column: Described, known: Described) -> Iterator[tuple[str, str]]:
    if column.get("unit"):
        yield _("Unit"), column["unit"]
    quantiles = known.get("quantiles") or {}
    if column["kind"] in NUMBER_KINDS and quantiles:
        figures = {
            _("Lowest"): column["min"],
            _("5% lie below"): quantiles["5"],
            _("25% lie below"): quantiles["25"],
            _("Median"): quantiles["50"],
            _("75% lie below"): quantiles["75"],
            _("95% lie below"): quantiles["95"],
            _("Highest"): column["max"],
            _("Mean"): column["mean"],
            _("Standard deviation"): known["deviation"],
        }
        yield from ((label, say(_, value)) for label, value in figures.items() if value is not None)
        for label, count in ((_("Zeros"), known["zeros"]), (_("Negative"), known["negatives"])):
            if count:
                yield label, _with_share(_, count, known["rows"])
    elif column["kind"] == "date" and quantiles:
        yield _("Earliest"), say(_, column["min"])
        yield _("Median"), say(_, quantiles["50"])
        yield _("Latest"), say(_, column["max"])
    for label, lengths in ((_("Characters"), "characters"), (_("Words"), "words")):
        if measured := (known.get("lengths") or {}).get(lengths):
            yield label, _("{mean} on average, {most} at most", mean=round(measured["mean"], 1), most=measured["most"])


def _describe_association(_: Translator, association: tuple[str, Described] | None) -> Iterator[tuple[str, str]]:
    if association:
        target, entry = association
        label = _("{measure} with “{target}”", measure=name_of(_, MEASURES, entry["measure"]), target=target)
        yield label, _.number(round(float(entry["value"]), 2))


def _describe_remark(_: Translator, column: Described, known: Described) -> str:
    """What stands where there is nothing to draw: how long texts are, or how values look."""
    if column["kind"] == "text" and "lengths" in known:
        words = known["lengths"]["words"]
        return _("{mean} words on average, {most} at most", mean=round(words["mean"], 1), most=words["most"])
    return _.listed([_value_name(_, column, example) for example in (column.get("examples") or [])[:SHOWN_EXAMPLES]])


def say(_: Translator, value: float | str | None) -> str:
    """A number, or a day or moment as ISO writes it, in the reader's digits and calendar."""
    if value is None:
        return "–"
    if not isinstance(value, str):
        is_whole = float(value).is_integer() or abs(value) >= LEAST_ROUNDED
        return _.number(round(value) if is_whole and abs(value) < LARGEST_EXACT else float(value))
    try:
        told = _.moment(datetime.fromisoformat(value).replace(tzinfo=_.zone)).replace("\u00a0", " ")
    except (ValueError, OverflowError):  # before or after what the calendar knows
        return value
    return told if "T" in value else told.partition("،" if _.is_persian else ",")[0]

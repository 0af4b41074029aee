"""What the ways of reading a file are called: a found dialect and the choices enter, options with labels leave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.reading_form import NO, NO_TEXTS, OWN_TEXTS, YES, ReadingOption
from locales import Translator
from trainer.contract import Message

ENCODINGS: Mapping[str, Message] = {
    "utf-8": Message("UTF-8 (Unicode)"),
    "utf-16-le": Message("UTF-16 (Unicode, little endian)"),
    "utf-16-be": Message("UTF-16 (Unicode, big endian)"),
    "windows-1256": Message("Windows-1256 (Persian and Arabic)"),
    "windows-1252": Message("Windows-1252 (Western European)"),
    "windows-1250": Message("Windows-1250 (Central European)"),
    "windows-1251": Message("Windows-1251 (Cyrillic)"),
    "windows-1254": Message("Windows-1254 (Turkish)"),
    "cp850": Message("CP850 (DOS, Western European)"),
    "gb18030": Message("GB 18030 (Chinese)"),
    "shift_jis": Message("Shift JIS (Japanese)"),
}
DELIMITERS: Mapping[str, Message] = {
    ",": Message("Comma ( , )"),
    ";": Message("Semicolon ( ; )"),
    "\t": Message("Tab"),
    "|": Message("Vertical bar ( | )"),
    ":": Message("Colon ( : )"),
    "،": Message("Persian comma ( ، )"),
    "؛": Message("Persian semicolon ( ؛ )"),
    " ": Message("Space"),
}
QUOTES: Mapping[str, Message] = {
    '"': Message('Double quotes ( " )'),
    "'": Message("Single quotes ( ' )"),
    "": Message("None"),
}
DECIMALS: Mapping[str, Message] = {".": Message("Point: 1,234.5"), ",": Message("Comma: 1.234,5")}
COMMENTS: Mapping[str, Message] = {
    "": Message("None"),
    "#": Message("Lines that begin with #"),
    "//": Message("Lines that begin with //"),
}
MOST_WORDS = 6


def reading_options(_: Translator, dialect: Mapping[str, Any]) -> list[ReadingOption]:
    """What can be chosen for a file that was read like this."""
    file_format = dialect.get("format", "csv")
    options: list[ReadingOption] = []
    if "sheets" in dialect:
        options.append(_names(_, "sheet", _("Sheet"), dialect["sheet"], dialect["sheets"]))
    if len(dialect.get("record_choices") or ()) > 1:
        options.append(_names(_, "records", _("List that holds the rows"), dialect["records"], dialect["record_choices"]))
    if "encoding" in dialect:
        options.append(_option(_, "encoding", _("Encoding"), dialect, ENCODINGS))
    if file_format == "csv":
        options.append(_option(_, "delimiter", _("Between the columns"), dialect, DELIMITERS))
        options.append(_option(_, "quote", _("Around texts"), dialect, QUOTES))
    if file_format in {"csv", "xlsx"}:
        options += _table_options(_, dialect)
    if file_format == "csv":
        options.append(_option(_, "comment", _("Comments"), dialect, COMMENTS))
    if "decimal" in dialect:
        options.append(_option(_, "decimal", _("Decimal mark"), dialect, DECIMALS))
    options.append(_missing(_, dialect))
    return options


def _table_options(_: Translator, dialect: Mapping[str, Any]) -> list[ReadingOption]:
    yes, no = _("Yes: they are the columns’ names"), _("No: the first row holds values")
    found = (yes if dialect["header"] else no) if "header" in dialect else ""
    header = ReadingOption("header", _("Names in the first row"), found, {YES: yes, NO: no})
    skipped = ReadingOption(
        "skip_lines",
        _("Lines to skip at the top"),
        _.number(dialect["skip_lines"]) if "skip_lines" in dialect else "",
        {},
        _("Lines such as a title, above the names or the first row."),
    )
    aside, kept = _("Set aside and listed"), _("Rows of the table")
    all_rows = ReadingOption(
        "keep_all_rows",
        _("Totals, units, repeated names"),
        (kept if dialect["keep_all_rows"] else aside) if "keep_all_rows" in dialect else "",
        {NO: aside, YES: kept},
    )
    return [header, skipped, all_rows]


def _option(_: Translator, name: str, label: str, dialect: Mapping[str, Any], words: Mapping[str, Message]) -> ReadingOption:
    """Of a file that could not be looked at, nothing was found: nobody is told that it has no quotes."""
    found = str(dialect.get(name, ""))
    shown = _unbroken(_.message(words[found])) if name in dialect and found in words else found
    options = {f"={value}": _unbroken(_.message(message)) for value, message in words.items()}
    return ReadingOption(name, label, shown, options)


def _unbroken(label: str) -> str:
    """A sign in brackets stays on one line with them."""
    return label.replace("( ", "(\u00a0").replace(" )", "\u00a0)")


def _names(_: Translator, name: str, label: str, found: str | None, names: list[str]) -> ReadingOption:
    return ReadingOption(name, label, f"\u2068{found or ''}\u2069", {f"={choice}": f"\u2068{choice}\u2069" for choice in names})


def _missing(_: Translator, dialect: Mapping[str, Any]) -> ReadingOption:
    words = list(dialect.get("missing_found") or {}) or list(dialect.get("missing") or ())
    shown = _.listed([*words[:MOST_WORDS], *(["…"] if words[MOST_WORDS:] else [])])
    options = {NO_TEXTS: _("No word, only empty cells"), OWN_TEXTS: _("Words of your own")}
    hint = _("Empty cells always count as missing.")
    return ReadingOption("missing", _("Words for “missing”"), shown, options, hint, _("These words, one on each line"))

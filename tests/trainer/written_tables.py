"""Tables made by chance, and every way in which they may be written: the property test of reading is about these."""

from __future__ import annotations

import csv
import datetime
import gzip
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import jdatetime
import openpyxl
from hypothesis import strategies as st

from trainer.reading.duckdb_session import quote_name

Value = int | float | str | bool | datetime.date | None
LATIN_WORDS = ("apple", "pear", "quince", "fig", "medlar", "plum")
PERSIAN_WORDS = ("سیب", "گلابی", "انار", "پرتقال", "خرما", "زغال‌اخته")
ACCENTED_WORDS = ("café", "crème", "señor", "naïve", "brûlée", "garçon")
PERSIAN_MONTHS = (
    "فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند",
)  # fmt: skip
PERSIAN_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
ARABIC_DIGITS = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
# What an encoding can write; Windows-1256 has the Arabic ي alone, which reading turns into ی.
WORDS_BY_ENCODING = {"cp1252": LATIN_WORDS + ACCENTED_WORDS, "cp1256": LATIN_WORDS + PERSIAN_WORDS}
ALL_WORDS = LATIN_WORDS + PERSIAN_WORDS + ACCENTED_WORDS


@dataclass(frozen=True, slots=True)
class Table:
    """Names and rows of values; every column is of one kind."""

    names: list[str]
    kinds: list[str]  # integer | number | word | sentence | date | boolean
    rows: list[list[Value]]


@dataclass(frozen=True, slots=True)
class Style:
    """How a table is written as CSV."""

    encoding: str
    delimiter: str
    quote: str
    quotes_all: bool
    line_end: str
    has_header: bool
    decimal: str
    groups_thousands: bool
    digits: str  # latin | persian | arabic
    dates: str  # iso | slashes | jalali | jalali words
    missing: str
    title: bool
    comment: bool


@st.composite
def styles(draw: st.DrawFn) -> Style:
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1256", "cp1252"]))
    can_be_persian = encoding.startswith("utf")
    delimiter = draw(st.sampled_from([",", ";", "\t", "|"]))
    return Style(
        encoding=encoding,
        delimiter=delimiter,
        quote=draw(st.sampled_from(['"', "'"])),
        quotes_all=draw(st.booleans()),
        line_end=draw(st.sampled_from(["\n", "\r\n", "\r"])),
        has_header=draw(st.booleans()),
        decimal=draw(st.sampled_from([".", ","])),
        groups_thousands=draw(st.booleans()),
        digits=draw(st.sampled_from(["latin", "persian", "arabic"])) if can_be_persian else "latin",
        dates=draw(st.sampled_from(["iso", "slashes", "jalali", *(["jalali words"] if encoding != "cp1252" else [])])),
        missing=draw(st.sampled_from(["", "NA", "n/a", "null", "?", "-", *(["نامشخص"] if encoding != "cp1252" else [])])),
        title=draw(st.booleans()),
        comment=draw(st.booleans()),
    )


@st.composite
def tables(draw: st.DrawFn, words: Sequence[str] = ALL_WORDS) -> Table:
    """A number with a fraction and a date come first, so that no row of values can be taken for names."""
    kinds = [
        "number",
        "date",
        *draw(st.lists(st.sampled_from(["integer", "word", "sentence", "boolean"]), min_size=1, max_size=4)),
    ]
    row_count = draw(st.integers(4, 12))
    columns = [draw(_columns(kind, row_count, words)) for kind in kinds]
    possible = [f"{word} {mark}" for word in words for mark in "xyz"]
    names = draw(st.lists(st.sampled_from(possible), min_size=len(kinds), max_size=len(kinds), unique=True))
    return Table(names, kinds, [list(row) for row in zip(*columns, strict=True)])


def _columns(kind: str, rows: int, words: Sequence[str]) -> st.SearchStrategy[list[Value]]:
    values: st.SearchStrategy[Any]
    if kind == "number":
        values = st.integers(-(10**8), 10**8).map(lambda number: (number * 10 + 5) / 100)  # always two decimals
        return st.lists(values, min_size=rows, max_size=rows)
    if kind == "integer":
        values = st.integers(-(10**9), 10**9)
    elif kind == "boolean":
        values = st.booleans()
    elif kind == "date":
        days = st.dates(datetime.date(1930, 1, 1), datetime.date(2090, 1, 1))
        return st.lists(days, min_size=rows, max_size=rows)
    elif kind == "word":
        values = st.sampled_from(list(words))
    else:
        pieces = st.sampled_from([*words, "a, b", "c; d", "it's", 'said "so"', "two\nlines", "bar | bar", "tab\there"])
        values = st.lists(pieces, min_size=2, max_size=6).map(" ".join)
    return st.lists(st.one_of(values, values, values, st.none()), min_size=rows, max_size=rows)


def write_csv(table: Table, style: Style) -> bytes:
    """The table as a file in this style."""
    text = io.StringIO()
    writer = csv.writer(
        text,
        delimiter=style.delimiter,
        quotechar=style.quote,
        quoting=csv.QUOTE_ALL if style.quotes_all else csv.QUOTE_MINIMAL,
        lineterminator="\n",
    )
    if style.has_header:
        writer.writerow(table.names)
    for row in table.rows:
        writer.writerow([write_cell(value, kind, style) for value, kind in zip(row, table.kinds, strict=True)])
    above = "# made by a program\n" * style.comment + "A title of some words\n\n" * style.title
    whole = (above + text.getvalue()).replace("\n", style.line_end)
    if style.encoding == "cp1256":
        whole = whole.replace("ی", "ي")
    return whole.encode(style.encoding)


def write_cell(value: Value, kind: str, style: Style) -> str:
    if value is None:
        return style.missing
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, datetime.date):
        return _write_date(value, style)
    if isinstance(value, int | float):
        return _write_number(value, kind, style)
    return str(value)


def _write_number(value: float, kind: str, style: Style) -> str:
    pattern = "," if style.groups_thousands else ""
    written = f"{value:{pattern}.2f}" if kind == "number" else f"{value:{pattern}d}"
    if style.digits != "latin":
        marks = str.maketrans(",.", "٬٫")
        return written.translate(marks).translate(PERSIAN_DIGITS if style.digits == "persian" else ARABIC_DIGITS)
    return written.translate(str.maketrans(",.", ".,")) if style.decimal == "," else written


def _write_date(value: datetime.date, style: Style) -> str:
    if style.dates == "iso":
        written = value.isoformat()
    elif style.dates == "slashes":
        written = f"{value.year}/{value.month}/{value.day}"
    else:
        jalali = jdatetime.date.fromgregorian(date=value)
        written = f"{jalali.year}/{jalali.month:02}/{jalali.day:02}"
        if style.dates == "jalali words":
            written = f"{jalali.day} {PERSIAN_MONTHS[jalali.month - 1]} {jalali.year}"
    return written.translate({"persian": PERSIAN_DIGITS, "arabic": ARABIC_DIGITS}.get(style.digits, {}))


def write_json(table: Table, *, is_lines: bool) -> bytes:
    rows = [
        {
            name: value.isoformat() if isinstance(value, datetime.date) else value
            for name, value in zip(table.names, row, strict=True)
        }
        for row in table.rows
    ]
    if is_lines:
        return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()
    return json.dumps(rows).encode()


def write_workbook(table: Table) -> bytes:
    """The table as a sheet of an .xlsx file, every value as a spreadsheet holds it."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None, "a new workbook has a sheet"
    sheet.append(table.names)
    for row in table.rows:
        sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def write_parquet(table: Table, path: Path) -> bytes:
    """The table as a Parquet file with the types that its kinds have; written at `path`."""
    types = {"number": "DOUBLE", "integer": "BIGINT", "date": "DATE", "boolean": "BOOLEAN"}
    columns = [f"{quote_name(name)} {types.get(kind, 'VARCHAR')}" for name, kind in zip(table.names, table.kinds, strict=True)]
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE written ({', '.join(columns)})")
        connection.executemany(f"INSERT INTO written VALUES ({', '.join('?' for _ in columns)})", table.rows)  # noqa: S608
        connection.table("written").write_parquet(str(path))
    return path.read_bytes()


def pack(content: bytes, packing: str, name: str) -> bytes:
    if packing == "gz":
        return gzip.compress(content)
    if packing == "zip":
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr(name, content)
        return archive.getvalue()
    return content

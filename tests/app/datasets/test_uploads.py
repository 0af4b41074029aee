"""Uploads: streamed, counted, hashed, refused past their room, and never leaving a trace when refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.api.multipart import _UploadForm
from app.datasets.catalogue import LONGEST_DESCRIPTION, check_description
from app.datasets.uploads import IncomingFile, Room, check_name, clean_filename, free_bytes, in_words, too_large, type_of
from app.errors import TooLarge, Unavailable, WrongType
from trainer.contract import ENDINGS, Refusal

LIMIT = 1000


@pytest.fixture
def incoming(tmp_path: Path) -> IncomingFile:
    return IncomingFile(tmp_path / "incoming" / "one.part", Room(LIMIT, too_large(LIMIT)))


def form_of(filename: str, content: bytes, name: str = "My data") -> bytes:
    return (
        b'--sep\r\nContent-Disposition: form-data; name="name"\r\n\r\n' + name.encode() + b"\r\n"
        b'--sep\r\nContent-Disposition: form-data; name="file"; filename="' + filename.encode() + b'"\r\n'
        b"Content-Type: text/csv\r\n\r\n" + content + b"\r\n--sep--\r\n"
    )


@pytest.mark.parametrize("step", [1, 2, 7, 1000])
def test_the_file_arrives_unchanged_in_whatever_pieces(incoming: IncomingFile, step: int) -> None:
    content = b"a,b\r\n1,2\r\n--se\r\nnot the end\r\n--se"
    body = form_of("rows.csv", content)
    form = _UploadForm(b"sep", incoming)
    form.feed([body[start : start + step] for start in range(0, len(body), step)])
    assert form.is_complete
    assert (form.filename, form.name.decode()) == ("rows.csv", "My data")
    incoming.pause()
    assert incoming.path.read_bytes() == content


def test_a_file_that_cannot_be_read_is_refused_before_its_bytes_come(incoming: IncomingFile) -> None:
    form = _UploadForm(b"sep", incoming)
    with pytest.raises(WrongType):
        form.feed([form_of("program.exe", b"").partition(b"\r\n--sep--")[0]])
    incoming.discard()


def test_bytes_are_counted(incoming: IncomingFile) -> None:
    incoming.write([b"abc", b"de"])
    incoming.write([b"f"])
    assert incoming.size == 6
    incoming.pause()
    assert incoming.path.read_bytes() == b"abcdef"


def test_what_came_in_an_earlier_life_of_the_server_is_counted_too(tmp_path: Path) -> None:
    path, room = tmp_path / "one.part", Room(LIMIT, too_large(LIMIT))
    path.write_bytes(b"abc")
    incoming = IncomingFile(path, room)
    assert incoming.size == 3
    incoming.write([b"def"])
    incoming.pause()
    incoming.write([b"ghi"])
    incoming.pause()
    assert path.read_bytes() == b"abcdefghi"


def test_a_file_past_its_room_is_refused_and_leaves_nothing(incoming: IncomingFile) -> None:
    incoming.write([b"x" * LIMIT])
    with pytest.raises(TooLarge):
        incoming.write([b"x"])
    incoming.discard()
    assert list(incoming.path.parent.iterdir()) == []


def test_no_byte_is_taken_that_would_bring_the_disk_below_its_floor(tmp_path: Path) -> None:
    floor = free_bytes(tmp_path) + 1_000_000_000
    incoming = IncomingFile(tmp_path / "one.part", Room(LIMIT, too_large(LIMIT), floor))
    with pytest.raises(Unavailable) as refused:
        incoming.write([b"x"])
    assert refused.value.problems[0].code == "disk_nearly_full"
    assert incoming.path.read_bytes() == b""
    incoming.discard()


@pytest.mark.parametrize(
    "sent", ["../../etc/passwd.csv", "..\\..\\boot.csv", "/abs/olute/x.csv", "C:\\temp\\x.csv", "a/b\\c.csv", "x\x00y\n.csv"]
)
def test_no_path_survives_in_a_file_name(sent: str) -> None:
    cleaned = clean_filename(sent)
    assert not set(cleaned) & set("/\\\0\n")
    assert cleaned.endswith(".csv")
    assert ".." not in cleaned


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        ("a.csv", ("csv", "")),
        ("A.CSV", ("csv", "")),
        ("a.tsv", ("csv", "")),
        ("x.y.json", ("json", "")),
        ("گل.jsonl", ("jsonl", "")),
        ("a.ndjson", ("jsonl", "")),
        ("a.parquet", ("parquet", "")),
        ("a.xlsx", ("xlsx", "")),
        ("a.csv.gz", ("csv", "gz")),
        ("a.Tsv.GZ", ("csv", "gz")),
        ("a.json.zip", ("json", "zip")),
        ("a.zip", ("", "zip")),
        ("a.b.zip", ("", "zip")),
    ],
)
def test_format_and_packing_are_in_the_endings(filename: str, expected: tuple[str, str]) -> None:
    assert type_of(filename) == expected


@pytest.mark.parametrize("filename", ["a.exe", "csv", "a.csv.bz2", ".csv", "", "a.gz", "a.exe.gz", ".csv.gz", "a.xls"])
def test_other_endings_are_refused_by_name_and_told_what_can_be_read(filename: str) -> None:
    with pytest.raises(WrongType) as refused:
        type_of(filename)
    assert filename in str(refused.value)
    assert all(f".{ending}" in str(refused.value) for ending in ENDINGS)


@pytest.mark.parametrize("filename", ["penguins.csv", "penguins.csv.gz", "penguins.XLSX.zip", "penguins.zip", "penguins.tsv"])
def test_a_data_set_is_named_after_its_file_unless_told_otherwise(filename: str) -> None:
    assert check_name("", filename) == "penguins"
    assert check_name("  Birds ", filename) == "Birds"


def test_names_keep_what_they_are_written_with_and_nothing_else() -> None:
    assert check_name("گل‌ها\x00\n", "penguins.csv") == "گل‌ها"
    assert clean_filename("گل‌ها\x00.csv") == "گل‌ها.csv"
    assert check_name("", "v1.2.csv") == "v1.2"


@pytest.mark.parametrize("name", ["x" * 201, "\0" * 201 + "Birds"])
def test_a_name_that_is_too_long_is_refused_before_it_is_looked_through(name: str) -> None:
    with pytest.raises(Refusal) as refused:
        check_name(name, "penguins.csv")
    assert refused.value.problems[0].message.params["length"] == len(name)


def test_a_description_that_is_too_long_is_refused_before_it_is_looked_through() -> None:
    with pytest.raises(Refusal):
        check_description("\0" * (LONGEST_DESCRIPTION + 1) + "Birds")
    assert check_description("  two\nlines\0 " + " " * LONGEST_DESCRIPTION) == "two\nlines"


@pytest.mark.parametrize(
    ("size", "expected"),
    [(0, "0 bytes"), (1, "1 byte"), (12, "12 bytes"), (1_500, "1.5 kB"), (2_000_000, "2 MB"), (3_140_000_000, "3.1 GB")],
)
def test_sizes_are_said_in_units(size: int, expected: str) -> None:
    assert in_words(size).english() == expected

"""Uploads: streamed, counted, hashed, refused past the limit, and never leaving a trace when refused."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from app.api.multipart import _UploadForm
from app.datasets.uploads import IncomingFile, check_name, clean_filename, type_of
from app.errors import TooLarge, WrongType
from trainer.contract import Refusal

LIMIT = 1000


@pytest.fixture
def incoming(tmp_path: Path) -> IncomingFile:
    return IncomingFile(tmp_path / "incoming", LIMIT)


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
    for start in range(0, len(body), step):
        form.feed(body[start : start + step])
    assert form.is_complete
    assert (form.filename, form.name.decode()) == ("rows.csv", "My data")
    assert incoming.finish() == hashlib.sha256(content).hexdigest()


def test_bytes_are_counted_and_hashed(incoming: IncomingFile) -> None:
    incoming.write(b"abc")
    incoming.write(b"def")
    assert incoming.size == 6
    assert incoming.finish() == hashlib.sha256(b"abcdef").hexdigest()
    assert incoming.path.read_bytes() == b"abcdef"


def test_a_file_past_the_limit_is_refused_and_leaves_nothing(incoming: IncomingFile) -> None:
    incoming.write(b"x" * LIMIT)
    with pytest.raises(TooLarge):
        incoming.write(b"x")
    incoming.discard()
    assert list(incoming.path.parent.iterdir()) == []


@pytest.mark.parametrize(
    "sent", ["../../etc/passwd.csv", "..\\..\\boot.csv", "/abs/olute/x.csv", "C:\\temp\\x.csv", "a/b\\c.csv", "x\x00y\n.csv"]
)
def test_no_path_survives_in_a_file_name(sent: str) -> None:
    cleaned = clean_filename(sent)
    assert not set(cleaned) & set("/\\\0\n")
    assert cleaned.endswith(".csv")
    assert ".." not in cleaned


@pytest.mark.parametrize(
    ("filename", "expected"), [("a.csv", "csv"), ("A.CSV", "csv"), ("x.y.json", "json"), ("گل.jsonl", "jsonl")]
)
def test_the_type_is_the_ending(filename: str, expected: str) -> None:
    assert type_of(filename) == expected


@pytest.mark.parametrize("filename", ["a.exe", "csv", "a.csv.zip", ".csv", ""])
def test_other_endings_are_refused_by_name(filename: str) -> None:
    with pytest.raises(WrongType) as refused:
        type_of(filename)
    assert filename in str(refused.value)


def test_a_data_set_is_named_after_its_file_unless_told_otherwise() -> None:
    assert check_name("", "penguins.csv") == "penguins"
    assert check_name("  Birds ", "penguins.csv") == "Birds"
    assert check_name("گل‌ها\x00\n", "penguins.csv") == "گل‌ها"
    assert clean_filename("گل‌ها\x00.csv") == "گل‌ها.csv"
    with pytest.raises(Refusal):
        check_name("x" * 201, "penguins.csv")

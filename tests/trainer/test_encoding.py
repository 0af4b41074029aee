from __future__ import annotations

from pathlib import Path

import pytest

from trainer.contract import Refusal
from trainer.reading.encoding import CHUNK_BYTES, count_lines, decode_original

PERSIAN = "نام;شهر\nسارا;یزد\nامید;تبریز\nپژمان;گرگان\n".replace("ی", "ي").replace("ک", "ك")
FRENCH = "nom,ville\nRené,Besançon\nZoë,Nîmes\n"


@pytest.mark.parametrize(
    ("text", "written_as", "found"),
    [
        ("a,b\n1,2\n", "ascii", "utf-8"),
        (PERSIAN, "utf-8", "utf-8"),
        (PERSIAN, "utf-8-sig", "utf-8"),
        (PERSIAN, "utf-16", "utf-16-le"),
        (PERSIAN, "utf-16-le", "utf-16-le"),
        (PERSIAN, "utf-16-be", "utf-16-be"),
        ("a,b\n1,2\n", "utf-16-le", "utf-16-le"),
        (PERSIAN, "cp1256", "windows-1256"),
        ("a;b\n1;ن\n2;م\n", "cp1256", "windows-1256"),
        (FRENCH, "cp1252", "windows-1252"),
        ("a,b\n1,x\n2,café\n", "cp1252", "windows-1252"),
        ("name;price\nMüller;5 €\nJäger;7 €\n", "cp1252", "windows-1252"),
        ("Größe;Anzahl\n12;3\n13;4\n", "cp1252", "windows-1252"),
        ("Wort,n\nFüße,1\ngroß,2\ngrößer,3\n", "cp1252", "windows-1252"),
        ("a,b\n" + "1,x\n" * CHUNK_BYTES + "2,café\n", "cp1252", "windows-1252"),
        ("a,b\n" + "1,x\n" * CHUNK_BYTES + "2,شهر\n", "cp1256", "windows-1256"),
        ("a,b\n" + "1,é\n" * CHUNK_BYTES, "utf-8", "utf-8"),
    ],
)
def test_the_encoding_is_found_and_the_text_comes_back(tmp_path: Path, text: str, written_as: str, found: str) -> None:
    original = tmp_path / "original"
    original.write_bytes(text.encode(written_as))
    decoded = decode_original(original, None, tmp_path)
    assert (decoded.encoding, decoded.is_guess) == (found, found.startswith("windows"))
    assert decoded.path.read_text(encoding="utf-8-sig") == text
    assert decoded.is_ascii == text.isascii() or written_as == "utf-8-sig"
    assert original.read_bytes() == text.encode(written_as)


def test_a_character_that_lies_across_two_chunks_is_whole(tmp_path: Path) -> None:
    original = tmp_path / "original"
    text = "a" * (CHUNK_BYTES - 1) + "é,b\n1,2\n"
    original.write_bytes(text.encode("utf-16-le"))
    assert decode_original(original, None, tmp_path).path.read_text(encoding="utf-8") == text
    original.write_bytes(text.encode())
    assert decode_original(original, None, tmp_path).encoding == "utf-8"


def test_a_few_broken_bytes_do_not_make_utf8_another_encoding(tmp_path: Path) -> None:
    original = tmp_path / "original"
    for content in ("a,b\n" + "1,شهر\n" * 50, "name,n\nJürgen,1\nKäthe,2\nZoë,4\n"):
        original.write_bytes(content.encode() + b"J\xfcrg,2\n")
        assert decode_original(original, None, tmp_path).encoding == "utf-8"
    original.write_bytes("a,b\n1,شهر\n2,نام".encode()[:-1])
    assert decode_original(original, None, tmp_path).encoding == "utf-8"


def test_a_chosen_encoding_is_taken(tmp_path: Path) -> None:
    original = tmp_path / "original"
    original.write_bytes("a,b\n1,é\n".encode("cp1252"))
    assert decode_original(original, "windows-1256", tmp_path).path.read_text(encoding="utf-8") == "a,b\n1,é\n"


@pytest.mark.parametrize(
    ("content", "encoding", "code", "words"),
    [
        (b"", None, "empty_file", "empty"),
        (b" \r\n\t\n", None, "empty_file", "empty"),
        (b"\xef\xbb\xbf", None, "empty_file", "empty"),
        (b"\xff\xfe", None, "empty_file", "empty"),
        (b"a,b\n1,2\n3,\x00\n", None, "not_text", "line 3"),
        (bytes(range(256)) * 20, None, "not_text", "line 1"),
        (b"%PDF-1.7\n" + bytes(200), None, "not_text", "PDF"),
        (b"PK\x03\x04" + bytes(200), None, "not_text", "workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(200), None, "not_text", ".xls"),
        (b"a,b\n1,\x9d\n", "windows-1252", "not_decodable", "line 2 holds the byte 0x9D"),
        ("a,b\n1,éx\n".encode("cp1252"), "utf-16-le", "not_decodable", "utf-16-le"),
    ],
)
def test_what_is_no_text_is_refused_with_its_line(
    tmp_path: Path, content: bytes, encoding: str | None, code: str, words: str
) -> None:
    original = tmp_path / "original"
    original.write_bytes(content)
    with pytest.raises(Refusal) as caught:
        decode_original(original, encoding, tmp_path)
    assert caught.value.problems[0].code == code
    assert words in str(caught.value)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_up_to_a_place(tmp_path: Path, end: str) -> None:
    original = tmp_path / "original"
    original.write_bytes(f"a,b{end}1,2{end}3,4".encode())
    content = original.read_bytes()
    assert count_lines(original, [0, content.index(b"3"), content.index(b"3") + 1]) == [1, 3, 3]

"""The bytes of a text file enter, UTF-8 text leaves: the encoding is the chosen one, or found.

Refused: an empty file, bytes that are no text, and bytes that the chosen encoding does not know.
"""

from __future__ import annotations

import codecs
import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from trainer.contract.messages import Message, Problem, Refusal, Scalar

CHUNK_BYTES = 1 << 20
SAMPLE_BYTES = 1 << 16
MAX_CONTROL_SHARE = 0.1
PRINTED_CONTROLS = b"\t\n\r\f\x0b\x1b"
LEAST_ZERO_SHARE = 0.2  # of the bytes of UTF-16 text with some ASCII in it, such as separators and line ends
# Of the characters beyond ASCII; with less damage it is UTF-8 in which some rows are broken: letters of other encodings
# hardly ever look like it.
DAMAGE_SHARE = 0.5
UTF_8 = "utf-8"
BOMS = ((codecs.BOM_UTF8, UTF_8), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
# Windows-1256 has پ چ ڈ گ ک and the half-space here; Windows-1252 nothing, or a lone tilde.
ARABIC_ONLY = frozenset(b"\x81\x8d\x8f\x90\x98\x9d")
KNOWN_BINARIES = (
    (b"%PDF", Message("a PDF document")),
    (b"PK\x03\x04", Message("a ZIP archive or a workbook")),
    (b"\xd0\xcf\x11\xe0", Message("an old Excel workbook (.xls)")),
    (b"PAR1", Message("a Parquet file")),
    (b"\x1f\x8b", Message("a file packed with gzip")),
    (b"\x89PNG", Message("a picture")),
    (b"\xff\xd8\xff", Message("a picture")),
)


@dataclass(frozen=True, slots=True)
class DecodedText:
    """A file of UTF-8 text, the encoding that it came in, whether all of it is ASCII, and whether the encoding is a guess."""

    path: Path
    encoding: str
    is_ascii: bool
    is_guess: bool = False


def decode_original(path: Path, encoding: str | None, workspace: Path) -> DecodedText:
    """UTF-8 stays where it is; anything else is written anew into the folder `workspace`.

    Raises:
        Refusal: `empty_file`, `not_text` or `not_decodable`.
    """
    with path.open("rb") as file:
        start = file.read(SAMPLE_BYTES)
    if not start:
        raise empty_file()
    found = encoding or _find_by_start(start)
    if found and found != UTF_8:
        return _transcode(path, found, workspace / ".decoded")
    seen = _look_through(path)
    if not found and (other := _find_by_letters(seen)) != UTF_8:
        return dataclasses.replace(_transcode(path, other, workspace / ".decoded"), is_guess=True)
    if seen.nul_at is not None:  # NUL bytes end a text in half of the world's tools
        raise _not_text(count_lines(path, [seen.nul_at])[0])
    if not seen.has_text:
        raise empty_file()
    return DecodedText(path, UTF_8, seen.is_ascii)


def is_ascii_text(path: Path) -> bool:
    """Whether there is nothing beyond ASCII in a file."""
    with path.open("rb") as file:
        return all(chunk.isascii() for chunk in iter(partial(file.read, CHUNK_BYTES), b""))


def empty_file() -> Refusal:
    return Refusal(Problem("empty_file", Message("The file is empty. Choose a file with a header and rows.")))


def count_lines(path: Path, places: Sequence[int]) -> list[int]:
    """The numbers of the lines that the bytes at `places`, in ascending order, stand in, the first being 1."""
    lines, numbers = 1, []
    with path.open("rb") as file:
        for place in places:
            while (left := place - file.tell()) > 0 and (chunk := file.read(min(CHUNK_BYTES, left))):
                lines += chunk.count(b"\n") or chunk.count(b"\r")
            numbers.append(lines)
    return numbers


def _find_utf16(start: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of its separators and digits is zero."""
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if max(even, odd) < LEAST_ZERO_SHARE * len(start) / 2 or min(even, odd) > max(even, odd) / 10:
        return None
    name = "utf-16-le" if odd > even else "utf-16-be"
    try:
        text = start[: len(start) // 2 * 2].decode(name, errors="strict" if len(start) < SAMPLE_BYTES else "ignore")
    except UnicodeDecodeError:
        return None
    return None if _control_share(text.encode("utf-8", "replace")) > MAX_CONTROL_SHARE else name


def _find_by_start(start: bytes) -> str | None:
    """The encoding of a file that begins with `start`, where that tells."""
    for mark, name in BOMS:
        if start.startswith(mark):
            return name
    if utf16 := _find_utf16(start):
        return utf16
    _refuse_binary(start)
    return None


@dataclass(slots=True)
class _Seen:
    """What all bytes of a file are, if they are UTF-8. Broken ones are left to the reader, which sets their rows aside."""

    is_ascii: bool = True
    has_text: bool = False
    nul_at: int | None = None
    beyond_ascii: int = 0  # bytes that characters beyond ASCII take beyond one
    damaged: int = 0  # characters
    damage: bytes = b""  # the first piece of the file with some


def _look_through(path: Path) -> _Seen:
    decoder = codecs.getincrementaldecoder(UTF_8)("replace")
    seen, offset = _Seen(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            seen.has_text = seen.has_text or bool(chunk.removeprefix(codecs.BOM_UTF8).strip())
            if seen.nul_at is None and b"\0" in chunk:
                seen.nul_at = offset + chunk.index(b"\0")
            offset += len(chunk)
            if chunk.isascii() and not decoder.getstate()[0]:
                continue
            seen.is_ascii = False
            text = decoder.decode(chunk)
            seen.beyond_ascii += len(chunk) - len(text)
            seen.damaged += text.count("\ufffd")
            seen.damage = seen.damage or (chunk if seen.damaged else b"")
    return seen


def _find_by_letters(seen: _Seen) -> str:
    """UTF-8 when its bytes say so; else Arabic or Western letters, by the company they keep."""
    if not seen.damaged or seen.damaged < DAMAGE_SHARE * seen.beyond_ascii:
        return UTF_8
    return "windows-1256" if _looks_arabic(seen.damage) else "windows-1252"


def _looks_arabic(chunk: bytes) -> bool:
    """Accents, be it two in a row, touch ASCII letters, as in Größe; Arabic letters stand among themselves."""
    if ARABIC_ONLY & set(chunk):
        return True
    runs = re.findall(rb"([A-Za-z]?)([\x80-\xff]+)([A-Za-z]?)", chunk)
    accents = sum(len(letters) for before, letters, after in runs if before or after)
    together = sum(len(letters) for before, letters, after in runs if not (before or after))
    return together > accents


def _transcode(path: Path, encoding: str, output: Path) -> DecodedText:
    decoder = codecs.getincrementaldecoder(encoding)()
    is_ascii, has_text, lines_before = True, False, 1
    with path.open("rb") as source, output.open("w", encoding="utf-8", newline="") as target:
        while True:
            chunk = source.read(CHUNK_BYTES)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                raise _not_decodable(encoding, lines_before, error) from None
            if lines_before == 1 and not has_text:
                text = text.removeprefix("\ufeff")
            if "\0" in text:
                raise _not_text(lines_before + text[: text.index("\0")].count("\n"))
            target.write(text)
            lines_before += text.count("\n")
            is_ascii, has_text = is_ascii and text.isascii(), has_text or bool(text.strip())
            if not chunk:
                break
    if not has_text:
        raise empty_file()
    return DecodedText(output, encoding, is_ascii)


def _refuse_binary(start: bytes) -> None:
    for signature, what in KNOWN_BINARIES:
        if start.startswith(signature):
            text = "The file is not text but {what}. Give it the ending that it should have, or save the table as CSV or JSON."
            raise Refusal(Problem("not_text", Message(text, {"what": what})))
    if _control_share(start[:4096]) > MAX_CONTROL_SHARE:
        raise _not_text(1)


def _control_share(sample: bytes) -> float:
    return sum(byte < ord(" ") and byte not in PRINTED_CONTROLS for byte in sample) / max(1, len(sample))


def _not_text(line: int) -> Refusal:
    message = Message(
        "The file is not text (line {line} holds bytes no text has). Save the table as CSV or JSON and upload that.",
        {"line": line},
    )
    return Refusal(Problem("not_text", message))


def _not_decodable(encoding: str, lines_before: int, error: UnicodeDecodeError) -> Refusal:
    before = error.object[: error.start]
    params: dict[str, Scalar] = {"encoding": encoding, "byte": f"0x{error.object[error.start]:02X}"}
    params["line"] = lines_before + before.replace(b"\0", b"").count(b"\n")
    message = Message(
        "The file is not in the encoding {encoding}: line {line} holds the byte {byte}, which it does not know."
        " Choose another encoding, or save the file as UTF-8.",
        params,
    )
    return Refusal(Problem("not_decodable", message, "encoding"))

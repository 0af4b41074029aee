"""The bytes of an upload, before anything reads them as a table.

Enters a file; refused are an empty file, bytes that are no text, and text that is not UTF-8.
"""

from __future__ import annotations

import codecs
from pathlib import Path

from trainer.contract.messages import Message, Problem, Refusal, Scalar

CHUNK_BYTES = 1 << 20
BOM = codecs.BOM_UTF8
UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
MAX_CONTROL_SHARE = 0.1
PRINTED_CONTROLS = b"\t\n\r\f\x0b\x1b"


def check_text(path: Path) -> None:
    """Read the whole file once, a megabyte at a time.

    Raises:
        Refusal: `empty_file`, `not_text` or `not_utf8`.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines_before, has_text = 0, False
    with path.open("rb") as file:
        start = file.read(CHUNK_BYTES)
        _refuse_binary(start)
        chunk = start.removeprefix(BOM)
        while chunk:
            has_text = has_text or bool(chunk.strip())
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                raise _not_utf8(lines_before, chunk, error) from None
            if b"\0" in chunk:
                raise _not_text(lines_before + chunk[: chunk.index(b"\0")].count(b"\n") + 1)
            lines_before += chunk.count(b"\n")
            chunk = file.read(CHUNK_BYTES)
    if not has_text:
        raise Refusal(Problem("empty_file", Message("The file is empty. Choose a file with a header and rows.")))
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise _not_utf8(lines_before, b"", error) from None


def _refuse_binary(start: bytes) -> None:
    controls = sum(byte < ord(" ") and byte not in PRINTED_CONTROLS for byte in start[:4096])
    looks_utf_16 = start.startswith(UTF_16_MARKS)
    if not looks_utf_16 and controls > MAX_CONTROL_SHARE * min(len(start), 4096):
        raise _not_text(1)


def _not_text(line: int) -> Refusal:
    message = Message(
        "The file is not text (line {line} holds bytes no text has). Save the table as CSV or JSON and upload that.",
        {"line": line},
    )
    return Refusal(Problem("not_text", message))


def _not_utf8(lines_before: int, chunk: bytes, error: UnicodeDecodeError) -> Refusal:
    params: dict[str, Scalar] = {"line": lines_before + chunk[: error.start].count(b"\n") + 1}
    params["byte"] = f"0x{error.object[error.start]:02X}"
    message = Message(
        "Line {line} is not UTF-8 text (byte {byte}). Save the file with the encoding UTF-8 and upload it again.", params
    )
    return Refusal(Problem("not_utf8", message))

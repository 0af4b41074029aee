"""UTF-8 text under the name of a CSV file enters; refused is what is certainly something else: a web page, XML, or JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path

from trainer.contract.messages import Message, Problem, Refusal

BEGINNING_BYTES = 1 << 16
_WEB_PAGE = re.compile(r"<(!doctype\s+html|html|head|body|table)\b", re.IGNORECASE)
_XML = re.compile(r"<\?xml\b|<(\w+)[^<>]*>\s*<\w+")
_OPENED_JSON = re.compile(r"[\[{]|\[\s*\{")  # all that stands in the first line of JSON that is written over several
_LONG_JSON = re.compile(r'(\[\s*)?\{\s*"[^"\n]*"\s*:')


def refuse_other_text(path: Path) -> None:
    """Look at the beginning.

    Raises:
        Refusal: `other_text`.
    """
    with path.open("rb") as file:
        beginning = file.read(BEGINNING_BYTES).decode("utf-8-sig", errors="replace").lstrip()
    if _WEB_PAGE.match(beginning):
        text = "The file is a web page, not CSV. Download the table itself, or save it as CSV, and upload that."
    elif _XML.match(beginning):
        text = "The file is XML, not CSV. Save the table as CSV, Excel or JSON, and upload that."
    elif _is_json(beginning):
        text = "The file is JSON, not CSV. Let its name end in .json or .jsonl, and upload it again."
    else:
        return
    raise Refusal(Problem("other_text", Message(text), "file"))


def _is_json(beginning: str) -> bool:
    line, end, rest = beginning.partition("\n")
    line = line.strip()
    if _OPENED_JSON.fullmatch(line):
        return rest.lstrip()[:1] in {"{", "[", '"'}
    if not end and len(beginning) * 2 > BEGINNING_BYTES and _LONG_JSON.match(line):
        return True
    try:
        value = json.loads(line if line.endswith("]") else line.removeprefix("[").removesuffix(","))
    except (json.JSONDecodeError, RecursionError):
        return False
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(item, dict | list) for item in value))

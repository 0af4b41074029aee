"""A client of the tus protocol in a few lines, as the journeys of uploads need it."""

from __future__ import annotations

import base64
from pathlib import Path

import httpx

from tests.journeys.conftest import Person
from tests.servers import Server

TUS = {"Tus-Resumable": "1.0.0"}
BYTES = TUS | {"Content-Type": "application/offset+octet-stream"}


def announce(person: Person, length: int, filename: str = "flowers.csv", name: str = "Flowers") -> httpx.Response:
    metadata = ",".join(
        f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in (("filename", filename), ("name", name))
    )
    headers = TUS | {"Upload-Length": str(length), "Upload-Metadata": metadata}
    return person.client.post("/api/datasets/uploads", headers=headers)


def begin(person: Person, length: int) -> str:
    answer = announce(person, length)
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])


def send(person: Person, path: str, offset: int, content: bytes, **headers: str) -> httpx.Response:
    return person.client.patch(path, headers=BYTES | {"Upload-Offset": str(offset)} | headers, content=content)


def offset_of(person: Person, path: str) -> int:
    answer = person.client.head(path, headers=TUS)
    assert answer.status_code == 200
    return int(answer.headers["upload-offset"])


def incoming(server: Server) -> list[Path]:
    return list((server.data_dir / "incoming").iterdir())

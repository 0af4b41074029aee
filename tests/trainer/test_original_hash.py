"""The original's hash, which tells one version of a table from another."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from trainer.contract import IngestOrder
from trainer.reading.ingest import ingest
from trainer.reading.original_hash import begin_hashing


@pytest.mark.parametrize("known", ["", "told before"])
def test_the_original_is_hashed_unless_that_is_known(tmp_path: Path, known: str) -> None:
    original = tmp_path / "table.csv"
    original.write_bytes(b"a,b\n1,2\n")
    profile = ingest(IngestOrder(str(original), "csv", str(tmp_path / "data"), sha256=known))
    assert profile["sha256"] == (known or hashlib.sha256(b"a,b\n1,2\n").hexdigest())


def test_a_file_that_is_gone_is_told_to_whoever_waits_for_its_hash(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        begin_hashing(tmp_path / "gone.csv").result(timeout=60)

from __future__ import annotations

import gzip
import io
import random
import resource
import struct
import subprocess
import sys
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest

from trainer.contract import Refusal
from trainer.reading.unpacking import UNPACKED_FILE, Unpacked, unpack

ROOT = Path(__file__).parents[2]
TABLE = "نام,سن\nسارا,30\n".encode()
LIMIT_BYTES = 1_000_000


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", method) as file:
        for name, content in members:
            file.writestr(name, content)
    return archive.getvalue()


def gzipped(content: bytes, name: str = "") -> bytes:
    packed = io.BytesIO()
    with gzip.GzipFile(name, "wb", fileobj=packed, mtime=0) as file:
        file.write(content)
    return packed.getvalue()


def gzip_bomb(megabytes: int) -> bytes:
    """Zeros without end: one packed megabyte of them, again and again."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = deflate.compress(bytes(1 << 20)) + deflate.flush(zlib.Z_FULL_FLUSH)
    return gzip.compress(b"", mtime=0)[:10] + packed * megabytes


def zip_bomb(megabytes: int, said_bytes: int) -> bytes:
    """One member of zeros whose headers say that it unpacks to `said_bytes`."""
    packed = gzip_bomb(megabytes)[10:]
    sizes = struct.pack("<LLL", 0, len(packed), said_bytes)
    name = b"bomb.csv"
    start = struct.pack("<HHHHH", 20, 0, zipfile.ZIP_DEFLATED, 0, 0) + sizes + struct.pack("<HH", len(name), 0)
    local = b"PK\3\4" + start + name + packed
    entry = b"PK\1\2" + struct.pack("<H", 20) + start + struct.pack("<HHHLL", 0, 0, 0, 0, 0) + name
    return local + entry + b"PK\5\6" + struct.pack("<HHHHLLH", 0, 0, 1, 1, len(entry), len(local), 0)


def with_flags(archive: bytes, flags: int) -> bytes:
    """The same ZIP archive of one member, with other flags in both of its headers."""
    entry = archive.index(b"PK\1\2")
    changed = bytearray(archive)
    changed[6:8] = changed[entry + 8 : entry + 10] = flags.to_bytes(2, "little")
    return bytes(changed)


def unpack_bytes(folder: Path, packed: bytes, packing: str, most_bytes: int = LIMIT_BYTES) -> Unpacked:
    original = folder / "original"
    original.write_bytes(packed)
    (folder / "work").mkdir(exist_ok=True)
    return unpack(original, packing, folder / "work", most_bytes)


def refused(folder: Path, packed: bytes, packing: str) -> Refusal:
    """The refusal; nothing is left behind."""
    with pytest.raises(Refusal) as caught:
        unpack_bytes(folder, packed, packing)
    assert list((folder / "work").iterdir()) == []
    return caught.value


@pytest.mark.parametrize(
    ("packed", "packing", "name"),
    [
        (gzipped(TABLE), "gz", None),
        (gzipped(TABLE, "people.csv"), "gz", "people.csv"),
        (gzipped(TABLE[:9]) + gzipped(TABLE[9:]), "gz", None),
        (gzipped(TABLE[:9], "a.csv") + bytes(1000) + gzipped(TABLE[9:], "b.csv") + bytes(100_000), "gz", "a.csv"),
        (zipped(("people.csv", TABLE)), "zip", "people.csv"),
        (zipped(("people.csv", TABLE), method=zipfile.ZIP_STORED), "zip", "people.csv"),
        (zipped(("داده/مردم.tsv", TABLE)), "zip", "مردم.tsv"),
        (b"#!/bin/sh\n" + zipped(("people.csv", TABLE)), "zip", "people.csv"),
        (
            zipped(
                ("folder/", b""),
                ("folder/.DS_Store", b"x"),
                ("folder/people.csv", TABLE),
                ("folder/Thumbs.db", b"x"),
                ("__MACOSX/folder/._people.csv", b"x"),
            ),
            "zip",
            "people.csv",
        ),
    ],
)
def test_the_one_file_inside_leaves_with_its_name(tmp_path: Path, packed: bytes, packing: str, name: str | None) -> None:
    unpacked = unpack_bytes(tmp_path, packed, packing)
    assert unpacked == Unpacked(tmp_path / "work" / UNPACKED_FILE, name)
    assert unpacked.path.read_bytes() == TABLE


def test_content_longer_than_a_piece_comes_out_whole(tmp_path: Path) -> None:
    content = random.Random(1).randbytes(3_000_001) + bytes(3_000_000)
    for packed, packing in ((gzipped(content), "gz"), (zipped(("a.csv", content)), "zip")):
        assert unpack_bytes(tmp_path, packed, packing, len(content)).path.read_bytes() == content


@pytest.mark.parametrize(
    ("packed", "packing", "code"),
    [
        (b"", "gz", "broken_archive"),
        (b"a,b\n1,2\n", "gz", "broken_archive"),
        (gzipped(TABLE)[:-1], "gz", "broken_archive"),
        (gzipped(TABLE)[:12], "gz", "broken_archive"),
        (gzipped(TABLE)[:-8] + bytes(8), "gz", "broken_archive"),
        (gzipped(TABLE) + b"garbage", "gz", "broken_archive"),
        (gzipped(TABLE) + bytes(100) + b"garbage", "gz", "broken_archive"),
        (gzipped(TABLE) + gzipped(TABLE)[:-1], "gz", "broken_archive"),
        (b"", "zip", "broken_archive"),
        (b"a,b\n1,2\n", "zip", "broken_archive"),
        (gzipped(TABLE), "zip", "broken_archive"),
        (zipped(("a.csv", TABLE))[:-1], "zip", "broken_archive"),
        (zipped(("a.csv", TABLE), method=zipfile.ZIP_STORED).replace(b"30", b"31"), "zip", "broken_archive"),
        (zipped(("a.csv", TABLE), method=zipfile.ZIP_LZMA), "zip", "broken_archive"),
        (zipped(("a.csv", TABLE), method=zipfile.ZIP_BZIP2), "zip", "broken_archive"),
        (with_flags(zipped(("a.csv", TABLE)), 1), "zip", "encrypted_archive"),
        (with_flags(zipped(("a.csv", TABLE)), 1 << 13), "zip", "encrypted_archive"),
        (zipped(), "zip", "empty_archive"),
        (zipped(("folder/", b""), ("__MACOSX/a.csv", TABLE), (".DS_Store", b"x")), "zip", "empty_archive"),
    ],
)
def test_unusable_archive_is_refused_and_leaves_nothing(tmp_path: Path, packed: bytes, packing: str, code: str) -> None:
    assert refused(tmp_path, packed, packing).problems[0].code == code


def test_archive_of_several_files_names_the_first(tmp_path: Path) -> None:
    packed = zipped(*((f"folder/{name * 100}.csv", TABLE) for name in "abcd"))
    (problem,) = refused(tmp_path, packed, "zip").problems
    assert problem.code == "several_files"
    assert "4 files (" + ", ".join(name * 80 for name in "abc") + ", …)" in problem.message.english()


def test_unusual_method_is_named(tmp_path: Path) -> None:
    packed = zipped(("a.csv", TABLE), method=zipfile.ZIP_LZMA)
    assert "method 14" in refused(tmp_path, packed, "zip").problems[0].message.english()


@pytest.mark.parametrize(
    "name",
    [
        "../../escaped.csv",
        "/var/escaped.csv",
        "..\\..\\escaped.csv",
        "C:\\escaped.csv",
        "//host/share/escaped.csv",
        "a/../escaped.csv",
    ],
)
def test_names_that_climb_lead_nowhere(tmp_path: Path, name: str) -> None:
    before = sorted(tmp_path.rglob("*"))
    for packed, packing in ((zipped((name, TABLE)), "zip"), (with_gzip_name(name), "gz")):
        unpacked = unpack_bytes(tmp_path, packed, packing)
        assert unpacked.name == "escaped.csv"
        assert not (tmp_path / "work" / name).exists()
        assert {path.name for path in set(tmp_path.rglob("*")) - set(before)} == {"original", "work", UNPACKED_FILE}


def with_gzip_name(name: str) -> bytes:
    """`gzip.GzipFile` writes only the last part of a path."""
    plain = gzipped(TABLE)
    return plain[:3] + b"\x08" + plain[4:10] + name.encode() + b"\0" + plain[10:]


def test_gzip_name_after_an_extra_field_is_found(tmp_path: Path) -> None:
    plain = gzipped(TABLE)
    packed = plain[:3] + b"\x0c" + plain[4:10] + b"\x05\x00extra" + "داده.csv".encode() + b"\0" + plain[10:]
    assert unpack_bytes(tmp_path, packed, "gz").name == "داده.csv"


def test_name_that_never_seems_to_end_is_no_name(tmp_path: Path) -> None:
    assert unpack_bytes(tmp_path, with_gzip_name("n" * 200_000), "gz").name is None


def test_archive_within_an_archive_is_unpacked_once(tmp_path: Path) -> None:
    inner = zipped(("a.csv", TABLE))
    unpacked = unpack_bytes(tmp_path, zipped(("inner.zip", inner)), "zip")
    assert (unpacked.name, unpacked.path.read_bytes()) == ("inner.zip", inner)


def test_exactly_the_limit_is_allowed(tmp_path: Path) -> None:
    for packed, packing in ((gzipped(bytes(LIMIT_BYTES)), "gz"), (zipped(("a", bytes(LIMIT_BYTES))), "zip")):
        assert unpack_bytes(tmp_path, packed, packing).path.stat().st_size == LIMIT_BYTES


BOMBS = {
    "one byte too much, gz": (gzipped(bytes(LIMIT_BYTES + 1)), "gz"),
    "one byte too much, zip": (zipped(("a", bytes(LIMIT_BYTES + 1))), "zip"),
    "a gigabyte, gz": (gzip_bomb(1000), "gz"),
    "many members, gz": (gzipped(bytes(90_000)) * 100, "gz"),
    "a gigabyte, zip": (zip_bomb(1000, 1000 << 20), "zip"),
    "four gigabytes that say they are more, zip": (zip_bomb(4000, 0xFFFFFFFE), "zip"),
}
UNPACK_ALONE = """
import sys
from pathlib import Path
from trainer.contract import Refusal
from trainer.reading.unpacking import unpack

try:
    unpack(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))
except Refusal as refusal:
    print(refusal.problems[0].code)
"""


@pytest.mark.parametrize("bomb", BOMBS)
def test_bomb_never_writes_more_than_the_limit(tmp_path: Path, bomb: str) -> None:
    """The kernel holds the process to the limit: one byte more would be an error of another kind."""
    packed, packing = BOMBS[bomb]
    (tmp_path / "original").write_bytes(packed)
    (tmp_path / "work").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", UNPACK_ALONE, tmp_path / "original", packing, tmp_path / "work", str(LIMIT_BYTES)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT_BYTES, LIMIT_BYTES)),
    )
    assert done.stdout == "expands_too_far\n"
    assert list((tmp_path / "work").iterdir()) == []


def test_limit_is_said_in_megabytes(tmp_path: Path) -> None:
    assert "more than 1 MB" in refused(tmp_path, gzipped(bytes(LIMIT_BYTES + 1)), "gz").problems[0].message.english()


@pytest.mark.parametrize("bomb", BOMBS)
def test_bomb_takes_little_memory(tmp_path: Path, bomb: str) -> None:
    packed, packing = BOMBS[bomb]
    tracemalloc.start()
    try:
        refused(tmp_path, packed, packing)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


def test_size_in_a_header_that_is_too_small_is_no_way_around_the_limit(tmp_path: Path) -> None:
    assert refused(tmp_path, zip_bomb(1000, 10), "zip").problems[0].code == "broken_archive"


def test_members_that_share_their_bytes_are_several_files(tmp_path: Path) -> None:
    archive = zipped(("a.csv", TABLE))
    start = archive.index(b"PK\1\2")
    entry = archive[start : archive.index(b"PK\5\6")]
    entries = entry * 1000
    packed = archive[:start] + entries + b"PK\5\6" + struct.pack("<HHHHLLH", 0, 0, 1000, 1000, len(entries), start, 0)
    assert refused(tmp_path, packed, "zip").problems[0].message.params["count"] == 1000


def test_endless_list_of_members_is_not_read_into_memory(tmp_path: Path) -> None:
    archive = zipped(("a", b""))
    entry = archive[archive.index(b"PK\1\2") : archive.index(b"PK\5\6")]
    entries = entry * 400_000
    packed = entries + b"PK\5\6" + struct.pack("<HHHHLLH", 0, 0, 65535, 65535, len(entries), 0, 0)
    tracemalloc.start()
    try:
        assert refused(tmp_path, packed, "zip").problems[0].code == "broken_archive"
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()


def test_damaged_copies_end_in_a_refusal_or_in_a_file(tmp_path: Path) -> None:
    generator = random.Random(4)
    whole = [
        (zipped(("داده.csv", TABLE * 20)), "zip"),
        (zipped(("a/", b""), ("a/b.csv", TABLE), method=zipfile.ZIP_STORED), "zip"),
        (gzipped(TABLE * 20, "a.csv") + gzipped(TABLE), "gz"),
    ]
    refusals = 0
    for _ in range(1500):
        packed, packing = generator.choice(whole)
        damaged = bytearray(packed[: generator.randrange(1, len(packed) * 4)])
        for _ in range(generator.choice((0, 1, 1, 2, 6))):
            damaged[generator.randrange(len(damaged))] = generator.choice((0, 255, generator.randrange(256)))
        try:
            unpack_bytes(tmp_path, bytes(damaged), packing).path.unlink()
        except Refusal:
            refusals += 1
        assert list((tmp_path / "work").iterdir()) == []
    assert 300 < refusals < 1500

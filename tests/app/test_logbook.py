"""Logs from disk: every page is whole, pages meet without gap or overlap, and a search sees the whole file."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from app.jobs import logbook
from app.jobs.logbook import LogPage, read_last_page, read_next_page


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "worker.log"
    path.write_text("".join(f"line {number} {'rare' if number % 100 == 7 else 'often'} ✓\n" for number in range(1000)))
    return path


def test_a_missing_log_is_an_empty_page(tmp_path: Path) -> None:
    page = read_last_page(tmp_path / "none.log")
    assert (page.lines, page.earlier, page.later, page.size) == ((), None, None, 0)


@pytest.mark.parametrize("block_bytes", [16, 1000, 1 << 20])
def test_pages_backwards_hold_every_line_once(log: Path, block_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logbook, "BLOCK_BYTES", block_bytes)
    pages = [read_last_page(log, lines=300)]
    while pages[-1].earlier is not None:
        pages.append(read_last_page(log, before=pages[-1].earlier, lines=300))
    assert [len(page.lines) for page in pages] == [300, 300, 300, 100]
    texts = [line.text for page in reversed(pages) for line in page.lines]
    assert texts == log.read_text().splitlines()


@pytest.mark.parametrize("block_bytes", [16, 1000, 1 << 20])
def test_pages_forwards_hold_every_line_once(log: Path, block_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logbook, "BLOCK_BYTES", block_bytes)
    pages = [read_next_page(log, 0, lines=300)]
    while pages[-1].later is not None:
        pages.append(read_next_page(log, pages[-1].later, lines=300))
    assert [len(page.lines) for page in pages] == [300, 300, 300, 100]
    assert [line.text for page in pages for line in page.lines] == log.read_text().splitlines()


def test_pages_forwards_go_on_where_a_page_backwards_ended(log: Path) -> None:
    last = read_last_page(log, lines=10)
    before = read_last_page(log, before=last.earlier, lines=10)
    assert before.later is not None
    after = read_next_page(log, before.later, lines=10)
    assert after.lines == last.lines
    assert after.later is None


def test_a_search_finds_lines_in_the_whole_file_in_whatever_case(log: Path) -> None:
    page = read_last_page(log, search="RARE", lines=6)
    assert [line.text.split()[1] for line in page.lines] == ["407", "507", "607", "707", "807", "907"]
    rest = read_last_page(log, search="RARE", before=page.earlier, lines=6)
    assert [line.text.split()[1] for line in rest.lines] == ["7", "107", "207", "307"]
    assert rest.earlier is None


def test_a_line_without_an_end_and_bytes_that_are_no_text_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "worker.log"
    path.write_bytes(b"whole\nbroken \xff and unfinished")
    assert [line.text for line in read_last_page(path).lines] == ["whole", "broken \ufffd and unfinished"]


@pytest.mark.parametrize(("search", "written"), [("ÉCLAIR", "éclair"), ("straße", "STRASSE"), ("نادر", "نادر"), ("\ud800", "")])
def test_a_search_knows_every_alphabet(tmp_path: Path, search: str, written: str) -> None:
    path = tmp_path / "worker.log"
    path.write_text(f"before\n> {written} <\nafter\n")
    expected = [f"> {written} <"] if written else []
    assert [line.text for line in read_last_page(path, search).lines] == expected
    assert [line.text for line in read_next_page(path, 0, search).lines] == expected


def test_the_last_page_of_a_search_says_that_it_is_the_last(log: Path) -> None:
    page = read_next_page(log, 0, search="rare", lines=6)
    assert page.later is not None
    assert [line.text.split()[1] for line in page.lines] == ["7", "107", "207", "307", "407", "507"]
    rest = read_next_page(log, page.later, search="rare", lines=6)
    assert [line.text.split()[1] for line in rest.lines] == ["607", "707", "807", "907"]
    assert rest.later is None


def test_progress_that_overwrites_itself_is_the_same_lines_in_both_directions(tmp_path: Path) -> None:
    path = tmp_path / "worker.log"
    path.write_bytes(b"start\r\n 10 %\r 20 %\r 30 %\ndone\n")
    assert read_last_page(path).lines == read_next_page(path, 0).lines
    assert [line.text for line in read_last_page(path).lines] == ["start", " 10 %", " 20 %", " 30 %", "done"]


@pytest.mark.parametrize("read", [read_last_page, lambda path, search: read_next_page(path, 0, search)])
@pytest.mark.parametrize("search", ["", "nowhere to be found"])
def test_an_endless_line_is_read_in_pieces(tmp_path: Path, read: Callable[[Path, str], LogPage], search: str) -> None:
    path = tmp_path / "worker.log"
    path.write_bytes(b"before\n" + b"x" * 20_000_000 + b"\nafter\n")
    tracemalloc.start()
    page = read(path, search)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 6 * logbook.LONGEST_PIECE
    if not search:
        texts = [line.text for line in page.lines]
        assert (texts[0], texts[-1]) == ("before", "after")
        assert set(texts[2:-2]) == {"x" * logbook.LONGEST_LINE}

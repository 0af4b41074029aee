"""Logs from disk: every page is whole, pages meet without gap or overlap, and a search sees the whole file."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.jobs import logbook
from app.jobs.logbook import read_last_page, read_next_page


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


def test_one_endless_line_is_shown_in_part(tmp_path: Path) -> None:
    path = tmp_path / "worker.log"
    path.write_bytes(b"x" * 3_000_000)
    (line,) = read_last_page(path).lines
    assert (line.offset, line.text) == (0, "x" * logbook.LONGEST_LINE)

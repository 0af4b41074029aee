"""Rows that look like some of a table and are none, above it, below it and among its rows: told or listed, or kept."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from tests.trainer.read_files import read_file, write_book


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_who_wants_every_row_gets_totals_and_repeated_names_as_rows(tmp_path: Path, ending: str) -> None:
    rows = [["city", "sales"], ["Yazd", "1"], ["city", "sales"], ["Rasht", "2"], ["Shiraz", "4"], ["Total", "7"]]
    content = write_book({"S": rows}) if ending == "xlsx" else "".join(",".join(row) + "\n" for row in rows)
    found = read_file(tmp_path, content, ending)
    assert (len(found.rows), found.rejected_count) == (3, 2)
    kept = read_file(tmp_path, content, ending, keep_all_rows=True)
    assert (kept.rows, kept.rejected_count) == ([tuple(row) for row in rows[1:]], 0)


def test_comments_above_a_table_are_told_unless_somebody_chose_their_sign(tmp_path: Path) -> None:
    text = "# x y z\n# m m m\n1 2 3\n4 5 6\n7 8 10\n"
    assert read_file(tmp_path, text).notes[-1] == "What stands above the table was left out: “# x y z / # m m m”."
    assert len(read_file(tmp_path, text, comment="#").notes) == 1


@pytest.mark.parametrize("repeats", [10, 3000])
@pytest.mark.parametrize("total", ["Total,-,500", "Total,NA,500", "Total\t,,500"])
def test_totals_with_a_word_for_missing_are_listed(tmp_path: Path, total: str, repeats: int) -> None:
    found = read_file(tmp_path, "city,kind,n\n" + "Yazd,a,1\nQom,b,2\n" * repeats + total + "\n")
    assert (len(found.rows), found.rejected_count, len(found.rejected)) == (2 * repeats, 1, 1)


def test_a_note_below_a_wide_table_takes_no_other_row_with_it(tmp_path: Path) -> None:
    row = [str(number) for number in range(60)]
    late = ["", "", *[""] * 53, "5", "6", "", "", ""]
    note = [*[""] * 52, "a note that is longer than the values", *[""] * 7]
    rows = [[f"c{number}" for number in range(60)], *[row] * 30, late, late, note]
    found = read_file(tmp_path, "".join(",".join(cells) + "\n" for cells in rows))
    assert (len(found.rows), found.rejected_count) == (32, 1)


def test_many_rows_with_little_in_them_are_rows(tmp_path: Path) -> None:
    known = "".join(f"P{number},{number},x\n" for number in range(100))
    unknown = "".join(f"a person who is not known yet {number},,\n" for number in range(30))
    found = read_file(tmp_path, f"name,n,kind\n{known}{unknown}")
    assert (len(found.rows), found.rejected) == (130, [])


def test_a_line_that_does_not_fit_is_listed_where_every_row_is_wanted(tmp_path: Path) -> None:
    text = "a,b,c\n1,2,3\n# odd\n" + "4,5,6\n" * 20
    found = read_file(tmp_path, text, keep_all_rows=True)
    assert (len(found.rows), [line for line, *_ in found.rejected]) == (21, [3])


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
@pytest.mark.parametrize("repeats", [1, 20_000])
def test_notes_below_a_table_are_listed(tmp_path: Path, ending: str, repeats: int) -> None:
    rows = [["n", "city", "price"], *([["1", "Yazd", "2.5"], ["2", "Rasht", "3.5"], ["3", "Qom", "4.5"]] * repeats)]
    below = [["", "", ""], ["Total", "", "10.5"], ["Source: ministry, 2024", "", ""], ["", "* provisional figures", ""]]
    text = io.StringIO()
    csv.writer(text).writerows([*rows, *below])
    content = write_book({"S": [*rows, *below]}) if ending == "xlsx" else text.getvalue()
    found = read_file(tmp_path, content, ending)
    assert (found.types["n"], found.rows[3 * repeats - 1 :]) == ("BIGINT", [(3, "Qom", 4.5), (None, None, None)])
    first = 3 * repeats + 3
    does_not_fit = "The row stands below the table and does not fit it."
    assert [(line, reason) for line, _, reason in found.rejected] == [
        (first, "The row seems to add up the others: it begins with “Total”."),
        (first + 1, does_not_fit),
        (first + 2, does_not_fit),
    ]
    assert found.rejected_count == 3


@pytest.mark.parametrize(
    "text",
    [
        "name,a,b\nAli,1,2\nSara,,\nReza,3,4\nAn unusually long name,,\n",  # others are alone, too
        "name,a,b\nAlireza,1,2\nSara,5,6\nReza,3,4\nMina,,\n",  # a name like the others
        "name,a\nAli,1\nSara,5\nReza,3\nAn unusually long name,\n",
    ],
)
def test_a_last_row_with_one_value_stays_where_it_is_like_the_others(tmp_path: Path, text: str) -> None:
    found = read_file(tmp_path, text)
    assert (len(found.rows), found.rejected) == (text.count("\n") - 1, [])


def test_who_wants_every_row_gets_the_row_of_units_and_what_looks_like_comments(tmp_path: Path) -> None:
    text = "# measured\nname,mass,length,width\n,kg,m,m\n" + "x,1.5,2,3\n" * 9 + "#7,8,1,1\ny,2.5,3,4\n"
    found = read_file(tmp_path, text)
    assert (len(found.rows), found.rejected_count) == (10, 2)
    kept = read_file(tmp_path, text, keep_all_rows=True)
    assert (len(kept.rows), kept.rejected_count) == (12, 0)
    assert (kept.rows[0], kept.rows[10]) == ((None, "kg", "m", "m"), ("#7", "8", "1", "1"))


def test_what_stands_above_a_table_is_told(tmp_path: Path) -> None:
    found = read_file(tmp_path, "Sales\nof 2024;;;\nUser;Ali;;\n\nname;age;city;n\nx;1;T;1\ny;2;S;2\n")
    assert (found.names, len(found.rows)) == (["name", "age", "city", "n"], 2)
    assert found.notes == ["What stands above the table was left out: “Sales / of 2024”."]
    assert found.rejected == [(3, "User;Ali;;", "The row stands above the table and does not fit it.")]
    assert found.rejected_count == 1


def test_a_smaller_table_above_the_table_is_not_lost_in_silence(tmp_path: Path) -> None:
    rows = "".join(f"{name},1,2,3\n" for name in "zyqu")
    found = read_file(tmp_path, f"a,b\n1,2\n\nname,age,city,x\n{rows}")
    assert [(line, text) for line, text, _ in found.rejected] == [(1, "a,b"), (2, "1,2")]


def test_rows_above_the_table_that_somebody_chose_to_skip_are_not_told_again(tmp_path: Path) -> None:
    found = read_file(tmp_path, "User;Ali\nname;age;city;n\nx;1;T;1\ny;2;S;2\n", skip_lines=1)
    assert (found.names, found.rejected, found.notes) == (["name", "age", "city", "n"], [], [])


def test_a_title_above_two_columns_is_no_row_of_names(tmp_path: Path) -> None:
    found = read_file(tmp_path, "# tags of 2024\ntag,n\n#python,5\n#rust,3\n#go,2\n")
    assert (found.names, found.rows) == (["tag", "n"], [("#python", 5), ("#rust", 3), ("#go", 2)])
    assert found.notes == ["What stands above the table was left out: “# tags of 2024”."]


@pytest.mark.parametrize("later", [0, 100_000])  # beyond the beginning of the file that tells how it is written
@pytest.mark.parametrize("cells", [("1,2\n", "3,4\n"), ("x,y\n", "z,w\n")])
def test_names_that_are_repeated_among_the_rows_are_set_aside_and_listed(
    tmp_path: Path, cells: tuple[str, str], later: int
) -> None:
    content = "a,b\n" + cells[0] * (later + 1) + " a ,b\n" + cells[1] + '"a",b\n' + cells[0]
    found = read_file(tmp_path, content)
    assert found.rejected_count == 2
    assert [line for line, *_ in found.rejected] == [later + 3, later + 5]
    assert {reason for *_, reason in found.rejected} == {"The row repeats the names of the columns."}
    assert len(found.rows) == later + 3
    assert found.column("a").count("a") == 0


def test_rows_of_json_are_not_taken_for_the_places_of_their_columns(tmp_path: Path) -> None:
    assert read_file(tmp_path, '[{"a": 0, "b": 1}, {"a": 2, "b": 1}, {"a": 0, "b": 1}]', "json").column("a") == [0, 2, 0]


def test_a_row_that_looks_like_a_comment_is_listed_unless_somebody_chose_that_it_is_one(tmp_path: Path) -> None:
    rows = "".join(f"{number},{number}\n" for number in range(20))
    content = f"# exported\n# on monday\na,b\n1,2\n# checked, ok\n{rows}# the end\n"
    found = read_file(tmp_path, content)
    assert (found.types, len(found.rows)) == ({"a": "BIGINT", "b": "BIGINT"}, 21)
    assert found.rejected == [(5, "# checked,ok", "The row begins with “#”, as comments do.")]
    assert read_file(tmp_path, content, comment="#").rejected == []


def test_values_that_begin_with_the_sign_of_a_comment_stay(tmp_path: Path) -> None:
    found = read_file(tmp_path, "tag,n\n#python,5\nrust,3\n#go,2\n")
    assert found.rows == [("#python", 5), ("rust", 3), ("#go", 2)]


def test_lines_are_those_of_the_sheet(tmp_path: Path) -> None:
    rows: list[list[object]] = [[], ["Title"], ["a", "b", "c"], [1, 2, 3], ["a", "b", "c"], [3, 4, 5]]
    found = read_file(tmp_path, write_book({"S": rows}), "xlsx")
    assert (found.rows, [line for line, *_ in found.rejected]) == ([(1, 2, 3), (3, 4, 5)], [5])


@pytest.mark.parametrize("content", ["t\r\na;b\n1;2\n3;4\n", "t\nu\r\n\na;b\r1;2\n3;4\r\n", "sep=;\r\na;b\n1;2\n3;4\n"])
def test_lines_of_several_kinds_above_a_table_do_not_hide_it(tmp_path: Path, content: str) -> None:
    found = read_file(tmp_path, content)
    assert (found.names, found.rows) == (["a", "b"], [(1, 2), (3, 4)])


@pytest.mark.parametrize("total", ["Total,,10\n", "TOTAL:,,10\n\n", "جمع کل,,۱۰", ",Grand total,10\n"])
def test_a_last_row_of_totals_is_no_row_of_values(tmp_path: Path, total: str) -> None:
    found = read_file(tmp_path, f"name,city,n\nAli,Qom,1\nSara,Rasht,2\nReza,Yazd,3\nMina,Qom,4\n{total}")
    assert (found.column("n"), found.rejected_count) == ([1, 2, 3, 4], 1)
    word = total.strip().strip(",").partition(",")[0]
    assert found.rejected == [(6, total.strip(), f"The row seems to add up the others: it begins with “{word}”.")]


@pytest.mark.parametrize("last", ["Total,Qom,x", "Total,Qom", "Totally,Qom,4", "Reza,Total,4"])
def test_a_last_row_that_only_looks_like_totals_stays(tmp_path: Path, last: str) -> None:
    content = f"name,city,n\nAli,Qom,1\nSara,Rasht,2\nReza,Yazd,3\n{last}\n"
    found = read_file(tmp_path, content)
    assert len(found.rows) + len([reason for *_, reason in found.rejected if "add up" not in reason]) == 4


def test_totals_that_are_a_category_stay(tmp_path: Path) -> None:
    found = read_file(tmp_path, "part,n\nMale,1\nTotal,2\nMale,3\nTotal,4\n")
    assert (found.column("n"), found.rejected) == ([1, 2, 3, 4], [])


def test_totals_below_a_sheet_are_listed_with_the_line_of_the_sheet(tmp_path: Path) -> None:
    rows: list[list[object]] = [[], ["name", "n"], ["a", 1.5], ["b", 2.5], ["c", 3.5], ["Total", 7.5]]
    found = read_file(tmp_path, write_book({"S": rows}), "xlsx")
    assert (found.column("n"), [line for line, *_ in found.rejected]) == ([1.5, 2.5, 3.5], [6])


def test_a_sheet_with_everything_wrong_at_once_is_a_table_and_a_list_of_what_is_not(tmp_path: Path) -> None:
    rows = "".join(f"x{number};{number},25;1402/05/{number % 29 + 1:02};{('Qom', 'Rasht')[number % 2]}\n" for number in range(60))
    above = "Sales report;;;\nUser;Ali;Reza;\n\nname;price;day;city\nunit;USD;yyyy/mm/dd;\n"
    found = read_file(tmp_path, f"{above}{rows}name;price;day;city\nSara;n/k;1402/05/18;Qom\nTotal;400;;\n")
    assert (found.names, len(found.rows)) == (["name", "price", "day", "city"], 61)
    assert [line for line, *_ in found.rejected] == [2, 5, 66, 68]
    assert found.notes == ["What stands above the table was left out: “Sales report”."]
    assert found.reasons["price"] == "Only “n/k” is no number. Choose “Number” for the column, and it counts as missing."
    assert found.types["day"] == "DATE"


def test_blank_lines_between_rows_divide_no_table(tmp_path: Path) -> None:
    found = read_file(tmp_path, "a;b\nx;1\n\ny;2\n\nz;3\nw;4\n")
    assert (found.names, found.column("b")) == (["a", "b"], [1, 2, 3, 4])

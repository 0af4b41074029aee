from __future__ import annotations

import pytest

from trainer.contract import ReadingChoices
from trainer.reading.dialect import Beginning, find_dialect
from trainer.reading.header import is_header


def find(sample: str, **choices: object) -> Beginning:
    return find_dialect(sample, ReadingChoices.parse(choices), is_whole=True)


@pytest.mark.parametrize(
    ("sample", "delimiter", "quote"),
    [
        ("a,b\n1,2\n3,4\n", ",", '"'),
        ("نام;سن;قد\nسارا;۲۳;۱٫۶۵\nامید;۴۱;۱٫۸\n", ";", '"'),
        ("نام،سن\nسارا،۲۳\nامید،۴۱\n", "،", '"'),
        ('id\ttext\n1\tit\'s "fine", really\n2\tno\n', "\t", '"'),
        ("a|b|c\n1|x, y|3\n2|z, w|4\n", "|", '"'),
        ("A title of some words\n\n" + "۰٫۰۵,۲۰۰۰-۰۱-۰۱,apple apple\n" * 4, ",", '"'),
        ("a~b\n1~2\n3~4\n", "~", '"'),
        ("a:b\n1:2\n3:4\n", ":", '"'),
        ("a b c\n1 2 3\n4 5 6\n", " ", '"'),
        ("a,b\n'x,y',1\n'z',2\n", ",", "'"),
        ('text,label\n"some words, and more; of them",1\n"fewer; words",0\n', ",", '"'),
        ("a;b;c\n1,5;2,25;x\n3,5;4,75;y\n", ";", '"'),
    ],
)
def test_delimiter_and_quotes_are_found(sample: str, delimiter: str, quote: str) -> None:
    dialect = find(sample).dialect
    assert (dialect.delimiter, dialect.quote) == (delimiter, quote)


def test_a_backslash_before_quotes_is_an_escape() -> None:
    beginning = find('a,b\n1,"x\\"y"\n2,"z, w"\n')
    assert beginning.dialect.escape == "\\"
    assert beginning.rows == [["1", 'x"y'], ["2", "z, w"]]


@pytest.mark.parametrize(
    ("sample", "names", "skipped"),
    [
        ("\n\na,b\n1,x\n", ["a", "b"], 2),
        ("Report of sales\nmade on 2024-01-02\n\nname,price,qty\napple,1.5,3\npear,2.5,4\n", ["name", "price", "qty"], 3),
        ("Sales,,,\n,,,\nname,price,qty,x\napple,1,2,3\npear,3,4,5\n", ["name", "price", "qty", "x"], 2),
        ("# made by a program\n# on Monday, at noon\na,b\n1,2\n3,4\n", ["a", "b"], 2),
        ("# made by a program\ra,b\r1,2\r3,4\r", ["a", "b"], 1),
        ("#id,name\n1,Ali\n2,Sara\n", ["#id", "name"], 0),
        ("a,b,\n1,2,\n3,4,\n", ["a", "b", ""], 0),
        ("a,b,,\n1,2\n3,4\n", ["a", "b"], 0),
        ("a,b\nr1,1,2\nr2,3,4\n", ["", "a", "b"], 0),
    ],
)
def test_the_row_of_names_is_found_below_whatever_stands_above_it(sample: str, names: list[str], skipped: int) -> None:
    beginning = find(sample)
    assert (beginning.names, beginning.dialect.skip_lines, beginning.width) == (names, skipped, len(names))


@pytest.mark.parametrize(
    ("sample", "decimal"),
    [
        ("a;b\n1,5;x\n2,25;y\n", ","),
        ("a;b\n1.234,5;x\n12,0;y\n", ","),
        ("a;b\n1,234;x\n2,500;y\n", "."),
        ("a;b\n1,234;x\n0,500;y\n", ","),
        ("a;b\n1,234.5;x\n2,500;y\n", "."),
        ('a,b\n"1,234",x\n"2,500",y\n', "."),
        ('a,b\n"1,5",x\n"2,25",y\n', ","),
        ("a,b\n1.5,x\n2.25,y\n", "."),
        ("a;b\n۱,۵;x\n۲,۲۵;y\n", ","),
        ("a;b\nx;y\n", "."),
    ],
)
def test_the_decimal_mark_is_found(sample: str, decimal: str) -> None:
    assert find(sample).dialect.decimal == decimal


def test_each_column_has_the_decimal_mark_of_its_own_numbers_or_else_that_of_most() -> None:
    beginning = find("a;b;c;d\n1,5;1.5;1,234;1.234.567\n2,25;2.5;2,500;2.345.678\n3,75;x;4,500;192.168.100.100\n")
    assert (beginning.dialect.decimal, beginning.decimals) == (",", [",", ".", ",", ","])


def test_addresses_of_computers_do_not_tell_how_other_numbers_are_written() -> None:
    assert find("a;b\n192.168.100.100;1,234\n192.168.100.101;2,500\n").decimals == [",", "."]


def test_what_was_chosen_is_not_guessed() -> None:
    beginning = find("a;b,c\n1;2,3\n", delimiter=",", quote="", header=False, skip_lines=1, comment="//", decimal=",")
    assert beginning.dialect.as_dict() == {
        "delimiter": ",", "quote": "", "escape": "", "skip_lines": 1, "header": False, "comment": "//", "decimal": ",",
    }  # fmt: skip
    assert (beginning.names, beginning.rows) == ([], [["1;2", "3"]])


def test_a_delimiter_of_several_characters_can_be_chosen() -> None:
    beginning = find('a||b\n1||"x||y"\n', delimiter="||")
    assert (beginning.names, beginning.rows) == (["a", "b"], [["1", "x\x1ey"]])


def test_a_comma_that_only_ever_stands_within_numbers_separates_nothing() -> None:
    rows = ["0,05;2000-01-01;0;;apple apple;0", "0,05;2000-01-01;0;;'apple it''s';0", '0,05;2000-01-01;0;;apple said "so";'] * 3
    beginning = find_dialect("A title of some words\n\n" + "\n".join(rows), ReadingChoices(), is_whole=True)
    assert (beginning.dialect.delimiter, beginning.dialect.decimal, len(beginning.rows[0])) == (";", ",", 6)


def test_a_row_cut_off_by_the_end_of_the_sample_does_not_count() -> None:
    beginning = find_dialect('a,b\n1,2\n3,"four and', ReadingChoices(), is_whole=False)
    assert beginning.rows == [["1", "2"]]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([["a", "b"], ["1", "2"]], True),
        ([["a", "b"]], True),
        ([["1", "2"], ["3", "4"]], False),
        ([["1.5", "x"], ["2.5", "y"]], False),
        ([["۱", "شهر"], ["۲", "نام"]], False),
        ([["ham", "hello"], ["ham", "how are you"], ["spam", "win now"]], False),
        ([["label", "text"], ["ham", "hello"], ["spam", "win"]], True),
        ([["name", "value"], ["x", "1"], ["name", "value"], ["y", "2"]], True),
        ([["good", "a sentence of rather many words that no column would ever have as its name"], ["bad", "x"]], False),
        ([["country", "2019", "2020"], ["Iran", "1.5", "2.5"]], True),
        ([["city", "2024-01-01", "2024-01-02"], ["Yazd", "3", "4"]], True),
        ([["x", "2019", "2020"], ["y", "2021", "2022"]], False),
        ([["", "0", "1", "2"], ["0", "1.5", "2", "x"]], True),
        ([["39", "State-gov", "77516"], ["50", "Private", "83311"]], False),
        ([["", ""], ["1", "2"]], False),
        ([["how many of the people who were asked said that they would come again", "b"], ["1", "x"]], True),
    ],
)
def test_names_are_told_from_values(rows: list[list[str]], expected: bool) -> None:
    assert is_header(rows) is expected


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (True, "0,1,2,target|0.1,0.2,0.3,a|0.2,0.4,0.3,b|0.1,0.2,0.3,a"),
        (True, ",0,1,2,target|0,0.1,0.2,0.3,a|1,0.2,0.4,0.3,b"),
        (True, "label,1,2,3,4|5,0,0,12,3|6,1,2,3,16|5,0,0,0,0"),
        (True, "sample,400.5,401.0,401.5|s1,0.1,0.2,0.3|s2,0.1,0.2,0.3|s3,0.1,0.2,0.3"),
        (True, "شهر,۰-۱۴,۱۵-۶۴,۶۵+|قم,۱,۲,۳|یزد,۲,۳,۴"),
        (True, "استان,۱۳۹۸,۱۳۹۹|قم,۱۰,۲۰|یزد,۱۰,۲۰"),
        (True, "sensor,00:00,06:00|a,1.5,2|b,2,3"),
        (True, "city,10%,50%|a,1.5,2|b,2,3"),
        (True, "name,age,weight,1|Ali,5,7,2|Sara,6,8,3"),
        (True, "size,age,colour|big,5,red|small,6,blue|size,7,red"),
        (False, "NA,5,3|1,2,3|2,3,4|4,5,6"),
        (False, "1,2,3,a|4,5,6,a|7,8,9,b"),
        (False, "1,2,3,a|1,5,6,b|7,8,9,b"),
        (False, "Ali,500,600,700|Sara,1,2,3|Reza,2,3,1|Ali,3,4,5"),
        (False, "1.2e-05,0.5,0.3|0.1,0.2,0.3|0.2,0.4,0.5|1,2,3"),
        (False, "1,unknown,3.5|1,2,3|2,3,4|3,4,5"),
        (False, "Ali,25,n/k|Sara,30,3|Reza,40,5|Mina,30,6"),
        (False, "inf,1,3.5|1,2,3|2,3,4|3,4,5"),
        (False, "Tehran,1,10,900|Shiraz,2,20,902|Yazd,3,30,905|Qom,4,40,930"),
        (False, "Ali,1,2,3|Sara,2,2,1|Reza,3,1,2"),
        (False, "0,1,2,red|1,1,0,blue|2,0,1,green"),
        (False, "x,1:20,2:30|a,1,2|b,2,3|c,3,4"),
        (False, "2024-01-02,5,6|2024-01-03,6,7|2024-01-04,7,8"),
        (False, "10,20,30|1,2,3|3,4,5|4,5,6"),
    ],
)
def test_figures_may_be_names(expected: bool, text: str) -> None:
    assert is_header([line.split(",") for line in text.split("|")]) is expected

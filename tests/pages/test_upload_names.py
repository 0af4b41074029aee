"""What is said of files by their names before they are sent."""

from __future__ import annotations

from app.records import Dataset
from components.upload_form import NamedFile, Naming
from locales import Translator
from pages.upload_names import name_files

ENGLISH, PERSIAN = Translator("en"), Translator("fa")


def own(name: str, version: int = 1, *, is_shared: bool = False) -> Dataset:
    return Dataset(name=name, version=version, is_shared=is_shared, filename="x.csv", type="csv", size=1, sha256="")


def file(
    key: str, filename: str = "", name: str = "", address: str = "", *, pasted: bool = False, chosen: bool = True
) -> NamedFile:
    return NamedFile(key, filename, address, name, is_pasted=pasted, is_chosen=chosen)


def pasted(key: str, name: str = "") -> NamedFile:
    return file(key, "pasted.csv", name, pasted=True)


def test_a_name_that_is_free_is_nothing_to_speak_of() -> None:
    assert name_files(ENGLISH, [file("1", "roses.csv")], [own("tulips")]) == {"1": Naming()}


def test_a_name_that_is_taken_makes_the_next_version_and_that_is_said() -> None:
    said = name_files(
        ENGLISH, [file("1", "roses.csv.gz"), file("2", "x.csv", "tulips")], [own("roses", 3), own("tulips", is_shared=True)]
    )
    assert "becomes version 4 of it" in said["1"].joins
    assert "team" not in said["1"].joins
    assert "is shared with the team: this becomes version 2 of it" in said["2"].joins


def test_files_of_one_name_are_versions_of_one_another() -> None:
    files = [file("1", "roses.csv"), file("2", "roses.csv"), file("3", "roses.json")]
    said = name_files(ENGLISH, files, [])
    assert said["1"] == Naming()
    assert "Another file in this list is called" in said["2"].joins
    assert "version 3 of the same data set" in said["3"].joins


def test_pasted_tables_without_a_name_get_one_that_is_free() -> None:
    files = [file("0", "pasted.csv", "Pasted table 3", chosen=False), pasted("1"), pasted("2"), pasted("3", "Prices")]
    said = name_files(ENGLISH, files, [own("Pasted table"), own("Prices")])
    assert [said["1"], said["2"]] == [Naming(name="Pasted table 2"), Naming(name="Pasted table 4")]
    assert "“Prices”" in said["3"].joins


def test_in_persian_they_are_counted_in_persian() -> None:
    assert name_files(PERSIAN, [pasted("1"), pasted("2")], [])["2"] == Naming(name="جدول چسبانده‌شده ۲")


def test_an_address_tells_its_name_as_far_as_it_goes() -> None:
    asked = file("1", address="https://example.com/a/%DA%AF%D9%84.csv?x=1")
    assert "version 2" in name_files(ENGLISH, [asked], [own("گل")])["1"].joins


def test_a_name_that_will_be_refused_is_left_to_the_refusal() -> None:
    assert name_files(ENGLISH, [file("1", "a.csv", "x" * 300)], [own("a")]) == {"1": Naming()}

"""What to predict: settled from the profile, refused beside the field at fault."""

from __future__ import annotations

import pytest

from tests.trainer.conftest import Ingest
from trainer.contract import Refusal, TrainingSpec, settle, settle_target

ROWS = [(n, "abc"[n % 3], 1, f"word{n}", n % 2, f"{n}.5") for n in range(30)]
TABLE = "number,words,same,many,pair,half\n" + "".join(",".join(map(str, row)) + "\n" for row in ROWS)


def problems_of(spec: TrainingSpec, profile: dict[str, object]) -> list[tuple[str, str | None]]:
    with pytest.raises(Refusal) as caught:
        settle_target(spec, profile)
    return [(problem.code, problem.field) for problem in caught.value.problems]


def test_target_and_task_come_from_the_data_unless_named(ingest_text: Ingest) -> None:
    profile = ingest_text("size,species\n" + "1.5,a\n2.5,b\n3.5,c\n" * 10)
    settled = settle_target(TrainingSpec(), profile)
    assert (settled.target, settled.task) == ("species", "multiclass")
    named = settle_target(TrainingSpec(target="size", task="multiclass"), profile)
    assert (named.target, named.task) == ("size", "multiclass")


@pytest.mark.parametrize(
    ("spec", "code", "field"),
    [
        (TrainingSpec(target="nothing"), "column_not_found", "target"),
        (TrainingSpec(target="same"), "target_constant", "target"),
        (TrainingSpec(target="many"), "target_not_learnable", "target"),
        (TrainingSpec(target="words", task="regression"), "task_contradicts_target", "task"),
        (TrainingSpec(target="words", task="binary"), "task_contradicts_target", "task"),
        (TrainingSpec(target="half", task="multiclass"), "target_not_learnable", "target"),
        (TrainingSpec(target="words", exclude=("words",)), "target_excluded", "exclude"),
        (TrainingSpec(target="words", exclude=("none",)), "column_not_found", "exclude"),
    ],
)
def test_an_unusable_target_is_refused_beside_its_field(spec: TrainingSpec, code: str, field: str, ingest_text: Ingest) -> None:
    assert problems_of(spec, ingest_text(TABLE)) == [(code, field)]


def test_every_problem_comes_at_once(ingest_text: Ingest) -> None:
    spec = TrainingSpec(target="same", exclude=("none", "same"))
    codes = [code for code, _ in problems_of(spec, ingest_text(TABLE))]
    assert codes == ["column_not_found", "target_excluded", "target_constant"]


def test_a_reason_is_a_sentence_of_its_own(ingest_text: Ingest) -> None:
    with pytest.raises(Refusal, match="cannot be predicted: It names the row") as caught:
        settle_target(TrainingSpec(target="many"), ingest_text(TABLE))
    assert caught.value.problems[0].as_dict()["params"]["reason"]["text"].startswith("It names the row")


@pytest.mark.parametrize(
    ("rare", "words"),
    [(["lonely"], ["“lonely”", "one row"]), (["b", "c"], ["“b”", "like 1 others"])],
)
def test_a_class_of_one_row_is_refused_by_name(rare: list[str], words: list[str], ingest_text: Ingest) -> None:
    labels = ["x"] * 10 + ["y"] * 10 + rare
    profile = ingest_text("n,label\n" + "".join(f"{n % 7},{label}\n" for n, label in enumerate(labels)))
    with pytest.raises(Refusal) as caught:
        settle_target(TrainingSpec(target="label"), profile)
    assert [problem.code for problem in caught.value.problems] == ["class_too_small"]
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_classes_of_two_rows_may_be_learnt(ingest_text: Ingest) -> None:
    profile = ingest_text("n,label\n" + "".join(f"{n % 7},{label}\n" for n, label in enumerate("xxxxyyyyzz")))
    assert settle_target(TrainingSpec(target="label"), profile).task == "multiclass"


def test_at_most_ten_columns_are_listed(ingest_text: Ingest) -> None:
    header = ",".join(f"c{number}" for number in range(15))
    profile = ingest_text(header + "\n" + (",".join("1" * 15) + "\n") * 5 + ",".join("2" * 15) + "\n")
    with pytest.raises(Refusal, match="c9, and 5 more"):
        settle_target(TrainingSpec(target="nothing"), profile)


DIVIDED = "day,person,half,kind\n" + "".join(f"2024-01-{n + 1:02},p{n % 3},{'ab'[n % 2]},{'xy'[n % 2]}\n" for n in range(30))


@pytest.mark.parametrize(
    ("settings", "code", "field"),
    [
        ({"time_column": "nothing"}, "column_not_found", "time_column"),
        ({"group_column": "nothing"}, "column_not_found", "group_column"),
        ({"time_column": "kind"}, "splits_by_target", "time_column"),
        ({"group_column": "kind"}, "splits_by_target", "group_column"),
        ({"time_column": "day", "group_column": "person"}, "two_splits", "group_column"),
        ({"time_column": "person"}, "not_a_time", "time_column"),
        ({"time_column": "day", "folds": 3}, "folds_in_time", "folds"),
        ({"group_column": "half"}, "too_few_groups", "group_column"),
        ({"group_column": "person", "folds": 3}, "too_few_groups", "group_column"),
        ({"group_column": "person", "exclude": ["day", "half"]}, "no_features", "exclude"),
    ],
)
def test_columns_that_rows_cannot_be_divided_by_are_refused(
    settings: dict[str, object], code: str, field: str, ingest_text: Ingest
) -> None:
    spec = TrainingSpec.parse({"target": "kind", **settings})
    assert problems_of(spec, ingest_text(DIVIDED)) == [(code, field)]


def test_rows_in_time_have_no_folds_and_groups_no_more_than_there_are(ingest_text: Ingest) -> None:
    profile = ingest_text(DIVIDED)
    auto = {"target": "kind", "network": "auto"}
    assert settle(TrainingSpec.parse(auto), profile).folds == 5
    assert settle(TrainingSpec.parse({**auto, "time_column": "day"}), profile).folds == 1
    assert settle(TrainingSpec.parse({**auto, "group_column": "person"}), profile).folds == 2

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.contract import EventWriter, Refusal, RunFolder, TrainingSpec, TrainOrder, read_events
from trainer.learning.training import train
from trainer.preparing.preparation import prepare
from trainer.preparing.split import split_rows
from trainer.preparing.table import HeldTable, load_table
from trainer.preparing.targets import TargetCoding, fit_target


def test_shares_are_64_16_20_and_every_row_is_in_one_part() -> None:
    split = split_rows(pandas.Series(range(1000), name="t"), "regression", seed=1)
    assert split.counts() == {"train": 640, "validation": 160, "test": 200}
    assert sorted([*split.train, *split.validation, *split.test]) == list(range(1000))


def test_same_seed_same_split_other_seed_another() -> None:
    target = pandas.Series(["a", "b"] * 50, name="t")
    first, again, other = (split_rows(target, "binary", seed) for seed in (1, 1, 2))
    assert first.test.tolist() == again.test.tolist()
    assert first.test.tolist() != other.test.tolist()


def test_classes_keep_their_shares() -> None:
    target = pandas.Series(["common"] * 900 + ["rare"] * 100, name="t")
    split = split_rows(target, "binary", seed=0)
    assert [int((target.iloc[part] == "rare").sum()) for part in (split.train, split.validation, split.test)] == [64, 16, 20]


@settings(max_examples=60, deadline=None)
@given(sizes=st.lists(st.integers(2, 30), min_size=2, max_size=12).filter(lambda sizes: sum(sizes) >= max(10, 3 * len(sizes))))
def test_every_class_is_learnt_and_no_part_is_empty(sizes: list[int]) -> None:
    target = pandas.Series([f"class {label}" for label, size in enumerate(sizes) for _ in range(size)], name="t")
    split = split_rows(target, "multiclass", seed=3)
    assert target.iloc[split.train].nunique() == len(sizes)
    assert len(split.validation) > 0
    assert len(split.test) > 0
    assert sorted([*split.train, *split.validation, *split.test]) == list(range(len(target)))


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(2, 30), min_size=2, max_size=12).filter(lambda sizes: sum(sizes) >= max(10, 3 * len(sizes))),
    folds=st.integers(2, 10),
)
def test_in_folds_every_row_is_judged_by_once_and_every_class_learnt_in_each(sizes: list[int], folds: int) -> None:
    target = pandas.Series([f"class {label}" for label, size in enumerate(sizes) for _ in range(size)], name="t")
    split = split_rows(target, "multiclass", seed=3, folds=folds)
    assert split.test.tolist() == split_rows(target, "multiclass", seed=3).test.tolist()
    known = sorted({*range(len(target))} - {*split.test.tolist()})
    for fold in split.folds:
        assert sorted([*fold.train, *fold.validation]) == known
        assert target.iloc[fold.train].nunique() == len(sizes)
        assert len(fold.validation) > 0
    judged = split.validation.tolist()
    assert len(judged) == len(set(judged))
    counts = target.iloc[known].value_counts()
    assert {target.iloc[row] for row in known if row not in set(judged)} == set(counts[counts == 1].index)


def test_rows_without_target_are_in_no_part_and_counted() -> None:
    target = pandas.Series([*range(20), None, None], name="t", dtype="float64")
    split = split_rows(target, "regression", seed=0)
    assert split.without_target == 2
    assert not {20, 21} & {*split.train.tolist(), *split.validation.tolist(), *split.test.tolist()}


def test_too_few_rows_with_a_target_are_refused() -> None:
    with pytest.raises(Refusal) as caught:
        split_rows(pandas.Series([*"abababab", None, None], name="t"), "binary", seed=0)
    assert caught.value.problems[0].code == "too_few_rows"
    assert "8 rows" in str(caught.value)


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        ([0, 1, 10, 2], ("0", "1", "2", "10")),
        ([1.0, 0.0], ("0", "1")),
        ([True, False], ("false", "true")),
        (["b", "a"], ("a", "b")),
    ],
)
def test_classes_are_written_as_people_write_them_in_order(values: list[Any], classes: tuple[str, ...]) -> None:
    series = pandas.Series(values)
    coding = fit_target("t", "multiclass", series, series)
    assert coding.classes == classes
    assert coding.encode(series).tolist() == [classes.index(str(v).lower().removesuffix(".0")) for v in values]
    assert TargetCoding.from_plain(coding.to_plain()) == coding


def test_scaler_never_sees_validation_rows(houses: Path, events: EventWriter) -> None:
    table, spec = load_table(houses), TrainingSpec(target="price")
    assert isinstance(table, HeldTable)
    first = prepare(table, spec, events)
    spoilt = table.frame.copy()
    held_out = [*first.split.validation, *first.split.test]
    for name in ("area", "price"):
        spoilt.loc[spoilt.index[held_out], name] = 1e6
    second = prepare(HeldTable(spoilt, table.columns, table.profile), spec, events)
    assert second.features.to_plain() == first.features.to_plain()
    assert second.coding == first.coding


@settings(max_examples=80, deadline=None)
@given(times=st.lists(st.one_of(st.none(), st.integers(0, 30)), min_size=10, max_size=120), seed=st.integers(0, 5))
def test_in_time_nothing_is_learnt_from_what_comes_after_it_is_tested(times: list[int | None], seed: int) -> None:
    series = pandas.Series(times, name="day", dtype="float64")
    target = pandas.Series(range(len(times)), name="t")
    if series.nunique() + int(series.isna().any()) < 3:
        with pytest.raises(Refusal, match="different values"):
            split_rows(target, "regression", seed, times=series)
        return
    split = split_rows(target, "regression", seed, times=series)
    parts = [split.train, split.validation, split.test]
    known = [series.iloc[part].fillna(-1.0) for part in parts]
    assert known[0].max() < known[1].min()
    assert known[1].max() < known[2].min()
    assert sorted(row for part in parts for row in part) == list(range(len(times)))


def test_in_time_the_latest_fifth_is_tested_whatever_the_seed() -> None:
    target = pandas.Series(range(1000), name="t")
    days = pandas.Series(pandas.date_range("2020-01-01", periods=1000)[::-1], name="day")
    first, other = (split_rows(target, "regression", seed, times=days) for seed in (0, 1))
    assert first.counts() == {"train": 640, "validation": 160, "test": 200}
    assert set(first.test) == set(other.test) == set(range(200)), "the table is in reverse order"
    assert first.train.tolist() != other.train.tolist(), "what is learnt from is shuffled"


@settings(max_examples=80, deadline=None)
@given(
    groups=st.lists(st.one_of(st.none(), st.sampled_from("abcdefghijkl")), min_size=30, max_size=120),
    folds=st.integers(1, 4),
    seed=st.integers(0, 5),
)
def test_groups_are_in_one_part_alone(groups: list[str | None], folds: int, seed: int) -> None:
    series = pandas.Series(groups, name="patient", dtype=object)
    if series.nunique() < folds + 2:
        return
    split = split_rows(pandas.Series(range(len(groups)), name="t"), "regression", seed, folds, groups=series)
    assert len(split.folds) == folds
    for fold in split.folds:
        parts = [set(series.iloc[part].dropna()) for part in (fold.train, fold.validation, split.test)]
        assert not parts[0] & parts[1]
        assert not parts[0] & parts[2]
        assert not parts[1] & parts[2]
        assert all(len(part) for part in (fold.train, fold.validation, split.test))
        assert sorted([*fold.train, *fold.validation, *split.test]) == list(range(len(groups)))


def test_many_groups_make_parts_of_the_usual_size() -> None:
    series = pandas.Series([row // 4 for row in range(1000)], name="patient")
    split = split_rows(pandas.Series(range(1000), name="t"), "regression", 0, groups=series)
    assert split.counts() == pytest.approx({"train": 640, "validation": 160, "test": 200}, abs=4)


def test_classes_that_cannot_be_learnt_are_left_out_and_counted() -> None:
    target = pandas.Series(["a", "b"] * 45 + ["new"] * 10, name="t")
    split = split_rows(target, "multiclass", 0, times=pandas.Series(range(100), name="day"))
    assert split.unlearnt == 10
    assert sorted([*split.train, *split.validation, *split.test]) == list(range(90))
    late = pandas.Series(["a"] * 80 + ["b"] * 20, name="t")
    with pytest.raises(Refusal, match="hardly any class"):
        split_rows(late, "binary", 0, times=pandas.Series(range(100), name="day"))


@pytest.mark.parametrize("settings_", [{"time_column": "day"}, {"group_column": "day"}, {"group_column": "day", "folds": 2}])
def test_a_run_in_time_or_by_groups_tells_so_and_has_a_model(
    visits: Path, folder: RunFolder, events: EventWriter, settings_: dict[str, Any]
) -> None:
    spec = TrainingSpec(target="mood", network="auto", epochs=2, **settings_)
    outcome = train(TrainOrder(str(visits), spec), folder, events, lambda: False)
    events.flush()
    said = [event["message"]["text"] for event in read_events(folder.events).events if event["type"] == "log"]
    assert outcome.report is not None
    assert outcome.report["folds"] == settings_.get("folds", 1 if "time_column" in settings_ else 5)
    assert any("divided by" in text or "stay together" in text for text in said)
    left_out = [column["column"] for column in outcome.report["columns"]["left_out"]]
    assert left_out == (["day"] if "group_column" in settings_ else [])
    assert set(outcome.report["compared"]) == {"network", "boosting", "both"}


def test_groups_of_rows_with_a_target_must_be_enough() -> None:
    groups = pandas.Series(["a", "b"] * 20 + ["c"] * 10, name="patient")
    target = pandas.Series([*range(40), *[None] * 10], name="t", dtype="float64")
    with pytest.raises(Refusal, match="2 different values; at least 3"):
        split_rows(target, "regression", 0, groups=groups)
    with pytest.raises(Refusal, match="3 different values; at least 6"):
        split_rows(pandas.Series(range(50), name="t"), "regression", 0, 5, groups=groups)


@pytest.mark.parametrize("seed", range(8))
def test_a_group_far_larger_than_a_share_is_learnt_from(seed: int) -> None:
    groups = pandas.Series(["large"] * 900 + ["b"] * 40 + ["c"] * 30 + ["d"] * 30, name="patient")
    split = split_rows(pandas.Series(range(1000), name="t"), "regression", seed, groups=groups)
    assert len(split.train) >= 900

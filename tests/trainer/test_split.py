from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.contract import EventWriter, Refusal, TrainingSpec
from trainer.preparing.preparation import prepare
from trainer.preparing.split import split_rows
from trainer.preparing.table import load_table
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
    first = prepare(table, spec, events)
    spoilt = table.frame.copy()
    held_out = [*first.split.validation, *first.split.test]
    for name in ("area", "price"):
        spoilt.loc[spoilt.index[held_out], name] = 1e6
    second = prepare(dataclasses.replace(table, frame=spoilt), spec, events)
    assert second.features.to_plain() == first.features.to_plain()
    assert second.coding == first.coding

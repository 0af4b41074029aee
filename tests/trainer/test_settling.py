"""What a person leaves open is filled in from the profile and the family's recipe; what they chose stays."""

from __future__ import annotations

import pytest

from tests.trainer.conftest import Ingest
from trainer.contract import AUTO, NETWORKS, Refusal, TrainingSpec, settle

TABLE = "size,kind\n" + "".join(f"{row}.5,{'ab'[row % 2]}\n" for row in range(100))
WITH_TEXTS = "size,kind,words\n" + "".join(f"{row}.5,{'ab'[row % 2]},{row} words of a text\n" for row in range(100))
OPEN = ("epochs", "batch_size", "lr", "hidden", "dropout", "weight_decay", "folds")


@pytest.mark.parametrize("network", [AUTO, *NETWORKS])
@pytest.mark.parametrize("target", ["size", "kind"])
def test_nothing_stays_open_and_what_is_settled_stays(ingest_text: Ingest, network: str, target: str) -> None:
    profile = ingest_text(WITH_TEXTS)
    settled = settle(TrainingSpec(network=network, target=target), profile)
    assert all(getattr(settled, name) is not None for name in OPEN)
    assert (settled.max_minutes is None) == (network != AUTO)
    assert settled.family in NETWORKS
    again = settle(TrainingSpec.parse(settled.as_dict()), profile)
    assert again == settled


def test_what_was_chosen_stays_and_families_have_recipes_of_their_own(ingest_text: Ingest) -> None:
    profile = ingest_text(TABLE)
    chosen = settle(TrainingSpec(network="tabm", target="size", epochs=3, dropout=0.0, hidden=(8,)), profile)
    assert (chosen.epochs, chosen.dropout, chosen.hidden, chosen.lr) == (3, 0.0, (8,), 0.002)
    rates = {settle(TrainingSpec(network="realmlp", target=target), profile).lr for target in ("size", "kind")}
    assert rates == {0.2, 0.04}


def test_few_rows_are_learnt_from_in_folds_unless_a_network_is_named(ingest_text: Ingest) -> None:
    profile = ingest_text(TABLE)
    assert settle(TrainingSpec(network=AUTO), profile).folds == 5
    assert settle(TrainingSpec(network=AUTO), {**profile, "rows": 3000}).folds == 1
    assert settle(TrainingSpec(network="tabm"), profile).folds == 1
    assert settle(TrainingSpec(network=AUTO, folds=2), profile).folds == 2


def test_the_choice_of_a_network_has_a_reason(ingest_text: Ingest) -> None:
    profile = ingest_text(TABLE)
    settled = settle(TrainingSpec(network=AUTO), profile)
    assert (settled.network, settled.family) == (AUTO, "tabm")
    assert "100 rows" in settled.reason.english()
    large = settle(TrainingSpec(network=AUTO), {**profile, "rows": 10_000_000})
    assert large.family == "realmlp"
    assert settle(TrainingSpec(network="linear"), profile).reason.english() == "You chose it."


def test_texts_alone_have_a_network_of_their_own_and_others_read_them_beside_a_table(ingest_text: Ingest) -> None:
    profile = ingest_text(WITH_TEXTS)
    alone = settle(TrainingSpec(network=AUTO, target="kind", exclude=("size",)), profile)
    assert (alone.family, alone.folds) == ("text_fast", 5)
    assert settle(alone, {**profile, "rows": 20_000}).folds == 5, "what is settled stays"
    assert settle(TrainingSpec(network=AUTO, target="kind", exclude=("size",)), {**profile, "rows": 20_000}).folds == 1
    assert settle(TrainingSpec(network=AUTO, target="kind"), profile).family == "tabm"


@pytest.mark.parametrize("network", ["text_fast", "text_cnn", "text_transformer"])
def test_who_reads_texts_is_refused_where_there_are_none(ingest_text: Ingest, network: str) -> None:
    with pytest.raises(Refusal) as refused:
        settle(TrainingSpec(network=network, target="kind", exclude=("words",)), ingest_text(WITH_TEXTS))
    assert [(problem.code, problem.field) for problem in refused.value.problems] == [("no_texts", "network")]

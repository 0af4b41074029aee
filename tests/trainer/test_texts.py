"""Texts on their way into a network: what they are made of, how much it weighs, and what is learnt from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
import torch

from trainer.contract import AUTO, EventWriter, IngestOrder, ReadingChoices, RunFolder, TrainingSpec, TrainOrder
from trainer.learning.candidates import NETWORK, WORDS
from trainer.learning.training import Outcome, train
from trainer.model.bundle import load_bundle
from trainer.model.predict import predict
from trainer.networks import BOOSTING
from trainer.networks.words import WordWeights
from trainer.preparing import grams_encoder
from trainer.preparing.grams import find_grams
from trainer.preparing.grams_encoder import DETAILS, GramsEncoder
from trainer.preparing.rows import Rows, Tokens, join_tokens

GOOD, BAD = ("lovely", "wonderful", "delicious", "عالی"), ("awful", "cold", "broken", "بد")
FILLERS = ["the", "of", "a", "food", "order", "it", "was", "came", "with", "them", "and", "one", "day", "for", "we"]
NEVER: Any = lambda: False  # noqa: E731


def series(*texts: str | None) -> pandas.Series[Any]:
    return pandas.Series(texts, dtype=object)


def dense(tokens: Tokens, size: int) -> torch.Tensor:
    """[rows, size] of weights."""
    store, weights, _ = tokens.pack()
    rows = torch.arange(len(tokens)).repeat_interleave(tokens.lengths)
    return torch.zeros(len(tokens), size).index_put_((rows, store.long()), weights, accumulate=True)


def make_tokens(rows: int, seed: int) -> Tokens:
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.randint(0, 5, (rows,), generator=generator)
    ends = lengths.cumsum(0)
    total = int(ends[-1])
    store = torch.randint(7, (total,), generator=generator).int()
    return Tokens(store, torch.rand(total, generator=generator), ends - lengths, ends)


def test_a_text_is_made_of_words_runs_of_words_and_runs_of_letters() -> None:
    grams = find_grams(["Ab c ab", "", "ab"], DETAILS[0])
    first, none, last = (slice(*grams.starts[place : place + 2]) for place in range(3))
    words = grams.kinds[first] == 0
    # ab, c, "ab c", "c ab", "ab c ab"; and runs of 2 to 6 of the nine letters and spaces of " ab c ab ", two of them there twice.
    assert (int(words.sum()), int(grams.counts[first][words].sum())) == (5, 6)
    assert int(grams.counts[first][~words].sum()) == 8 + 7 + 6 + 5 + 4
    assert none.stop - none.start == 1, "no text is something, too"
    assert set(grams.buckets[last]) <= set(grams.buckets[first]), "what is the same in both is the same number"


@pytest.mark.parametrize(
    ("text", "same"), [("GOOD", "good"), ("soooo", "so"), ("good!", "good !"), ("ａｂ", "ab"), (" a \n b", "a b")]
)
def test_spellings_of_the_same_are_the_same(text: str, same: str) -> None:
    one, other = find_grams([text], DETAILS[0]), find_grams([same], DETAILS[0])
    assert (one.buckets.tolist(), one.counts.tolist()) == (other.buckets.tolist(), other.counts.tolist())


def test_what_occurs_in_few_texts_weighs_more_and_what_is_in_one_alone_nothing() -> None:
    encoder = GramsEncoder.fit(series(*["red"] * 30, "blue", "blue", "green"))
    weights = dense(encoder.encode(series("red", "blue", "green", "red blue")).tokens or make_tokens(0, 0), encoder.vocabulary)
    assert (weights[:2].square().sum(dim=1) - 2).abs().max() < 1e-5, "words and letters are of length one each"
    assert weights[3][weights[1] > 0].sum() > weights[3][weights[0] > 0].sum()
    assert weights[2].sum() < weights[1].sum(), "of green only the letters that others have too are known"


def test_texts_weigh_the_same_alone_among_others_and_as_read_back() -> None:
    texts = [f"{' '.join(GOOD[: place % 4 + 1])} number {place} of them, آن‌ها" for place in range(50)]
    encoder = GramsEncoder.fit(series(*texts))
    again = GramsEncoder.from_plain(json.loads(json.dumps(encoder.to_plain())))
    together, alone = encoder.encode(series(*texts, None, "")).tokens, again.encode(series(texts[7])).tokens
    assert together is not None
    assert alone is not None
    assert torch.allclose(dense(together, encoder.vocabulary)[7:8], dense(alone, encoder.vocabulary))
    assert together.lengths[-2:].tolist() == [0, 0]


def test_texts_are_read_in_parts_as_they_are_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = series(*(f"{word} {word} and {other}" for word in GOOD for other in BAD), None)
    whole = GramsEncoder.fit(texts)
    tokens = whole.encode(texts).tokens
    monkeypatch.setattr(grams_encoder, "LETTERS_AT_ONCE", 30)
    parts = GramsEncoder.fit(texts)
    in_parts = parts.encode(texts).tokens
    assert tokens is not None
    assert in_parts is not None
    assert numpy.array_equal(whole.known, parts.known)
    assert torch.equal(dense(tokens, whole.vocabulary), dense(in_parts, whole.vocabulary))


@pytest.mark.parametrize(("most", "detail"), [(100_000, 0), (3_000, 1), (400, 2), (60, 2)])
def test_many_texts_are_looked_at_less_closely(monkeypatch: pytest.MonkeyPatch, most: int, detail: int) -> None:
    monkeypatch.setattr(grams_encoder, "MOST_GRAMS", most)
    texts = series(*["three short words"] * 50)  # 850 letters
    encoder = GramsEncoder.fit(texts)
    tokens = encoder.encode(texts).tokens
    assert tokens is not None
    assert encoder.detail == detail
    assert len(tokens.store) <= most


def test_a_vocabulary_keeps_what_most_texts_have() -> None:
    encoder = GramsEncoder.fit(series(*["common"] * 9, "rare", "rare"), most_tokens=5)
    tokens = encoder.encode(series("common", "rare")).tokens
    assert tokens is not None
    assert encoder.vocabulary == 5
    assert tokens.lengths.tolist() == [5, 0]


def test_rows_of_texts_are_chosen_and_put_in_order_as_any() -> None:
    tokens = make_tokens(20, 3)
    whole, order = dense(tokens, 7), torch.randperm(20, generator=torch.Generator().manual_seed(1))
    assert torch.equal(dense(tokens[order], 7), whole[order])
    assert torch.equal(dense(tokens[order][5:9], 7), whole[order[5:9]])
    assert torch.equal(dense(tokens[3:3], 7), whole[3:3])
    rows = Rows(torch.zeros(20, 0), torch.zeros(20, 0, dtype=torch.long), tokens)
    assert torch.equal(torch.cat([dense(part.tokens or tokens, 7) for part in rows[order].split(6)]), whole[order])


def test_columns_of_texts_have_vocabularies_of_their_own() -> None:
    first, second = make_tokens(20, 3), make_tokens(20, 4)
    joined = dense(join_tokens([first, second[torch.arange(20)]], [7, 9]), 16)
    assert torch.equal(joined, torch.cat([dense(first, 7), dense(second, 9)], dim=1))


def test_the_layer_of_words_is_the_product_with_their_weights() -> None:
    tokens, layer = make_tokens(20, 5), WordWeights(7, 3)
    layer.initialise(tokens, torch.arange(20) % 3)
    torch.nn.init.normal_(layer.weight, generator=torch.Generator().manual_seed(0))
    wanted = dense(tokens, 7) @ (layer.weight * layer.get_buffer("scale"))
    assert torch.allclose(layer(tokens), wanted, atol=1e-5)
    assert layer(tokens[:0]).shape == (0, 3)


def test_words_that_tell_classes_or_numbers_apart_get_larger_steps() -> None:
    rows = 90
    # Token 0 is in every row, token 1 in those of class 1, whose values are high.
    classes = torch.arange(rows) % 3
    lengths = 1 + (classes == 1).long()
    ends = lengths.cumsum(0)
    store = torch.cat([torch.tensor([0, 1][: int(length)]) for length in lengths]).int()
    tokens = Tokens(store, torch.ones(len(store)), ends - lengths, ends)
    layer = WordWeights(2, 3)
    layer.initialise(tokens, classes)
    scale = layer.get_buffer("scale")
    assert bool((scale[1] > scale[0]).all())
    layer = WordWeights(2, 1)
    layer.initialise(tokens, (classes == 1).float() - 1 / 3)
    assert layer.get_buffer("scale")[1] > 3 * layer.get_buffer("scale")[0]


def write_orders(path: Path, rows: int, target: str) -> Path:
    """Reviews and prices: whether people are happy follows from both, and so does what they tip."""
    generator = numpy.random.default_rng(0)
    lines = []
    for row in range(rows):
        is_praise, is_cheap = bool(generator.integers(2)), bool(generator.integers(2))
        words = [*generator.choice(FILLERS, 8), str(generator.choice(GOOD if is_praise else BAD))]
        generator.shuffle(words)
        price = generator.normal(10 if is_cheap else 30, 2)
        mood = ["angry", "sad", "glad", "happy"][2 * is_praise + is_cheap]
        tip = 2 * is_praise + is_cheap + generator.normal(0, 0.1)
        verdict = {"mood": mood, "tip": round(tip, 3), "praise": "yes" if is_praise else "no"}[target]
        lines.append({"review": " ".join(words) + f" {row}", "price": round(float(price), 2), target: verdict})
    if target == "praise":
        lines = [{"review": line["review"], target: line[target]} for line in lines]
    path.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), "utf-8")
    return path


def run(tmp_path: Path, target: str, spec: TrainingSpec, rows: int = 300) -> tuple[Outcome, Path]:
    from trainer.reading.ingest import ingest  # noqa: PLC0415

    original = write_orders(tmp_path / "orders.jsonl", rows, target)
    profile = ingest(IngestOrder(str(original), "jsonl", str(tmp_path / "data")))
    assert next(column["kind"] for column in profile["columns"]) == "text"
    folder = RunFolder(tmp_path)
    outcome = train(TrainOrder(str(tmp_path / "data" / "table.parquet"), spec), folder, EventWriter(folder.events), NEVER)
    return outcome, folder.model


def test_texts_alone_are_learnt_from_and_compared_with_linear_regression(tmp_path: Path) -> None:
    outcome, model = run(tmp_path, "praise", TrainingSpec(network=AUTO, target="praise"))
    report = outcome.report
    assert report is not None
    assert (report["network"]["family"], report["folds"]) == ("text_fast", 5)
    assert set(report["compared"]) == {NETWORK, WORDS}
    assert (report["boosting"], report["words"]) == (None, report["compared"][WORDS]["test"])
    assert report["test"]["accuracy"] > 0.95
    assert report["words"]["accuracy"] > 0.9
    predicted = predict(load_bundle(model), pandas.DataFrame({"review": ["it was lovely", "it was awful", None, 7]}))
    assert predicted.values[:2] == ["yes", "no"]
    assert predicted.notes == []


@pytest.mark.parametrize(
    ("network", "epochs", "rate"),
    [
        ("linear", 12, None),
        ("mlp", 12, None),
        ("realmlp", 40, None),
        ("tabm", 12, None),
        ("ft_transformer", 40, None),
        ("text_fast", None, None),
        ("text_cnn", 20, 0.002),
        ("text_transformer", 12, 0.001),
    ],
)
def test_every_family_reads_texts_beside_a_table(tmp_path: Path, network: str, epochs: int | None, rate: float | None) -> None:
    spec = TrainingSpec(network=network, target="mood", epochs=epochs, lr=rate, batch_size=16)
    outcome, model = run(tmp_path, "mood", spec, rows=600 if rate else 300)
    assert outcome.report is not None
    compared = outcome.report["compared"]
    assert set(compared) >= {NETWORK, BOOSTING}
    assert compared[NETWORK]["test"]["accuracy"] > 0.9, "one column alone tells half of the four moods"
    assert compared[BOOSTING]["test"]["accuracy"] > 0.6, "and to trees, too, texts say something"
    assert load_bundle(model).features.vocabulary > 100


def test_numbers_are_predicted_from_texts_and_a_table(tmp_path: Path) -> None:
    outcome, model = run(tmp_path, "tip", TrainingSpec(network="realmlp", target="tip", epochs=40, batch_size=32))
    assert outcome.report is not None
    assert outcome.report["compared"][NETWORK]["test"]["r2"] > 0.7
    rows = pandas.DataFrame({"review": ["lovely lovely lovely"] * 2, "price": [10.0, -1e9]})
    assert max(float(value) for value in predict(load_bundle(model), rows).values) < 4, "nothing beyond what was seen"


@pytest.mark.parametrize("filled", [0, 1, 2])
@pytest.mark.parametrize("network", [AUTO, "text_cnn"])
def test_a_column_of_hardly_any_text_is_passed_over_or_read(tmp_path: Path, network: str, filled: int) -> None:
    from trainer.reading.ingest import ingest  # noqa: PLC0415

    rows = [
        f"{row % 7},{'some words of a remark' if row < filled else ''},a review of {row},{'ab'[row % 2]}" for row in range(60)
    ]
    (tmp_path / "table.csv").write_text("number,remark,review,kind\n" + "\n".join(rows))
    choices = ReadingChoices(kinds={"remark": "text", "review": "text"})
    ingest(IngestOrder(str(tmp_path / "table.csv"), "csv", str(tmp_path / "data"), choices=choices))
    folder = RunFolder(tmp_path)
    spec = TrainingSpec(network=network, target="kind", epochs=1)
    outcome = train(TrainOrder(str(tmp_path / "data" / "table.parquet"), spec), folder, EventWriter(folder.events), NEVER)
    assert outcome.report is not None
    assert set(outcome.report["compared"]) >= {NETWORK, BOOSTING}

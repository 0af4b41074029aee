"""A trained network enters, what else could be the model leaves beside it, on the same rows: its rival, and both together.

The rival are boosted trees, or a linear model on words where there is nothing but texts.

One of them becomes the model: the network where a person chose its family, else what predicts the validation rows best.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from trainer.contract.events import EventWriter
from trainer.contract.messages import Message, Scalar
from trainer.contract.recipes import RECIPES
from trainer.contract.spec import TrainingSpec
from trainer.learning.metrics import measure, primary_metric
from trainer.learning.out_of_memory import is_out_of_memory
from trainer.learning.report import Part
from trainer.learning.shapes import ENCODED_BYTES, plain_shape, rows_within
from trainer.learning.thresholds import find_threshold
from trainer.model.predict import decode_outputs
from trainer.networks import BOOSTING, TEXT_FAST, NetworkShape, Trained, blend, predict
from trainer.networks.boosting import fit_boosting
from trainer.networks.flat import flat_width
from trainer.networks.word_regression import fit_word_regression
from trainer.preparing.folds import Fold, Positions
from trainer.preparing.preparation import Prepared
from trainer.preparing.targets import BINARY_CLASSES, REGRESSION, TargetCoding

NETWORK, WORDS, BOTH = "network", "words", "both"
MEASURES = {
    "rmse": Message("RMSE"),
    "accuracy": Message("Accuracy"),
    "balanced_accuracy": Message("Balanced accuracy"),
}
RIVALS = {BOOSTING: Message("boosted trees"), WORDS: Message("the linear model on words")}
MOST_ROWS = 200_000  # that boosted trees learn from: more hardly change them, and take minutes
MOST_TEXTS = 50_000  # that linear regression learns from, likewise


@dataclass(frozen=True, slots=True)
class Candidate:
    """What could be the model, what it predicts, and how the target is written, its threshold found on the validation rows."""

    trained: Trained
    validation: Part
    test: Part
    coding: TargetCoding

    def parts(self) -> dict[str, Part]:
        return {"validation": self.validation, "test": self.test}


def find_candidates(
    prepared: Prepared, networks: Sequence[Trained], threads: int, events: EventWriter, has_time: Callable[[], bool]
) -> dict[str, Candidate]:
    """The network of each fold, and, when there is time for it, what they are compared with."""
    found = {NETWORK: _predict(prepared, networks)}
    if not has_time():
        return found
    reads_pieces = RECIPES[prepared.spec.family].reads_pieces
    compared = prepared.with_grams() if reads_pieces else prepared
    shape = plain_shape(compared)
    rival, fit = (BOOSTING, _fit_boosting) if flat_width(shape) else (WORDS, _fit_words)
    try:
        rivals = fit(compared, shape, threads, events, has_time)
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        # The network is trained, and is not lost for want of a comparison.
        text = "There is not enough memory for {rival}, so the network was not compared with any."
        events.log(Message(text, {"rival": RIVALS[rival]}), "warning")
        return found
    if len(rivals) == len(networks):
        found[rival] = _predict(compared, rivals)
    if BOOSTING in found and not reads_pieces:  # one model takes one kind of rows; two linear models are no better than one
        both = blend([*networks, *rivals])
        candidate = Candidate(both, _average(found, "validation"), _average(found, "test"), prepared.coding)
        found[BOTH] = _settle_threshold(candidate, prepared.spec.threshold)
    return found


def choose(candidates: Mapping[str, Candidate], spec: TrainingSpec) -> tuple[str, Message]:
    """What predicts the validation rows best. Both together are taken where nothing else is better beyond chance.

    Where classes are to count the same, they do so here.
    """
    is_balanced = spec.class_weight == "balanced" or spec.threshold in {"balanced_accuracy", "f1"}
    if len(candidates) == 1:
        return NETWORK, Message("The network was compared with nothing, so it is the model.")
    errors = {name: _errors(candidate, is_balanced=is_balanced) for name, candidate in candidates.items()}
    best = min(errors, key=lambda name: float(errors[name].mean()))
    if BOTH in errors and _is_chance(errors[BOTH] - errors[best]):
        best = BOTH
    return best, _say_why(best, candidates, is_balanced=is_balanced)


def _say_why(best: str, candidates: Mapping[str, Candidate], *, is_balanced: bool) -> Message:
    metric = primary_metric(candidates[best].coding.task)
    metric = "balanced_accuracy" if is_balanced else metric
    rival = next(name for name in candidates if name in RIVALS)
    scores: dict[str, Scalar | Message] = {"rival": RIVALS[rival]}
    for name, candidate in candidates.items():
        value = measure(candidate.coding, candidate.validation.true, candidate.validation.predicted)[metric] or 0.0
        scores["other" if name == rival else name] = (
            float(f"{value:.4g}") if metric == "rmse" else Message("{percent}%", {"percent": round(100 * value, 1)})
        )
    scores["measure"] = MEASURES[metric]
    named = {**scores, "best": Message("the network") if best == NETWORK else RIVALS[rival]}
    if BOTH not in candidates:
        text = "{measure} on the validation rows: {network} for the network, {other} for {rival}. The model is {best}."
        return Message(text, named)
    if best == BOTH:
        return Message(
            "{measure} on the validation rows: {network} for the network, {other} for {rival}, {both} for both."
            " The model is both together: neither alone is better beyond chance.",
            scores,
        )
    return Message(
        "{measure} on the validation rows: {network} for the network, {other} for {rival}, {both} for both."
        " The model is {best}: nothing else predicts better.",
        named,
    )


def _fit_boosting(
    prepared: Prepared, shape: NetworkShape, threads: int, events: EventWriter, has_time: Callable[[], bool]
) -> list[Trained]:
    """Of each fold, as far as there is time."""
    events.log(Message("Boosted trees learn from the same rows now, to compare."))
    started = time.monotonic()
    fitted: list[Trained] = []
    spec, folds = prepared.spec, _sample(prepared, MOST_ROWS)
    encoded = prepared.encode(numpy.concatenate([rows for fold in folds for rows in (fold.train, fold.validation)]))
    is_balanced = spec.class_weight == "balanced"
    with threadpool_limits(limits=threads):
        for fold in folds:
            training, validation = encoded.take(fold.train), encoded.take(fold.validation)
            trees, shape = fit_boosting(training, validation, shape, spec.seed, has_time, is_balanced=is_balanced)
            fitted.append(Trained(BOOSTING, shape, trees))
            if not has_time():
                break
    params: dict[str, Scalar] = {
        "steps": sum(trained.shape.fitted["steps"] for trained in fitted),
        "seconds": round(time.monotonic() - started, 1),
    }
    events.log(Message("Boosted trees: {steps} steps, {seconds} seconds.", params))
    return fitted


def _fit_words(
    prepared: Prepared, shape: NetworkShape, threads: int, events: EventWriter, has_time: Callable[[], bool]
) -> list[Trained]:
    """Of each fold, as far as there is time."""
    events.log(Message("A linear model on words learns from the same rows now, to compare."))
    fitted: list[Trained] = []
    folds = _sample(prepared, MOST_TEXTS)
    encoded = prepared.encode(numpy.concatenate([fold.train for fold in folds]))
    with threadpool_limits(limits=threads):
        for fold in folds:
            rows, targets = encoded.take(fold.train)
            is_balanced = prepared.spec.class_weight == "balanced"
            network, fitted_shape = fit_word_regression(rows, targets, shape, has_time, is_balanced=is_balanced)
            fitted.append(Trained(TEXT_FAST, fitted_shape, network))
            if not has_time():
                break
    return fitted


def _sample(prepared: Prepared, most: int) -> list[Fold]:
    """The folds, with so many rows of each as a comparison needs."""
    return [Fold(_choose_rows(prepared, fold.train, most), fold.validation[:most]) for fold in prepared.split.folds]


def _choose_rows(prepared: Prepared, positions: Positions, most: int) -> Positions:
    """The first rows, which are in no order, and one of each class that none of them has."""
    first = positions[:most]
    if prepared.coding.task == REGRESSION or len(first) == len(positions):
        return first
    classes = prepared.true(positions)
    _, places = numpy.unique(classes, return_index=True)
    return numpy.concatenate([first, positions[places[places >= most]]])


def _predict(prepared: Prepared, members: Sequence[Trained]) -> Candidate:
    """Each fold's validation rows as its own network predicts them, the test rows as all of them do together."""

    def part(trained: Trained, positions: Positions) -> Part:
        at_once = rows_within(ENCODED_BYTES, prepared.features)
        parts = [positions[start : start + at_once] for start in range(0, len(positions), at_once)]
        outputs = [predict(trained.network, prepared.features.encode(prepared.rows(some))) for some in parts]
        decoded = numpy.concatenate([decode_outputs(some, prepared.coding) for some in outputs])
        return Part(prepared.true(positions), decoded)

    found = [part(member, fold.validation) for member, fold in zip(members, prepared.split.folds, strict=True)]
    validation = Part(*(numpy.concatenate(arrays) for arrays in zip(*((one.true, one.predicted) for one in found), strict=True)))
    trained = members[0] if len(members) == 1 else blend(members)
    candidate = Candidate(trained, validation, part(trained, prepared.split.test), prepared.coding)
    return _settle_threshold(candidate, prepared.spec.threshold)


def _average(candidates: Mapping[str, Candidate], part: str) -> Part:
    parts: list[Part] = [getattr(candidate, part) for candidate in candidates.values()]
    return Part(parts[0].true, numpy.mean([found.predicted for found in parts], axis=0))


def _errors(candidate: Candidate, *, is_balanced: bool) -> NDArray[Any]:
    """One per validation row: the squared error, or whether another class was chosen; `is_balanced`: classes count the same."""
    part, coding = candidate.validation, candidate.coding
    is_regression = coding.task == REGRESSION
    errors: NDArray[Any] = (part.true - part.predicted) ** 2 if is_regression else coding.decide(part.predicted) != part.true
    if not is_balanced or is_regression:
        return errors.astype(numpy.float64)
    counts = numpy.bincount(part.true, minlength=coding.outputs)
    weights: NDArray[Any] = len(errors) / (numpy.count_nonzero(counts) * counts[part.true])
    balanced: NDArray[Any] = errors * weights
    return balanced


def _settle_threshold(candidate: Candidate, goal: str) -> Candidate:
    if candidate.coding.outputs != BINARY_CLASSES:
        return candidate
    part = candidate.validation
    threshold = find_threshold(part.true == 1, part.predicted[:, 1], goal)
    return dataclasses.replace(candidate, coding=dataclasses.replace(candidate.coding, threshold=threshold))


def _is_chance(differences: NDArray[Any]) -> bool:
    """Whether errors are larger by less than two standard errors of their mean."""
    return bool(differences.mean() <= 2 * differences.std() / len(differences) ** 0.5)

"""A trained network enters, what else could be the model leaves beside it, on the same rows: boosted trees, and both together.

One of them becomes the model: the network where a person chose its family, else what predicts the validation rows best.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from trainer.contract.events import EventWriter
from trainer.contract.messages import Message, Scalar
from trainer.learning.metrics import measure, primary_metric
from trainer.learning.report import Part
from trainer.model.predict import decode_outputs
from trainer.networks import BOOSTING, NetworkShape, Trained, blend, predict
from trainer.networks.boosting import fit_boosting
from trainer.preparing.preparation import Prepared
from trainer.preparing.split import Positions
from trainer.preparing.targets import REGRESSION, TargetCoding

NETWORK, BOTH = "network", "both"
MOST_ROWS = 200_000  # that boosted trees learn from: more hardly change them, and take minutes


@dataclass(frozen=True, slots=True)
class Candidate:
    """What could be the model, and what it predicts."""

    trained: Trained
    validation: Part
    test: Part

    def parts(self) -> dict[str, Part]:
        return {"validation": self.validation, "test": self.test}


def find_candidates(
    prepared: Prepared, networks: Sequence[Trained], threads: int, events: EventWriter, has_time: Callable[[], bool]
) -> dict[str, Candidate]:
    """The network of each fold, and, when there is time for it, what they are compared with."""
    found = {NETWORK: _predict(prepared, networks)}
    if not has_time():
        return found
    events.log(Message("Boosted trees learn from the same rows now, to compare."))
    try:
        trees = _fit_boosting(prepared, networks[0].shape, threads, events, has_time)
    except MemoryError:  # the network is trained, and is not lost for want of a comparison
        events.log(Message("There is not enough memory for boosted trees, so the network was not compared with any."), "warning")
        return found
    if len(trees) == len(networks):
        found[BOOSTING] = _predict(prepared, trees)
        both = blend([*networks, *trees])
        found[BOTH] = Candidate(both, *(_average(found, part) for part in ("validation", "test")))
    return found


def choose(candidates: Mapping[str, Candidate], coding: TargetCoding) -> tuple[str, Message]:
    """What predicts the validation rows best. Both together are taken where nothing else is better beyond chance."""
    if BOTH not in candidates:
        return NETWORK, Message("Training was stopped, so the network was not compared with anything.")
    errors = {name: _errors(candidate.validation, coding) for name, candidate in candidates.items()}
    best = min(errors, key=lambda name: float(errors[name].mean()))
    if _is_chance(errors[BOTH] - errors[best]):
        best = BOTH
    metric = primary_metric(coding.task)
    scores: dict[str, Scalar | Message] = {
        name: _round(measure(coding, candidate.validation.true, candidate.validation.predicted)[metric])
        for name, candidate in candidates.items()
    }
    return best, _say_why(best, {**scores, "measure": Message("RMSE") if metric == "rmse" else Message("Accuracy")})


def _say_why(best: str, scores: dict[str, Scalar | Message]) -> Message:
    if best == NETWORK:
        return Message(
            "{measure} on the validation rows: {network} for the network, {boosting} for boosted trees, {both} for both."
            " The model is the network, which predicts best.",
            scores,
        )
    if best == BOOSTING:
        return Message(
            "{measure} on the validation rows: {network} for the network, {boosting} for boosted trees, {both} for both."
            " The model is the boosted trees, which predict best.",
            scores,
        )
    return Message(
        "{measure} on the validation rows: {network} for the network, {boosting} for boosted trees, {both} for both."
        " The model is both together: neither alone is better beyond chance.",
        scores,
    )


def _round(value: float | None) -> float:
    """To four digits that count."""
    return float(f"{value or 0.0:.4g}")


def _fit_boosting(
    prepared: Prepared, shape: NetworkShape, threads: int, events: EventWriter, has_time: Callable[[], bool]
) -> list[Trained]:
    """Of each fold, as far as there is time."""
    started = time.monotonic()
    fitted: list[Trained] = []
    with threadpool_limits(limits=threads):
        for fold in prepared.split.folds:
            training = prepared.encode(_choose_rows(prepared, fold.train))
            validation = prepared.encode(fold.validation[:MOST_ROWS])
            trees, shape = fit_boosting(training, validation, shape, prepared.spec.seed, has_time)
            fitted.append(Trained(BOOSTING, shape, trees))
            if not has_time():
                break
    params: dict[str, Scalar] = {
        "steps": sum(trained.shape.fitted["steps"] for trained in fitted),
        "seconds": round(time.monotonic() - started, 1),
    }
    events.log(Message("Boosted trees: {steps} steps, {seconds} seconds.", params))
    return fitted


def _choose_rows(prepared: Prepared, positions: Positions) -> Positions:
    """The first rows, which are in no order, and one of each class that none of them has."""
    first = positions[:MOST_ROWS]
    if prepared.coding.task == REGRESSION or len(first) == len(positions):
        return first
    classes = prepared.true(positions)
    _, places = numpy.unique(classes, return_index=True)
    return numpy.concatenate([first, positions[places[places >= MOST_ROWS]]])


def _predict(prepared: Prepared, members: Sequence[Trained]) -> Candidate:
    """Each fold's validation rows as its own network predicts them, the test rows as all of them do together."""

    def part(trained: Trained, positions: Positions) -> Part:
        outputs = predict(trained.network, prepared.features.encode(prepared.rows(positions)))
        return Part(prepared.true(positions), decode_outputs(outputs, prepared.coding))

    found = [part(member, fold.validation) for member, fold in zip(members, prepared.split.folds, strict=True)]
    validation = Part(*(numpy.concatenate(arrays) for arrays in zip(*((one.true, one.predicted) for one in found), strict=True)))
    trained = members[0] if len(members) == 1 else blend(members)
    return Candidate(trained, validation, part(trained, prepared.split.test))


def _average(candidates: Mapping[str, Candidate], part: str) -> Part:
    parts: list[Part] = [getattr(candidate, part) for candidate in candidates.values()]
    return Part(parts[0].true, numpy.mean([found.predicted for found in parts], axis=0))


def _errors(part: Part, coding: TargetCoding) -> NDArray[Any]:
    """One per row: the squared error, or whether another class was chosen."""
    is_regression = coding.task == REGRESSION
    errors: NDArray[Any] = (part.true - part.predicted) ** 2 if is_regression else part.predicted.argmax(axis=1) != part.true
    return errors.astype(numpy.float64)


def _is_chance(differences: NDArray[Any]) -> bool:
    """Whether errors are larger by less than two standard errors of their mean."""
    return bool(differences.mean() <= 2 * differences.std() / len(differences) ** 0.5)

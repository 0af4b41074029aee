"""/runs/new: choose a data set, what to predict and how, and start."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from nicegui import ui
from starlette.datastructures import QueryParams

from app.datasets.catalogue import LEAVE_OUT
from app.datasets.samples import DEFAULT_SAMPLE
from app.platform import Platform
from app.records import Dataset, DatasetStatus, User
from components.elements import card, text
from components.states import empty_state
from components.training_form import FormContent, Suggestion, TrainingForm
from locales import Translator, parse_number
from pages.visitor import Visitor, framed, is_login_lost, page_at, welcome
from pages.words import ABOUT_NETWORKS, CHOICES, KINDS, TASKS, dataset_name, name_of
from trainer.contract import AUTO, FIELDS, Message, Refusal, TrainingSpec, suggest

LONGEST_QUERY = 4_000


@dataclass(frozen=True, slots=True)
class Choice:
    """What can be trained on, what is chosen, and the chosen table's profile."""

    datasets: Sequence[Dataset]
    chosen: Dataset | None
    profile: Mapping[str, Any]
    typed: QueryParams


def register(platform: Platform) -> None:
    """Offer /runs/new."""

    @page_at("/runs/new")
    async def new_run(request: Request, dataset: str = "") -> None:
        visitor = welcome(platform, request)
        _ = visitor.translator

        async def fetch(user: User) -> Choice:
            datasets = platform.datasets
            everything = [*await datasets.list_latest(user), *await datasets.list_shared(user), *await platform.samples.list()]
            ready = [record for record in everything if _is_trainable(record)]
            chosen = await datasets.get_ready(user, dataset) if dataset else _first_choice(ready)
            if chosen is not None and all(chosen.id != record.id for record in ready):
                ready = [chosen, *ready]  # an earlier version, or one with rows to decide about
            return Choice(ready, chosen, await datasets.profile(chosen) if chosen else {}, request.query_params)

        with framed(visitor, _("New run"), "/runs/new"):
            text("h1", _("New run"))
            await visitor.load(fetch, lambda choice: _draw(visitor, choice))


def _is_trainable(record: Dataset) -> bool:
    """Whether its table is there, and it is decided what becomes of rows that could not be read."""
    is_decided = not record.unreadable_rows or bool(record.choices.get(LEAVE_OUT))
    return record.status == DatasetStatus.READY and is_decided


def _first_choice(ready: Sequence[Dataset]) -> Dataset | None:
    """One's own newest table, else the sample that everybody knows."""
    own = (record for record in ready if record.owner_id is not None)
    known = (record for record in ready if record.id == DEFAULT_SAMPLE)
    return next(own, None) or next(known, None) or next(iter(ready), None)


def _draw(visitor: Visitor, choice: Choice) -> None:
    _ = visitor.translator
    if choice.chosen is None:
        sentence = _("Upload a table first. The built-in samples are prepared when the server starts for the first time.")
        empty_state(_("No data yet"), sentence, [(_("Upload a table"), "/datasets")])
        return
    with card(_("Data")):
        options = {record.id: _dataset_label(_, record) for record in choice.datasets}
        select = ui.select(options, label=_("Data set"), value=choice.chosen.id, with_input=True)
        select.props("outlined options-dense behavior=menu name=dataset").classes("setting")
        select.on_value_change(lambda: ui.navigate.to(f"/runs/new?dataset={select.value}") if select.value else None)
    if _is_trainable(choice.chosen):
        NewRun(visitor, choice.chosen, choice.profile, choice.typed)
        return
    sentence = _("Decide on the page of the data set what becomes of them: then you can train.")
    empty_state(_("Rows that could not be read"), sentence, [(_("Look at these rows"), f"/datasets/{choice.chosen.id}")])


@dataclass
class NewRun:
    """The form of one window, and what happens when it is sent."""

    visitor: Visitor
    dataset: Dataset
    profile: Mapping[str, Any]
    typed: QueryParams
    form: TrainingForm = field(init=False)

    def __post_init__(self) -> None:
        has_gpu = bool(self.visitor.platform.places.gpus)
        content = form_content(self.visitor.translator, self.profile, self.typed, has_gpu=has_gpu)
        self.form = TrainingForm(self.visitor.translator, content, self.start, self.check_field, self.remember, "/runs")

    async def start(self) -> None:
        """Submit; every refusal lands beside its field, and what was typed stays."""
        platform = self.visitor.platform
        try:
            job = await platform.jobs.submit(await self.visitor.user(), self.form.values(), self.dataset.id)
        except Refusal as refusal:
            if is_login_lost(refusal):
                self.visitor.leave()
                return
            self._show(refusal)
            return
        ui.navigate.to(f"/runs/{job.id}")

    def remember(self) -> None:
        """Keep what was typed in the address: a reload, or the other language, finds the form as it was."""
        query = urlencode({"dataset": self.dataset.id, **self.form.typed()}, doseq=True)
        if len(query) <= LONGEST_QUERY:
            ui.navigate.history.replace(f"/runs/new?{query}")

    def check_field(self, name: str) -> None:
        """Check one field against its bounds as soon as it is left."""
        try:
            TrainingSpec.parse({name: self.form.values()[name]})
        except Refusal as refusal:
            self.form.show_error(name, self.visitor.translator.message(refusal.problems[0].message))
        else:
            self.form.show_error(name, None)

    def _show(self, refusal: Refusal) -> None:
        _ = self.visitor.translator
        by_field: dict[str, str] = {}
        general: list[str] = []
        for problem in refusal.problems:
            sentence = _.message(problem.message)
            if problem.field in self.form.fields:
                by_field[problem.field] = f"{by_field.get(problem.field, '')} {sentence}".strip()
            else:
                general.append(sentence)
        if by_field:
            general.insert(0, _("Some settings cannot be used. Each says below what is wrong with it."))
        self.form.show_errors(by_field, " ".join(general))


def form_content(_: Translator, profile: Mapping[str, Any], typed: QueryParams, *, has_gpu: bool = False) -> FormContent:
    """Options, hints and first values: what was typed before, else what is known of the columns."""
    columns, suggested = profile["columns"], profile["suggested"]
    values = {name: "" if spec_field.default is None else spec_field.default for name, spec_field in FIELDS.items()}
    values |= {"target": suggested["target"], "network": AUTO}
    values |= _typed_before(typed, {column["name"] for column in columns})
    for name, value in _suggest(_, profile, values).values.items():
        if _is_as_suggested(values[name], value):
            values[name] = ""  # it goes on following the network and the table
    return FormContent(
        columns={column["name"]: _column_label(_, column) for column in columns},
        target_hints={column["name"]: _target_hint(_, column, suggested) for column in columns},
        choices=_choices(_, columns, has_gpu=has_gpu),
        hints=_hints(_),
        values=values,
        suggest=partial(_suggest, _, profile),
    )


def _choices(_: Translator, columns: Iterable[Mapping[str, Any]], *, has_gpu: bool) -> dict[str, dict[str, str]]:
    """What can be chosen for each setting that is no number."""
    choices = {name: _names(_, words) for name, words in CHOICES.items()}
    divisions = {"": _("No column")} | {column["name"]: _column_label(_, column) for column in columns}
    choices |= {"time_column": divisions, "group_column": divisions}
    choices |= {name: {AUTO: _("As the data suggests")} | choices[name] for name in ("task", "network")}
    choices["schedule"] = {"": _("As suits the network")} | choices["schedule"]
    choices["device"] = {AUTO: _("As the network needs")} | choices["device"] if has_gpu else {}
    return choices


def _suggest(_: Translator, profile: Mapping[str, Any], chosen: Mapping[str, Any]) -> Suggestion:
    """What is done about what is left empty."""
    column = next((column for column in profile["columns"] if column["name"] == chosen["target"]), None)
    settled = (column["task"] if column else None) or chosen["task"] if chosen["task"] == AUTO else chosen["task"]
    time_column, group_column = chosen["time_column"] or None, chosen["group_column"] or None
    spec = TrainingSpec(
        target=chosen["target"],
        task=settled,
        network=chosen["network"] or AUTO,
        exclude=tuple(chosen["exclude"]),
        time_column=time_column,
        group_column=group_column,
        deterministic=chosen["deterministic"],
    )
    family, reason, settings = suggest(spec, profile)
    about = reason if chosen["network"] == AUTO else ABOUT_NETWORKS[family]
    others = {name: FIELDS[name].default for name in ("accumulation", "ema", "seed")}
    return Suggestion(_.message(about), {**settings, **others})


def _is_as_suggested(typed: object, value: object) -> bool:
    """Whether what was typed, or copied from another run, is what an empty field stands for."""
    numbers = [parse_number(part) for part in str(typed).replace("،", ",").split(",")]
    return numbers == (list(value) if isinstance(value, tuple) else [value])


def _names(_: Translator, messages: Mapping[str, Message]) -> dict[str, str]:
    return {name: _.message(message) for name, message in messages.items()}


def _typed_before(typed: QueryParams, columns: Collection[str]) -> dict[str, Any]:
    """The fields that the address names; choices that this form does not offer are passed over."""
    offered: dict[str, Collection[str]] = dict.fromkeys(("target", "time_column", "group_column"), columns)
    offered |= {name: (AUTO, *words) if FIELDS[name].choices[0] == AUTO else tuple(words) for name, words in CHOICES.items()}
    values: dict[str, Any] = {
        name: value
        for name, value in typed.items()
        if name in FIELDS and name != "exclude" and value in offered.get(name, (value,))
    }
    if "exclude" in typed:
        values["exclude"] = [name for name in typed.getlist("exclude") if name in columns]
    return values


def _column_label(_: Translator, column: Mapping[str, Any]) -> str:
    return f"\u2068{column['name']}\u2069 · {name_of(_, KINDS, column['kind'])}"


def _target_hint(_: Translator, column: Mapping[str, Any], suggested: Mapping[str, Any]) -> str:
    """What would be predicted, or why that is not possible."""
    reason = suggested.get("reason") if column["name"] == suggested["target"] else None
    reason = reason or column.get("task_reason")
    sentence = _.message(Message.from_dict(reason)) if reason else ""
    return f"{name_of(_, TASKS, column['task'])}. {sentence}" if column["task"] else sentence


def _hints(_: Translator) -> dict[str, str]:
    return {
        "task": _("The column to predict decides, unless you choose."),
        "exclude": _("Columns that the network must not see, such as ones that give the answer away."),
        "epochs": _("How often the network sees every training row: {low} to {high}.", low=1, high=1000),
        "batch_size": _("Rows per step: {low} or more.", low=1),
        "lr": _("The size of a step at its largest: {low} to {high}.", low="0.00001", high="1"),
        "hidden": _("Widths, separated by commas: at most {layers} layers.", layers=8),
        "dropout": _("Share of units silenced in each step: {low} to {high}.", low="0", high="0.9"),
        "weight_decay": _("Pulls weights towards zero: {low} to {high}.", low="0", high="10"),
        "label_smoothing": _("Certainty taken from the right class: {low} to {high}.", low="0", high="0.5"),
        "optimiser": _("What takes the steps."),
        "clip": _("Longer gradients are shortened to this; {low}: none are.", low="0"),
        "accumulation": _("Each batch is learnt from in so many parts, to save memory."),
        "ema": _("Share that each step keeps of averaged weights, such as {example}; {low}: none.", example="0.99", low="0"),
        "precision": _("Half is faster on a GPU, hardly ever on a processor."),
        "class_weight": _("For rare classes: otherwise a network may pass them over."),
        "threshold": _("How probable the second class must be; found on the validation rows."),
        "deterministic": _("Whether equal seeds must give equal runs: on one thread, and without a limit of time."),
        "folds": _("Parts of the rows; each is left out by a network of its own: {low} to {high}.", low=1, high=10),
        "max_minutes": _("Training ends by then, and keeps the best so far: {low} or more.", low="0.1"),
        "seed": _("Equal seeds give equal runs."),
        "time_column": _("For what is to be predicted of the future: learns from the earliest rows, is tested on the latest."),
        "group_column": _("For several rows of the same person or thing: they are never in the test and in what is learnt from."),
    }


def _dataset_label(_: Translator, record: Dataset) -> str:
    shape = _("{rows} rows, {columns} columns", rows=record.rows, columns=record.columns)
    version = f" · {_('version {number}', number=record.version)}" if record.version > 1 else ""
    return f"\u2068{dataset_name(_, record.id, record.name)}\u2069{version} · {shape}"

"""The form for a new run: target, network and settings, each with its hint and the sentence that says what is wrong with it.

Numbers are typed as text, so that Persian digits are as good as Latin ones and nothing typed is lost.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nicegui import ui
from nicegui.elements.mixins.validation_element import ValidationElement

from components.elements import Button, box, card, link_button, notice, text
from locales import Translator, parse_number

NUMBERS = (
    *("epochs", "batch_size", "lr", "hidden", "dropout", "weight_decay", "label_smoothing", "clip", "accumulation", "ema"),
    *("folds", "max_minutes", "seed"),
)
DIVISIONS = ("time_column", "group_column")
CHOICES = ("target", "task", "network", "exclude", "deterministic", *DIVISIONS)  # that decide what suits the rest
OF_NETWORK = ("hidden", "dropout", "weight_decay", "label_smoothing")
OF_STEPS = ("optimiser", "schedule", "clip", "accumulation", "ema", "precision")
OF_ROWS = (*DIVISIONS, "folds", "class_weight", "threshold")
OF_RUN = ("max_minutes", "deterministic", "seed", "device")
ADVANCED = (*OF_NETWORK, *OF_STEPS, *OF_ROWS, *OF_RUN)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What will be done about what is left empty: a sentence on the network, and values by field."""

    network: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FormContent:
    """What the form offers: option labels by value, hints by field, and first values by field."""

    columns: Mapping[str, str]
    target_hints: Mapping[str, str]
    choices: Mapping[str, Mapping[str, str]]  # by setting; none of one where there is no choice
    hints: Mapping[str, str]
    values: Mapping[str, Any]
    suggest: Callable[[Mapping[str, Any]], Suggestion]  # by what was chosen


@dataclass
class TrainingForm:
    """Draws itself on creation; `values()` are plain JSON values, as typed where they are no numbers."""

    _: Translator
    content: FormContent
    on_start: Callable[[], Awaitable[None]]
    on_leave_field: Callable[[str], None]
    on_change: Callable[[], None]
    cancel_address: str
    fields: dict[str, ValidationElement[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with box("form", "form") as form:
            form.props["novalidate"] = True
            self.alert = notice("", "bad", is_alert=True)
            self.alert.set_visibility(False)
            self._draw_what()
            self._draw_how()
            for name in CHOICES:
                self.fields[name].on_value_change(self._suggest)
            self._suggest()
            with box("actions"):
                start = Button(self._("Start training"), self.on_start, kind="primary")
                link_button(self._("Cancel"), self.cancel_address)
            # Browsers send a form on Enter only when it has a button of this type; the visible one shows that it is busy.
            box("", "button").props["hidden"] = True
            form.on("submit.prevent", start.press, args=[])

    def values(self) -> dict[str, Any]:
        values = {name: element.value for name, element in self.fields.items()}
        for name in NUMBERS:
            if name != "hidden":
                values[name] = parse_number(values[name]) if (values[name] or "").strip() else None
        widths = [parse_number(part) for part in (values["hidden"] or "").replace("،", ",").split(",") if part.strip()]
        values["hidden"] = widths or None
        values |= {name: values[name] or None for name in (*DIVISIONS, "schedule")}
        return values

    def typed(self) -> dict[str, str | list[str]]:
        """What stands in each field, as it stands there."""
        return {name: element.value for name, element in self.fields.items() if element.value}

    def show_errors(self, errors: Mapping[str, str], alert: str) -> None:
        """Sentences beside their fields, and `alert` for what belongs to none of them."""
        for name in self.fields:
            self.show_error(name, errors.get(name))
        if any(name in errors for name in ADVANCED):
            self.advanced.props["open"] = True
        first = next((element for name, element in self.fields.items() if name in errors), None)
        if first:
            first.run_method("focus")
        self.alert.set_text(alert)
        self.alert.set_visibility(bool(alert))

    def show_error(self, name: str, error: str | None) -> None:
        element = self.fields[name]
        element.error = error
        # Quasar draws hint and error beside the input without tying them to it.
        element.props["aria-invalid"] = "true" if error else "false"
        element.props["aria-description"] = error or str(element.props.get("hint", ""))

    def _draw_what(self) -> None:
        content = self.content
        with card(self._("What to predict")):
            target = self._select("target", content.columns, content.values["target"], has_search=True)
            target.props["hint"] = content.target_hints.get(content.values["target"], "")
            with box("field-row"):
                self._choice("task")
                self._choice("network")
            self._select("exclude", content.columns, list(content.values["exclude"]), is_multiple=True)

            def explain() -> None:
                target.props["hint"] = content.target_hints.get(target.value, "")
                self.show_error("target", None)

            target.on_value_change(explain)
            for name in ("target", "exclude"):
                self.fields[name].on_value_change(self.on_change)

    def _draw_how(self) -> None:
        with card(self._("How to train")):
            text(
                "p",
                self._("Leave a field empty to use the value shown in grey, which suits the network and the table."),
                "muted",
            )
            with box("field-row"):
                for name in ("epochs", "batch_size", "lr"):
                    self._number(name)
            with box("more", "details") as self.advanced:
                with box("", "summary"):
                    ui.label(self._("Advanced settings"))
                self._draw_group(self._("Network"), OF_NETWORK)
                self._draw_group(self._("Steps"), OF_STEPS)
                self._draw_group(self._("Rows and classes"), OF_ROWS)
                self._draw_group(self._("Run"), OF_RUN)

    def _draw_group(self, title: str, names: Sequence[str]) -> None:
        text("h3", title)
        with box("field-row"):
            for name in names:
                if name in NUMBERS:
                    self._number(name)
                elif self.content.choices.get(name):
                    self._choice(name)

    def _choice(self, name: str) -> None:
        self._select(name, self.content.choices[name], self.content.values[name] or "", has_search=name in DIVISIONS)
        self.fields[name].on_value_change(self.on_change)

    def _suggest(self) -> None:
        """Show what stands for an empty field, which depends on what is predicted and by which network."""
        suggestion = self.content.suggest({name: self.fields[name].value for name in CHOICES})
        self.fields["network"].props["hint"] = self.fields["network"].props["aria-description"] = suggestion.network
        for name, value in suggestion.values.items():
            if name in NUMBERS:
                self.fields[name].props["placeholder"] = "–" if value is None else self._as_typed(value)
        schedule = self.content.choices["schedule"][suggestion.values["schedule"]]
        hint = self._("Course of the learning rate. As suits the network: {choice}", choice=schedule)
        self.fields["schedule"].props["hint"] = self.fields["schedule"].props["aria-description"] = hint

    def _select(
        self, name: str, options: Mapping[Any, str], value: object, *, has_search: bool = False, is_multiple: bool = False
    ) -> ui.select:
        label = self._.field_name(name)
        element = ui.select(dict(options), label=label, value=value, with_input=has_search, multiple=is_multiple)
        element.props("outlined options-dense behavior=menu")
        element.classes("setting").props(f"name={name}")
        if name in self.content.hints:
            element.props["hint"] = self.content.hints[name]
        if is_multiple:
            element.props("use-chips")
        self.fields[name] = element
        return element

    def _number(self, name: str) -> None:
        element = ui.input(self._.field_name(name), value=self._as_typed(self.content.values[name]))
        element.props(
            f"outlined stack-label autocomplete=off name={name} input-class=tabular"
            f" inputmode={'text' if name == 'hidden' else 'decimal'}"
        )
        element.classes("setting")
        if name in self.content.hints:
            element.props["hint"] = self.content.hints[name]
        element.on("blur", lambda: self.on_leave_field(name), args=[])
        element.on("change", self.on_change, args=[])
        self.fields[name] = element

    def _as_typed(self, value: str | float | Sequence[float]) -> str:
        """A first value as people of this language would type it; what somebody typed before, as it was."""
        if isinstance(value, str):
            return value
        separator = "، " if self._.is_persian else ", "
        shown: Sequence[float] = (value,) if isinstance(value, int | float) else value
        return separator.join(self._.typed(item) for item in shown)

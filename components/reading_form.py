"""How a file is read: every guess shown, each with what else could be chosen; calls back on every change.

An empty choice is "as found". `choices()` are plain values, as typed where they cannot be used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nicegui import ui
from nicegui.elements.mixins.validation_element import ValidationElement

from components.elements import box
from locales import Translator, parse_number

AS_FOUND = ""
YES, NO = "yes", "no"  # of an option that is one or the other
NO_TEXTS, OWN_TEXTS = "none", "own"  # of an option that takes a list of texts


@dataclass(frozen=True, slots=True)
class ReadingOption:
    """One setting: its label and hint, what was found (as words), and what may be chosen instead (value: label)."""

    name: str
    label: str
    found: str
    options: Mapping[str, str]  # empty for a field in which one types
    hint: str = ""
    list_label: str = ""  # of the field for OWN_TEXTS, one on each line


@dataclass
class ReadingForm:
    """Draws itself on creation."""

    _: Translator
    options: Sequence[ReadingOption]
    chosen: Mapping[str, Any]
    on_change: Callable[[], None]
    fields: dict[str, ValidationElement[Any]] = field(default_factory=dict)
    _lists: dict[str, ui.textarea] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        with box("field-row"):
            for option in self.options:
                if option.list_label:
                    self._list(option)
                elif option.options:
                    self._select(option, AS_FOUND if option.name not in self.chosen else _as_option(self.chosen[option.name]))
                else:
                    self._input(option)

    def choices(self) -> dict[str, Any]:
        """What is chosen; what stays as found is absent."""
        return {name: self._value(name, element.value) for name, element in self.fields.items() if element.value}

    def show_errors(self, errors: Mapping[str, str]) -> None:
        for name, element in self.fields.items():
            for shown in filter(None, (element, self._lists.get(name))):
                shown.error = errors.get(name)
                shown.props["aria-invalid"] = "true" if name in errors else "false"

    def forget(self) -> None:
        """Leave everything as found."""
        for element in (*self.fields.values(), *self._lists.values()):
            element.value = AS_FOUND

    def _value(self, name: str, value: Any) -> Any:  # noqa: ANN401 - whatever the field holds
        if name == "skip_lines":
            return parse_number(value)
        if name in self._lists:
            lines = (self._lists[name].value or "").splitlines() if value == OWN_TEXTS else []
            return [line.strip() for line in lines if line.strip()]
        return value == YES if value in {YES, NO} else value.removeprefix("=")

    def _select(self, option: ReadingOption, value: str) -> ui.select:
        found = self._("As found: {value}", value=option.found) if option.found else self._("As found")
        options = {AS_FOUND: found, **option.options}
        if value not in options:
            options[value] = value.removeprefix("=")
        element = ui.select(options, label=option.label, value=value, on_change=self.on_change)
        element.props(f"outlined options-dense behavior=menu name={option.name}").classes("setting")
        element.props["hint"] = option.hint
        self.fields[option.name] = element
        return element

    def _list(self, option: ReadingOption) -> None:
        given = self.chosen.get(option.name)
        with box("form"):
            select = self._select(option, AS_FOUND if given is None else OWN_TEXTS if given else NO_TEXTS)
            texts = ui.textarea(option.list_label, value="\n".join(given or ()))
        texts.props(f"outlined autogrow debounce=400 name={option.name}-list dir=auto").classes("setting")
        texts.bind_visibility_from(select, "value", value=OWN_TEXTS)
        texts.on_value_change(self.on_change)
        self._lists[option.name] = texts

    def _input(self, option: ReadingOption) -> None:
        given = self.chosen.get(option.name)
        value = "" if given is None else self._.typed(given)
        element = ui.input(option.label, value=value, placeholder=option.found)
        element.props(f"outlined stack-label autocomplete=off debounce=400 name={option.name}").classes("setting")
        element.props["hint"] = option.hint
        element.on_value_change(self.on_change)
        self.fields[option.name] = element


def _as_option(given: object) -> str:
    """The key, among a select's options, of what was chosen."""
    return {True: YES, False: NO}[given] if isinstance(given, bool) else f"={given}"

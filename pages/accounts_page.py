"""What the login page and the registration page share: a narrow frame, the form, and refusals beside their fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Request

from components.account_form import AccountField, AccountForm
from components.elements import card, text
from components.page_frame import page_frame
from locales import Translator
from pages.same_site import safe_destination
from pages.visitor import Visitor
from trainer.contract import Message

UNREACHABLE = "unreachable"


def account_page(
    visitor: Visitor,
    request: Request,
    fields: Sequence[AccountField],
    *,
    title: str,
    action: str,
    submit: str,
    other: tuple[str, str, str],
) -> None:
    """`other` is (sentence, link, address) of the page that leads to the other one."""
    _ = visitor.translator
    wanted = request.query_params.get("next")
    with page_frame(_, title, is_narrow=True):
        text("h1", title)
        with card():

            def refused(answer: Mapping[str, Any]) -> None:
                form.show_errors(*_sort(_, answer, {field.name for field in fields}))

            form = AccountForm(
                fields, action=action, destination=safe_destination(wanted), submit_label=submit, on_refused=refused
            )
        with text("p", other[0] + " ", "soft"):
            link = text("a", other[1])
            link.props["href"] = other[2] + (f"?{request.url.query}" if wanted else "")


def _sort(_: Translator, answer: Mapping[str, Any], names: set[str]) -> tuple[dict[str, str], str]:
    """(sentence by field, sentence for the form) of a refusal as the browser passed it on."""
    if answer.get("code") == UNREACHABLE:
        return {}, _("The server cannot be reached. Check the connection and try again.")
    by_field: dict[str, str] = {}
    general: list[str] = []
    for detail in answer.get("details") or []:
        sentence = _.message(Message.from_dict(detail))
        if detail.get("field") in names:
            by_field.setdefault(detail["field"], sentence)
        else:
            general.append(sentence)
    return by_field, " ".join(general)

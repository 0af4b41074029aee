"""The frame of every page: skip link, mark, navigation, language, light or dark, who is logged in, and the connection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from nicegui import ui
from nicegui.element import Element

from components.connection_status import ConnectionStatus
from components.elements import box, text
from components.theme import MARK
from locales import Translator

LANGUAGE_NAMES = {"en": "English", "fa": "فارسی"}  # each in itself, so that whoever is lost finds it
PAGES = ("/runs", "/datasets", "/runs/new", "/machine")
REMEMBER = "path=/; max-age=31536000; samesite=lax"
SWITCH_LANGUAGE = "() => {{ document.cookie = 'tamrin_language={code}; {remember}'; window.location.reload(); }}"
SWITCH_THEME = f"""() => {{
  const dark = !document.body.classList.contains('body--dark');
  document.cookie = 'tamrin_theme=' + (dark ? 'dark' : 'light') + '; {REMEMBER}';
  setDark(dark);
}}"""
# Other windows of this browser hear of a logout at once; those of other browsers through the server.
LOG_OUT = """async () => {
  await fetch('/api/auth/logout', { method: 'POST' }).catch(() => undefined);
  new BroadcastChannel('tamrin').postMessage('logged out');
  window.location.assign('/login');
}"""
REMEMBER_ZONE = f"""<script>
document.cookie = 'tamrin_zone=' + encodeURIComponent(Intl.DateTimeFormat().resolvedOptions().timeZone || '') + '; {REMEMBER}';
new BroadcastChannel('tamrin').onmessage = () => {{
  if (!['/login', '/register'].includes(window.location.pathname)) window.location.assign('/login');
}};
</script>"""


@contextmanager
def page_frame(
    _: Translator, title: str, *, current: str = "", user_name: str | None = None, is_narrow: bool = False
) -> Iterator[Element]:
    """Draw the frame and open its content; `current` is the address of the page's own navigation link."""
    ui.page_title(f"{title} · {_('Tamrin')}")
    ui.add_head_html(REMEMBER_ZONE)
    # Quasar's page is the main region, so the header goes before it, not into it.
    with ui.context.client.layout:
        header = box("top", "header")
    header.move(target_index=0)
    with header, box("top-inner"):
        with box("brand", "a") as brand:
            brand.props["href"] = "/"
            ui.html(MARK, sanitize=False).props["aria-hidden"] = "true"
            text("span", _("Tamrin"))
        if user_name is not None:
            _navigation(_, current)
        _tools(_, user_name)
    content = box("page page-narrow" if is_narrow else "page")
    content.props["tabindex"] = "-1"
    ui.skip_link(_("Skip to the content"), target=content)
    with content:
        yield content


def _navigation(_: Translator, current: str) -> None:
    labels: Sequence[str] = (_("Runs"), _("Data"), _("New run"), _("Machine"))
    with box("", "nav") as navigation:
        navigation.props["aria-label"] = _("Main")
        for address, label in zip(PAGES, labels, strict=True):
            link = text("a", label)
            link.props["href"] = address
            if address == current:
                link.props["aria-current"] = "page"


def _tools(_: Translator, user_name: str | None) -> None:
    with box("tools"):
        ConnectionStatus(_)
        with box("languages") as languages:
            languages.props["role"] = "group"
            languages.props["aria-label"] = _("Language")
            for code, name in LANGUAGE_NAMES.items():
                button = text("button", name, "plain-button").props("type=button")
                button.props["lang"] = code
                button.props["aria-pressed"] = str(code == _.language).lower()
                button.on("click", js_handler=SWITCH_LANGUAGE.format(code=code, remember=REMEMBER))
        with box("plain-button", "button").props("type=button") as theme:
            theme.props["aria-label"] = theme.props["title"] = _("Light or dark")
            ui.icon("contrast").props["aria-hidden"] = "true"
            theme.on("click", js_handler=SWITCH_THEME)
        if user_name is not None:
            text("bdi", user_name, "who").props["title"] = user_name
            text("button", _("Log out"), "plain-button").props("type=button").on("click", js_handler=LOG_OUT)

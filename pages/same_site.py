"""Where to go after logging in: a path of this site and nothing else, whatever the address bar says."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

HOME = "/"
LONGEST_ADDRESS = 2_000
DECODINGS = 3  # how many layers of %25... are looked through
NOT_AFTER_LOGIN = ("/login", "/register", "/api/", "/_nicegui")


def safe_destination(wanted: str | None) -> str:
    """`wanted` if it is a path on this site, else the home page.

    Browsers read a backslash as a slash and drop tabs and line breaks, so that paths with those can leave the site too.
    """
    if not wanted or len(wanted) > LONGEST_ADDRESS:
        return HOME
    seen = wanted
    for _layer in range(DECODINGS):
        if not _is_local_path(seen):
            return HOME
        seen = unquote(seen)
    return HOME if wanted.startswith(NOT_AFTER_LOGIN) else wanted


def _is_local_path(address: str) -> bool:
    if not address.startswith("/") or address.startswith("//") or "\\" in address:
        return False
    if any(character.isspace() or not character.isprintable() for character in address.partition("?")[0]):
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return not parts.scheme and not parts.netloc and address.isprintable()

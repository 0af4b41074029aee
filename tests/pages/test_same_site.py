"""Logging in never leads to another site."""

from __future__ import annotations

import pytest

from pages.same_site import safe_destination


@pytest.mark.parametrize("path", ["/", "/runs", "/runs/job_1?tab=log", "/datasets/data_1", "/runs/new?dataset=sample_iris"])
def test_own_paths_are_kept(path: str) -> None:
    assert safe_destination(path) == path


@pytest.mark.parametrize(
    "address",
    [
        None,
        "",
        "runs",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "\\/evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "\t//evil.example",
        " //evil.example",
        "/%2fevil.example",
        "/%2Fevil.example",
        "%2f%2fevil.example",
        "/%5cevil.example",
        "/%255cevil.example",
        "/%252fevil.example",
        "/%09/evil.example",
        "/\u2028/evil.example",
        "https://evil.example",
        "http:evil.example",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "/login",
        "/login?next=/login",
        "/api/auth/logout",
        "//[evil",
        "/" + "x" * 5_000,
    ],
)
def test_other_addresses_lead_home(address: str | None) -> None:
    assert safe_destination(address) == "/"

"""Documentation that cannot lie: every setting, every file of the map and every route is where the docs say."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from app.settings import Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAPPED = ("main.py", "app", "components", "pages", "trainer", "locales")


def tracked_modules() -> set[str]:
    """Every module of the product that says something: packages by their folder, migrations left to Alembic."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *MAPPED],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    modules = {name for name in listed if name.endswith(".py") and (ROOT / name).exists()}
    return {name for name in modules if not name.endswith("__init__.py") and "migrations/" not in name}


def test_the_readme_maps_every_module_and_no_other() -> None:
    mapped = set(re.findall(r"^\| `([\w/]+\.py)` \|", README, flags=re.MULTILINE))
    assert mapped == tracked_modules()


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_documented_with_its_default_and_meaning(name: str) -> None:
    field = Settings.model_fields[name]
    default = (
        ""
        if field.default is None or field.default == ""
        else f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"
    )
    assert f"| `{name.upper()}` | {default} | {field.description} |" in README


def test_the_example_environment_holds_every_setting_and_no_other() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    named = set(re.findall(r"^#? ?([A-Z_]+)=", example, flags=re.MULTILINE))
    assert named == {name.upper() for name in Settings.model_fields}


def test_pictures_in_the_readme_exist() -> None:
    for picture in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README):
        assert (ROOT / picture).is_file(), picture


def test_the_two_commands_come_first() -> None:
    assert README.index("make run") < README.index("make test") < README.index("![")

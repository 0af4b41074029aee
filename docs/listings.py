"""`python -m docs.listings`: writes what the documents list from the code, the settings and the README's file map."""

from __future__ import annotations

import ast
from pathlib import Path

from app.settings import Settings

ROOT = Path(__file__).parents[1]
ROOMS = ("pages", "components", "locales", "app", "trainer")
SETTINGS_HEAD = "| setting | default | meaning |\n|---|---|---|\n"
FILES_HEAD = "| file | what |\n|---|---|\n"
EXAMPLE_HEAD = "# Copy to .env and uncomment what you want to change. Every setting may also come from the environment.\n"


def main() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    readme = _replace_table(readme, SETTINGS_HEAD, _list_settings())
    readme = _replace_table(readme, FILES_HEAD, _list_files())
    (ROOT / "README.md").write_text(readme, encoding="utf-8")
    (ROOT / ".env.example").write_text(_write_example(), encoding="utf-8")


def _replace_table(text: str, head: str, rows: list[str]) -> str:
    before, _, after = text.partition(head)
    rest = after[after.index("\n\n") :]
    return before + head + "\n".join(rows) + rest


def _list_settings() -> list[str]:
    shown = {name: f"`{_default(name)}`" if _default(name) else "" for name in Settings.model_fields}
    return [f"| `{name.upper()}` | {shown[name]} | {field.description} |" for name, field in Settings.model_fields.items()]


def _default(name: str) -> str:
    value = Settings.model_fields[name].default
    return str(value).lower() if isinstance(value, bool) else str(value)


def _list_files() -> list[str]:
    paths = [ROOT / "main.py", *(path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"), key=_by_depth))]
    wanted = [path for path in paths if path.name != "__init__.py" and "migrations" not in path.parts]
    return [f"| `{path.relative_to(ROOT)}` | {_first_sentence(path)} |" for path in wanted]


def _by_depth(path: Path) -> tuple[str, str]:
    return str(path.parent.relative_to(ROOT)), path.name


def _first_sentence(path: Path) -> str:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return " ".join(docstring.split("\n\n")[0].split()).removesuffix(".")


def _write_example() -> str:
    entries = [f"\n# {field.description}\n# {name.upper()}={_default(name)}\n" for name, field in Settings.model_fields.items()]
    return EXAMPLE_HEAD + "".join(entries)


if __name__ == "__main__":
    main()

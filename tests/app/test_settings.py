"""Settings: defaults, refusals with a sentence, and the secret that is generated once."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from app.settings import InvalidSettings, Settings


def test_defaults_are_the_documented_ones(settings: Settings) -> None:
    loaded = Settings.load()
    assert (loaded.port, loaded.host, loaded.max_upload_mb) == (3001, "127.0.0.1", 100)


def test_a_dotenv_file_is_read_and_the_environment_wins(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("PORT=4000\nMAX_UPLOAD_MB=7\n")
    monkeypatch.setenv("PORT", "5000")
    loaded = Settings.load()
    assert (loaded.port, loaded.max_upload_mb) == (5000, 7)


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "abc"), ("PORT", "70000"), ("MAX_UPLOAD_MB", "0"), ("DEFAULT_LANGUAGE", "de")]
)
def test_a_wrong_value_is_refused_by_name_and_value(
    name: str, value: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidSettings) as refused:
        Settings.load()
    assert name in str(refused.value)
    assert value in str(refused.value)


def test_a_short_secret_is_refused_without_showing_it(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "hunter2")
    with pytest.raises(InvalidSettings) as refused:
        Settings.load()
    assert "SECRET_KEY" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_a_missing_secret_is_generated_once_and_private(settings: Settings) -> None:
    first = settings.resolve_secret()
    assert len(first) >= 32
    assert settings.resolve_secret() == first
    assert stat.S_IMODE((settings.data_dir / "secret.key").stat().st_mode) == 0o600


def test_two_installations_have_different_secrets(settings: Settings, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    assert settings.resolve_secret() != Settings(data_dir=other).resolve_secret()

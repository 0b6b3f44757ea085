"""Settings: defaults, checks that name the variable, and the way to another process."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from service.config import (
    Settings,
    SettingsError,
    child_environment,
    load_settings,
    unknown_variables,
)


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"FACSIMILE_{name.upper()}", raising=False)


def test_with_nothing_set_everything_is_in_one_folder(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path)
    assert settings.database == f"sqlite:///{tmp_path}/facsimile.db"
    assert settings.store == f"file://{tmp_path}/artifacts"
    assert settings.embedded_broker
    assert settings.started_workers == 1
    assert not settings.keys_required


def test_production_is_a_matter_of_urls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACSIMILE_DATABASE_URL", "postgresql+psycopg://u@db/facsimile")
    monkeypatch.setenv("FACSIMILE_BROKER_URL", "redis://broker:6379/0")
    monkeypatch.setenv("FACSIMILE_STORE_URL", "s3://bucket/prefix")
    monkeypatch.setenv("FACSIMILE_HOST", "0.0.0.0")
    settings = load_settings()
    assert settings.database == "postgresql+psycopg://u@db/facsimile"
    assert settings.store == "s3://bucket/prefix"
    assert not settings.embedded_broker
    assert settings.started_workers == 0
    assert settings.keys_required


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "70000"),
        ("IMAGENET", "vgg16.pth"),
        ("PORT", "http"),
        ("DATABASE_URL", "mysql://x"),
        ("BROKER_URL", "amqp://x"),
        ("STORE_URL", "/some/folder"),
        ("LEASE_SECONDS", "0"),
        ("LEASE_SECONDS", "inf"),
        ("MAX_BODY_BYTES", "-1"),
        ("LOG_LEVEL", "LOUD"),
        ("RETENTION_DAYS", "nan"),
        ("REQUIRE_API_KEYS", "perhaps"),
    ],
)
def test_a_bad_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"FACSIMILE_{name}", value)
    with pytest.raises(SettingsError, match=f"FACSIMILE_{name}: "):
        load_settings()


def test_half_of_a_pair_of_keys_is_refused() -> None:
    with pytest.raises(SettingsError, match="store_access_key and store_secret_key"):
        load_settings(store_access_key="x")


def test_false_is_false(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACSIMILE_REQUIRE_API_KEYS", "false")
    assert load_settings().require_api_keys is False


def test_settings_do_not_change(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path)
    with pytest.raises(ValidationError, match="frozen"):
        settings.port = 1  # type: ignore[misc]


def test_another_process_gets_the_same_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings(
        data_dir=tmp_path,
        port=1234,
        store_url="s3://bucket",
        store_access_key="who",
        store_secret_key="hush",
        retention_days=1.5,
        require_api_keys=True,
    )
    monkeypatch.setenv("FACSIMILE_PORT", "99")
    assert Settings.from_environment(settings.environment()) == settings
    assert child_environment(settings)["FACSIMILE_PORT"] == "1234"
    assert child_environment(settings)["FACSIMILE_STORE_SECRET_KEY"] == "hush"


def test_secrets_do_not_print(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path, store_access_key="a", store_secret_key="hush")
    assert "hush" not in repr(settings)
    assert "hush" not in settings.model_dump_json()


def test_misspelt_variables_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACSIMILE_PROT", "80")
    assert "FACSIMILE_PROT" in unknown_variables()

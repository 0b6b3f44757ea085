"""The settings of the whole service: one frozen object, and the only reader of the environment.

Every field is set by the variable ``FACSIMILE_<FIELD>``. With nothing set, the service keeps
everything (SQLite, blobs, broker) under one data folder; production names its own database,
broker and store by URL, and nothing else changes.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX: Final = "FACSIMILE_"

Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class SettingsError(ValueError):
    """One or more settings are wrong; the message names each variable and what to do."""


class Settings(BaseSettings):
    """Everything an operator may choose. Durations are in seconds, sizes in bytes."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", env_ignore_empty=True
    )

    # where it listens
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    require_api_keys: bool = False
    """Ask for a key even on loopback. On any other address keys are always required."""

    # where it keeps things
    data_dir: Path = Path("data")
    database_url: str | None = None
    broker_url: str | None = None
    store_url: str | None = None
    """``s3://bucket/optional/prefix``; a folder under `data_dir` when not set."""
    store_endpoint: str | None = None
    store_region: str = "us-east-1"
    store_access_key: SecretStr | None = None
    store_secret_key: SecretStr | None = None
    retention_days: float | None = Field(None, gt=0, allow_inf_nan=False)
    """Photos and results are erased this long after they were made; kept for ever when not set."""

    # what one request may ask
    max_body_bytes: int = Field(32 * 1024 * 1024, ge=1024)
    max_files: int = Field(500, ge=1)
    max_targets: int = Field(10_000, ge=1)
    max_items: int = Field(10_000, ge=1)
    """Images times targets. 10,000 rows of about 1 kB make a reply of 10 MB at the most."""
    max_image_pixels: int = Field(50_000_000, ge=1)
    max_image_side: int = Field(12_000, ge=1)

    # corpora and datasets
    corpora_root: Path | None = None
    """Folder below which corpora may be imported by path, by the same path on every worker; none
    may when not set."""
    max_archive_bytes: int = Field(20_000_000_000, ge=1024)
    """An uploaded corpus: DISFA's 27 videos and labels take about 8 GB."""
    max_unpacked_bytes: int = Field(100_000_000_000, ge=1024)
    max_dataset_images: int = Field(500_000, ge=1)
    """500,000 images of about 75 kB are 37.5 GB."""
    frames_per_shard: int = Field(200, ge=1)
    images_per_shard: int = Field(100, ge=1)
    """What a killed worker loses: 100 drawings, about 3 s. In memory: 100 * 75 kB = 7.5 MB."""
    garbage_hours: float = Field(24.0, ge=0, allow_inf_nan=False)
    """Blobs that nothing refers to are removed when they are this old: longer than any upload."""
    collect_seconds: Seconds = 6 * 3600.0
    """How often they are looked for."""

    # estimates
    estimate_wait_seconds: float = Field(20.0, ge=0, allow_inf_nan=False)
    """How long a request for estimates waits for them before it answers 202."""
    estimate_wait_images: int = Field(32, ge=0)
    """Requests for more images than this do not wait: 32 take about a second."""

    # drawing at once
    preview_processes: int = Field(1, ge=1)
    """Processes that draw while somebody moves a slider; 0.6 GB each, started when needed."""

    # how work is done
    worker_processes: int | None = Field(None, ge=0)
    """Workers that `serve` starts: by default one with the embedded broker, else none."""
    worker_concurrency: int = Field(1, ge=1)
    batch_size: int = Field(16, ge=1)
    """Drawings per batch: 16 * (224 * 224 + 672 * 672) * 3 B = 24 MB, twice as two overlap."""
    lease_seconds: Seconds = 15.0
    sweep_seconds: Seconds = 2.0
    chore_seconds: Seconds = 60.0
    """How often what has expired is looked for and erased."""
    slice_seconds: Seconds = 30.0
    """A job that has run this long lets a waiting one go first, and continues behind it."""
    checkpoint_seconds: Seconds = 300.0
    """How often the training of a generator keeps its state: a lost worker costs as much."""
    imagenet: Path | None = None
    """File of VGG16's ImageNet weights (safetensors) on the workers, which every `vgg16` that is
    trained from nothing starts from."""
    max_attempts: int = Field(5, ge=1)
    """How often a job may die without getting any further before it counts as failed."""
    visibility_seconds: int = Field(600, ge=60)
    """How long Redis waits before it delivers a message again; well above `slice_seconds`."""
    idempotency_hours: float = Field(24.0, gt=0, allow_inf_nan=False)

    log_level: str = "INFO"

    @field_validator("imagenet")
    @classmethod
    def _safetensors(cls, value: Path | None) -> Path | None:
        if value is not None and value.suffix != ".safetensors":
            raise ValueError("name a file of safetensors")
        return value

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
            raise ValueError("use DEBUG, INFO, WARNING or ERROR")
        return value.upper()

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("postgresql+psycopg://", "sqlite:///")):
            raise ValueError("use postgresql+psycopg://user@host:port/name or sqlite:///path")
        return value

    @field_validator("broker_url")
    @classmethod
    def _known_broker(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("redis://", "rediss://", "filesystem://")):
            raise ValueError("use redis://host:port/number, rediss://… or filesystem://")
        return value

    @field_validator("store_url")
    @classmethod
    def _known_store(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("s3://", "file://")):
            raise ValueError("use s3://bucket/prefix or file:///folder")
        return value

    @model_validator(mode="after")
    def _keys_come_in_pairs(self) -> Self:
        if (self.store_access_key is None) != (self.store_secret_key is None):
            raise ValueError("store_access_key and store_secret_key are set together or not at all")
        return self

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in use."""
        return self.database_url or f"sqlite:///{self.data_dir.absolute() / 'facsimile.db'}"

    @property
    def broker(self) -> str:
        """The Celery broker URL in use."""
        return self.broker_url or "filesystem://localhost/"

    @property
    def embedded_broker(self) -> bool:
        """Whether messages are files under `data_dir`, which only this machine can read."""
        return self.broker.startswith("filesystem://")

    @property
    def store(self) -> str:
        """The URL of the artifact store in use."""
        return self.store_url or f"file://{self.data_dir.absolute() / 'artifacts'}"

    @property
    def started_workers(self) -> int:
        """How many worker processes `serve` starts beside the API."""
        if self.worker_processes is not None:
            return self.worker_processes
        return 1 if self.embedded_broker else 0

    @property
    def keys_required(self) -> bool:
        """API keys are optional on loopback alone, where only this machine can call."""
        return self.require_api_keys or not is_loopback(self.host)

    def environment(self) -> dict[str, str]:
        """The variables that make an equal `Settings` in another process, secrets included."""
        out: dict[str, str] = {}
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, SecretStr):
                value = value.get_secret_value()
            if value is not None:
                out[PREFIX + name.upper()] = str(value)
        return out

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> Settings:
        """The inverse of `environment`, whatever this process's own variables say."""
        values = {
            key.removeprefix(PREFIX).lower(): value
            for key, value in variables.items()
            if key.startswith(PREFIX)
        }
        return load_settings(**values)


class ClientSettings(BaseSettings):
    """Where the command line finds a running service, by ``FACSIMILE_<FIELD>``."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, env_ignore_empty=True)

    url: str | None = None
    api_key: SecretStr | None = None


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def load_settings(**overrides: Any) -> Settings:
    """Read the environment, `overrides` first; None in an override means "not given".

    Raises:
        SettingsError: names every variable that is wrong.
    """
    try:
        return Settings(**{key: value for key, value in overrides.items() if value is not None})
    except ValidationError as error:
        lines = [
            f"{PREFIX}{'_'.join(map(str, detail['loc'])).upper()}: {detail['msg']}"
            if detail["loc"]
            else detail["msg"]
            for detail in error.errors()
        ]
        raise SettingsError("bad settings: " + "; ".join(lines)) from error


def unknown_variables() -> list[str]:
    """Variables with our prefix that set nothing, most likely misspelt."""
    fields = {**Settings.model_fields, **ClientSettings.model_fields}
    known = {PREFIX + name.upper() for name in fields}
    return sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)


def child_environment(settings: Settings) -> dict[str, str]:
    """This process's environment with `settings` in it, for a worker process."""
    return {**os.environ, **settings.environment()}


def environment_without_settings() -> dict[str, str]:
    """This process's environment less our variables, for a service that must not share a thing."""
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}

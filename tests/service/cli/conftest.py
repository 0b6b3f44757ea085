"""One running service for the tests of the command line, and a way to call commands."""

from __future__ import annotations

import importlib.resources
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import pytest
from typer.testing import CliRunner

from service.cli import app
from service.cli.running import running_service
from service.client import Client
from service.config import PREFIX, environment_without_settings

ROOT: Final = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Done:
    """What a command that has ended said."""

    returncode: int
    stdout: str
    stderr: str


class Facsimile(Protocol):
    """Runs a command as a user does; `variables` are set in its environment."""

    def __call__(self, *arguments: object, **variables: str) -> Done: ...


@pytest.fixture(scope="session")
def service_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("service")


@pytest.fixture(scope="session")
def running(service_folder: Path) -> Iterator[Client]:
    with running_service(service_folder) as client:
        yield client


@pytest.fixture
def portrait(tmp_path: Path) -> Path:
    """A photo with a face, 512x512."""
    photo = tmp_path / "astronaut.png"
    packaged = importlib.resources.files("skimage.data").joinpath("astronaut.png")
    photo.write_bytes(packaged.read_bytes())
    return photo


@pytest.fixture
def facsimile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Facsimile:
    """Commands that end by themselves, run in this process to spare its start."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)

    def run(*arguments: object, **variables: str) -> Done:
        result = CliRunner().invoke(app, [str(a) for a in arguments], env=variables)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Done(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture
def facsimile_process(tmp_path: Path) -> Facsimile:
    """Commands that start servers, run in a process of their own."""

    def run(*arguments: object, **variables: str) -> Done:
        ended = subprocess.run(
            [sys.executable, "-m", "service.cli", *map(str, arguments)],
            cwd=tmp_path,
            env={**environment_without_settings(), "PYTHONPATH": str(ROOT), **variables},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Done(ended.returncode, ended.stdout, ended.stderr)

    return run

"""One running service for the tests of the command line, and a way to call commands."""

from __future__ import annotations

import importlib.resources
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from service.cli.running import running_service
from service.client import Client
from service.config import environment_without_settings

Facsimile = Callable[..., subprocess.CompletedProcess[str]]


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
def facsimile(tmp_path: Path) -> Facsimile:
    """Run a command as a user does; `variables` are set in its environment."""

    def run(*arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "service.cli", *map(str, arguments)],
            cwd=tmp_path,
            env={**environment_without_settings(), "PYTHONPATH": os.getcwd(), **variables},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run

"""Clients that others make from the OpenAPI document: they compile, lack nothing, and work."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.app import create_app
from service.config import environment_without_settings, load_settings
from tests.support.backends import BACKENDS
from tests.support.pictures import small_portrait
from tests.support.running import Service, running

HERE = Path(__file__).parent
JOURNEYS = HERE / "journeys"
PYTHON = HERE / ".venv" / "bin"
NPM = HERE / "node_modules"

pytestmark = [
    pytest.mark.skipif(not NPM.exists(), reason="the npm packages are missing: make clients"),
    pytest.mark.skipif(
        not PYTHON.exists(), reason="openapi-python-client is missing: make clients"
    ),
]


def run(*command: str | Path, cwd: Path) -> str:
    """What a command prints, which has to end well."""
    quiet = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**environment_without_settings(), **quiet},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the document as `openapi.json`."""
    folder = tmp_path_factory.mktemp("clients")
    document = create_app(load_settings(data_dir=folder)).openapi()
    (folder / "openapi.json").write_text(json.dumps(document))
    return folder


@pytest.fixture(scope="module")
def schemas(place: Path) -> list[str]:
    """The names of the document's schemas."""
    document: dict[str, Any] = json.loads((place / "openapi.json").read_text())
    return list(document["components"]["schemas"])


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that asks for keys."""
    data = tmp_path_factory.mktemp("keyed")
    with (
        BACKENDS["embedded"]() as backend,
        running(backend, data, require_api_keys="true") as started,
    ):
        yield started


def walk(keyed: Service, owner: str, place: Path, *command: str | Path) -> None:
    """Have a client walk its journey, and look at the picture it brings."""
    key = subprocess.run(
        [sys.executable, "-m", "service.cli", "keys", "create", owner],
        env={**environment_without_settings(), **keyed.variables},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    photo, out = place / "portrait.png", place / f"{owner}.png"
    photo.write_bytes(small_portrait())
    run(*command, f"http://127.0.0.1:{keyed.port}", key, photo, out, cwd=place)
    assert out.read_bytes().startswith(b"\x89PNG")
    assert b"compositeWithTrainedAlgorithmicMedia" in out.read_bytes()


def test_the_linter_finds_nothing(place: Path) -> None:
    redocly = NPM / ".bin" / "redocly"
    found = run(
        redocly, "lint", "openapi.json", "--extends", "recommended", "--format", "json", cwd=place
    )
    assert json.loads(found)["problems"] == []


@pytest.fixture(scope="module")
def python_client(place: Path) -> Path:
    """The client that openapi-python-client makes, in a folder of its own."""
    folder = place / "python"
    folder.mkdir()
    said = run(
        PYTHON / "openapi-python-client",
        "generate",
        *("--path", place / "openapi.json", "--config", HERE / "openapi-python-client.yml"),
        *("--meta", "none", "--output-path", folder / "facsimile_client"),
        cwd=place,
    )
    assert "WARNING" not in said
    assert "Unable" not in said
    shutil.copy(JOURNEYS / "journey.py", folder)
    return folder


def test_the_python_client_has_every_schema(python_client: Path, schemas: list[str]) -> None:
    given = (python_client / "facsimile_client" / "models" / "__init__.py").read_text()
    exported = given[given.index("__all__") :]
    assert [name for name in schemas if f'"{name}"' not in exported] == []


def test_the_python_client_and_its_use_are_typed(python_client: Path) -> None:
    run(
        *(sys.executable, "-m", "mypy", "--python-executable", PYTHON / "python"),
        *("--config-file", os.devnull, "--cache-dir", python_client / ".mypy_cache"),
        *("facsimile_client", "journey.py"),
        cwd=python_client,
    )


def test_the_python_client_works(python_client: Path, keyed: Service) -> None:
    walk(keyed, "python", python_client, PYTHON / "python", "journey.py")


@pytest.fixture(scope="module")
def typescript(place: Path) -> Path:
    """The types that openapi-typescript writes, with the journey, in a folder of their own."""
    folder = place / "typescript"
    shutil.copytree(JOURNEYS, folder)
    (folder / "node_modules").symlink_to(NPM)
    (folder / "package.json").write_text('{"type": "module"}')
    # Otherwise it takes what has a default for what has to be sent.
    optional = "--default-non-nullable=false"
    maker = NPM / ".bin" / "openapi-typescript"
    run(maker, "../openapi.json", optional, "--output", "schema.d.ts", cwd=folder)
    return folder


def test_the_typescript_client_has_every_schema_and_compiles(
    typescript: Path, schemas: list[str]
) -> None:
    uses = [f'export type {name} = components["schemas"]["{name}"];' for name in schemas]
    head = 'import type { components } from "./schema.js";'
    (typescript / "uses.ts").write_text("\n".join([head, *uses]))
    run(NPM / ".bin" / "tsc", "--project", ".", cwd=typescript)
    assert (typescript / "journey.js").exists()


def test_the_typescript_client_works(typescript: Path, keyed: Service) -> None:
    if not (typescript / "journey.js").exists():
        run(NPM / ".bin" / "tsc", "--project", ".", cwd=typescript)
    walk(keyed, "typescript", typescript, "node", "journey.js")

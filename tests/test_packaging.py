"""What is built, shipped and deployed agrees with the code: files, settings, ports, versions."""

from __future__ import annotations

import ast
import fnmatch
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.app import create_app
from service.config import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("models", "service", "worker")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
OPERATION = (ROOT / "docs" / "operation.md").read_text()
API = (ROOT / "docs" / "api.md").read_text()
OURS = {*PACKAGES, "scripts", "tests", "benchmarks", "facsimile_client"}
"""`facsimile_client` is made by a test."""
OWN_SERVICES = ("migrate", "api", "worker", "worker-gpu")


def _names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[=]", requirement)[0] for requirement in requirements}


def _imported_modules(folders: tuple[str, ...]) -> set[str]:
    found: set[str] = set()
    for folder in folders:
        for path in (ROOT / folder).rglob("*.py"):
            if {".venv", "node_modules"} & set(path.parts[len(ROOT.parts) :]):
                continue  # what `make clients` installs
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Import):
                    found.update(alias.name.partition(".")[0] for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - OURS


def _distributions(modules: set[str]) -> set[str]:
    known = importlib.metadata.packages_distributions()
    # torch need not be installed, and is called the same.
    return {re.sub(r"[-_.]+", "-", known.get(m, [m])[0]).lower() for m in modules}


def _dockerfile(instruction: str) -> list[str]:
    joined = re.sub(r"\\\n\s*", "", DOCKERFILE)
    return re.findall(rf"^{instruction} (.*)$", joined, re.MULTILINE)


def _environment_of_the_image() -> dict[str, str]:
    return dict(pair.split("=", 1) for line in _dockerfile("ENV") for pair in line.split())


def test_every_version_is_pinned() -> None:
    requirements = [
        *PROJECT["project"]["dependencies"],
        *(r for extra in PROJECT["project"]["optional-dependencies"].values() for r in extra),
    ]
    loose = [r for r in requirements if "==" not in r]
    assert loose == []


def test_constraints_agree_with_the_pinned_versions() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pairs = [line.split("==") for line in lines if not line.startswith("#")]
    constraints = {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in pairs}
    extras = PROJECT["project"]["optional-dependencies"]
    for requirement in [*PROJECT["project"]["dependencies"], *extras["dev"]]:
        if "==" in requirement:
            name, version = re.sub(r"\[.*\]", "", requirement).split("==")
            assert constraints[name] == version, name


def test_what_the_packages_import_is_what_they_depend_on() -> None:
    used = _distributions(_imported_modules(PACKAGES))
    declared = _names(PROJECT["project"]["dependencies"])
    used -= _names(PROJECT["project"]["optional-dependencies"]["torch"])
    assert used - declared == set()
    # psycopg and redis are loaded by SQLAlchemy and Celery, by the name in a URL; python-multipart
    # by FastAPI; fastapi-swagger is files alone.
    assert declared - used <= {"psycopg", "redis", "python-multipart", "fastapi-swagger"}


def test_what_tests_and_scripts_import_is_declared_too() -> None:
    used = _distributions(_imported_modules(("tests", "scripts", "benchmarks")))
    extras = PROJECT["project"]["optional-dependencies"]
    optional = [requirement for extra in extras.values() for requirement in extra]
    declared = _names([*PROJECT["project"]["dependencies"], *optional])
    assert used - declared == set()


def test_every_data_file_of_a_package_is_shipped() -> None:
    patterns = PROJECT["tool"]["setuptools"]["package-data"]
    shipped = [f"*/{pattern}" for pattern in patterns["*"]]
    shipped += [f"{p}/{pattern}" for p in PACKAGES for pattern in patterns.get(p, [])]
    tracked = subprocess.run(
        ["git", "ls-files", *PACKAGES], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    data = [path for path in tracked if not path.endswith((".py", ".md"))]
    left_out = [p for p in data if not any(fnmatch.fnmatch(p, pattern) for pattern in shipped)]
    assert left_out == []


def test_every_folder_with_code_is_a_package() -> None:
    folders = {path.parent for name in PACKAGES for path in (ROOT / name).rglob("*.py")}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_the_image_copies_files_that_exist_and_reach_the_builder() -> None:
    allowed = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    sources = [
        source
        for line in _dockerfile("COPY")
        if not line.startswith("--from")
        for source in line.split()[:-1]
    ]
    assert set(sources) == allowed
    assert [source for source in sources if not (ROOT / source).exists()] == []


def test_the_image_holds_every_package_and_the_licences() -> None:
    copied = " ".join(_dockerfile("COPY")).split()
    assert {*PACKAGES, *PROJECT["project"]["license-files"]} <= set(copied)


def test_the_image_does_not_run_as_root() -> None:
    final_stage = DOCKERFILE.rpartition("\nFROM ")[2]
    users = re.findall(r"^USER (.*)$", final_stage, re.MULTILINE)
    assert users
    assert users[-1] not in {"root", "0"}


def test_the_image_listens_where_it_says() -> None:
    environment = _environment_of_the_image()
    (exposed,) = _dockerfile("EXPOSE")
    assert environment["FACSIMILE_PORT"] == exposed
    assert f"http://127.0.0.1:{exposed}/healthz" in DOCKERFILE
    (published,) = COMPOSE["services"]["api"]["ports"]
    assert published.endswith(f":{exposed}")


@pytest.mark.parametrize("service", OWN_SERVICES)
def test_the_variables_of_the_deployment_are_settings(
    service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = {**_environment_of_the_image(), **COMPOSE["services"][service]["environment"]}
    ours = {name: value for name, value in variables.items() if name.startswith(PREFIX)}
    fields = {PREFIX + name.upper() for name in Settings.model_fields}
    assert set(ours) - fields == set()
    settings = Settings.from_environment(
        {name: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value) for name, value in ours.items()}
    )
    assert settings.database.startswith("postgresql")
    assert not settings.embedded_broker
    assert settings.keys_required
    assert settings.started_workers == 0


def test_services_are_reached_by_the_names_and_ports_they_have() -> None:
    environment = COMPOSE["services"]["api"]["environment"]
    for variable in ("DATABASE_URL", "BROKER_URL", "STORE_ENDPOINT"):
        host = re.search(r"(?://|@)([a-z0-9]+):\d+", environment[PREFIX + variable])
        assert host is not None, variable
        assert host[1] in COMPOSE["services"], variable
    store = COMPOSE["services"]["s3"]
    bucket = environment["FACSIMILE_STORE_URL"].removeprefix("s3://")
    assert f"-bucket={bucket}" in store["command"]
    assert environment["FACSIMILE_STORE_ENDPOINT"] + "/healthz" == store["healthcheck"]["test"][
        -1
    ].replace("127.0.0.1", "s3")
    for theirs, ours in (("ACCESS_KEY_ID", "ACCESS_KEY"), ("SECRET_ACCESS_KEY", "SECRET_KEY")):
        assert store["environment"]["AWS_" + theirs] == environment["FACSIMILE_STORE_" + ours]


def test_every_service_has_a_health_check_and_waits_for_healthy_ones() -> None:
    for name, service in COMPOSE["services"].items():
        if name.startswith(("api", "migrate")) or "image" not in service:
            continue
        assert "healthcheck" in service, name
    for name in ("api", "worker", "worker-gpu"):
        conditions = {
            key: v["condition"] for key, v in COMPOSE["services"][name]["depends_on"].items()
        }
        assert conditions == {
            "migrate": "service_completed_successfully",
            "redis": "service_healthy",
            "s3": "service_healthy",
        }


def test_the_image_has_the_version_of_the_project() -> None:
    version = PROJECT["project"]["version"]
    for name in OWN_SERVICES:
        assert COMPOSE["services"][name]["image"].startswith(f"facsimile:{version}"), name


def test_the_makefile_sets_up_from_the_files_that_decide_it() -> None:
    makefile = (ROOT / "Makefile").read_text()
    inputs = re.search(r"^INPUTS := (.*)$", makefile, re.MULTILINE)
    assert inputs is not None
    assert [name for name in inputs[1].split() if not (ROOT / name).exists()] == []


def test_the_documentation_lists_every_setting_and_its_default() -> None:
    rows = re.findall(r"^\| (`FACSIMILE_[^|]*) \| ([^|]*) \|", OPERATION, re.MULTILINE)
    documented = {
        name: default for names, default in rows for name in re.findall(r"`(\w+)`", names)
    }
    assert set(documented) == {PREFIX + name.upper() for name in Settings.model_fields}
    for name, field in Settings.model_fields.items():
        if field.default is not None:
            assert documented[PREFIX + name.upper()] == f"`{field.default}`", name


def test_the_documentation_lists_every_path_of_the_api() -> None:
    undocumented = []
    for path in create_app(Settings()).openapi()["paths"]:
        pattern = re.sub(r"\{\w+_id\}", "{id}", path).replace("{output}", "face")
        if pattern not in API:
            undocumented.append(path)
    assert undocumented == []


def test_the_licence_of_every_dependency_is_listed() -> None:
    listed = (ROOT / "THIRD_PARTY.md").read_text()
    extras = PROJECT["project"]["optional-dependencies"]
    shipped = _names([*PROJECT["project"]["dependencies"], "scikit-image", *extras["torch"]])
    assert [name for name in sorted(shipped) if not re.search(rf"[| ]{name}[, ]", listed)] == []

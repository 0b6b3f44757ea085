"""Imports go one way, only one module reads the environment, and the service needs no torch."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = ("models", "service", "worker")
NO_TORCH = (
    "models.facs",
    "models.images",
    "models.registration",
    "models.characters",
    "models.marking",
    "models.corpora",
    "models.balancing",
    "models.assets",
    "models.checkpoints",
    "models.checkpoint_zip",
    "models.estimators.config",
    "models.estimators.onnx_graph",
    "models.estimators.shipped",
    "models.generators.config",
    "models.generators.shapes",
    "models.personalisation.recipes",
)
"""What the service may use of `models`."""
DRAWING = "service.drawing.child"
"""What runs in the processes that draw at once, and in no other: generators are loaded there, those
that need no torch alone."""
FOR_WORKERS = (
    "service.config",
    "service.db",
    "service.artifacts",
    "service.jobs.contracts",
    "service.logs",
)


@cache
def imports() -> dict[str, frozenset[str]]:
    """Every module of ours, with the names it imports from anywhere in its text."""
    found = {}
    for top in OURS:
        for path in sorted((ROOT / top).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found[name.removesuffix(".__init__")] = frozenset(_imported(path))
    return found


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def source(module: str) -> str:
    """The text of a module."""
    path = ROOT.joinpath(*module.split("."))
    return (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text()


def within(name: str, *packages: str) -> bool:
    """Whether a dotted name is one of the packages or in one."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def wrong(of: str, imported: str, *allowed: str) -> list[str]:
    """What modules in `of` import from `imported` although it is not `allowed`."""
    return [
        f"{module} imports {name}"
        for module, names in imports().items()
        if within(module, of)
        for name in sorted(names)
        if within(name, imported) and not within(name, *allowed)
    ]


def test_the_reader_finds_what_is_there() -> None:
    assert len(imports()) > 60
    assert "service.config.Settings" in imports()["service.app"]
    assert wrong("service.app", "service", "service.nothing")


def test_models_know_nothing_of_services() -> None:
    others = ("service", "worker", "sqlalchemy", "celery", "fastapi", "starlette", "httpx")
    assert [line for name in others for line in wrong("models", name)] == []


def test_workers_use_of_the_service_what_they_share_with_it() -> None:
    assert wrong("worker", "service", *FOR_WORKERS) == []


def test_the_service_uses_of_the_models_what_needs_no_torch() -> None:
    # Commands are processes of their own, and may load what they like.
    lines = wrong("service", "models", *NO_TORCH)
    assert [line for line in lines if not line.startswith(("service.cli", DRAWING))] == []


def test_generators_are_loaded_at_once_only_where_they_draw() -> None:
    allowed = (
        "models.generators",
        "models.rig.shown",
        "models.expressions",
        "models.estimators.reader",
    )
    assert wrong(DRAWING, "models", *NO_TORCH, *allowed) == []
    importers = [
        module
        for module, names in imports().items()
        if within(module, "service") and any(within(name, DRAWING) for name in names)
    ]
    assert importers == ["service.drawing.room"]
    code = f"import sys, {DRAWING}; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert "models.generators.registry" in loaded
    assert [name for name in loaded if within(name, "torch", "fastapi", "service.api")] == []


def test_the_service_knows_no_worker_but_by_the_command_that_starts_one() -> None:
    assert [line for line in wrong("service", "worker") if not line.startswith("service.cli")] == []


@pytest.mark.parametrize(
    "low", ["service.db", "service.artifacts", "service.jobs", "service.drawing"]
)
def test_what_keeps_things_knows_no_rules_and_no_http(low: str) -> None:
    upper = ("service.usecases", "service.api", "service.app", "fastapi", "starlette")
    assert [line for name in upper for line in wrong(low, name)] == []


def test_the_wire_knows_rows_by_their_types_alone() -> None:
    # Clients import it too.
    allowed = ("service.wire", "service.db.tables", "service.jobs.contracts", "service.errors.base")
    assert wrong("service.wire", "service", *allowed) == []
    code = "import sys, service.wire.expressions, service.wire.models; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert "service.wire.models" in loaded
    assert [name for name in loaded if within(name, "sqlalchemy", "fastapi")] == []


def test_rules_know_no_http() -> None:
    upper = ("service.api", "service.app", "fastapi", "starlette")
    assert [line for name in upper for line in wrong("service.usecases", name)] == []


def test_only_the_settings_read_the_environment() -> None:
    readers = {
        module
        for module in imports()
        for node in ast.walk(ast.parse(source(module)))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "environb")
    }
    assert readers == {"service.config"}


def test_onnxruntime_is_loaded_where_it_is_kept_quiet() -> None:
    assert [name for name, names in imports().items() if "onnxruntime" in names] == [
        "models.onnx_session"
    ]


def test_only_the_edges_commit() -> None:
    """The request's session and the sessions of `Database.write` do; no rule does."""
    rules = ("service.usecases", "service.api", "worker")
    committing = [
        module for module in imports() if within(module, *rules) and ".commit(" in source(module)
    ]
    assert committing == ["service.api.deps"]


def test_loading_the_application_loads_no_torch_and_no_worker() -> None:
    code = "import sys, service.app; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert "service.api.expressions" in loaded
    assert [name for name in loaded if within(name, "torch", "worker", DRAWING)] == []
    assert [name for name in loaded if within(name, "models.generators")] == [
        "models.generators",
        "models.generators.config",
        "models.generators.shapes",
    ]

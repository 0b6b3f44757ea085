"""Whatever trains or draws asks one place where to compute."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed")

import torch

from models import device
from models.device import compute_device, training_precision
from models.estimators import fit as fitting
from models.generators.rig import RigGenerator
from models.personalisation import personalise as personalising
from models.personalisation.recipes import Recipe
from tests.models.estimators.test_reference import QUICK, parts
from tests.support.estimators import small_estimator
from tests.support.faces import calm

ROOT = Path(__file__).parents[2]


def test_a_gpu_is_taken_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert compute_device() == torch.device("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert compute_device() == torch.device("cpu")


def test_training_is_in_bfloat16_on_gpus_that_have_it_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert training_precision(torch.device("cpu")) == "float32"
    for able, expected in ((True, "bfloat16"), (False, "float32")):
        monkeypatch.setattr(
            torch.cuda, "is_bf16_supported", lambda including_emulation, able=able: able
        )
        assert training_precision(torch.device("cuda")) == expected


def test_training_and_personalising_ask_there(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def noted(name: str) -> torch.device:
        asked.append(name)
        return torch.device("cpu")

    monkeypatch.setattr(fitting, "compute_device", lambda: noted("fit"))
    monkeypatch.setattr(personalising, "compute_device", lambda: noted("personalise"))
    fitting.fit(parts(), replace(QUICK, epochs=1))
    recipe = Recipe(1e-4, epochs=1)
    personalising.personalise(small_estimator(), calm(), RigGenerator(), "fine-tune", recipe)
    assert asked == ["fit", "personalise"]


def test_nobody_else_looks_for_a_gpu() -> None:
    looking = {
        str(path.relative_to(ROOT))
        for top in ("models", "worker", "service")
        for path in (ROOT / top).rglob("*.py")
        if "cuda.is_available" in path.read_text()
    }
    # `joined` deals out one each to several processes; the command says that there is none.
    assert looking == {
        str(Path(device.__file__).relative_to(ROOT)),
        "models/generators/processes.py",
        "service/cli/train.py",
    }

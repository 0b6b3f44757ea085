"""Keeps a training run in one file, without pickle."""

from __future__ import annotations

import json
import os
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import load_file, save_file

from models.estimators.training import TrainingState

_KEY = "facsimile.training"


def save_state(path: Path, state: TrainingState) -> None:
    """Write the state in one step: a killed run leaves the last whole one."""
    facts = {
        "step": state.step,
        "best_score": state.best_score,
        "best_step": state.best_step,
        "stale": state.stale,
    }
    temporary = path.with_name(f".{path.name}.part")
    tensors = {name: tensor.contiguous() for name, tensor in state.tensors.items()}
    save_file(tensors, temporary, {_KEY: json.dumps(facts)})
    os.replace(temporary, path)


def load_state(path: Path) -> TrainingState:
    """Read what `save_state` wrote.

    Raises:
        ValueError: the file is something else.
    """
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata() or {}
    if _KEY not in metadata:
        raise ValueError(f"{path} is not the state of a training run")
    return TrainingState(**json.loads(metadata[_KEY]), tensors=load_file(path))

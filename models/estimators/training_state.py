"""Keeps a training run of an estimator in one file."""

from __future__ import annotations

from pathlib import Path

from models.estimators.training import TrainingState
from models.resumable import read_state, write_state

_KIND = "facsimile.training"


def save_state(path: Path, state: TrainingState) -> None:
    """Write the state in one step: a killed run leaves the last whole one."""
    facts = {
        "step": state.step,
        "best_score": state.best_score,
        "best_step": state.best_step,
        "stale": state.stale,
        "fingerprint": state.fingerprint,
    }
    write_state(path, _KIND, facts, state.tensors)


def load_state(path: Path) -> TrainingState:
    """Read what `save_state` wrote.

    Raises:
        models.checkpoints.CheckpointError: the file is damaged or something else.
    """
    facts, tensors = read_state(path, _KIND)
    return TrainingState(**facts, tensors=tensors)

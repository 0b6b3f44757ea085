"""The trained network at work, by onnxruntime."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np

from models.assets import WEIGHTS
from models.checkpoints import CARD, CONFIG, MODEL, Checkpoint, decode
from models.hybrid.graph import onnx_model
from models.hybrid.scene import FloatArray, Scene
from models.onnx_session import open_session
from models.shipped import load_shipped

_FOLDER: Final = "hybrid"
_LEVELS: Final = np.float32(127.5)
"""Grey levels in one unit of an answer."""


class Corrector:
    """Says by how much a drawing has to change. Safe to use from several threads."""

    def __init__(self, checkpoint: Checkpoint, threads: int = 1) -> None:
        """From a checkpoint; `threads` work on one drawing, 0 for as many as there are cores.

        Raises:
            CheckpointMismatchError: it is not of this network.
        """
        self._session = open_session(onnx_model(checkpoint), threads)

    def correction(self, scene: Scene) -> FloatArray:
        """float32 (128, 128, 3): grey levels to add to the window of `scene`."""
        # One at a time: the same scene gives the same bytes whatever else is in a batch.
        answers = self._session.run(["answers"], {"planes": scene.planes[None]})[0][0]
        both = answers[:3] * scene.gates[0] + answers[3:] * scene.gates[1]
        return np.ascontiguousarray(both.transpose(1, 2, 0) * _LEVELS, np.float32)


@lru_cache(maxsize=1)
def shipped_corrector() -> Corrector:
    """The corrector that ships, read once.

    Raises:
        models.assets.AssetError: its weights are missing or damaged.
    """
    return Corrector(shipped_checkpoint())


def shipped_checkpoint(folder: Path = WEIGHTS) -> Checkpoint:
    """The checkpoint of the corrector that ships, each file held to its SHA-256.

    Raises:
        models.assets.AssetError: a file is missing or damaged.
    """
    files = {name: load_shipped(f"{_FOLDER}/{name}", folder) for name in (MODEL, CONFIG, CARD)}
    return decode(files)

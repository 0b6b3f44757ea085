"""A small correction with weights at random, to try what is done with one."""

from __future__ import annotations

import numpy as np

from models.checkpoints import Checkpoint
from models.hybrid.config import HybridConfig

SMALL = HybridConfig((16, 24), 16, 1.5)


def random_checkpoint(config: HybridConfig = SMALL, seed: int = 0) -> Checkpoint:
    """Weights at random, of a size that gives answers of some tenths."""
    rng = np.random.default_rng(seed)
    tensors = {}
    for name, shape in config.shapes().items():
        scale = 0.05 if len(shape) == 1 else 1.4 / np.sqrt(np.prod(shape[1:]))
        tensors[name] = (scale * rng.standard_normal(shape)).astype(np.float32)
    return Checkpoint(tensors, config.as_json(), "")

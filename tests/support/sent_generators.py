"""Checkpoints of generators, as they are uploaded. No torch."""

from __future__ import annotations

import numpy as np

from models.checkpoints import Checkpoint
from models.generators.config import GeneratorConfig
from models.generators.shapes import shapes

SMALL = GeneratorConfig(aus=("AU06", "AU12"), size=32, channels=16, blocks=1)


def small_generator(seed: int = 0, config: GeneratorConfig = SMALL) -> Checkpoint:
    """A checkpoint with weights at random."""
    rng = np.random.default_rng(seed)
    tensors = {
        name: rng.normal(0, 0.02, shape).astype(np.float16)
        for name, shape in shapes(config).items()
    }
    return Checkpoint(tensors, config.as_json(), "# small\n")

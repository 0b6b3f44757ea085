"""Trains a small generator in a process of its own, to be killed or to be one of several.

Run as ``python -m tests.models.generators.training_process FOLDER STEPS``, alone or by
``torchrun``; prints each step that is done and safe.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import torch

from models.generators.config import GanConfig, LossWeights
from models.generators.pairs import PeoplePairs
from models.generators.processes import joined
from models.generators.training import train_generator
from tests.support.gans import bright_faces, small

CONFIG = small(losses=LossWeights(idiosyncratic=100))
"""Where the loss that knows how many targets there are says most."""


def training(steps: int) -> GanConfig:
    """The run of so many steps."""
    return replace(CONFIG, steps=steps)


def main() -> None:
    torch.set_num_threads(1)
    folder, steps = Path(sys.argv[1]), int(sys.argv[2])
    with joined() as (processes, device):
        train_generator(
            training(steps),
            PeoplePairs(bright_faces()),
            folder,
            device=device,
            processes=processes,
            progress=lambda done, total: print(done, flush=True),
            save_seconds=0,
        )


if __name__ == "__main__":
    main()

"""Trains a small generator in a process of its own, to be killed or to be one of several.

Run as ``python -m tests.models.generators.training_process FOLDER STEPS``, alone or by
``torchrun``; prints each step that is done and safe.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from models.generators.pairs import PeoplePairs
from models.generators.processes import joined
from models.generators.training import train_generator
from tests.support.gans import bright_faces, small


def main() -> None:
    torch.set_num_threads(1)
    folder, steps = Path(sys.argv[1]), int(sys.argv[2])
    with joined() as (processes, device):
        train_generator(
            small(steps=steps),
            PeoplePairs(bright_faces(), strangers=0),
            folder,
            device=device,
            processes=processes,
            progress=lambda done, total: print(done, flush=True),
            save_seconds=0,
        )


if __name__ == "__main__":
    main()

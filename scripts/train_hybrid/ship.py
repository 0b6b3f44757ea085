"""Puts the correction among the shipped weights, with its card."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Final

import numpy as np

from models.assets import WEIGHTS
from models.checkpoints import Checkpoint, encoded
from models.hybrid.network import HybridNetwork
from models.shipped import save_shipped
from scripts.train_hybrid.train import Run

_LICENCES: Final = {
    "Face Research Lab London Set (DeBruine & Jones, 10.6084/m9.figshare.5047666)": "CC BY 4.0",
    "ICT Face Model Light, by way of the rig (USC)": "MIT",
}


def checkpoint(network: HybridNetwork, run: Run, held_out: Sequence[str]) -> Checkpoint:
    """The network in float16, with how it was made."""
    lineage = {
        "made by": "scripts/train_hybrid",
        "generator": "rig",
        "learnt from": list(run.learnt),
        "chosen by": list(run.watched),
        "held out": list(held_out),
        "training": dataclasses.asdict(run.training),
        "batch": run.batch,
        "seed": run.seed,
        "licences": _LICENCES,
    }
    config = dataclasses.replace(run.network, lineage=lineage)
    tensors = {
        name: np.ascontiguousarray(value.detach().numpy(), np.float16)
        for name, value in network.state_dict().items()
    }
    return Checkpoint(tensors, config.as_json(), _card(run, held_out))


def ship(network: HybridNetwork, run: Run, held_out: Sequence[str]) -> None:
    """Write ``models/weights/hybrid/`` and its lines in the list of hashes."""
    (WEIGHTS / "hybrid").mkdir(exist_ok=True)
    for file, content in encoded(checkpoint(network, run, held_out)).items():
        save_shipped(f"hybrid/{file}", content)


def _card(run: Run, held_out: Sequence[str]) -> str:
    return f"""# hybrid

A U-Net that corrects the rig's drawings of smiles and open mouths, and of smiles taken off: what
real skin, lips and teeth look like there, as far as 128 pixels on the lower face show it. It says
nothing of other expressions, which the generator `hybrid` leaves to the rig.

Learnt from {len(run.learnt)} people of the Face Research Lab London Set (DeBruine & Jones, doi
10.6084/m9.figshare.5047666, CC BY 4.0), photographed neutral and smiling; {len(held_out)} others
are held out and named in config.json. Made by `python -m scripts.train_hybrid`. What it gains, and
what not: docs/hybrid.md.
"""

"""How strongly an estimator is bent towards one person."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

from models.estimators.config import Architecture, Method

Layers = Literal["all", "heads"]


@dataclass(frozen=True)
class Recipe:
    """One way of fine-tuning.

    Attributes:
        learning_rate: constant.
        epochs: passes over the drawings; the last one's weights are kept.
        batch: drawings a step.
        layers: which parameters move: all (of `vgg16`, from the third convolution), or the heads.
        anchor: pulls weights towards the base's (L2-SP, Li et al. 2018), per parameter.
        varied: whether light, camera and registration are varied at random, as in training.
        rehearsal: share of each batch taken from general data, where some is given.
        average: decay per step of the mean of weights that is kept; 0 for the last weights.
        share: how far the weights that are kept lie from the base's (0) to the tuned ones (1)
            (WiSE-FT, Wortsman et al. 2022).
    """

    learning_rate: float
    epochs: int = 30
    batch: int = 18
    layers: Layers = "all"
    anchor: float = 0.0
    varied: bool = False
    rehearsal: float = 0.0
    average: float = 0.0
    share: float = 1.0


PAPER: Final = Recipe(learning_rate=5e-6)
"""Niinuma et al. (2022, 4.2.3): 5e-6, 30 epochs, final epoch kept."""
CAREFUL: Final = replace(PAPER, share=0.5)
"""Of what the paper's recipe learns half: what a base knows of real smiles, drawings of one person
unteach it. docs/estimators.md has what else was tried."""
RECIPES: Final = {"paper": PAPER, "careful": CAREFUL}


def default_recipe(architecture: Architecture) -> Recipe:
    """How to fine-tune when nothing is said: our own for `compact`, the paper's for its network."""
    return CAREFUL if architecture == "compact" else PAPER


def default_method(architecture: Architecture) -> Method:
    """What serves an unknown subject best, as measured (see the card of `compact`).

    For `compact` fine-tuning before one-frame calibration reads the person's drawings better, and
    their real smiles no better: it hears their cheek raises weaker. So one frame alone, which
    takes no training. `vgg16` cannot compare faces.
    """
    return "one-frame" if architecture == "compact" else "fine-tune"

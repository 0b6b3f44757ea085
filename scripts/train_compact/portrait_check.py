"""Does a network put ordinary portraits in the order of those who can see something?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from models.estimators.augment import Augment, AugmentConfig
from models.estimators.blendshapes import as_action_units
from models.estimators.compact import Compact
from models.estimators.faces import to_tensor
from models.facs import SUPPORTED_AUS
from models.metrics import spearman
from scripts.train_compact.drawn_check import as_answered
from scripts.train_compact.portraits import Portraits

FloatArray = npt.NDArray[np.float32]
_BATCH = 64


def read_portraits(network: Compact, portraits: Portraits) -> FloatArray:
    """float32 (N, 18): what the absolute head reads on the portraits as they are."""
    return _read(network, to_tensor(portraits.images))


def read_under_cameras(
    network: Compact, portraits: Portraits, cameras: int = 4, seed: int = 8
) -> FloatArray:
    """float32 (C, N, 18): the same under made-up cameras, always the same ones."""
    rng = np.random.default_rng(seed)
    augment = Augment(AugmentConfig(mirror=0, cutout=0))
    return np.stack([_read(network, augment(portraits.images, rng)) for _ in range(cameras)])


def _read(network: Compact, images: torch.Tensor) -> FloatArray:
    with torch.inference_mode():
        parts = [
            as_answered(network(images[first : first + _BATCH]))
            for first in range(0, len(images), _BATCH)
        ]
    return np.concatenate(parts)


@dataclass(frozen=True, eq=False)
class Agreement:
    """Rank correlation with what orders the portraits, by AU.

    Attributes:
        blendshapes: with the blendshapes, for AUs that they see.
        earlier: with the network as it was before.
        cameras: of two made-up cameras with each other.
    """

    blendshapes: dict[str, float]
    earlier: dict[str, float]
    cameras: dict[str, float]

    def mean(self, aus: tuple[str, ...]) -> tuple[float, float, float]:
        """Means over `aus`; over those of them that blendshapes see, for the first."""
        seen = [self.blendshapes[au] for au in aus if au in self.blendshapes]
        return (
            float(np.mean(seen)),
            float(np.mean([self.earlier[au] for au in aus])),
            float(np.mean([self.cameras[au] for au in aus])),
        )


def agreement_in_order(network: Compact, portraits: Portraits, earlier: FloatArray) -> Agreement:
    """How `network` orders portraits; `earlier` is (N, 18) of the network before."""
    read = read_portraits(network, portraits)
    cameras = read_under_cameras(network, portraits, 2)
    units = as_action_units(portraits.blendshapes)
    return Agreement(
        {au: spearman(read[:, SUPPORTED_AUS.index(au)], values) for au, values in units.items()},
        {au: spearman(read[:, i], earlier[:, i]) for i, au in enumerate(SUPPORTED_AUS)},
        {au: spearman(cameras[0, :, i], cameras[1, :, i]) for i, au in enumerate(SUPPORTED_AUS)},
    )

"""Batches with ordinary portraits beside the labelled faces, and what is minimised on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from models.estimators.compact import Compact
from models.estimators.faces import Augmentation, Batch, Batches, ImageArray
from models.estimators.objective import heads_on
from models.estimators.ordinal import expected_intensity

FloatArray = npt.NDArray[np.float32]
_CLEAR: Final = 0.25
"""Share of the portraits that must lie between two for their order to count as known."""
_MARGIN: Final = 0.2
"""Intensity by which a clearly stronger face shall read higher."""
_SOFTNESS: Final = 0.3


@dataclass(frozen=True)
class Weights:
    """Of the parts beside the labelled faces' own loss, which counts as 1.

    Attributes:
        order: of portraits in the order that their teachers put them in.
        earlier: of the earlier network's answers, for AUs that no teacher orders.
        cameras: of a face reading alike under two cameras.
    """

    order: float = 1.0
    earlier: float = 0.5
    cameras: float = 0.3


@dataclass(frozen=True, eq=False)
class TaughtBatch:
    """One step's worth.

    Attributes:
        labelled: drawings, smiles and neutral faces.
        portraits: float32 (2N, 3, H, W): N faces under one camera, then under another.
        places: float32 (N, 18), ranks 0..1; NaN for AUs that nobody orders.
        earlier: float32 (N, 18), intensities that the earlier network reads.
    """

    labelled: Batch
    portraits: torch.Tensor
    places: torch.Tensor
    earlier: torch.Tensor

    def moved(self, device: torch.device) -> TaughtBatch:
        """The same batch on a device."""
        return TaughtBatch(
            self.labelled.moved(device),
            self.portraits.to(device),
            self.places.to(device),
            self.earlier.to(device),
        )


@dataclass(frozen=True, eq=False)
class TaughtBatches:
    """Batches by step, each with `count` portraits under two cameras."""

    labelled: Batches
    images: ImageArray
    places: FloatArray
    earlier: FloatArray
    augment: Augmentation
    count: int = 20
    seed: int = 91

    def batch(self, step: int) -> TaughtBatch:
        """The batch of a step, by (seed, step) alone."""
        rng = np.random.default_rng((self.seed, step))
        rows = rng.choice(len(self.images), min(self.count, len(self.images)), replace=False)
        twice = np.concatenate([self.images[rows], self.images[rows]])
        return TaughtBatch(
            self.labelled.batch(step),
            self.augment(twice, rng),
            torch.from_numpy(self.places[rows]),
            torch.from_numpy(self.earlier[rows]),
        )


@dataclass(frozen=True, eq=False)
class Taught:
    """Both heads on labelled faces; the absolute head on portraits.

    Portraits have no neutral face, so the comparing head learns of them through the trunk alone.
    """

    trust: torch.Tensor
    weights: Weights = Weights()

    def __call__(
        self, network: torch.nn.Module, batch: TaughtBatch
    ) -> tuple[torch.Tensor, dict[str, float]]:
        """The loss and its parts."""
        if not isinstance(network, Compact):
            raise TypeError(f"expected a Compact network, got {type(network).__name__}")
        labelled = batch.labelled
        seen = [labelled.images, labelled.neutrals, batch.portraits]
        # one pass, so that the running means of normalisation are those of all kinds of faces
        features = network.features(torch.cat(seen))
        count = len(labelled.images) + len(labelled.neutrals)
        loss, parts = heads_on(network, features[:count], labelled)
        read = expected_intensity(network.logits(features[count:]).float())
        first, second = read.chunk(2)
        order = ranking_loss(first, second, batch.places, self.trust)
        free = (torch.isnan(batch.places)).to(read.dtype)
        apart = ((first - batch.earlier) ** 2 + (second - batch.earlier) ** 2) / 2
        earlier = (apart * free).sum() / free.sum().clamp(min=1)
        cameras = ((first - second) ** 2).mean()
        parts |= {
            "order": float(order.detach()),
            "earlier": float(earlier.detach()),
            "cameras": float(cameras.detach()),
        }
        weights = self.weights
        total = loss + weights.order * order + weights.earlier * earlier
        return total + weights.cameras * cameras, parts


def ranking_loss(
    first: torch.Tensor, second: torch.Tensor, places: torch.Tensor, trust: torch.Tensor
) -> torch.Tensor:
    """How far readings are from an order, over pairs of faces whose order is clear.

    RankNet's loss (Burges et al. 2005) with a margin, between two cameras: the stronger face of a
    pair is seen by either and the weaker by the other.

    Args:
        first, second: (N, A) intensities read under two cameras.
        places: (N, A) ranks 0..1; NaN for AUs without an order.
        trust: (A,) weights.
    """
    clear = ((places[:, None] - places[None]) > _CLEAR).to(first.dtype)  # N, N, A; NaN is never
    apart = torch.stack([first[:, None] - second[None], second[:, None] - first[None]])
    wrong = functional.softplus(-(apart - _MARGIN) / _SOFTNESS).mean(dim=0)
    of_au = (wrong * clear).sum(dim=(0, 1)) / clear.sum(dim=(0, 1)).clamp(min=1)
    weight = trust * (clear.sum(dim=(0, 1)) > 0)
    return (of_au * weight).sum() / weight.sum().clamp(min=1e-6)

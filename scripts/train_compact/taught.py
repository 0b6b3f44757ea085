"""Batches with ordinary portraits beside the labelled faces, and what is minimised on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from models.estimators.compact import Compact
from models.estimators.faces import Augmentation, Batch, Batches, ImageArray, joined
from models.estimators.objective import heads_on
from models.estimators.ordinal import expected_intensity
from models.facs import SUPPORTED_AUS

FloatArray = npt.NDArray[np.float32]
_CLEAR: Final = 0.25
"""Share of the portraits that must lie between two for their order to count as known."""
_MARGIN: Final = 0.2
"""How much higher a clearly stronger face shall read, in units of `_strength`."""
_SOFTNESS: Final = 0.3
_FAINT: Final = 0.1
"""Intensity below which differences stop counting as ratios."""
_SMILE: Final = tuple(SUPPORTED_AUS.index(au) for au in ("AU12", "AU06"))


@dataclass(frozen=True)
class Weights:
    """Of the parts beside the labelled faces' own loss, which counts as 1.

    Attributes:
        order: of portraits in the order that their teachers put them in.
        smiles: of real smiles reading above other people's real neutral faces.
        level: of each AU's mean over portraits staying where the earlier network has it.
        earlier: of the earlier network's answers, for AUs that no teacher orders.
        cameras: of a face reading alike under two cameras.
    """

    order: float = 1.0
    smiles: float = 0.5
    level: float = 0.3
    earlier: float = 0.5
    cameras: float = 0.3


@dataclass(frozen=True, eq=False)
class TaughtBatch:
    """One step's worth.

    Attributes:
        labelled: drawings, smiles and neutral faces.
        smiles, resting: rows of `labelled` that show real smiles and real neutral faces.
        portraits: float32 (2N, 3, H, W): N faces under one camera, then under another.
        places: float32 (N, 18), ranks 0..1; NaN for AUs that nobody orders.
        earlier: float32 (N, 18), intensities that the earlier network reads.
    """

    labelled: Batch
    smiles: slice
    resting: slice
    portraits: torch.Tensor
    places: torch.Tensor
    earlier: torch.Tensor

    def moved(self, device: torch.device) -> TaughtBatch:
        """The same batch on a device."""
        return TaughtBatch(
            self.labelled.moved(device),
            self.smiles,
            self.resting,
            self.portraits.to(device),
            self.places.to(device),
            self.earlier.to(device),
        )


@dataclass(frozen=True, eq=False)
class TaughtBatches:
    """Batches by step, each with `count` portraits under two cameras."""

    drawings: Batches
    smiles: Batches
    resting: Batches
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
        parts = [source.batch(step) for source in (self.drawings, self.smiles, self.resting)]
        ends = np.cumsum([len(part.images) for part in parts]).tolist()
        twice = np.concatenate([self.images[rows], self.images[rows]])
        return TaughtBatch(
            joined(parts),
            slice(ends[0], ends[1]),
            slice(ends[1], ends[2]),
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
        photos = expected_intensity(network.logits(features[: len(labelled.images)]).float())
        smiles = above_loss(photos[batch.smiles][:, _SMILE], photos[batch.resting][:, _SMILE])
        apart = read.mean(dim=0) - batch.earlier.mean(dim=0)
        level = ((apart**2) * (self.trust > 0)).sum() / (self.trust > 0).sum().clamp(min=1)
        free = (torch.isnan(batch.places)).to(read.dtype)
        off = ((first - batch.earlier) ** 2 + (second - batch.earlier) ** 2) / 2
        earlier = (off * free).sum() / free.sum().clamp(min=1)
        cameras = ((first - second) ** 2).mean()
        parts |= {
            "order": float(order.detach()),
            "smiles": float(smiles.detach()),
            "level": float(level.detach()),
            "earlier": float(earlier.detach()),
            "cameras": float(cameras.detach()),
        }
        weights = self.weights
        total = loss + weights.order * order + weights.earlier * earlier
        total = total + weights.smiles * smiles + weights.level * level
        return total + weights.cameras * cameras, parts


def _strength(intensity: torch.Tensor) -> torch.Tensor:
    """Log of an intensity, nearly: what is hardly there is ordered without being made louder."""
    return torch.log(intensity + _FAINT)


def above_loss(stronger: torch.Tensor, weaker: torch.Tensor) -> torch.Tensor:
    """How far each of (N, A) intensities is from reading above each of others, (M, A)."""
    apart = _strength(stronger)[:, None] - _strength(weaker)[None]
    return functional.softplus(-(apart - _MARGIN) / _SOFTNESS).mean()


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
    first, second = _strength(first), _strength(second)
    clear = ((places[:, None] - places[None]) > _CLEAR).to(first.dtype)  # N, N, A; NaN is never
    apart = torch.stack([first[:, None] - second[None], second[:, None] - first[None]])
    wrong = functional.softplus(-(apart - _MARGIN) / _SOFTNESS).mean(dim=0)
    of_au = (wrong * clear).sum(dim=(0, 1)) / clear.sum(dim=(0, 1)).clamp(min=1)
    weight = trust * (clear.sum(dim=(0, 1)) > 0)
    return (of_au * weight).sum() / weight.sum().clamp(min=1e-6)

"""Labelled faces to learn from, and the batches drawn from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch

FloatArray = npt.NDArray[np.float32]
ImageArray = npt.NDArray[np.uint8]
IndexArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class LabelledFaces:
    """Faces with intensities, and a neutral face of each person.

    Attributes:
        images: uint8 (N, H, W, 3) RGB; may be a memory map.
        labels: float32 (N, A), intensities 0..5, NaN where not coded.
        person: int (N,), the row of `neutrals` that shows the same person.
        neutrals: uint8 (P, H, W, 3).
        upper: float32 (N, A) where labels are known to lie between `labels` and these; None
            where they are known.
        has_neutral: bool (P,), whose row of `neutrals` is a neutral face; the others' is not
            looked at. None for everybody's.
    """

    images: ImageArray
    labels: FloatArray
    person: IndexArray
    neutrals: ImageArray
    upper: FloatArray | None = None
    has_neutral: npt.NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        if not len(self.images) == len(self.labels) == len(self.person):
            raise ValueError(
                f"{len(self.images)} images, {len(self.labels)} labels, {len(self.person)} people"
            )
        if len(self.person) and not 0 <= self.person.min() <= self.person.max() < len(
            self.neutrals
        ):
            raise ValueError(f"people beyond the {len(self.neutrals)} neutral faces")


@dataclass(frozen=True, eq=False)
class Batch:
    """One step's worth.

    Attributes:
        images: float32 (N, 3, H, W) in [-1, 1].
        labels: float32 (N, A), 0..5, NaN unknown.
        neutrals: float32 (R, 3, H, W), neutral faces.
        neutral_of: int64 (N,), for each image the row of its person in `neutrals`.
        upper: float32 (N, A), upper ends of the labels where they differ from `labels`.
        has_neutral: bool (R,), which rows of `neutrals` are to be looked at; None for all.
    """

    images: torch.Tensor
    labels: torch.Tensor
    neutrals: torch.Tensor
    neutral_of: torch.Tensor
    upper: torch.Tensor | None = None
    has_neutral: torch.Tensor | None = None

    def moved(self, device: torch.device) -> Batch:
        """The same batch on a device."""
        upper, has_neutral = (
            None if tensor is None else tensor.to(device)
            for tensor in (self.upper, self.has_neutral)
        )
        images, labels, neutrals, neutral_of = (
            tensor.to(device, non_blocking=True)
            for tensor in (self.images, self.labels, self.neutrals, self.neutral_of)
        )
        return Batch(images, labels, neutrals, neutral_of, upper, has_neutral)


class Batches(Protocol):
    """Batches by step: the same step gives the same batch, so training resumes exactly."""

    def batch(self, step: int) -> Batch:
        """The batch of a step."""
        ...


Augmentation = Callable[[ImageArray, np.random.Generator], torch.Tensor]
"""uint8 (N, H, W, 3) -> float32 (N, 3, H, W) in [-1, 1], varied at random."""


@dataclass(frozen=True, eq=False)
class PeopleBatches:
    """Batches of some people with several faces each and one neutral of each.

    Neutral faces are images of their own beside the targets, varied on their own: a pair that
    shares its noise would teach the network to subtract images.
    """

    faces: LabelledFaces
    augment: Augmentation
    people: int = 16
    per_person: int = 4
    seed: int = 0

    def batch(self, step: int) -> Batch:
        """`people` x `per_person` faces drawn with replacement, by (seed, step) alone."""
        rng = np.random.default_rng((self.seed, step))
        anchors = rng.integers(0, len(self.faces.images), self.people)
        chosen = self.faces.person[anchors]
        rows = np.concatenate([self._rows_of(int(person), rng) for person in chosen])
        images = np.concatenate([self.faces.images[rows], self.faces.neutrals[chosen]])
        varied = self.augment(images, rng)
        return Batch(
            images=varied[: len(rows)],
            labels=torch.from_numpy(self.faces.labels[rows]),
            neutrals=varied[len(rows) :],
            neutral_of=torch.arange(self.people).repeat_interleave(self.per_person),
            upper=None if self.faces.upper is None else torch.from_numpy(self.faces.upper[rows]),
            has_neutral=(
                None
                if self.faces.has_neutral is None
                else torch.from_numpy(self.faces.has_neutral[chosen])
            ),
        )

    def _rows_of(self, person: int, rng: np.random.Generator) -> IndexArray:
        mine = np.flatnonzero(self.faces.person == person)
        return np.asarray(rng.choice(mine, self.per_person), np.int64)


@dataclass(frozen=True, eq=False)
class MixedBatches:
    """Batches of several sources, each joined to the others at every step."""

    sources: tuple[Batches, ...]

    def batch(self, step: int) -> Batch:
        """The step's batches after one another."""
        return joined([source.batch(step) for source in self.sources])


def joined(parts: Sequence[Batch]) -> Batch:
    """Batches after one another; neutral faces are counted on."""
    before = np.cumsum([0, *(len(part.neutrals) for part in parts)])
    bounded = any(part.upper is not None for part in parts)
    uppers = [part.labels if part.upper is None else part.upper for part in parts]
    lacking = any(part.has_neutral is not None for part in parts)
    having = [
        torch.ones(len(part.neutrals), dtype=torch.bool)
        if part.has_neutral is None
        else part.has_neutral
        for part in parts
    ]
    return Batch(
        torch.cat([part.images for part in parts]),
        torch.cat([part.labels for part in parts]),
        torch.cat([part.neutrals for part in parts]),
        torch.cat([part.neutral_of + int(n) for part, n in zip(parts, before[:-1], strict=True)]),
        torch.cat(uppers) if bounded else None,
        torch.cat(having) if lacking else None,
    )


def to_tensor(images: ImageArray) -> torch.Tensor:
    """uint8 (N, H, W, 3) -> float32 (N, 3, H, W) in [-1, 1], channels last in memory."""
    scaled = images.astype(np.float32) / np.float32(127.5) - 1
    return torch.from_numpy(scaled).permute(0, 3, 1, 2)

"""Pairs to learn from: a face, what it shows, and what the same person is to show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import cv2
import numpy as np
import numpy.typing as npt
import torch

FloatArray = npt.NDArray[np.float32]
ImageArray = npt.NDArray[np.uint8]
IndexArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


IMAGES: Final = "pairs.npy"
"""File name of the images of pairs below a scratch folder."""
_LABELS: Final = "pairs.npz"
CPU: Final = torch.device("cpu")


class UnfitPairsError(ValueError):
    """There is nothing to learn a generator from; the message says why."""

    code = "unfit-dataset"


@dataclass(frozen=True, eq=False)
class PairBatch:
    """One step's worth of N pairs, on the device that learns from them.

    Attributes:
        source: float32 (N, 3, S, S) in [-1, 1], the faces to draw on.
        source_aus: float32 (N, A) in [0, 1], what they show.
        target_aus: float32 (N, A) in [0, 1], what is asked for.
        target: float32 (N, 3, S, S), the same people showing `target_aus`; 0 where there is none.
        has_target: bool (N,).
        with_target: how many have one, of the whole batch that these may be a part of.
        real: float32 (N, 3, S, S), photographs for the critic to hold drawings against.
    """

    source: torch.Tensor
    source_aus: torch.Tensor
    target_aus: torch.Tensor
    target: torch.Tensor
    has_target: torch.Tensor
    with_target: int
    real: torch.Tensor


class Pairs(Protocol):
    """Pairs by step: the same step gives the same pairs, so training resumes exactly."""

    @property
    def aus(self) -> tuple[str, ...]:
        """The A action units, named as in `GeneratorConfig.aus`."""
        ...

    @property
    def size(self) -> int:
        """Side S of the images."""
        ...

    def batch(
        self, step: int, count: int, part: slice = slice(None), device: torch.device = CPU
    ) -> PairBatch:
        """The rows `part` of a step's `count` pairs; each process of several reads its own."""
        ...


@dataclass(frozen=True, eq=False)
class PeopleFaces:
    """Faces of people with what they show.

    Attributes:
        aus: the A action units.
        images: uint8 (M, S, S, 3), registered; may be a memory map.
        labels: float32 (M, A), intensities 0..5.
        person: int (M,).
        real: bool (M,), which are photographs and not drawings.
    """

    aus: tuple[str, ...]
    images: ImageArray
    labels: FloatArray
    person: IndexArray
    real: BoolArray

    def __post_init__(self) -> None:
        count = len(self.images)
        if self.images.ndim != 4 or self.images.shape[1:] != (*self.images.shape[1:2] * 2, 3):
            raise ValueError(f"images must be (M, S, S, 3), not {self.images.shape}")
        if self.labels.shape != (count, len(self.aus)):
            raise ValueError(f"{count} images of {len(self.aus)} AUs: labels {self.labels.shape}")
        if self.person.shape != (count,) or self.real.shape != (count,):
            raise ValueError(f"{count} images, {len(self.person)} people, {len(self.real)} marks")
        if np.isnan(self.labels).any():
            raise UnfitPairsError("An image has no label for one of the AUs to be drawn.")
        if not count:
            raise UnfitPairsError("There are no images to learn from.")

    def save(self, folder: Path) -> None:
        """Keep all in a folder; images that lie there as `IMAGES` are not written again."""
        if not (folder / IMAGES).exists():
            np.save(folder / IMAGES, self.images)
        elif isinstance(self.images, np.memmap):
            self.images.flush()
        temporary = folder / f".{_LABELS}"
        np.savez(temporary, aus=self.aus, labels=self.labels, person=self.person, real=self.real)
        temporary.replace(folder / _LABELS)

    @staticmethod
    def kept(folder: Path) -> bool:
        """Whether `save` kept all in this folder."""
        return (folder / _LABELS).exists()

    @classmethod
    def load(cls, folder: Path) -> PeopleFaces:
        """What `save` kept; images stay in their file."""
        with np.load(folder / _LABELS) as stored:
            return cls(
                tuple(stored["aus"].tolist()),
                np.load(folder / IMAGES, mmap_mode="r"),
                stored["labels"],
                stored["person"],
                stored["real"],
            )


def scaled(image: ImageArray, size: int) -> ImageArray:
    """A square image (S, S, 3) at another size."""
    if image.shape[0] == size:
        return image
    kind = cv2.INTER_AREA if size < image.shape[0] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, (size, size), interpolation=kind), np.uint8)


class PeoplePairs:
    """Pairs of faces of the same person, and some whose target nobody has seen.

    Every person comes up alike often, whatever the number of their faces. Where a person has one
    face alone, and in a share of the other pairs, the face of a stranger says which expression is
    asked for, and there is no target. Where there are no photographs at all, the critic is shown
    the sources.
    """

    def __init__(self, faces: PeopleFaces, *, strangers: float = 0.25, seed: int = 0) -> None:
        """Draw pairs from `faces`; a share `strangers` of them ask for a stranger's expression."""
        self._faces, self._strangers, self._seed = faces, strangers, seed
        people = np.unique(faces.person)
        self._rows = [np.flatnonzero(faces.person == person) for person in people]
        self._real = np.flatnonzero(faces.real)

    @property
    def aus(self) -> tuple[str, ...]:
        """See `Pairs`."""
        return self._faces.aus

    @property
    def size(self) -> int:
        """See `Pairs`."""
        return int(self._faces.images.shape[1])

    def batch(
        self, step: int, count: int, part: slice = slice(None), device: torch.device = CPU
    ) -> PairBatch:
        """See `Pairs`."""
        drawn = self._drawn(step, count)
        source, target, has_target, real = (rows[part] for rows in drawn)
        faces = self._faces
        known = _sent(has_target, device)
        targets = _scaled_to_one(_sent(faces.images[target], device))
        return PairBatch(
            _scaled_to_one(_sent(faces.images[source], device)),
            _sent(faces.labels[source] / np.float32(5), device),
            _sent(faces.labels[target] / np.float32(5), device),
            torch.where(known[:, None, None, None], targets, torch.zeros((), device=device)),
            known,
            int(drawn[2].sum()),
            _scaled_to_one(_sent(faces.images[real], device)),
        )

    def _drawn(self, step: int, count: int) -> tuple[IndexArray, IndexArray, BoolArray, IndexArray]:
        """Rows of sources, of what is asked for, whether that is a target, and of photographs."""
        rng = np.random.default_rng((self._seed, step))
        source, target = np.zeros((2, count), np.int64)
        has_target = np.zeros(count, np.bool_)
        for index in range(count):
            rows = self._rows[rng.integers(len(self._rows))]
            source[index] = rng.choice(rows)
            others = rows[rows != source[index]]
            has_target[index] = len(others) and rng.random() >= self._strangers
            target[index] = (
                rng.choice(others) if has_target[index] else rng.integers(len(self._faces.labels))
            )
        real = rng.choice(self._real, count) if len(self._real) else source
        return source, target, has_target, np.asarray(real, np.int64)


def _sent(array: npt.NDArray[Any], device: torch.device) -> torch.Tensor:
    """An array on a device; on its way to a GPU nothing waits for it."""
    tensor = torch.from_numpy(np.ascontiguousarray(array))
    return tensor if device.type == "cpu" else tensor.pin_memory().to(device, non_blocking=True)


def _scaled_to_one(levels: torch.Tensor) -> torch.Tensor:
    """uint8 (N, H, W, 3) -> float32 (N, 3, H, W) in [-1, 1], channels last in memory."""
    return levels.permute(0, 3, 1, 2).float() / 127.5 - 1

"""Batches of pairs, varied in light and side; the same step gives the same batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch

_TURNED: Final = (3, 5)
"""Planes that change sign in a mirror: place and movement across."""
_COLOUR: Final = slice(0, 3)


@dataclass(frozen=True, eq=False)
class PairBatch:
    """One step's worth: (N, 14, 128, 128), (N, 2, ..), (N, 3, ..) and (N, 1, ..), float32."""

    planes: torch.Tensor
    gates: torch.Tensor
    answer: torch.Tensor
    weight: torch.Tensor

    def moved(self, device: torch.device) -> PairBatch:
        """The same batch on a device."""
        return PairBatch(*(one.to(device) for one in (self.planes, self.gates, self.answer,
                                                      self.weight)))  # fmt: skip


class Pairs:
    """What `pairs.write` wrote of some people, in memory (some 10 MB a person)."""

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self._people = [_read(folder / f"{name}.npz") for name in names]

    def __len__(self) -> int:
        return len(self._people)

    def pick(self, chosen: Sequence[tuple[int, int]]) -> PairBatch:
        """The examples with these (person, index)."""
        parts = (
            np.stack([self._people[person][name][index] for person, index in chosen])
            for name in ("planes", "gates", "answer", "weight")
        )
        planes, gates, answer, weight = (torch.from_numpy(part).float() for part in parts)
        return PairBatch(planes, gates, answer, weight[:, None])

    def count(self, person: int) -> int:
        """How many examples there are of a person; even ones add a smile, odd ones remove it."""
        return len(self._people[person]["weight"])


@dataclass(frozen=True, eq=False)
class VariedBatches:
    """`size` examples a step, half of them adding smiles, people drawn evenly."""

    pairs: Pairs
    size: int = 16
    seed: int = 0

    def batch(self, step: int) -> PairBatch:
        """The batch of a step, by (seed, step) alone."""
        rng = np.random.default_rng((self.seed, step))
        chosen = []
        for row in range(self.size):
            person = int(rng.integers(len(self.pairs)))
            half = self.pairs.count(person) // 2
            chosen.append((person, 2 * int(rng.integers(half)) + row % 2))
        return _varied(self.pairs.pick(chosen), rng)


def _varied(batch: PairBatch, rng: np.random.Generator) -> PairBatch:
    count = len(batch.planes)
    planes, gates, answer, weight = batch.planes, batch.gates, batch.answer, batch.weight
    turned = torch.from_numpy(rng.random(count) < 0.5)
    sign = torch.ones(planes.shape[1])
    sign[list(_TURNED)] = -1
    mirrored = planes.flip(-1) * sign[:, None, None]
    pick = turned[:, None, None, None]
    planes = torch.where(pick, mirrored, planes)
    gates, answer, weight = (torch.where(pick, one.flip(-1), one)
                             for one in (gates, answer, weight))  # fmt: skip
    # Another camera's or lamp's: a power and a gain for each channel, of picture and truth alike;
    # down to a quarter of the light, where teeth must not stay as white as they were.
    gain = np.exp(rng.uniform(-1.4, 0.2, (count, 1)) + rng.uniform(-0.1, 0.1, (count, 3)))
    power = rng.uniform(0.8, 1.3, (count, 1))
    k, p = (torch.from_numpy(one.astype(np.float32))[..., None, None] for one in (gain, power))
    before = (planes[:, _COLOUR] + 1) / 2
    after = before + answer / 2
    lit, wanted = (k * one.clamp(min=0).pow(p) for one in (before, after))
    planes = planes.clone()
    planes[:, _COLOUR] = 2 * lit.clamp(max=1) - 1
    return PairBatch(planes, gates, 2 * (wanted - lit), weight)


def _read(path: Path) -> dict[str, npt.NDArray[Any]]:
    with np.load(path) as arrays:
        return {name: arrays[name] for name in arrays.files}

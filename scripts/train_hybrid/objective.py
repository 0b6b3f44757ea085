"""What the correction is to come close to, and how close it came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import nn
from torch.nn import functional

from models.hybrid.scene import FINE, MOUTH
from scripts.train_hybrid.batches import PairBatch, Pairs

_SMALL: Final = 0.1
"""Below this the Charbonnier loss is a square. Plain L1 leaves the answer at nothing."""
_MOUTH_WEIGHT: Final = 3.0
_LIP_WEIGHT: Final = 1.5
_GRADIENT: Final = 0.5


def charbonnier(value: torch.Tensor) -> torch.Tensor:
    """sqrt(x^2 + e^2) - e, Charbonnier et al. (1994)."""
    return torch.sqrt(value * value + _SMALL * _SMALL) - _SMALL


def error(answers: torch.Tensor, batch: PairBatch) -> torch.Tensor:
    """(N, 3, H, W): what is missing in the drawing once gated answers (N, 6, H, W) are added."""
    wanted = batch.answer * batch.gates.sum(dim=1, keepdim=True)
    said = answers[:, :3] * batch.gates[:, :1] + answers[:, 3:] * batch.gates[:, 1:]
    return (said - wanted) * batch.weight


@dataclass(frozen=True)
class Objective:
    """Charbonnier on colours and on their differences across one and two pixels."""

    def __call__(
        self, network: nn.Module, batch: PairBatch
    ) -> tuple[torch.Tensor, dict[str, float]]:
        missing = error(network(batch.planes).float(), batch)
        mouth, lips = batch.planes[:, MOUTH : MOUTH + 1], batch.planes[:, FINE : FINE + 1]
        importance = 1 + (_LIP_WEIGHT - 1) * lips + (_MOUTH_WEIGHT - _LIP_WEIGHT) * mouth
        area = (batch.gates.sum(dim=1, keepdim=True) * batch.weight).sum().clamp(min=1)
        colour = (charbonnier(missing) * importance).sum() / area
        weighted = missing * importance.sqrt()
        edges = missing.new_zeros(())
        for reach in (1, 2):
            for axis in (2, 3):
                length = weighted.shape[axis] - reach
                step = weighted.narrow(axis, reach, length) - weighted.narrow(axis, 0, length)
                edges = edges + charbonnier(step).sum() / area / 4
        parts = {"colour": float(colour.detach()), "edges": float(edges.detach())}
        return colour + _GRADIENT * edges, parts


class Explained:
    """The share of what the rig lacks, on people not learnt from, that the network supplies.

    Coarse (averaged over 3 pixels), because pores that two photos do not share are nobody's fault.
    """

    def __init__(self, pairs: Pairs, per_person: int = 8) -> None:
        self._batches = [
            pairs.pick([(person, index) for index in range(min(per_person, pairs.count(person)))])
            for person in range(len(pairs))
        ]
        self.parts: dict[str, float] = {}

    def __call__(self, network: nn.Module) -> float:
        """Mean of the shares for added skin, mouths and removal; 1 is all, 0 is the rig."""
        sums: dict[str, list[float]] = {}
        for batch in self._batches:
            with torch.autocast("cpu", torch.bfloat16):
                answers = network(batch.planes).detach()
            mouth = batch.planes[:, MOUTH : MOUTH + 1]
            adding = (batch.gates[:, 1:].amax(dim=(2, 3), keepdim=True) == 0).float()
            for name, where in (
                ("added", adding * (1 - mouth)),
                ("mouth", adding * mouth),
                ("removed", 1 - adding.expand_as(mouth)),
            ):
                after, before = (
                    float((_coarse(error(one, batch) * where) ** 2).sum())
                    for one in (answers.float(), torch.zeros_like(answers).float())
                )
                row = sums.setdefault(name, [0.0, 0.0])
                row[0], row[1] = row[0] + after, row[1] + before
        self.parts = {name: 1 - after / max(before, 1e-9) for name, (after, before) in sums.items()}
        return sum(self.parts.values()) / len(self.parts)


def _coarse(values: torch.Tensor) -> torch.Tensor:
    return functional.avg_pool2d(values, 3, 1, 1)


def described(parts: dict[str, float]) -> Sequence[str]:
    """The shares as words for a log."""
    return [f"{name} {value:.3f}" for name, value in parts.items()]

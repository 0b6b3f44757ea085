"""Does a network hear a real smile, and stay quiet on a real neutral face?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from models.corpora.table import Split
from models.estimators.augment import Augment, AugmentConfig
from models.estimators.compact import Compact
from models.estimators.crop import crop_faces
from models.estimators.faces import to_tensor
from models.facs import SUPPORTED_AUS
from models.metrics import two_afc
from scripts.train_compact.drawn_check import as_answered
from scripts.train_compact.photographs import Photographs

FloatArray = npt.NDArray[np.float32]
SMILE_AUS: Final = ("AU06", "AU10", "AU12", "AU25")
"""AUs that smiles surely or often carry."""


@dataclass(frozen=True, eq=False)
class SmileReading:
    """Intensities (K, 18) read on neutral and on smiling photographs, rows by person."""

    neutral: FloatArray
    smiling: FloatArray

    def auc(self, au: str) -> float:
        """Chance that a smile reads higher than a neutral face, any pair of people."""
        column = SUPPORTED_AUS.index(au)
        true = np.repeat([0.0, 5.0], [len(self.neutral), len(self.smiling)])
        read = np.concatenate([self.neutral[:, column], self.smiling[:, column]])
        return two_afc(true, read)


class SmileCheck:
    """Photographs of a split under several made-up cameras, the same at every call.

    The reference of a face is always under another camera than the face: a neutral face compared
    with the very same pixels would read as 0 for free.
    """

    def __init__(
        self,
        photographs: Photographs,
        split: Split,
        cameras: int = 4,
        config: AugmentConfig | None = None,
        seed: int = 5,
    ) -> None:
        people, smiles = photographs.pairs(split)
        neutral = crop_faces(photographs.neutral[people])
        smiling = crop_faces(photographs.smiling[smiles])
        augment = Augment(config or AugmentConfig(mirror=0, cutout=0))
        rng = np.random.default_rng(seed)
        self.reference = [augment(neutral, rng) for _ in range(cameras)]
        self.neutral = [augment(neutral, rng) for _ in range(cameras)]
        self.smiling = [augment(smiling, rng) for _ in range(cameras)]

    def read(self, network: Compact, *, compare: bool) -> SmileReading:
        """Readings of all cameras, by the comparing head or the absolute one."""
        with torch.inference_mode():
            read = [
                [
                    as_answered(network(images, reference if compare else None))
                    for images, reference in zip(which, self.reference, strict=True)
                ]
                for which in (self.neutral, self.smiling)
            ]
        return SmileReading(np.concatenate(read[0]), np.concatenate(read[1]))


class PlainSmileCheck(SmileCheck):
    """The photographs as they are; the reference alone is under another camera."""

    def __init__(self, photographs: Photographs, split: Split, seed: int = 6) -> None:
        mild = AugmentConfig(mirror=0, cutout=0, grey=0, side_light=0.2, noise=0.02, cast=0.06)
        super().__init__(photographs, split, 1, mild, seed)
        people, smiles = photographs.pairs(split)
        self.neutral = [to_tensor(crop_faces(photographs.neutral[people]))]
        self.smiling = [to_tensor(crop_faces(photographs.smiling[smiles]))]

"""The registered photographs: real neutral faces and real smiles of people by split."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.corpora.table import Split
from models.registration.face import ImageArray

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Photographs:
    """Registered photographs of everybody, as `draw` saved them.

    Attributes:
        names, splits: of the P people.
        smiles: bool (P,), who was photographed smiling.
        neutral: uint8 (P, 224, 224, 3).
        smiling: uint8 (S, 224, 224, 3), of those who smile, in their order.
        neutral_mesh, smiling_mesh: float32 (P or S, 468, 3), in the canonical frame.
    """

    names: tuple[str, ...]
    splits: tuple[Split, ...]
    smiles: npt.NDArray[np.bool_]
    neutral: ImageArray
    smiling: ImageArray
    neutral_mesh: FloatArray
    smiling_mesh: FloatArray

    @classmethod
    def load(cls, path: Path) -> Photographs:
        """Read ``people.npz``."""
        with np.load(path) as stored:
            return cls(
                tuple(stored["name"].tolist()),
                tuple(stored["split"].tolist()),
                stored["smiles"],
                stored["neutral"],
                stored["smiling"],
                stored["neutral_mesh"],
                stored["smiling_mesh"],
            )

    def pairs(self, split: Split) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Rows into `neutral` and into `smiling` of the people of a split who smile."""
        place = np.cumsum(self.smiles) - 1
        people = [i for i, one in enumerate(self.splits) if one == split and self.smiles[i]]
        return np.array(people, np.int64), np.asarray(place[people], np.int64)

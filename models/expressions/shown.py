"""Which expression a photographed face shows already, by its mesh and by `compact`.

A drawing asks for absolute intensities, so what the photo shows has to be taken off first. The mesh
tells clear smiles and parted lips (`models.rig.shown`). `compact` adds smiles that the mesh misses
and other action units, where it reads them louder than on any neutral face. What is not sure stays
in the face: taking off what is not there does more harm than leaving what is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from models.estimators.reader import Reader
from models.facs import SUPPORTED_AUS
from models.registration.face import FloatArray, RegisteredFace
from models.rig.shown import shown_expression

SURE: Final[Mapping[str, float]] = {
    "AU01": 2.0, "AU02": 1.4, "AU04": 2.0, "AU10": 0.6, "AU12": 0.8, "AU15": 0.7, "AU17": 0.9,
    "AU20": 0.6, "AU24": 0.6,
}  # fmt: skip
"""Intensity from which `compact` is believed: about .5 above the loudest of 108 neutral faces. AUs
that are missing are not looked for, because neutral faces read as loud (05, 07, 23), or because
what they hide cannot be drawn back (43), or because they come with a smile (06)."""
_OF_A_SMILE: Final = ("AU04", "AU10")
"""Not believed beside a smile, which lowers brows and raises lips by itself."""
_SMILE: Final = 0.5


class ShownReader:
    """Reads what faces show. Safe to use from several threads."""

    def __init__(self, reader: Reader) -> None:
        """`reader` is of `compact`, not calibrated to anybody."""
        self._reader = reader

    def read(self, faces: Sequence[RegisteredFace]) -> FloatArray:
        """float32 (N, 18, 2): intensities 0..5 that faces show; all 0 of a neutral one.

        Faces registered in 2D, which `compact` cannot read, are judged by their mesh alone.
        """
        out = np.stack([shown_expression(face) for face in faces])
        rows = [row for row, face in enumerate(faces) if face.kind == "3d"]
        if not rows:
            return out
        read = self._reader.estimate(np.stack([faces[row].image for row in rows])).intensities
        for row, intensities in zip(rows, read, strict=True):
            _add(out[row], dict(zip(self._reader.aus, intensities.tolist(), strict=True)))
        return out


def _add(shown: FloatArray, read: Mapping[str, float]) -> None:
    """Add to (18, 2) what is read for sure and the mesh has not found, in place."""
    smiles = read["AU12"] >= _SMILE or bool(shown[SUPPORTED_AUS.index("AU12")].any())
    for au, least in SURE.items():
        column = SUPPORTED_AUS.index(au)
        if shown[column].any() or read[au] < least or (smiles and au in _OF_A_SMILE):
            continue
        shown[column] = read[au]

"""Descriptors of faces, and whether two are one person's."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load

from models.identity.chip import face_chip
from models.identity.network import LENGTH, SIDE, onnx_model
from models.onnx_session import open_session
from models.registration.face import ImageArray, RegisteredFace
from models.shipped import load_shipped

FloatArray = npt.NDArray[np.float32]
WEIGHTS: Final = "identity.safetensors"
_MEAN_RGB: Final = (122.782, 117.001, 104.298)


class Recogniser:
    """The network that describes who a face is. Safe to use from several threads."""

    def __init__(self, weights: bytes) -> None:
        self._session = open_session(onnx_model(load(weights)))

    def describe(self, faces: Sequence[RegisteredFace]) -> FloatArray:
        """float32 (N, 128): descriptors of faces as their photos show them."""
        if not faces:
            return np.zeros((0, LENGTH), np.float32)
        return self.describe_chips(np.stack([face_chip(face, SIDE) for face in faces]))

    def describe_chips(self, chips: ImageArray) -> FloatArray:
        """float32 (N, 128) of faces cut out by `models.identity.chip`, uint8 (N, 150, 150, 3).

        Of a face and its mirror image, averaged: which side the light falls from is nobody's.
        """
        return np.stack([self._described(chip) for chip in chips])

    def _described(self, chip: ImageArray) -> FloatArray:
        seen = (np.stack([chip, chip[:, ::-1]]).astype(np.float32) - _MEAN_RGB) / 255
        tensor = np.ascontiguousarray(seen.transpose(0, 3, 1, 2), np.float32)
        out = self._session.run(["descriptor"], {"face": tensor})[0]
        return np.asarray(np.mean(out, axis=0), np.float32)


@lru_cache(maxsize=1)
def recogniser() -> Recogniser:
    """The recogniser that ships, loaded once.

    Raises:
        models.assets.AssetError: its weights are missing or damaged.
    """
    return Recogniser(load_shipped(WEIGHTS))

"""Ways to look at a face that are no part of what draws it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from skimage.feature import local_binary_pattern

from models.estimators.crop import crop_faces
from models.estimators.onnx_graph import onnx_model
from models.estimators.shipped import shipped_checkpoint
from models.onnx_session import open_session
from models.rig.light import LUMINANCE

FloatArray = npt.NDArray[np.float32]
ImageArray = npt.NDArray[np.uint8]

_CELL: Final = 28
_PATTERNS: Final = 10
_PATCH: Final = 16
_KEPT: Final = 24
_INCEPTION: Final = 299


def texture(image: ImageArray) -> FloatArray:
    """float32 (640,): uniform local binary patterns in cells of a registered face.

    Ahonen, Hadid & Pietikainen (2006). It knows skin, brows and light, and no mesh; folds and teeth
    that come with an expression look to it like another face.
    """
    grey = cv2.GaussianBlur((image @ LUMINANCE).astype(np.float32), (0, 0), 1.0)
    codes = local_binary_pattern(grey.astype(np.uint8), 8, 2, "uniform").astype(int)  # type: ignore[no-untyped-call]
    shown = np.asarray(image.any(axis=2), np.bool_)
    cells = []
    for row in range(0, image.shape[0], _CELL):
        for column in range(0, image.shape[1], _CELL):
            at = (slice(row, row + _CELL), slice(column, column + _CELL))
            counts = np.bincount(codes[at][shown[at]], minlength=_PATTERNS)[:_PATTERNS]
            cells.append(counts / max(counts.sum(), 1) * shown[at].mean())
    return np.asarray(np.concatenate(cells), np.float32)


def texture_distance(one: FloatArray, other: FloatArray) -> float:
    """Chi-square distance of two `texture` descriptors."""
    total = one + other
    return float((((one - other) ** 2)[total > 0] / total[total > 0]).sum())


class CompactFeatures:
    """What the shipped estimator `compact` makes of registered faces; (N, F)."""

    name = "the trunk of `compact` (ours)"

    def __init__(self) -> None:
        model = onnx_model(shipped_checkpoint("compact"), features=True)
        self._session = open_session(model, threads=0)

    def __call__(self, images: ImageArray) -> FloatArray:
        faces = crop_faces(images).transpose(0, 3, 1, 2).astype(np.float32) / np.float32(127.5) - 1
        return np.asarray(self._session.run(["features"], {"face": faces})[0], np.float32)


class PatchFeatures:
    """Principal components of 16x16 patches of cheeks and mouth, fitted to some real faces.

    No network and no mesh: colour and structure of small pieces, several hundred of each face.
    """

    name = f"{_KEPT} principal components of {_PATCH}x{_PATCH} patches of the lower face"

    def __init__(self, real: ImageArray) -> None:
        patches = _patches(real)
        self._mean = patches.mean(axis=0)
        _, _, axes = np.linalg.svd(patches - self._mean, full_matrices=False)
        self._axes = axes[:_KEPT].T

    def __call__(self, images: ImageArray) -> FloatArray:
        return np.asarray((_patches(images) - self._mean) @ self._axes, np.float32)


class OnnxFeatures:
    """Features by a network of the user's, such as Inception v3 without its last layer.

    Its one input takes float32 (N, 3, 299, 299) RGB in [-1, 1], its first output is (N, F).
    """

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._session = open_session(path, threads=0)

    def __call__(self, images: ImageArray) -> FloatArray:
        large = np.stack([cv2.resize(image, (_INCEPTION, _INCEPTION)) for image in images])
        inputs = large.transpose(0, 3, 1, 2).astype(np.float32) / np.float32(127.5) - 1
        name = self._session.get_inputs()[0].name
        found = self._session.run(None, {name: inputs})[0]
        return np.asarray(found, np.float32).reshape(len(images), -1)


def _patches(images: ImageArray) -> FloatArray:
    """(N * K, 768): patches every 8 pixels where all faces show the cheeks, nose and mouth."""
    found = [
        images[:, row : row + _PATCH, column : column + _PATCH].reshape(len(images), -1)
        for row in range(88, 168 - _PATCH, 8)
        for column in range(64, 160 - _PATCH + 1, 8)
    ]
    return np.asarray(np.concatenate(found), np.float32) / np.float32(255)

"""A linear reading of smiles from the mesh, fitted on people photographed neutral and smiling."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls

from models.facs import SUPPORTED_AUS
from models.registration.canonical import CanonicalFace
from models.rig.shown import READ_AUS

Array = npt.NDArray[np.float64]
FloatArray = npt.NDArray[np.float32]
_RIDGE = 0.3
FITTED = ("AU10", "AU12", "AU15", "AU20", "AU25", "AU26")
_LIP_WEIGHT, _ELSEWHERE = 3.0, 0.3


def shown_reading(
    face: CanonicalFace, basis: Array, neutral: Sequence[FloatArray],
    smiling: Sequence[FloatArray], others: Sequence[FloatArray],
) -> tuple[Array, Array]:  # fmt: skip
    """Slope (936, 4) and offset (4,) from the mesh's deviation to intensities of `READ_AUS`.

    `neutral` and `smiling` are meshes (468, 3) of the same people; `others` neutral ones besides.
    """
    truth = np.array(
        [fitted_intensities(face, basis, n, s) for n, s in zip(neutral, smiling, strict=True)]
    )
    meshes = np.array([*neutral, *others, *smiling])
    rest = np.zeros((len(neutral) + len(others), truth.shape[1]))
    wanted = [FITTED.index(au) for au in READ_AUS]
    intensities = np.concatenate([rest, truth])[:, wanted]
    mirrored = meshes[:, face.mirror] * np.array([-1.0, 1.0, 1.0])
    features = (np.concatenate([meshes, mirrored]) - face.mesh)[..., :2].reshape(-1, 936)
    intensities = np.concatenate([intensities, intensities])
    middle, level = features.mean(axis=0), intensities.mean(axis=0)
    centred = features - middle
    gram = centred @ centred.T + _RIDGE * np.eye(len(centred))
    slope = centred.T @ np.linalg.solve(gram, intensities - level)
    return slope, level - middle @ slope


def fitted_intensities(
    face: CanonicalFace, basis: Array, neutral: FloatArray, smiling: FloatArray
) -> Array:
    """Intensities (6,) of `FITTED` that take one mesh to the other best, lips counting most.

    `basis` (18, V, 3) is the rig's; the meshes are (468, 3). Nothing holds them below 5.
    """
    weight = np.full(468, _ELSEWHERE)
    for opening in (face.outer_lips, face.inner_lips):
        weight[list(opening.upper + opening.lower)] = _LIP_WEIGHT
    fields = basis[[SUPPORTED_AUS.index(au) for au in FITTED], :468, :2]
    design = (fields * weight[:, None]).reshape(len(FITTED), -1).T
    moved = ((smiling - neutral)[:, :2] * weight[:, None]).ravel()
    return np.asarray(nnls(design, moved)[0] * 5)

"""The whole head of the ICT model, skin, mouth and eyes, in the canonical frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from models.characters.head import Part
from models.registration.canonical import canonical_face
from scripts.fit_rig.correspondence import MESH_LANDMARKS, _similarity
from scripts.fit_rig.ict import LANDMARKS

Array = npt.NDArray[np.float64]

_ENDS: Final = (
    (9409, Part.FACE), (11248, Part.HEAD), (13294, Part.MOUTH), (14062, Part.SOCKET),
    (17039, Part.GUMS), (21451, Part.TEETH), (23021, Part.LEFT_EYE), (24591, Part.RIGHT_EYE),
)  # fmt: skip
"""Where each part ends in the model's order of vertices; lashes and such are left out."""
COUNT: Final = _ENDS[-1][0]


@dataclass(frozen=True, eq=False)
class WholeHead:
    """Everything in canonical units: x right in the picture, y down, z away from the camera.

    Attributes:
        vertices: (V, 3); triangles: int64 (T, 3); part: uint8 (V,), see `Part`.
        shapes: name -> (V, 3) displacement; identities: (100, V, 3).
    """

    vertices: Array
    triangles: npt.NDArray[np.int64]
    part: npt.NDArray[np.uint8]
    shapes: Mapping[str, Array]
    identities: Array

    @property
    def skin(self) -> npt.NDArray[np.bool_]:
        """(V,): face, head and neck."""
        return np.asarray(self.part <= Part.HEAD, np.bool_)


def load_whole(path: Path) -> WholeHead:
    """Read ``ict_face.npz`` and bring it to the canonical frame by its 51 landmarks.

    Raises:
        FileNotFoundError: it is not there.
    """
    flip = np.array([1.0, -1.0, -1.0])
    with np.load(path, allow_pickle=False) as file:
        neutral = file["neutral"][:COUNT].astype(np.float64) * flip
        quads = file["faces"].astype(np.int64)
        names = [str(name) for name in file["expression_names"]]
        shapes = file["expressions"][:, :COUNT].astype(np.float64) * flip
        identities = file["identities"][:, :COUNT].astype(np.float64) * flip
    goal = canonical_face().mesh.astype(np.float64)[list(MESH_LANDMARKS)]
    scale, _, _ = _similarity(neutral[list(LANDMARKS)], goal)
    # Heads keep upright: only size and place are taken from the fit.
    shift = goal.mean(0) - scale * neutral[list(LANDMARKS)].mean(0)
    shift[0] = 0.0
    quads = quads[(quads < COUNT).all(axis=1)]
    part = np.zeros(COUNT, np.uint8)
    start = 0
    for end, kind in _ENDS:
        part[start:end] = kind
        start = end
    vertices = scale * neutral + shift
    # A little further in, so that no tooth comes through a lip that is drawn in.
    inner = (part == Part.TEETH) | (part == Part.GUMS)
    vertices[inner] = vertices[inner] * [0.90, 1, 1] + [0, 0, 0.07]
    return WholeHead(
        vertices,
        np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]),
        part,
        {name: scale * shape for name, shape in zip(names, shapes, strict=True)},
        scale * identities,
    )

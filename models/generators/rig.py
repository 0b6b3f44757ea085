"""The generator that needs no training: the rig."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.generators.base import FloatArray, ImageArray, check_request
from models.registration.face import FACE_SIZE, RegisteredFace
from models.registration.pyramid import Pyramid
from models.rig.draw import draw, express
from models.rig.model import RigModel, rig_model
from models.rig.subject import measure


class RigGenerator:
    """Displaces the mesh by the AU basis and draws the photo's texture on it."""

    name = "rig"

    def __init__(self, model: RigModel | None = None) -> None:
        """With the rig that ships unless another is given.

        Raises:
            models.assets.AssetError: its weights are missing or damaged.
        """
        self._model = model or rig_model()

    def generate(
        self,
        faces: Sequence[RegisteredFace],
        targets: FloatArray,
        sources: FloatArray | None = None,
        *,
        seeds: Sequence[int] | None = None,
        size: int = FACE_SIZE,
    ) -> ImageArray:
        """See `models.generators.base.Generator.generate`."""
        check_request(len(faces), targets, sources, seeds, size)
        out = np.zeros((len(faces), size, size, 3), np.uint8)
        pyramids: dict[RegisteredFace, Pyramid] = {}
        for index, face in enumerate(faces):
            pyramid = pyramids.setdefault(face, Pyramid(face.photo))
            subject = measure(self._model, face)
            source = None if sources is None else sources[index]
            expression = express(self._model, subject, targets[index], source)
            seed = 0 if seeds is None else seeds[index]
            view = face.view.resized(size / FACE_SIZE)
            out[index] = draw(self._model, subject, pyramid, expression, view, size, seed)
        return out

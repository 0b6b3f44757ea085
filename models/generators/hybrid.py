"""The rig's drawing, corrected by a network that has seen real smiles come and go."""

from __future__ import annotations

import numpy as np

from models.generators.base import FloatArray, ImageArray
from models.generators.one_by_one import OneByOneGenerator
from models.hybrid.corrector import Corrector, shipped_corrector
from models.hybrid.restraint import restrained
from models.hybrid.scene import changes, place, see
from models.registration.face import FACE_SIZE, RegisteredFace
from models.registration.pyramid import Pyramid
from models.rig.canvas import lay_out
from models.rig.draw import draw_face, express
from models.rig.model import RigModel, rig_model
from models.rig.subject import measure


class HybridGenerator(OneByOneGenerator):
    """Draws as `rig` does, then corrects smiles and open mouths; the rest is the rig's, byte for
    byte."""

    name = "hybrid"

    def __init__(self, corrector: Corrector | None = None, model: RigModel | None = None) -> None:
        """With the corrector and the rig that ship unless others are given.

        Raises:
            models.assets.AssetError: their weights are missing or damaged.
        """
        self._corrector = corrector or shipped_corrector()
        self._model = model or rig_model()

    def drawn(
        self,
        face: RegisteredFace,
        pyramid: Pyramid,
        target: FloatArray,
        source: FloatArray | None,
        seed: int,
        size: int,
    ) -> ImageArray:
        """See `OneByOneGenerator.drawn`."""
        model, subject = self._model, measure(self._model, face)
        expression = express(model, subject, target, source)
        view = face.view.resized(size / FACE_SIZE)
        canvas = lay_out(model, expression.moved, view, size)
        drawing = draw_face(model, subject, pyramid, expression, view, canvas, seed)
        if not changes(model, subject, expression, target, source):
            return drawing
        scene = see(model, subject, pyramid, expression, target, source, seed)
        wanted = restrained(self._corrector.correction(scene), scene)
        correction = place(wanted, expression, canvas)
        corrected = np.clip(drawing + correction + np.float32(0.5), 0, 255).astype(np.uint8)
        # Black is what is beyond the face, and stays so.
        face_there = drawing.any(axis=2, keepdims=True) & corrected.any(axis=2, keepdims=True)
        return np.where(face_there, corrected, drawing)

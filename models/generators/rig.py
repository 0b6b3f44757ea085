"""The generator that needs no training: the rig."""

from __future__ import annotations

from models.generators.base import FloatArray, ImageArray
from models.generators.one_by_one import OneByOneGenerator
from models.registration.face import FACE_SIZE, RegisteredFace
from models.registration.pyramid import Pyramid
from models.rig.canvas import lay_out
from models.rig.draw import draw_face, express
from models.rig.model import RigModel, rig_model
from models.rig.subject import measure


class RigGenerator(OneByOneGenerator):
    """Displaces the mesh by the AU basis and draws the photo's texture on it."""

    name = "rig"

    def __init__(self, model: RigModel | None = None) -> None:
        """With the rig that ships unless another is given.

        Raises:
            models.assets.AssetError: its weights are missing or damaged.
        """
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
        subject = measure(self._model, face)
        expression = express(self._model, subject, target, source)
        view = face.view.resized(size / FACE_SIZE)
        canvas = lay_out(self._model, expression.moved, view, size)
        return draw_face(self._model, subject, pyramid, expression, view, canvas, seed)

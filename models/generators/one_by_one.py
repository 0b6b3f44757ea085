"""Generators that draw on the photo itself, one image after the other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from models.generators.base import FloatArray, ImageArray, check_request
from models.generators.paste import paste_back
from models.registration.face import FACE_SIZE, RegisteredFace
from models.registration.procrustes2d import shown_in_2d
from models.registration.pyramid import Pyramid
from models.registration.tone import face_tone
from models.rig.cloth import drawable
from models.rig.glasses import lifted


class OneByOneGenerator(ABC):
    """Asks for each image by itself; an image registered in 2D shows what surrounds the face, so
    its drawing does too, and a drawing has no colours that its face has not."""

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
        tones = {face: face_tone(face) for face in dict.fromkeys(faces)}
        for index, face in enumerate(faces):
            worn = lifted(face)
            bare = face if worn is None else worn.bare
            if bare not in pyramids:
                pyramids[bare] = Pyramid(bare.photo)
            target = drawable(face, targets[index])
            source = None if sources is None else drawable(face, sources[index])
            seed = 0 if seeds is None else seeds[index]
            drawing = self.drawn(bare, pyramids[bare], target, source, seed, size)
            # Teeth, tongue and the tint of shadows bring colours of their own.
            drawing = tones[face].applied(drawing)
            if face.kind == "2d":
                pasted = paste_back(face, drawing, target, source)
                drawing = shown_in_2d(face, Pyramid(pasted), size)
            elif worn is not None:
                drawing = worn.laid_on_drawing(drawing)
            out[index] = drawing
        return out

    @abstractmethod
    def drawn(
        self,
        face: RegisteredFace,
        pyramid: Pyramid,
        target: FloatArray,
        source: FloatArray | None,
        seed: int,
        size: int,
    ) -> ImageArray:
        """uint8 (size, size, 3): the face alone, black beyond it; `pyramid` is of its photo."""

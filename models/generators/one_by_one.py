"""A request drawn image by image, as generators do that draw on the photo itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from models.generators.base import FloatArray, ImageArray, check_request
from models.generators.paste import paste_back
from models.registration.face import RegisteredFace
from models.registration.procrustes2d import shown_in_2d
from models.registration.pyramid import Pyramid

DrawOne = Callable[[RegisteredFace, Pyramid, FloatArray, FloatArray | None, int], ImageArray]
"""Draws one face: with its photo's pyramid, the target, the source and the seed."""


def drawn_one_by_one(
    draw_one: DrawOne,
    faces: Sequence[RegisteredFace],
    targets: FloatArray,
    sources: FloatArray | None,
    seeds: Sequence[int] | None,
    size: int,
) -> ImageArray:
    """What `models.generators.base.Generator.generate` answers.

    An image registered in 2D shows what surrounds the face, so its drawing does too.
    """
    check_request(len(faces), targets, sources, seeds, size)
    out = np.zeros((len(faces), size, size, 3), np.uint8)
    pyramids: dict[RegisteredFace, Pyramid] = {}
    for index, face in enumerate(faces):
        if face not in pyramids:
            pyramids[face] = Pyramid(face.photo)
        source = None if sources is None else sources[index]
        seed = 0 if seeds is None else seeds[index]
        drawing = draw_one(face, pyramids[face], targets[index], source, seed)
        if face.kind == "2d":
            pasted = paste_back(face, drawing, targets[index], source)
            drawing = shown_in_2d(face, Pyramid(pasted), size)
        out[index] = drawing
    return out

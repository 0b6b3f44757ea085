"""3D registration: the person's mesh without its turn, drawn from the front."""

from __future__ import annotations

from typing import Final

import numpy as np

from models.registration.alignment import align_to_canonical
from models.registration.face import FACE_SIZE, FloatArray, RegisteredFace, View
from models.registration.headpose import head_pose
from models.registration.pyramid import Pyramid
from models.registration.texture import draw

_SCALE: Final = 63.0
"""Pixels per canonical unit at 224: the mean face, 2.69 units high, takes 76% of the height."""
_MIDDLE: Final = (111.5, 94.0)
"""Where the canonical origin lies at 224. The longest of 108 neutral faces reaches from row 3 to
191, which leaves its chin 33 rows, a fifth of the mean face, to drop."""


def frontal_view(size: int = FACE_SIZE) -> View:
    """The view of a registered image: canonical frame -> pixels of a `size` x `size` image."""
    view = View(np.asarray(np.eye(3) * _SCALE, np.float32), np.array([*_MIDDLE, 0.0], np.float32))
    return view if size == FACE_SIZE else view.resized(size / FACE_SIZE)


def frontalise(pyramid: Pyramid, points: FloatArray) -> RegisteredFace:
    """Register the face whose mesh is `points`, (468, 3) in pixels of the photo, in 3D."""
    mesh, photo_view = align_to_canonical(points)
    view = frontal_view()
    drawing = draw(pyramid, mesh, photo_view, view, FACE_SIZE)
    return RegisteredFace(
        image=drawing.image,
        mesh=mesh,
        view=view,
        photo=pyramid.photo,
        photo_view=photo_view,
        sampling=drawing.sampling,
        pose=head_pose(photo_view),
        kind="3d",
    )

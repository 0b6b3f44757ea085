"""Frames registered in 2D with everything but the face made black, as drawings of them are.

A drawing in 2D shows the face alone; a photograph registered in 2D keeps hair and wall. An
estimator that learnt from one kind reads the other by something it has never seen.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.simulated.database import Database
from models.estimators.crop import crop_faces
from models.registration.face import FACE_SIZE, ImageArray
from models.registration.pyramid import Pyramid
from models.registration.texture import draw


def cut_out(database: Database, work: Path) -> ImageArray:
    """uint8 (N, 128, 96, 3): all frames so, from a file below `work` if there is one."""
    stored = work / f"cut-out-{database.spec.name}.npy"
    if stored.exists():
        return np.asarray(np.load(stored), np.uint8)
    images = np.empty_like(database.crops("2d"))
    for row in range(len(images)):
        face = database.face(row, "2d")
        drawing = draw(Pyramid(face.photo), face.mesh, face.photo_view, face.view, FACE_SIZE)
        images[row] = crop_faces(drawing.image[None])[0]
    temporary = stored.with_name(f".{stored.name}")
    np.save(temporary, images)
    temporary.replace(stored)
    return images

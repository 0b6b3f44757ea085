"""The crop holds the face and nothing is stretched."""

from __future__ import annotations

import numpy as np
import pytest

from models.estimators.crop import CROP_HEIGHT, CROP_WIDTH, crop_faces
from models.registration.canonical import canonical_face
from tests.support.faces import astronaut


def test_the_whole_face_is_inside() -> None:
    face = astronaut()
    shown = face.image.any(axis=2)
    cropped = crop_faces(face.image[None])[0].any(axis=2)
    scale = CROP_WIDTH / 150
    assert pytest.approx(scale) == CROP_HEIGHT / 200
    assert cropped.sum() == pytest.approx(shown.sum() * scale**2, rel=0.03)
    points = face.view.project(canonical_face().mesh)[:, :2]
    assert points[:, 0].min() > 37
    assert points[:, 0].max() < 187
    assert points[:, 1].max() < 202


def test_a_plain_colour_stays() -> None:
    plain = np.full((2, 224, 224, 3), (10, 120, 250), np.uint8)
    assert (crop_faces(plain) == (10, 120, 250)).all()


def test_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="224"):
        crop_faces(np.zeros((2, 112, 112, 3), np.uint8))
    with pytest.raises(ValueError, match="float"):
        crop_faces(np.zeros((2, 224, 224, 3), np.float32))

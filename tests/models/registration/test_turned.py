"""Faces turned in 3D and aligned in 2D: where landmarks fall, and what is around them."""

from __future__ import annotations

import numpy as np
import pytest

from models.registration.alignment import fit_similarity
from models.registration.canonical import canonical_face
from models.registration.frontalise import frontal_view
from models.registration.kept import keep_face, registered_face
from models.registration.poses import pose_view
from models.registration.procrustes2d import LANDMARKS
from models.registration.turned import turned_face
from tests.support.faces import astronaut, registrar

POSES = [(0.0, 0.0), (-20.0, 0.0), (0.0, 40.0), (-40.0, -40.0)]


@pytest.mark.parametrize(("pitch", "yaw"), POSES)
def test_landmarks_of_the_turned_head_lie_on_the_template(pitch: float, yaw: float) -> None:
    face = registered_face(keep_face(registrar(), astronaut().photo), "2d")
    turned = turned_face(face, pitch, yaw)
    assert (turned.kind, turned.pose.pitch, turned.pose.yaw) == ("2d", pitch, yaw)
    marks = list(LANDMARKS)
    found = turned.view.project(turned.mesh)[marks, :2]
    # by hand: the mesh turned by the poses of 3D registration, then moved by a similarity
    template = frontal_view().project(canonical_face().mesh)[marks, :2]
    rotated = pose_view(pitch, yaw).project(face.mesh)[marks, :2]
    expected = fit_similarity(rotated, template).apply(rotated)
    np.testing.assert_allclose(found, expected, atol=0.05)
    np.testing.assert_array_equal(turned.mesh, face.mesh)


def test_what_surrounds_the_face_is_there_in_every_pose() -> None:
    face = registered_face(keep_face(registrar(), astronaut().photo), "3d")
    for pitch, yaw in POSES:
        picture = turned_face(face, pitch, yaw).image
        assert picture.shape == (224, 224, 3)
        black = float((picture.max(axis=2) == 0).mean())
        assert black < 0.15, (pitch, yaw, black)


def test_a_head_that_is_not_turned_looks_as_it_did() -> None:
    face = registered_face(keep_face(registrar(), astronaut().photo), "2d")
    same = turned_face(face, 0.0, 0.0).image
    middle = (slice(60, 180), slice(70, 155))
    apart = np.abs(same[middle].astype(float) - face.image[middle])
    assert float(apart.mean()) < 12
    other = turned_face(face, 0.0, 40.0).image
    assert float(np.abs(other[middle].astype(float) - face.image[middle]).mean()) > 20

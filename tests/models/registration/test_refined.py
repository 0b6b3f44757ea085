"""The refined mesh with irises."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from models.registration.contours import LEFT_EYE, RIGHT_EYE
from models.registration.face import ImageArray
from models.registration.refined import (
    LEFT_IRIS,
    POINT_COUNT,
    RIGHT_IRIS,
    RefinedFinder,
    RefinedMesh,
    load_refined_finder,
)
from tests.models.registration.heads import EYE_SPAN, MARKS, portrait, registrar, turned


@cache
def finder() -> RefinedFinder:
    return load_refined_finder()


def refined(photo: ImageArray) -> RefinedMesh:
    return finder().refine(photo, registrar().locate(photo)[0].mesh)


def test_vertices_lie_where_the_eye_sees_them() -> None:
    """Corners of eyes and mouth within 7.5% of the eyes' distance of a reading by hand."""
    found = refined(portrait())
    assert found.points.shape == (POINT_COUNT, 3)
    assert found.points.dtype == np.float32
    assert found.mesh.shape == (468, 3)
    assert found.presence > 0.99
    for vertex, place in MARKS.items():
        assert np.linalg.norm(found.points[vertex, :2] - place) < 0.075 * EYE_SPAN, vertex


def test_each_iris_lies_in_its_own_eye() -> None:
    points = refined(portrait()).points[:, :2]
    for iris, eye in ((RIGHT_IRIS, RIGHT_EYE), (LEFT_IRIS, LEFT_EYE)):
        centre, right, top, left, bottom = points[list(iris)]
        corners = np.sort(points[[eye.upper[0], eye.upper[-1]], 0])
        assert corners[0] < centre[0] < corners[1]
        assert left[0] < centre[0] < right[0]
        assert top[1] < centre[1] < bottom[1]
        # 11.7 mm where the middles of the eyes are 63 mm apart
        assert right[0] - left[0] == pytest.approx(11.7 / 63 * EYE_SPAN, rel=0.15)


def test_no_face_has_little_presence() -> None:
    grey = np.full((256, 256, 3), 120, np.uint8)
    assert (
        finder().refine(grey, np.float32(0.5) * registrar().locate(portrait())[0].mesh).presence
        < 0.1
    )


def test_the_mesh_turns_with_the_photo() -> None:
    upright = refined(portrait()).points[:, :2] - 255.5
    found = refined(turned(portrait(), 30.0)).points[:, :2] - 255.5
    angle = np.radians(30.0)
    clockwise = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    assert np.linalg.norm(found - upright @ clockwise.T, axis=1).mean() < 0.04 * EYE_SPAN

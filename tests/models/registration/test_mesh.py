"""The dense mesh in a photo."""

from __future__ import annotations

import numpy as np
import pytest

from models.registration.face import VERTEX_COUNT
from models.registration.mesh import window_around
from tests.models.registration.heads import EYE_SPAN, MARKS, portrait, registrar, turned


def test_vertices_lie_where_the_eye_sees_them() -> None:
    """Corners of eyes and mouth within 6% of the eyes' distance of a reading by hand."""
    found = registrar().locate(portrait())[0].mesh
    assert found.shape == (VERTEX_COUNT, 3)
    assert found.dtype == np.float32
    for vertex, place in MARKS.items():
        distance = np.linalg.norm(found[vertex, :2] - place)
        assert distance < 0.065 * EYE_SPAN, vertex


def test_depth_is_in_pixels_and_towards_the_camera_negative() -> None:
    """A nose tip stands about 0.7 of the eyes' distance before their outer corners (the mean of
    3D scans in the ICT face model)."""
    found = registrar().locate(portrait())[0].mesh
    relief = found[[33, 263], 2].mean() - found[4, 2]
    assert relief / EYE_SPAN == pytest.approx(0.7, abs=0.15)


@pytest.mark.parametrize("degrees", [30.0, -50.0])
def test_the_mesh_turns_with_the_photo(degrees: float) -> None:
    upright = registrar().locate(portrait())[0].mesh[:, :2] - 255.5
    found = registrar().locate(turned(portrait(), degrees))[0].mesh[:, :2] - 255.5
    angle = np.radians(degrees)
    clockwise = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    assert np.linalg.norm(found - upright @ clockwise.T, axis=1).mean() < 0.04 * EYE_SPAN


def test_the_second_crop_is_level_and_half_as_large_again() -> None:
    """A face 40 wide and 60 high, turned clockwise by 90 degrees about (100, 200)."""
    points = np.zeros((VERTEX_COUNT, 3), np.float32)
    points[:, 0] = 100
    points[:, 1] = 200
    # Turned clockwise by a quarter, the subject's left (image right) points down.
    points[33, :2], points[263, :2] = (110, 180), (110, 220)  # outer eye corners
    points[10, :2], points[152, :2] = (130, 200), (70, 200)  # forehead, chin
    window = window_around(points)
    assert (window.x, window.y) == pytest.approx((100, 200))
    assert window.angle == pytest.approx(90)
    assert window.side == pytest.approx(90)

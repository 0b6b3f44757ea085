"""How brightness follows skin that turns."""

from __future__ import annotations

import numpy as np
import pytest

from models.registration.face import FloatArray
from models.rig.light import brightness_ratio, fit_light, vertex_normals


def directions(count: int = 4000) -> FloatArray:
    """Unit vectors (N, 3) towards the camera's side."""
    found = np.random.default_rng(0).normal(size=(count, 3))
    found[:, 2] = -np.abs(found[:, 2])
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)


def test_a_light_is_found_again() -> None:
    normals = directions()
    light = np.array([0.6, 0.5, -0.2, -0.3], np.float32)  # from the image's right
    luminance = np.asarray(120 * (light[0] + normals @ light[1:]), np.float32)
    found = fit_light(luminance, normals, np.ones(len(normals), np.float32))
    # The prior, an ordinary portrait's light, pulls a little towards itself.
    assert found[1] / found[0] == pytest.approx(light[1] / light[0], rel=0.45)
    assert found[1] > abs(found[2])


def test_skin_that_turns_to_the_light_brightens_within_bounds() -> None:
    above = np.array([0.6, 0.0, -0.3, -0.2], np.float32)
    level, up, down = np.array([[[0, 0, -1]], [[0, -0.5, -0.87]], [[0, 1, 0]]], np.float32)
    assert brightness_ratio(above, level, level) == pytest.approx(1.0)
    assert 1 < brightness_ratio(above, level, up) < 1.15
    assert 0.73 < brightness_ratio(above, level, down) < 1


def test_normals_point_out_of_the_face() -> None:
    corners = np.array([[0, 0, 0], [0, 1, 0], [1, 0, 0]], np.float32)
    triangles = np.array([[0, 1, 2]], np.int32)  # wound so that (b - a) x (c - a) faces us
    assert vertex_normals(corners, triangles) == pytest.approx(np.tile([0, 0, -1.0], (3, 1)))

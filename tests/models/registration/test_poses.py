"""Re-rendering in other poses."""

from __future__ import annotations

import numpy as np
import pytest

from models.registration.face import ImageArray
from models.registration.poses import FERA_POSES, render_pose
from tests.models.registration.heads import portrait, registrar


def extent(image: ImageArray) -> tuple[int, int, int, int]:
    """First and last row and column that are not black."""
    rows, columns = np.nonzero(image.max(-1))
    return int(rows.min()), int(rows.max()), int(columns.min()), int(columns.max())


def test_nine_views() -> None:
    assert len(set(FERA_POSES)) == 9
    assert {pitch for pitch, _ in FERA_POSES} == {-40, -20, 0}
    assert {yaw for _, yaw in FERA_POSES} == {-40, 0, 40}


@pytest.mark.parametrize(("pitch", "yaw"), FERA_POSES)
def test_every_view_shows_a_face_within_the_frame(pitch: float, yaw: float) -> None:
    image = render_pose(registrar().register(portrait()), pitch, yaw)
    assert image.shape == (224, 224, 3)
    assert image.dtype == np.uint8
    top, bottom, left, right = extent(image)
    assert min(top, left) > 0
    assert max(bottom, right) < 223
    assert (image.max(-1) > 0).mean() > 0.2


@pytest.mark.parametrize(("pitch", "yaw"), [(-20.0, 0.0), (0.0, 25.0), (0.0, -25.0)])
def test_a_rendered_pose_is_found_again(pitch: float, yaw: float) -> None:
    image = render_pose(registrar().register(portrait()), pitch, yaw, size=448)
    photo = np.where(image.max(-1, keepdims=True) > 0, image, np.uint8(150))
    found = registrar().register(photo).pose
    assert found.pitch == pytest.approx(pitch, abs=6)
    assert found.yaw == pytest.approx(yaw, abs=6)


def test_the_frontal_view_is_the_registered_face() -> None:
    face = registrar().register(portrait())
    assert np.array_equal(render_pose(face, 0.0, 0.0), face.image)


def test_a_face_registered_in_2d_renders_the_same() -> None:
    from_2d = render_pose(registrar().register(portrait(), kind="2d"), -20.0, 40.0)
    from_3d = render_pose(registrar().register(portrait()), -20.0, 40.0)
    assert np.array_equal(from_2d, from_3d)


def test_a_larger_rendering_is_the_same_picture() -> None:
    face = registrar().register(portrait())
    small = render_pose(face, -20.0, 40.0).astype(float)
    large = render_pose(face, -20.0, 40.0, size=448).astype(float)
    halved = large.reshape(224, 2, 224, 2, 3).mean((1, 3))
    assert np.abs(halved - small).mean() < 1.5

"""Frames follow from their seed, show what was asked for, and can be found again."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from benchmarks.simulated.camera import Camera, Setting, head_poses, photograph, setting
from benchmarks.simulated.databases import A, B
from benchmarks.simulated.lens import Lens
from benchmarks.simulated.own_face import Spread, own_face
from models.facs import SUPPORTED_AUS
from models.registration.face import FloatArray, ImageArray, Pose
from models.rig.model import rig_model
from tests.support.faces import calm, registrar

FRONT = Pose(yaw=0.0, pitch=0.0, roll=0.0)
SAME = Spread(strength=0, course=0, sides=0, rest=0, field=0, turn=0, folds=0)


def shot(camera: Camera, pose: Pose = FRONT, seed: int = 0, **intensities: float) -> ImageArray:
    own = own_face(rig_model(), SAME, np.random.default_rng(0))
    where = Setting(np.array(camera.light), 0.0)
    rng = np.random.default_rng(seed)
    return photograph(camera, where, calm(), own, vector(**intensities), pose, rng)


@cache
def plain() -> ImageArray:
    return shot(A.camera)


def vector(**intensities: float) -> FloatArray:
    out = np.zeros(len(SUPPORTED_AUS), np.float32)
    for au, intensity in intensities.items():
        out[SUPPORTED_AUS.index(au)] = intensity
    return out


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert plain().shape == (A.camera.size, A.camera.size, 3)
    np.testing.assert_array_equal(shot(A.camera), plain())
    assert (shot(A.camera, seed=1) != plain()).any()


def test_people_are_lit_and_turn_by_their_seed() -> None:
    one, other, third = (setting(B.camera, np.random.default_rng(seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one.light, other.light)
    assert one.exposure == other.exposure != third.exposure
    poses = head_poses(A.camera, 400, 3.0, np.random.default_rng(0))
    assert poses == head_poses(A.camera, 400, 3.0, np.random.default_rng(0))
    assert np.std([pose.yaw for pose in poses]) == pytest.approx(A.camera.turning, rel=0.3)


@pytest.mark.parametrize("yaw", [-15.0, 15.0])
def test_heads_turn_to_the_side_they_are_asked_to(yaw: float) -> None:
    found = registrar().register(shot(A.camera, replace(FRONT, yaw=yaw)))
    assert np.sign(found.pose.yaw) == np.sign(yaw)
    assert abs(found.pose.yaw) > 7


def test_expressions_are_seen_by_the_mesh() -> None:
    corners = [61, 291]
    rest, smile = (
        registrar().register(image).mesh for image in (plain(), shot(A.camera, AU12=5.0))
    )
    width = [float(np.ptp(mesh[corners, 0])) for mesh in (rest, smile)]
    assert width[1] > 1.1 * width[0]


def test_cameras_differ_in_what_the_databases_say_they_differ_in() -> None:
    dark = shot(replace(A.camera, gamma=2.0))
    warm = shot(replace(A.camera, gain=(0.2, 0.0, -0.2)))
    soft = shot(replace(A.camera, blur=2.0))
    from_left = shot(replace(A.camera, light=(-0.4, 0.0, -0.2)))
    middle = slice(120, 216)
    assert dark.mean() < 0.85 * plain().mean()
    assert warm[..., 0].mean() / warm[..., 2].mean() > 1.3 * (
        plain()[..., 0].mean() / plain()[..., 2].mean()
    )
    assert (
        np.abs(np.diff(soft.astype(int), axis=0)).mean()
        < 0.8 * np.abs(np.diff(plain().astype(int), axis=0)).mean()
    )
    change = from_left[middle, middle].astype(float) - plain()[middle, middle]
    assert change[:, :40].mean() > change[:, -40:].mean() + 5


def test_what_is_near_the_lens_is_larger() -> None:
    view = Lens(np.eye(3, dtype=np.float32) * 60, np.array([100, 100, 0], np.float32), 8.0)
    points = np.array([[0.5, 0, -0.8], [0.5, 0, 0], [0.5, 0, 0.8]], np.float32)
    across = view.project(points)[:, 0] - 100
    np.testing.assert_allclose(across, [30 / 0.9, 30, 30 / 1.1], rtol=1e-5)
    np.testing.assert_allclose(
        view.resized(2).project(points)[:, :2], 2 * view.project(points)[:, :2] + 0.5, rtol=1e-5
    )


def test_everybody_moves_in_their_own_way() -> None:
    rig = rig_model()
    same = own_face(rig, SAME, np.random.default_rng(0))
    np.testing.assert_allclose(same.rig.basis, rig.basis, atol=1e-6)
    np.testing.assert_allclose(same.drawn(vector(AU12=3.0))[:, 0], vector(AU12=3.0), atol=1e-6)
    one, again, other = (own_face(rig, Spread(), np.random.default_rng(s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(one.rig.basis, again.rig.basis)
    corners = SUPPORTED_AUS.index("AU12")
    fields = [own.rig.basis[corners].ravel() for own in (one, other)]
    alike = float(fields[0] @ fields[1] / np.prod([np.linalg.norm(field) for field in fields]))
    assert 0.7 < alike < 0.999
    shown = one.drawn(vector())
    assert 0 < shown.max() < 2
    assert (shown >= 0).all()

"""Similarity fits, and the rigid alignment of meshes."""

from __future__ import annotations

import numpy as np
import pytest

from models.registration.alignment import align_to_canonical, fit_similarity, rigid_weights
from models.registration.canonical import canonical_face
from models.registration.face import FloatArray, Pose
from models.registration.headpose import pose_of_rotation
from tests.models.registration.heads import portrait, registrar, rotation_of

MESH = canonical_face().mesh


def turn_of(points: FloatArray) -> Pose:
    _, view = align_to_canonical(points)
    return pose_of_rotation(view.matrix.astype(np.float64) / view.scale)


def in_photo(pose: Pose, mesh: FloatArray = MESH, scale: float = 150.0) -> FloatArray:
    offset = np.array([320.0, 240.0, 0.0])
    return np.asarray(mesh @ (scale * rotation_of(pose)).T + offset, np.float32)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_a_known_similarity_is_found(dimensions: int) -> None:
    chance = np.random.default_rng(dimensions)
    source = chance.normal(size=(20, dimensions))
    rotation, _ = np.linalg.qr(chance.normal(size=(dimensions, dimensions)))
    rotation *= np.linalg.det(rotation) if dimensions == 3 else 1
    if np.linalg.det(rotation) < 0:
        rotation[:, 0] *= -1
    offset = np.arange(dimensions) + 5.0
    fit = fit_similarity(source, 2.5 * source @ rotation.T + offset)
    assert fit.rotation == pytest.approx(rotation)
    assert fit.scale == pytest.approx(2.5)
    assert fit.offset == pytest.approx(offset)
    assert fit.inverse().apply(fit.apply(source)) == pytest.approx(source)


def test_a_quarter_turn() -> None:
    """A square's corners each go to the next: the turn is 90 degrees, by hand."""
    square = np.array([[1.0, 1], [-1, 1], [-1, -1], [1, -1]])
    fit = fit_similarity(square, np.roll(square, -1, axis=0) * 3)
    assert fit.rotation == pytest.approx(np.array([[0.0, -1], [1, 0]]), abs=1e-12)
    assert fit.scale == pytest.approx(3)


def test_a_reflection_is_never_found() -> None:
    points = np.random.default_rng(0).normal(size=(10, 3))
    fit = fit_similarity(points, points * [-1, 1, 1])
    assert np.linalg.det(fit.rotation) == pytest.approx(1)


def test_points_without_weight_do_not_count() -> None:
    source = np.random.default_rng(0).normal(size=(12, 3))
    target = source * 2 + 1
    target[:4] += 50
    weights = np.array([0.0] * 4 + [1.0] * 8)
    fit = fit_similarity(source, target, weights)
    assert fit.scale == pytest.approx(2)
    assert fit.rotation == pytest.approx(np.eye(3), abs=1e-9)


def test_undetermined_or_unlike_points_are_refused() -> None:
    line = np.outer(np.arange(5.0), [1, 2, 3])
    with pytest.raises(ValueError, match="on a line"):
        fit_similarity(line, line)
    with pytest.raises(ValueError, match="one shape"):
        fit_similarity(line, line[:, :2])


@pytest.mark.parametrize(
    "pose", [Pose(0, 0, 0), Pose(35, 0, 0), Pose(-20, 15, 0), Pose(10, -25, 40), Pose(0, 0, -120)]
)
def test_a_turned_canonical_face_comes_back(pose: Pose) -> None:
    points = in_photo(pose)
    mesh, view = align_to_canonical(points)
    assert mesh == pytest.approx(MESH, abs=1e-4)
    assert view.project(mesh) == pytest.approx(points, abs=0.02)
    found = turn_of(points)
    assert (found.yaw, found.pitch, found.roll) == pytest.approx(
        (pose.yaw, pose.pitch, pose.roll), abs=0.01
    )
    assert view.scale == pytest.approx(150, rel=1e-4)


def test_a_face_s_own_shape_stays() -> None:
    """A face half as wide again at the jaw is not pulled back to the mean."""
    own = MESH.copy()
    jaw = own[:, 1] > 0.6
    own[jaw, 0] *= 1.5
    mesh, _ = align_to_canonical(in_photo(Pose(15, -10, 5), own))
    assert mesh == pytest.approx(own, abs=1e-3)


def test_x_and_y_of_the_mesh_are_exactly_those_found() -> None:
    found = registrar().locate(portrait())[0].mesh
    mesh, view = align_to_canonical(found)
    assert np.abs(view.project(mesh)[:, :2] - found[:, :2]).max() < 0.01


@pytest.mark.parametrize("yaw", [30.0, -40.0])
def test_depths_that_fall_short_are_made_good(yaw: float) -> None:
    """A turned head whose depths came out at 85% still shows its turn and its shape."""
    points = in_photo(Pose(yaw, 0, 0))
    points[:, 2] *= 0.85
    rigid = fit_similarity(MESH, points, rigid_weights())
    assert abs(pose_of_rotation(rigid.rotation).yaw - yaw) > 1.5
    assert turn_of(points).yaw == pytest.approx(yaw, abs=0.3)
    mesh, _ = align_to_canonical(points)
    assert np.abs(mesh - MESH).max() < np.abs(rigid.inverse().apply(points) - MESH).max() / 2


def jaw_dropped(mesh: FloatArray) -> FloatArray:
    """The lower face turned about the ears by 15 degrees."""
    out = mesh.copy()
    hinge = np.array([0.0, 0.1, 0.7], np.float32)
    lower = np.clip((mesh[:, 1] - 0.55) / 0.2, 0, 1)[:, None]
    turned = (mesh - hinge) @ rotation_of(Pose(0, -15, 0)).T + hinge
    return np.asarray(out + lower * (turned - out), np.float32)


def brows_raised(mesh: FloatArray) -> FloatArray:
    """Brows up by an eighth of the eyes' distance, the forehead with them."""
    out = mesh.copy()
    out[:, 1] -= 0.12 * np.exp(-(((mesh[:, 1] + 0.75) / 0.25) ** 2))
    return out


def smiling(mesh: FloatArray) -> FloatArray:
    """Mouth corners out and up."""
    out = mesh.copy()
    for corner, side in ((61, -1), (291, 1)):
        near = np.exp(-(((mesh - mesh[corner]) ** 2).sum(1)) / 0.25**2)
        out += near[:, None] * np.array([side * 0.15, -0.15, 0.05], np.float32)
    return out


@pytest.mark.parametrize("change", [jaw_dropped, brows_raised, smiling])
@pytest.mark.parametrize("pose", [Pose(0, 0, 0), Pose(20, -10, 0)])
def test_an_expression_is_not_read_as_a_turn(change: object, pose: Pose) -> None:
    assert callable(change)
    moved = change(MESH)
    assert np.abs(moved - MESH).max() > 0.1
    found = turn_of(in_photo(pose, moved))
    assert (found.yaw, found.pitch, found.roll) == pytest.approx(
        (pose.yaw, pose.pitch, pose.roll), abs=1.0
    )
    mesh, _ = align_to_canonical(in_photo(pose, moved))
    # The expression survives: it is in the mesh as it was put there.
    assert np.abs(mesh - moved).max() < 0.04


def test_weights_are_symmetric_and_leave_the_jaw_out() -> None:
    weights = rigid_weights()
    assert weights == pytest.approx(weights[canonical_face().mirror])
    assert weights[[152, 61, 0, 17]].max() == 0
    assert weights[[33, 133, 4, 168]].min() == 1
    assert weights[[105, 159]].max() < 0.05

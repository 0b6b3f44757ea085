"""Pixels of drawn faces."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from models.facs import SUPPORTED_AUS
from models.generators.rig import RigGenerator
from models.registration.face import ImageArray, RegisteredFace
from models.registration.poses import pose_view, render_pose
from tests.support.faces import astronaut, calm, photographed, registrar, target

BoolArray = npt.NDArray[np.bool_]
OPENING = {"AU10", "AU25", "AU26"}
"""AUs that show what is behind the lips."""


def drawn(face: RegisteredFace | None = None, seed: int = 0, /, **aus: object) -> ImageArray:
    """`aus` on a face, by default a neutral one."""
    found = RigGenerator().generate([face or calm()], target(**aus)[None], seeds=[seed])
    return np.asarray(found[0])


def change(one: ImageArray, other: ImageArray) -> float:
    """Mean absolute difference in grey levels."""
    return float(np.abs(one.astype(np.float32) - other).mean())


def inside(*images: ImageArray) -> BoolArray:
    return np.asarray(np.all([image.any(axis=2) for image in images], axis=0))


def test_neutral_is_the_registered_face() -> None:
    face = astronaut()
    found = drawn(face)
    both = inside(found, face.image)
    assert np.abs(found.astype(np.float32) - face.image)[both].mean() < 1.0
    assert (found.any(axis=2) != face.image.any(axis=2)).mean() < 0.005


def test_neutral_is_the_registered_face_for_others() -> None:
    for face in photographed("london/neutral", 4) + photographed("canada", 4):
        found = drawn(face)
        both = inside(found, face.image)
        assert np.abs(found.astype(np.float32) - face.image)[both].mean() < 1.0
        assert (found.any(axis=2) != face.image.any(axis=2)).mean() < 0.01


@pytest.mark.parametrize("au", SUPPORTED_AUS)
def test_pixels_change_more_with_every_level(au: str) -> None:
    neutral = drawn()
    steps = [change(drawn(**{au: letter}), neutral) for letter in "ABCDE"]
    assert steps[0] > 0.02
    assert (np.diff(steps) > 0).all()
    assert steps[4] < 8 * steps[0]  # no sudden jump at the end


@pytest.mark.parametrize("au", sorted(set(SUPPORTED_AUS) - OPENING))
def test_shut_mouths_show_no_teeth(au: str) -> None:
    # Seeds choose the teeth: were any shown, the two drawings would differ.
    one, other = (drawn(None, seed, **{au: "E"}).astype(np.float32) for seed in (0, 1))
    differs = np.abs(one - other).max(axis=2)
    # Lips meet to a fraction of a pixel; what shines through stays below notice. Parted lips
    # differ by 0.1 and more.
    assert differs.mean() < 0.03


def test_parted_lips_show_the_teeth_that_the_seed_chooses() -> None:
    one, again, other = (drawn(None, seed, AU25="E") for seed in (0, 0, 1))
    assert np.array_equal(one, again)
    assert change(one, other) > 0.1
    rows, _ = np.nonzero((one != other).any(axis=2))
    assert rows.min() > 112  # in the mouth, below the middle of the image
    assert np.ptp(rows) < 40


def test_one_side_changes_the_images_other_half_little() -> None:
    neutral = drawn()
    left = np.abs(drawn(AU12L="E").astype(np.float32) - neutral)
    assert left[:, 122:].mean() > 10 * left[:, :102].mean()  # the subject's left: the image's right


def test_a_smile_darkens_the_nasolabial_fold() -> None:
    face = calm()
    neutral, smiling = drawn(), drawn(AU12="E")
    x, y, _ = face.view.project(face.mesh[205])  # beside the fold, on the cheek
    patch = np.s_[int(y) - 8 : int(y) + 12, int(x) : int(x) + 14]
    assert smiling[patch].min() < neutral[patch].min()


def test_any_size_shows_the_same_face() -> None:
    face = astronaut()
    small = drawn(face, AU01="D", AU26="C")
    large = RigGenerator().generate([face], target(AU01="D", AU26="C")[None], size=448)[0]
    assert large.shape == (448, 448, 3)
    halved = large.reshape(224, 2, 224, 2, 3).mean(axis=(1, 3))
    assert np.abs(halved - small)[inside(small)].mean() < 2.0


@pytest.mark.parametrize("pose", [(0.0, 40.0), (-20.0, -40.0), (-40.0, 0.0)])
def test_poses_can_be_drawn(pose: tuple[float, float]) -> None:
    posed = replace(astronaut(), view=pose_view(*pose))
    neutral, smiling = drawn(posed), drawn(posed, AU04="E")
    reference = render_pose(astronaut(), *pose)
    both = inside(neutral, reference)
    assert both.mean() > 0.2
    # The rig does not look for what the head hides in the photo but not in `face.sampling`.
    assert np.median(np.abs(neutral.astype(np.float32) - reference)[both]) < 2.0
    assert change(neutral, smiling) > 0.2


def test_faces_registered_in_2d_can_be_drawn() -> None:
    face = registrar().register(astronaut().photo, kind="2d")
    neutral, angry = drawn(face), drawn(face, AU04="E")
    # The image shows what surrounds the face too, the drawing fades to black at its outline.
    both = cv2.erode(inside(neutral, face.image).astype(np.uint8), np.ones((5, 5))) > 0
    assert np.abs(neutral.astype(np.float32) - face.image)[both].mean() < 1.5
    assert change(neutral, angry) > 0.2


@pytest.mark.parametrize("yaw", [-40.0, 40.0])
def test_a_turned_face_keeps_its_hidden_side_black(yaw: float) -> None:
    # Seen from the side, then registered: the far side is hidden behind the nose and the outline.
    face = registrar().register(render_pose(astronaut(), 0.0, yaw, size=448))
    assert abs(face.pose.yaw) > 20
    front = np.isfinite(face.sampling[..., 0])
    hidden = ~front & registered_area(face)
    assert hidden.sum() > 200
    for aus in ({}, {"AU12": "E"}, {"AU01": "E", "AU26": "E"}):
        found = drawn(face, **aus)
        assert inside(found).sum() > 0.9 * front.sum()
        # Skin moves, and takes the border of what the photo shows along.
        assert (inside(found) & hidden).sum() < 0.45 * hidden.sum()


def registered_area(face: RegisteredFace) -> BoolArray:
    """Where the mesh lies on the registered image, seen or not."""
    return inside(drawn(replace(face, sampling=np.zeros_like(face.sampling))))

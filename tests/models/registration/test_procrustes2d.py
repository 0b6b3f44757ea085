"""2D registration."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from models.registration.canonical import canonical_face
from models.registration.face import FACE_SIZE, FloatArray, RegisteredFace
from models.registration.frontalise import frontal_view
from models.registration.procrustes2d import LANDMARKS, shown_in_2d
from models.registration.pyramid import Pyramid
from tests.models.registration.heads import portrait, registrar, turned

FACE = canonical_face()
TEMPLATE = frontal_view().project(FACE.mesh)[list(LANDMARKS), :2]


def marks_of(face: RegisteredFace) -> FloatArray:
    return np.asarray(face.view.project(face.mesh)[list(LANDMARKS), :2], np.float32)


def test_the_68_landmarks_are_the_usual_ones() -> None:
    """Distinct, in the order of Multi-PIE's groups, and symmetric as a set and in order."""
    assert len(LANDMARKS) == len(set(LANDMARKS)) == 68
    points = FACE.mesh[list(LANDMARKS)]
    jaw, brows, bridge, nostrils = points[:17], points[17:27], points[27:31], points[31:36]
    assert (np.diff(jaw[:, 0]) > 0).all()
    assert jaw[8, 1] == points[:, 1].max()
    assert (np.diff(brows[:, 0]) > 0).all()
    assert (np.diff(bridge[:, 1]) > 0).all()
    assert (np.diff(nostrils[:, 0]) > 0).all()
    for first, count in ((36, 6), (42, 6), (48, 12), (60, 8)):
        ring = points[first : first + count, :2]
        following = np.roll(ring, -1, axis=0)
        area = (ring[:, 0] * following[:, 1] - ring[:, 1] * following[:, 0]).sum()
        assert area > 0  # clockwise in the image
        assert ring[0, 0] == ring[:, 0].min()
    assert {int(FACE.mirror[vertex]) for vertex in LANDMARKS} == set(LANDMARKS)


def test_landmarks_come_as_near_to_the_template_as_a_similarity_can() -> None:
    """Any further small turn, growth or shift makes the sum of squares larger."""
    marks = marks_of(registrar().register(portrait(), kind="2d"))
    best = ((marks - TEMPLATE) ** 2).sum()
    middle = marks.mean(0)
    for angle, scale, shift in (
        (0.01, 1, 0), (-0.01, 1, 0), (0, 1.01, 0), (0, 0.99, 0), (0, 1, 0.5), (0, 1, -0.5)
    ):  # fmt: skip
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        moved = (marks - middle) @ turn.T * scale + middle + shift
        assert ((moved - TEMPLATE) ** 2).sum() > best


def test_it_keeps_the_head_s_turn_and_what_surrounds_the_face() -> None:
    face = registrar().register(portrait(), kind="2d")
    assert face.kind == "2d"
    assert face.image.shape == (FACE_SIZE, FACE_SIZE, 3)
    assert not np.isnan(face.sampling).any()
    # The portrait's wall, beside the head and beneath the hair, is light grey.
    assert face.image[100:120, 208:220].min() > 150


@pytest.mark.parametrize("degrees", [-40.0, 40.0])
def test_a_turned_photo_gives_the_same_picture(degrees: float) -> None:
    upright = registrar().register(portrait(), kind="2d").image.astype(int)
    found = registrar().register(turned(portrait(), degrees), kind="2d").image.astype(int)
    inside = np.s_[20:190, 50:175]
    assert np.abs(upright - found)[inside].mean() < 9
    assert np.corrcoef(upright[inside].ravel(), found[inside].ravel())[0, 1] > 0.97


def test_the_sampling_map_says_where_each_pixel_came_from() -> None:
    face = registrar().register(portrait(), kind="2d")
    sampled = cv2.remap(portrait(), face.sampling[..., 0], face.sampling[..., 1], cv2.INTER_LINEAR)
    assert np.abs(sampled.astype(int) - face.image).mean() < 4
    # The view, the other map, agrees: a vertex's pixel was sampled at the vertex.
    in_image, in_photo = face.view.project(face.mesh), face.photo_view.project(face.mesh)
    for vertex in (33, 263, 61, 291, 4):
        column, row = np.rint(in_image[vertex, :2]).astype(int)
        assert np.abs(face.sampling[row, column] - in_photo[vertex, :2]).max() < 0.6


def test_another_photo_of_the_same_size_is_shown_alike() -> None:
    face = registrar().register(portrait(), kind="2d")
    same = shown_in_2d(face, Pyramid(face.photo)).astype(int)
    assert np.abs(same - face.image).mean() < 0.1
    mirrored_colours = np.ascontiguousarray(portrait()[..., ::-1])
    shown = shown_in_2d(face, Pyramid(mirrored_colours)).astype(int)
    assert np.abs(shown - face.image[..., ::-1]).mean() < 0.1
    large = shown_in_2d(face, Pyramid(face.photo), 448)
    reduced = cv2.resize(large, (224, 224), interpolation=cv2.INTER_AREA).astype(int)
    assert np.abs(reduced - face.image).mean() < 2


def test_beyond_the_photo_is_black_and_unsampled() -> None:
    tight = np.ascontiguousarray(portrait()[60:190, 170:280])
    face = registrar().register(tight, kind="2d")
    beyond = np.isnan(face.sampling[..., 0])
    assert beyond.any()
    inner = cv2.erode(beyond.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    assert face.image[inner].max() == 0

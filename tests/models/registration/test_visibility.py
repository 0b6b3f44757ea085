"""What is seen of a face, and what is said where it is not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from models.images import ImageArray
from models.registration import FaceTooSmallError
from models.registration.face import Visibility
from tests.support.faces import astronaut, calm, registrar, tinted
from tests.support.hidden import masked, with_glasses

CLOTHS = [(140, 190, 225), (235, 238, 240), (30, 30, 34), (200, 60, 70), (205, 165, 145)]
DARK = [(18, 20, 22), (60, 45, 35), (60, 70, 60)]


def photo() -> ImageArray:
    """The portrait, twice as large, so that hardly any of it is lost."""
    return np.asarray(cv2.resize(calm().photo, None, fx=2, fy=2), np.uint8)


def seen(picture: ImageArray) -> Visibility:
    return registrar().locate(picture)[0].visibility


def test_nothing_is_wrong_with_a_portrait() -> None:
    for picture in (photo(), astronaut().photo, tinted(photo(), "grey"), photo()[:, ::-1].copy()):
        visibility = seen(picture)
        assert visibility.warnings == ()
        assert 0.7 < visibility.quality <= 1


@pytest.mark.parametrize("colour", CLOTHS)
def test_a_mask_is_seen(colour: tuple[int, int, int]) -> None:
    mesh = registrar().locate(photo())[0].mesh
    visibility = seen(masked(photo(), mesh, colour))
    assert visibility.warnings == ("lower-face-hidden",)
    assert visibility.quality < 0.6 * seen(photo()).quality


@pytest.mark.parametrize("colour", [CLOTHS[0], CLOTHS[2]])
def test_a_mask_is_seen_without_colours(colour: tuple[int, int, int]) -> None:
    mesh = registrar().locate(photo())[0].mesh
    assert "lower-face-hidden" in seen(tinted(masked(photo(), mesh, colour), "grey")).warnings


@pytest.mark.parametrize("lenses", DARK)
def test_dark_glasses_hide_the_eyes(lenses: tuple[int, int, int]) -> None:
    mesh = registrar().locate(photo())[0].mesh
    visibility = seen(with_glasses(photo(), mesh, lenses=lenses))
    assert visibility.warnings == ("eyes-hidden", "glasses")


@pytest.mark.parametrize("rims", [(25, 22, 20), (90, 60, 40), (60, 60, 130)])
def test_glasses_are_seen_and_eyes_behind_them(rims: tuple[int, int, int]) -> None:
    mesh = registrar().locate(photo())[0].mesh
    visibility = seen(with_glasses(photo(), mesh, rims=rims))
    assert visibility.warnings == ("glasses",)
    assert visibility.quality == pytest.approx(0.9 * seen(photo()).quality, rel=0.05)


def test_a_mouth_beyond_the_edge_is_said() -> None:
    face = registrar().locate(photo())[0]
    lips = int(face.mesh[0, 1])
    visibility = seen(np.ascontiguousarray(photo()[:lips]))
    assert "beyond-the-edge" in visibility.warnings
    assert visibility.quality < 0.9 * face.visibility.quality


def test_a_small_face_is_said_and_a_tiny_one_refused() -> None:
    width = registrar().locate(photo())[0].box[2]

    def reduced(to: float) -> ImageArray:
        factor = to / width
        return np.asarray(
            cv2.resize(photo(), None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8
        )

    small = registrar().register(reduced(38)).visibility
    assert small.warnings == ("too-small",)
    assert small.quality < 0.5
    with pytest.raises(FaceTooSmallError, match="pixels wide") as caught:
        registrar().register(reduced(22))
    assert caught.value.code == "face-too-small"


def test_a_registered_face_carries_it() -> None:
    mesh = registrar().locate(photo())[0].mesh
    hidden = masked(photo(), mesh, CLOTHS[0])
    for kind in ("2d", "3d"):
        assert registrar().register(hidden, kind=kind).visibility == seen(hidden)
    assert seen(hidden).as_json()["warnings"] == ["lower-face-hidden"]

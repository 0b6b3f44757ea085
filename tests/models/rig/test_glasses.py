"""Glasses and cloth are no part of a face: they stay as they are while it moves."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from models.generators.base import Generator
from models.generators.paste import drawing_size, paste_back
from models.generators.rig import RigGenerator
from models.images import ImageArray
from models.registration.face import FloatArray, RegisteredFace
from models.rig.cloth import drawable
from models.rig.glasses import lifted
from models.rig.model import rig_model
from models.rig.shown import shown_expression
from models.rig.subject import measure
from tests.support.faces import astronaut, calm, registrar, target
from tests.support.hidden import masked, with_glasses

BoolArray = npt.NDArray[np.bool_]

SURPRISE = target(AU01="D", AU02="D", AU05="C")
SMILE = target(AU06="D", AU12="D", AU25="C")


@cache
def portrait() -> RegisteredFace:
    return registrar().register(np.asarray(cv2.resize(calm().photo, None, fx=2, fy=2), np.uint8))


def mesh() -> FloatArray:
    return portrait().photo_view.project(portrait().mesh)


@cache
def glasses() -> RegisteredFace:
    return registrar().register(with_glasses(portrait().photo, mesh()))


@cache
def sunglasses() -> RegisteredFace:
    return registrar().register(with_glasses(portrait().photo, mesh(), lenses=(25, 60, 30)))


@cache
def mask() -> RegisteredFace:
    return registrar().register(masked(portrait().photo, mesh(), (140, 190, 225)))


@pytest.fixture(scope="module")
def rig() -> Generator:
    return RigGenerator()


def pasted(rig: Generator, face: RegisteredFace, wanted: FloatArray) -> ImageArray:
    drawing = rig.generate([face], wanted[None], size=drawing_size(face))[0]
    return paste_back(face, drawing, wanted)


def changed(one: ImageArray, other: ImageArray, where: BoolArray) -> float:
    """Mean change in grey levels of the pixels at `where` (H, W)."""
    return float(np.abs(one.astype(int) - other)[where].mean())


def covered(face: RegisteredFace) -> BoolArray:
    """bool (H, W): where a mask or glasses were drawn onto the portrait."""
    return np.asarray(np.abs(face.photo.astype(int) - portrait().photo).max(axis=2) > 40, np.bool_)


def test_nobody_s_glasses_are_lifted() -> None:
    assert lifted(portrait()) is None


def test_rims_stay_where_they_are(rig: Generator) -> None:
    for wanted in (SURPRISE, target(AU04="E", AU07="D"), SMILE):
        out = pasted(rig, glasses(), wanted)
        assert changed(out, glasses().photo, covered(glasses())) < 4
        assert changed(out, glasses().photo, ~covered(glasses())) > 0.2
    # Without what lifts them off, they would bend with the brows.
    bent = pasted(rig, _unwarned(glasses()), SURPRISE)
    assert changed(bent, glasses().photo, covered(glasses())) > 12


def test_below_the_rims_there_is_skin() -> None:
    found = lifted(glasses())
    assert found is not None
    rims = covered(glasses())
    assert changed(found.bare.photo, glasses().photo, rims) > 60
    assert changed(found.bare.photo, portrait().photo, rims) < 35
    assert lifted(glasses()) is found


def test_rims_lie_on_the_registered_drawing_too(rig: Generator) -> None:
    plain = glasses().image.astype(int)
    drawn = rig.generate([glasses()], SURPRISE[None])[0]
    bent = rig.generate([_unwarned(glasses())], SURPRISE[None])[0]
    rims = np.abs(plain - portrait().image).max(axis=2) > 60
    assert changed(drawn, glasses().image, rims) < 12
    assert changed(bent, glasses().image, rims) > 2 * changed(drawn, glasses().image, rims)


def test_dark_lenses_stay_and_lend_teeth_no_colour(rig: Generator) -> None:
    assert "eyes-hidden" in sunglasses().visibility.warnings
    out = pasted(rig, sunglasses(), SURPRISE)
    assert changed(out, sunglasses().photo, covered(sunglasses())) < 3
    teeth = measure(rig_model(), sunglasses()).teeth
    seen = measure(rig_model(), portrait()).teeth
    assert np.abs(teeth / teeth.mean() - 1).max() < 0.12
    assert teeth[1] <= max(teeth[0], teeth[2])
    assert abs(teeth.mean() - seen.mean()) < 25
    assert not drawable(sunglasses(), target(AU43="E", AU05="C", AU07="B")).any()


def test_nothing_is_drawn_on_cloth(rig: Generator) -> None:
    cloth = covered(mask())
    for wanted in (SMILE, target(AU26="E", AU25="E"), target(AU09="E", AU10="E", AU17="D")):
        assert changed(pasted(rig, mask(), wanted), mask().photo, cloth) < 1
    frown = pasted(rig, mask(), target(AU04="E", AU25="E"))
    assert changed(frown, mask().photo, ~cloth) > 0.15
    assert changed(frown, mask().photo, cloth) < 1


def test_what_a_mask_hides_is_not_found() -> None:
    """The portrait's own smile, masked."""
    photo = np.asarray(cv2.resize(astronaut().photo, None, fx=2, fy=2), np.uint8)
    smiling = registrar().register(photo)
    assert shown_expression(smiling).any()
    points = smiling.photo_view.project(smiling.mesh)
    hidden = registrar().register(masked(photo, points, (30, 30, 34)))
    assert not shown_expression(hidden).any()
    kept = drawable(hidden, target(AU12="D", AU04="C", AU06="B"))
    assert np.array_equal(kept, target(AU04="C", AU06="B"))


def _unwarned(face: RegisteredFace) -> RegisteredFace:
    return replace(face, visibility=portrait().visibility)

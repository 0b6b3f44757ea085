"""What each AU moves, held to the FACS manual (Ekman, Friesen & Hager 2002).

Canonical units: 1 is the distance between the middles of the eyes, about 63 mm in adults. x points
right in the image, which is the subject's left; y down; z away from the camera.
"""

from __future__ import annotations

import numpy as np
import pytest

from models.facs import SUPPORTED_AUS
from models.registration.face import FloatArray
from models.rig.deform import expressed, gains
from models.rig.model import rig_model
from tests.support.faces import person, photographed, target

RIGHT_CORNER, LEFT_CORNER = 61, 291
INNER_BROW, MIDDLE_BROW, OUTER_BROW = 107, 105, 70
UPPER_LID, LOWER_LID = 159, 145
CHEEK, NOSE_WING, NOSE_ROOT = 50, 98, 168
UPPER_LIP, LOWER_LIP = 0, 17
"""Where red meets skin, in the middle."""
CHIN_BOSS, CHIN = 199, 152
MILLIMETRE = 1 / 63

PEOPLE = [person(), person(aperture=0.6), person(aperture=1.5), person(lips=1.6)]


def shift(dense: FloatArray | None = None, /, **aus: object) -> FloatArray:
    """Displacement (V, 3) of a face that draws `aus`."""
    before = person() if dense is None else dense
    return np.asarray(expressed(rig_model(), before, target(**aus), None) - before)


def opening(dense: FloatArray, /, **aus: object) -> float:
    """Largest height of the mouth's opening with `aus` on."""
    return float(rig_model().lips.gaps(dense + shift(dense, **aus)).max())


def lip_height(**aus: object) -> float:
    """Height of both lips' red, what lies between them left out."""
    face = person() + shift(**aus)
    return float(face[LOWER_LIP, 1] - face[UPPER_LIP, 1] - (face[14, 1] - face[13, 1]))


def test_nothing_asked_moves_nothing() -> None:
    for face in PEOPLE:
        assert np.array_equal(expressed(rig_model(), face, target(), None), face)


def test_au01_raises_the_inner_brow() -> None:
    moved = shift(AU01="E")
    assert moved[INNER_BROW, 1] < -6 * MILLIMETRE
    assert abs(moved[OUTER_BROW, 1]) < 0.3 * abs(moved[INNER_BROW, 1])


def test_au02_raises_the_outer_brow() -> None:
    moved = shift(AU02="E")
    assert moved[OUTER_BROW, 1] < -6 * MILLIMETRE
    assert abs(moved[INNER_BROW, 1]) < 0.5 * abs(moved[OUTER_BROW, 1])


def test_au04_lowers_brows_and_pulls_them_together() -> None:
    moved = shift(AU04="E")
    assert moved[INNER_BROW, 1] > 4 * MILLIMETRE
    assert moved[INNER_BROW, 0] > 3 * MILLIMETRE  # the right brow, towards the middle


def test_au05_raises_the_upper_lid_alone() -> None:
    moved = shift(AU05="E")
    assert moved[UPPER_LID, 1] < -3 * MILLIMETRE
    assert abs(moved[LOWER_LID, 1]) < 0.5 * MILLIMETRE


def test_au06_raises_cheeks_below_an_eye_that_stays_open() -> None:
    moved = shift(AU06="E")
    assert moved[CHEEK, 1] < -6 * MILLIMETRE
    assert moved[LOWER_LID, 1] < -1 * MILLIMETRE
    eye = rig_model().right_eye
    assert eye.gaps(person() + moved).max() > 0.5 * eye.gaps(person()).max()


def test_au07_narrows_the_eye_from_below_and_leaves_cheeks() -> None:
    moved = shift(AU07="E")
    assert moved[LOWER_LID, 1] < -3 * MILLIMETRE
    assert moved[UPPER_LID, 1] > 0.5 * MILLIMETRE
    assert abs(moved[CHEEK, 1]) < MILLIMETRE


def test_au09_raises_the_nose_wings_and_lowers_the_brows_middle() -> None:
    moved = shift(AU09="E")
    assert moved[NOSE_WING, 1] < -5 * MILLIMETRE
    assert moved[NOSE_ROOT, 1] > 0.5 * MILLIMETRE
    assert moved[INNER_BROW, 1] > 3 * MILLIMETRE
    assert abs(moved[UPPER_LIP, 1]) < 0.5 * abs(moved[NOSE_WING, 1])


def test_au10_raises_the_middle_of_the_upper_lip_most() -> None:
    moved = shift(AU10="E")
    assert moved[UPPER_LIP, 1] < -6 * MILLIMETRE
    assert moved[UPPER_LIP, 1] < moved[LEFT_CORNER, 1]
    assert abs(moved[LOWER_LIP, 1]) < 0.2 * abs(moved[UPPER_LIP, 1])


def test_au12_raises_and_widens_the_lip_corners() -> None:
    moved = shift(AU12="E")
    assert moved[[LEFT_CORNER, RIGHT_CORNER], 1].max() < -8 * MILLIMETRE
    assert moved[LEFT_CORNER, 0] > 5 * MILLIMETRE
    assert moved[RIGHT_CORNER, 0] < -5 * MILLIMETRE


def test_au14_draws_the_corners_in_without_raising_them() -> None:
    moved = shift(AU14="E")
    assert moved[LEFT_CORNER, 2] > 5 * MILLIMETRE
    assert abs(moved[LEFT_CORNER, 1]) < MILLIMETRE
    assert moved[LEFT_CORNER, 0] < 0  # tightened, not stretched


def test_au15_lowers_the_lip_corners() -> None:
    moved = shift(AU15="E")
    assert moved[[LEFT_CORNER, RIGHT_CORNER], 1].min() > 6 * MILLIMETRE
    assert moved[UPPER_LIP, 1] < 0.3 * moved[LEFT_CORNER, 1]


def test_au17_pushes_chin_and_lower_lip_up_and_out() -> None:
    moved = shift(AU17="E")
    assert moved[[CHIN_BOSS, LOWER_LIP], 1].max() < -5 * MILLIMETRE
    assert moved[LOWER_LIP, 2] < -3 * MILLIMETRE


def test_au20_stretches_the_mouth_sideways() -> None:
    moved = shift(AU20="E")
    assert moved[LEFT_CORNER, 0] > 6 * MILLIMETRE
    assert moved[RIGHT_CORNER, 0] < -6 * MILLIMETRE
    assert abs(moved[LEFT_CORNER, 1]) < 0.2 * moved[LEFT_CORNER, 0]


def test_au23_tightens_narrows_and_thins_the_lips() -> None:
    moved = shift(AU23="E")
    assert moved[LEFT_CORNER, 0] < -1.5 * MILLIMETRE
    assert moved[RIGHT_CORNER, 0] > 1.5 * MILLIMETRE
    assert lip_height(AU23="E") < 0.85 * lip_height()


def test_au24_presses_the_lips_thin_and_shut() -> None:
    assert lip_height(AU24="E") < 0.7 * lip_height()
    assert opening(person(), AU24="E") < 0.5 * MILLIMETRE


def test_au25_parts_the_lips() -> None:
    assert opening(person(), AU25="E") > 8 * MILLIMETRE


def test_au26_lowers_the_jaw_and_au25_mostly_does_not() -> None:
    dropped, parted = shift(AU26="E"), shift(AU25="E")
    assert dropped[CHIN, 1] > 12 * MILLIMETRE
    assert parted[CHIN, 1] < 0.3 * dropped[CHIN, 1]


CLOSED = 0.09
"""Share of an eye's height that is left when it is closed; the lash line is drawn over it."""


@pytest.mark.parametrize("aperture", [0.6, 1.0, 1.5])
def test_au43_closes_lids_whatever_their_opening(aperture: float) -> None:
    face, model = person(aperture), rig_model()
    closed = face + shift(face, AU43="E")
    for eye in (model.left_eye, model.right_eye):
        assert eye.gaps(closed).max() < CLOSED * eye.gaps(face).max()


def test_au43_closes_lids_of_people() -> None:
    model = rig_model()
    for face in photographed("london/neutral", 12):
        dense = model.dense.refine(face.mesh)
        closed = dense + shift(dense, AU43="E")
        for eye in (model.left_eye, model.right_eye):
            assert eye.gaps(closed).max() < CLOSED * eye.gaps(dense).max()


def test_au12_of_the_left_is_the_images_right() -> None:
    moved = shift(AU12L="E")
    both = shift(AU12="E")
    assert moved[LEFT_CORNER] == pytest.approx(both[LEFT_CORNER], abs=0.02 * MILLIMETRE + 0.003)
    assert person()[LEFT_CORNER, 0] > 0
    assert np.abs(moved[RIGHT_CORNER]).max() < 0.1 * MILLIMETRE


@pytest.mark.parametrize("au", SUPPORTED_AUS)
def test_one_side_leaves_the_other_still(au: str) -> None:
    left, right, both = (shift(**{name: "E"}) for name in (f"{au}L", f"{au}R", au))
    x = person()[:, 0]
    most = np.abs(both).max()
    assert most > 2 * MILLIMETRE
    assert np.abs(left[x < -0.25]).max() < 0.1 * most
    assert np.abs(right[x > 0.25]).max() < 0.1 * most
    assert np.abs(left[x > 0.25]).max() > 0.5 * most


@pytest.mark.parametrize("au", SUPPORTED_AUS)
def test_intensities_grow_evenly(au: str) -> None:
    moved = [np.linalg.norm(shift(**{au: letter}), axis=1).max() for letter in "ABCDE"]
    assert np.array(moved) / moved[-1] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0], abs=0.03)


def test_rims_never_cross() -> None:
    random, model = np.random.default_rng(5), rig_model()
    deepest = {"lids": 0.0, "lips": 0.0}
    for trial in range(200):
        face = PEOPLE[trial % len(PEOPLE)]
        asked = random.uniform(0, 5, (18, 2)) * (random.random((18, 1)) < 0.35)
        moved = expressed(model, face, asked.astype(np.float32), None)
        for name, rims in (("lids", model.left_eye), ("lids", model.right_eye),
                           ("lips", model.lips)):  # fmt: skip
            past = np.minimum(rims.gaps(face), 0) - rims.gaps(moved)
            deepest[name] = max(deepest[name], float(past.max()))
    # A registered image has 63 pixels per unit: less than half a pixel, and one pixel.
    assert deepest["lids"] < 0.5 / 63
    assert deepest["lips"] < 1.0 / 63


def test_lips_part_up_to_the_corners_of_the_mouth() -> None:
    model, face = rig_model(), person()
    dropped = face + shift(face, AU25="D", AU26="D")
    inner, outer = model.lips.upper[-1], 291
    assert abs(dropped[inner, 0] - dropped[outer, 0]) < 1.5 * MILLIMETRE
    # Skin of neither lip lies across the opening.
    upper, lower = dropped[list(model.lips.upper)], dropped[list(model.lips.lower)]
    skin = model.dense.triangles[: model.skin_triangles]
    middles = dropped[skin].mean(axis=1)
    beside = np.abs(middles[:, 0]) < upper[-1, 0] - 4 * MILLIMETRE
    top = np.interp(middles[:, 0], upper[:, 0], upper[:, 1]) + MILLIMETRE
    bottom = np.interp(middles[:, 0], lower[:, 0], lower[:, 1]) - MILLIMETRE
    assert not (beside & (middles[:, 1] > top) & (middles[:, 1] < bottom)).any()


def test_rims_are_curves_and_not_chords() -> None:
    model, face = rig_model(), person()
    for name in ("AU26", "AU43", "AU05"):
        moved = face + shift(face, **{name: "E"})
        for rims in model.openings:
            for curve in (rims.upper_curve, rims.lower_curve):
                change = curve.off(moved) - curve.off(face)
                assert np.abs(change).max() < 0.1 * MILLIMETRE


def test_au23_narrows_the_mouth_and_au24_does_not() -> None:
    tight, pressed = shift(AU23="E"), shift(AU24="E")
    assert tight[LEFT_CORNER, 0] < -3.5 * MILLIMETRE
    assert pressed[LEFT_CORNER, 0] > -0.5 * MILLIMETRE
    assert lip_height(AU24="E") < 0.85 * lip_height(AU23="E")


def test_au06_leaves_the_outline_of_the_face() -> None:
    model = rig_model()
    rim = model.rim < 0.005
    assert np.abs(shift(AU06="E")[rim, :2]).max() < 0.5 * MILLIMETRE


def test_corners_pulled_up_and_down_settle_between() -> None:
    up, down = shift(AU12="E")[LEFT_CORNER, 1], shift(AU15="E")[LEFT_CORNER, 1]
    assert up < shift(AU12="E", AU15="E")[LEFT_CORNER, 1] < down


def test_pressing_holds_back_parting() -> None:
    parted = opening(person(), AU25="E")
    fought = opening(person(), AU25="E", AU24="E")
    assert opening(person(), AU24="E") < fought < 0.6 * parted


def test_closed_eyes_are_not_raised() -> None:
    assert gains(target(AU05="E", AU43="E"))[SUPPORTED_AUS.index("AU05")].max() == 0
    assert gains(target(AU05="E"))[SUPPORTED_AUS.index("AU05")].max() == 1


@pytest.mark.parametrize("au", sorted(set(SUPPORTED_AUS) - {"AU10", "AU25", "AU26"}))
def test_aus_that_do_not_part_lips_leave_them_as_far_apart(au: str) -> None:
    face = person()
    assert opening(face, **{au: "E"}) < opening(face) + 0.2 * MILLIMETRE


def test_an_expression_that_is_shown_is_taken_off_first() -> None:
    model, face = rig_model(), person()
    smile = target(AU12="D", AU06="C")
    smiling = expressed(model, face, smile, None)
    # Rims that meet on the way there part a little late on the way back.
    assert expressed(model, smiling, target(), smile) == pytest.approx(face, abs=0.3 * MILLIMETRE)
    assert expressed(model, smiling, smile, smile) == pytest.approx(smiling, abs=0.3 * MILLIMETRE)

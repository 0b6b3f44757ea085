"""Smiling mouths that are drawn shut."""

from __future__ import annotations

import numpy as np
import pytest

from models.generators.rig import RigGenerator
from models.registration.face import FloatArray
from models.rig import shut_lips
from models.rig.canvas import lay_out
from models.rig.draw import express
from models.rig.model import rig_model
from models.rig.subject import Subject, measure
from tests.support.faces import astronaut, astronaut_smile, calm, target

SIZE = 448


def mouths(wanted: FloatArray) -> tuple[Subject, FloatArray, FloatArray]:
    """The smiling astronaut measured, her mesh drawn with `wanted`, and how far her lips met."""
    subject = measure(rig_model(), astronaut())
    moved = express(rig_model(), subject, wanted, astronaut_smile()).moved
    return subject, moved, shut_lips.shut(rig_model().lips, subject, moved)


def test_lips_parted_in_the_photo_count_as_shut_where_they_are_drawn_to_meet() -> None:
    *_, share = mouths(target())
    assert share[0] == share[-1] == 0  # corners never part
    assert (share[1:-1] > 0.5).all()
    *_, open_again = mouths(astronaut_smile())
    assert not open_again.any()


def test_lips_shut_in_the_photo_are_left_as_they_are() -> None:
    subject = measure(rig_model(), calm())
    share = shut_lips.shut(rig_model().lips, subject, subject.dense)
    assert not share.any()
    assert shut_lips.texture(rig_model().lips, subject, share) is subject.texture


def test_rims_of_shut_lips_are_looked_up_on_the_red() -> None:
    lips = rig_model().lips
    subject, _, share = mouths(target())
    moved = shut_lips.texture(lips, subject, share) - subject.texture
    assert (moved[list(lips.upper[1:-1]), 1] < 0).all()
    assert (moved[list(lips.lower[1:-1]), 1] > 0).all()


def test_the_line_lies_where_lips_meet_and_ends_with_them() -> None:
    lips = rig_model().lips
    _, moved, share = mouths(target())
    upper, lower = moved[list(lips.upper)], moved[list(lips.lower)]
    middle = np.asarray((upper + lower) / 2, np.float32)
    away = np.asarray(middle + np.array([0, 0.08, 0]), np.float32)
    dark = shut_lips.line(lips, moved, share, middle)
    assert (dark[2:-2] < -0.3).all()
    assert shut_lips.line(lips, moved, share, away) == pytest.approx(0, abs=1e-3)
    outside = np.asarray(middle[[0, -1]] + np.array([[-0.1, 0, 0], [0.1, 0, 0]]), np.float32)
    assert not shut_lips.line(lips, moved, share, outside).any()


def test_no_mouth_shows_where_lips_were_brought_to_meet() -> None:
    model, face = rig_model(), astronaut()
    _, moved, _ = mouths(target())
    canvas = lay_out(model, moved, face.view.resized(SIZE / 224), SIZE)
    mouth = canvas.index >= model.skin_triangles + model.eye_triangles
    # Folded over the lower lip, as it would be by depth alone, it covers 150.
    assert mouth.sum() < 10


def test_a_drawn_mouth_that_shuts_has_a_dark_line_on_red_lips() -> None:
    lips, face = rig_model().lips, astronaut()
    drawing = RigGenerator().generate([face], target()[None], astronaut_smile()[None], size=SIZE)[0]
    _, moved, _ = mouths(target())
    middle = np.asarray((moved[list(lips.upper)] + moved[list(lips.lower)]) / 2, np.float32)
    for x, y, _ in face.view.resized(SIZE / 224).project(middle)[3:-3].round().astype(int):
        column = drawing[y - 8 : y + 9, x].astype(np.float32).mean(axis=1)
        assert column[6:11].min() < 0.75 * min(column[:2].mean(), column[-2:].mean())
